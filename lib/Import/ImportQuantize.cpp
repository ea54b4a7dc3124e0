//===- ImportQuantize.cpp - QuantizeLinear, DequantizeLinear --------------===//
//
// The two ops of QDQ models, of the default domain and of com.microsoft, and
// DynamicQuantizeLinear. Parameters that are constants become schemes of qnt
// types; a constant that is dequantized keeps its integers.
//
//===----------------------------------------------------------------------===//

#include "Elementwise.h"
#include "Emit.h"
#include "OpTable.h"
#include "Quantization.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"

namespace mlir::qnt::onnx_import {

/// The float32 operand of a quantize, from any float or int32.
static FailureOr<Value> realOperand(NodeImporter &n) {
  if (n.isFloat(0))
    return n.valueOf(0);
  FailureOr<Value> integers = n.anyValueOf(0);
  if (failed(integers))
    return failure();
  Type f32 = n.builder.getF32Type();
  return genericElementwise(
      n, *integers, f32,
      [f32](OpBuilder &b, Location loc, ValueRange v) -> Value {
        return arith::SIToFPOp::create(b, loc, f32, v[0]);
      });
}

/// The stored type: that of the zero point, else what `output_dtype` says.
static FailureOr<Elem> storedElem(NodeImporter &n) {
  int64_t asked = n.getInt("output_dtype", 0);
  if (n.hasInput(2) && asked != 0 && asked != static_cast<int64_t>(n.elemOf(2)))
    return n.invalid("output_dtype differs from the type of the zero point");
  Elem elem = Elem::UInt8;
  if (n.hasInput(2)) {
    elem = n.elemOf(2);
  } else if (asked != 0) {
    std::optional<Elem> named = elemFromOnnx(asked);
    if (!named)
      return n.unsupported("output type " + elementTypeName(asked));
    elem = *named;
  }
  if (!isInteger(elem) || bitsOf(elem) > 16)
    return n.unsupported("output type " + elementTypeName(elem));
  return elem;
}

static QuantInputs inputsOf(NodeImporter &n) {
  return {1, 2, n.getInt("axis", 1), n.getInt("block_size", 0)};
}

LogicalResult buildQuantizeLinear(NodeImporter &n) {
  FailureOr<Elem> elem = storedElem(n);
  if (failed(elem))
    return failure();
  if (n.getInt("block_size", 0) < 0)
    return n.invalid("block_size is negative");
  noteHome(n);
  if (HostTensorRef constant = n.floatConstantOf(0);
      constant && isKnown(n, inputsOf(n))) {
    FailureOr<QuantSpec> spec =
        readSpec(n, inputsOf(n), *elem, constant->shape);
    if (failed(spec) || failed(n.takeElements(constant->size())))
      return failure();
    n.setResult(0, quantizeHost(*constant, *spec));
    return success();
  }
  FailureOr<Value> real = realOperand(n);
  if (failed(real))
    return failure();
  return setQuantizedResult(n, *real, *elem, inputsOf(n));
}

LogicalResult buildDequantizeLinear(NodeImporter &n) {
  if (!n.isInteger(0))
    return n.unsupported("stored numbers of type " +
                         elementTypeName(n.elemOf(0)));
  if (n.getInt("block_size", 0) < 0)
    return n.invalid("block_size is negative");
  if (n.hasInput(2) && n.elemOf(2) != n.elemOf(0))
    return n.invalid("the zero point is " + elementTypeName(n.elemOf(2)) +
                     ", the input " + elementTypeName(n.elemOf(0)));
  FailureOr<OnnxValue> real = dequantizeInput(n, 0, inputsOf(n));
  if (failed(real))
    return failure();
  noteHome(n);
  if (real->constant) {
    n.setResult(0, *real);
    return success();
  }
  Elem elem = n.isFloat(1) ? n.elemOf(1) : Elem::Float;
  if (int64_t asked = n.getInt("output_dtype", 0)) {
    std::optional<Elem> named = elemFromOnnx(asked);
    if (!named || !isFloat(*named))
      return n.unsupported("output type " + elementTypeName(asked));
    elem = *named;
  }
  n.setResult(0, real->value, elem);
  return success();
}

//===----------------------------------------------------------------------===//
// DynamicQuantizeLinear
//===----------------------------------------------------------------------===//

/// The smallest or largest element, as a tensor of one element per dimension.
template <typename OpTy>
static FailureOr<Value> reduceAll(NodeImporter &n, Value value) {
  FailureOr<Value> flat = n.reshape(value, {*countElements(shapeOf(value))});
  if (failed(flat))
    return failure();
  FailureOr<RankedTensorType> type = n.tensorType(ArrayRef<int64_t>{1});
  if (failed(type))
    return failure();
  Value result = OpTy::create(n.builder, n.loc, *type, *flat, /*axis=*/0);
  return n.reshape(result, {});
}

static Value number(OpBuilder &b, Location loc, float value) {
  return arith::ConstantOp::create(b, loc, b.getF32FloatAttr(value));
}

/// (max(max, 0) - min(min, 0)) / 255. Of zeros alone: 1, as ONNX Runtime.
static Value dynamicScale(OpBuilder &b, Location loc, ValueRange v) {
  Value zero = number(b, loc, 0.0f);
  Value low = arith::MinimumFOp::create(b, loc, v[0], zero);
  Value high = arith::MaximumFOp::create(b, loc, v[1], zero);
  Value range = arith::SubFOp::create(b, loc, high, low);
  Value scale = arith::DivFOp::create(b, loc, range, number(b, loc, 255.0f));
  Value empty =
      arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, range, zero);
  return arith::SelectOp::create(b, loc, empty, number(b, loc, 1.0f), scale);
}

