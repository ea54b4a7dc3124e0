//===- DynamicQuantize.cpp - parameters that the run time knows -----------===//
//
// Quantize and dequantize as arithmetic on tensors, for scales and zero points
// that are no constants. Invariant: the results are those of rules N12 and N13
// of docs/Numerics.md, whatever way the parameters arrive.
//
//===----------------------------------------------------------------------===//

#include "Elementwise.h"
#include "Quantization.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

namespace mlir::qnt::onnx_import {

namespace {
/// A tensor with its parameters, and how parameters are indexed. Blocks are a
/// dimension of their own here.
struct Parametrized {
  Value tensor;
  Value scale;
  /// Null: zero.
  Value zeroPoint;
  bool unsignedZero = false;
  AffineMap map;
};
} // namespace

/// One value of float from one of a stored tensor.
static Value toFloat(OpBuilder &b, Location loc, Value stored, bool isUnsigned,
                     Type real) {
  if (isUnsigned)
    return arith::UIToFPOp::create(b, loc, real, stored);
  return arith::SIToFPOp::create(b, loc, real, stored);
}

/// The shape with the blocks of `axis` as a dimension.
static Shape splitBlocks(ArrayRef<int64_t> shape, int64_t axis, int64_t block) {
  Shape split(shape);
  split[axis] = shape[axis] / block;
  split.insert(split.begin() + axis + 1, block);
  return split;
}

static FailureOr<Parametrized> matchParameters(NodeImporter &n, Value tensor,
                                               const QuantInputs &inputs) {
  Parametrized result;
  FailureOr<Value> scale = n.valueOf(inputs.scale);
  if (failed(scale))
    return failure();
  result.scale = *scale;
  result.tensor = tensor;
  if (n.hasInput(inputs.zeroPoint)) {
    FailureOr<Value> zeroPoint = n.anyValueOf(inputs.zeroPoint);
    if (failed(zeroPoint))
      return failure();
    if (shapeOf(*zeroPoint) != shapeOf(*scale))
      return n.invalid("scales and zero points differ in shape");
    result.zeroPoint = *zeroPoint;
    result.unsignedZero = n.isUnsigned(inputs.zeroPoint);
  }
  ArrayRef<int64_t> shape = shapeOf(tensor), params = shapeOf(*scale);
  int64_t rank = shape.size();
  MLIRContext *context = n.builder.getContext();
  if (*countElements(params) == 1) {
    SmallVector<AffineExpr> zeros(params.size(),
                                  getAffineConstantExpr(0, context));
    result.map = AffineMap::get(rank, 0, zeros, context);
    return result;
  }
  FailureOr<int64_t> axis = n.normalizeAxis(inputs.axis, rank);
  if (failed(axis))
    return failure();
  if (inputs.blockSize == 0) {
    if (params.size() != 1 || params[0] != shape[*axis])
      return n.invalid("scales of shape " + formatShape(params) +
                       " for a tensor of shape " + formatShape(shape));
    result.map = AffineMap::get(rank, 0, getAffineDimExpr(*axis, context));
    return result;
  }
  if (shape[*axis] % inputs.blockSize != 0)
    return n.unsupported("a dimension that is no multiple of block_size");
  Shape split = splitBlocks(shape, *axis, inputs.blockSize);
  FailureOr<Value> blocks = n.reshape(tensor, split);
  if (failed(blocks))
    return failure();
  result.tensor = *blocks;
  SmallVector<AffineExpr> exprs;
  for (int64_t d = 0; d <= rank; ++d)
    if (d != *axis + 1)
      exprs.push_back(getAffineDimExpr(d, context));
  result.map = AffineMap::get(rank + 1, 0, exprs, context);
  return result;
}

/// The elements computed by `body` from tensor, scale and zero point, under the
/// shape of `like`.
static FailureOr<Value> buildParametrized(NodeImporter &n, Value like,
                                          const Parametrized &p, Type elem,
                                          ScalarFn body) {
  ArrayRef<int64_t> shape = shapeOf(p.tensor);
  SmallVector<Value> operands = {p.tensor, p.scale};
  SmallVector<AffineMap> maps = {n.builder.getMultiDimIdentityMap(shape.size()),
                                 p.map};
  if (p.zeroPoint) {
    operands.push_back(p.zeroPoint);
    maps.push_back(p.map);
  }
  FailureOr<Value> result = genericMap(n, operands, maps, shape, elem, body);
  if (failed(result))
    return failure();
  return n.reshape(*result, shapeOf(like));
}

// N13.
FailureOr<Value> dequantizeDynamic(NodeImporter &n, Value stored, Elem elem,
                                   const QuantInputs &inputs) {
  FailureOr<Parametrized> p = matchParameters(n, stored, inputs);
  if (failed(p))
    return failure();
  Type f32 = n.builder.getF32Type(), i64 = n.builder.getI64Type();
  bool isUnsignedStored = isUnsigned(elem), isUnsignedZero = p->unsignedZero;
  auto widen = [i64](OpBuilder &b, Location loc, Value v, bool isUnsigned) {
    return isUnsigned ? Value(arith::ExtUIOp::create(b, loc, i64, v))
                      : Value(arith::ExtSIOp::create(b, loc, i64, v));
  };
  return buildParametrized(
      n, stored, *p, f32,
      [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
        Value q = widen(b, loc, v[0], isUnsignedStored);
        if (v.size() > 2)
          q = arith::SubIOp::create(b, loc, q,
                                    widen(b, loc, v[2], isUnsignedZero));
        Value real = arith::SIToFPOp::create(b, loc, f32, q);
        return arith::MulFOp::create(b, loc, real, v[1]);
      });
}

// N12.
FailureOr<Value> quantizeDynamic(NodeImporter &n, Value real, Elem elem,
                                 const QuantInputs &inputs) {
  FailureOr<Parametrized> p = matchParameters(n, real, inputs);
  if (failed(p))
    return failure();
  // Sums of 8 and 16 bits are exact in f32, those of 32 bits in f64.
  bool wide = bitsOf(elem) > 16;
  Type work = wide ? Type(n.builder.getF64Type()) : n.builder.getF32Type();
  Type integer = wide ? n.builder.getI64Type() : n.builder.getI32Type();
  auto [low, high] = rangeOf(elem);
  auto number = [work](OpBuilder &b, Location loc, double value) -> Value {
    return arith::ConstantOp::create(b, loc, b.getFloatAttr(work, value));
  };
  return buildParametrized(
      n, real, *p, n.irType(elem),
      [&, low = low, high = high](OpBuilder &b, Location loc,
                                  ValueRange v) -> Value {
        Value q = arith::DivFOp::create(b, loc, v[0], v[1]);
        Value isNan =
            arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, q, q);
        Value zero = arith::ConstantOp::create(b, loc, b.getF32FloatAttr(0.0f));
        q = arith::SelectOp::create(b, loc, isNan, zero, q);
        q = math::RoundEvenOp::create(b, loc, q);
        if (wide)
          q = arith::ExtFOp::create(b, loc, work, q);
        if (v.size() > 2)
          q = arith::AddFOp::create(
              b, loc, q, toFloat(b, loc, v[2], p->unsignedZero, work));
        q = arith::MaximumFOp::create(b, loc, q, number(b, loc, low));
        q = arith::MinimumFOp::create(b, loc, q, number(b, loc, high));
        Value stored = arith::FPToSIOp::create(b, loc, integer, q);
        return arith::TruncIOp::create(b, loc, n.irType(elem), stored);
      });
}

FailureOr<OnnxValue> dequantizeBiasDynamic(NodeImporter &n, unsigned bias,
                                           unsigned xScale, unsigned wScale) {
  FailureOr<Value> stored = n.anyValueOf(bias), x = n.valueOf(xScale),
                   w = n.valueOf(wScale);
  if (failed(stored) || failed(x) || failed(w))
    return failure();
  // One value of an activation's scale, whatever its rank says.
  if (failed(x = n.reshape(*x, {})))
    return failure();
  Type f32 = n.builder.getF32Type();
  FailureOr<Value> real = genericElementwise(
      n, {*stored, *x, *w}, f32,
      [f32](OpBuilder &b, Location loc, ValueRange v) -> Value {
        Value q = arith::SIToFPOp::create(b, loc, f32, v[0]);
        return arith::MulFOp::create(b, loc, q,
                                     arith::MulFOp::create(b, loc, v[1], v[2]));
      });
  if (failed(real))
    return failure();
  return OnnxValue(*real, Elem::Float);
}

} // namespace mlir::qnt::onnx_import