/// rne(clamp(0 - min(min, 0) / scale, 0, 255)).
static Value dynamicZeroPoint(OpBuilder &b, Location loc, ValueRange v) {
  Value zero = number(b, loc, 0.0f);
  Value low = arith::MinimumFOp::create(b, loc, v[0], zero);
  Value at = arith::SubFOp::create(b, loc, zero,
                                   arith::DivFOp::create(b, loc, low, v[1]));
  at = arith::MaximumFOp::create(b, loc, at, zero);
  at = arith::MinimumFOp::create(b, loc, at, number(b, loc, 255.0f));
  at = math::RoundEvenOp::create(b, loc, at);
  Value wide = arith::FPToSIOp::create(b, loc, b.getI32Type(), at);
  return arith::TruncIOp::create(b, loc, b.getI8Type(), wide);
}

FailureOr<DynamicParams> chooseDynamicParams(NodeImporter &n, Value real) {
  FailureOr<Value> low = reduceAll<tosa::ReduceMinOp>(n, real);
  FailureOr<Value> high = reduceAll<tosa::ReduceMaxOp>(n, real);
  if (failed(low) || failed(high))
    return failure();
  FailureOr<Value> scale = genericElementwise(
      n, {*low, *high}, n.builder.getF32Type(), dynamicScale);
  if (failed(scale))
    return failure();
  FailureOr<Value> zeroPoint = genericElementwise(
      n, {*low, *scale}, n.builder.getI8Type(), dynamicZeroPoint);
  if (failed(zeroPoint))
    return failure();
  return DynamicParams{*scale, *zeroPoint};
}

FailureOr<Value> quantizeWith(NodeImporter &n, Value real,
                              const DynamicParams &params) {
  OnnxValue scale(params.scale, Elem::Float);
  OnnxValue zeroPoint(params.zeroPoint, Elem::UInt8);
  OnnxValue *inputs[] = {&scale, &zeroPoint};
  NodeImporter view(n.node, n.opset, n.builder, n.loc, inputs, n.getBudget(),
                    n.externalDir);
  FailureOr<Value> stored = quantizeDynamic(view, real, Elem::UInt8, {0, 1});
  if (failed(stored))
    return n.unsupported(view.getReason());
  return stored;
}

LogicalResult buildDynamicQuantizeLinear(NodeImporter &n) {
  FailureOr<Value> real = n.valueOf(0);
  if (failed(real))
    return failure();
  FailureOr<DynamicParams> params = chooseDynamicParams(n, *real);
  if (failed(params))
    return failure();
  FailureOr<Value> stored = quantizeWith(n, *real, *params);
  if (failed(stored))
    return failure();
  n.setResult(0, *stored, Elem::UInt8);
  n.setResult(1, params->scale, Elem::Float);
  n.setResult(2, params->zeroPoint, Elem::UInt8);
  return success();
}

} // namespace mlir::qnt::onnx_import
