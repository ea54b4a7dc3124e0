//===- ImportInteger.cpp - products that give int32 -----------------------===//
//
// ConvInteger and MatMulInteger, and com.microsoft's products of stored numbers
// that give floats. The int32 sums are exact: they are computed on integers,
// whatever the parameters are.
//
//===----------------------------------------------------------------------===//

#include "Elementwise.h"
#include "InnerNode.h"
#include "OpTable.h"
#include "Quantization.h"
#include "Window.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::qnt::onnx_import {

/// Input `i` minus zero point input `zeroPoint`, as i32. A zero point of rank 1
/// varies along `axis`.
static FailureOr<Value> centred(NodeImporter &n, unsigned i, unsigned zeroPoint,
                                int64_t axis) {
  if (!n.isInteger(i) || bitsOf(n.elemOf(i)) != 8)
    return n.unsupported("input of type " + elementTypeName(n.elemOf(i)));
  FailureOr<Value> stored = n.anyValueOf(i);
  if (failed(stored))
    return failure();
  Type i32 = n.builder.getI32Type();
  auto widen = [i32](OpBuilder &b, Location loc, Value v, bool isUnsigned) {
    return isUnsigned ? Value(arith::ExtUIOp::create(b, loc, i32, v))
                      : Value(arith::ExtSIOp::create(b, loc, i32, v));
  };
  bool isUnsignedData = n.isUnsigned(i);
  SmallVector<Value> operands = {*stored};
  bool isUnsignedZero = false;
  if (n.hasInput(zeroPoint)) {
    FailureOr<Value> zero = n.anyValueOf(zeroPoint);
    if (failed(zero))
      return failure();
    isUnsignedZero = n.isUnsigned(zeroPoint);
    Shape shape(n.rankOf(i), 1);
    int64_t count = *countElements(n.shapeOf(zeroPoint));
    if (count > 1) {
      if (n.rankOf(zeroPoint) != 1 || axis < 0 || axis >= n.rankOf(i) ||
          n.shapeOf(i)[axis] != count)
        return n.unsupported("zero points of shape " +
                             formatShape(n.shapeOf(zeroPoint)));
      shape[axis] = count;
    }
    zero = n.reshape(*zero, shape);
    if (failed(zero))
      return failure();
    operands.push_back(*zero);
  }
  return genericElementwise(
      n, operands, i32, [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
        Value wide = widen(b, loc, v[0], isUnsignedData);
        if (v.size() == 1)
          return wide;
        return arith::SubIOp::create(b, loc, wide,
                                     widen(b, loc, v[1], isUnsignedZero));
      });
}

/// A tensor of zeros to add sums to.
static Value zeroTensor(NodeImporter &n, ArrayRef<int64_t> shape) {
  Type i32 = n.builder.getI32Type();
  Value empty = tensor::EmptyOp::create(n.builder, n.loc, shape, i32);
  Value zero = arith::ConstantOp::create(n.builder, n.loc,
                                         n.builder.getI32IntegerAttr(0));
  return linalg::FillOp::create(n.builder, n.loc, ValueRange{zero},
                                ValueRange{empty})
      .getResult(0);
}

//===----------------------------------------------------------------------===//
// MatMulInteger
//===----------------------------------------------------------------------===//

/// a [.., M, K] times b [.., K, N], with numpy's rules for batches.
static FailureOr<Value> multiply(NodeImporter &n, Value a, Value b) {
  Shape aShape(shapeOf(a)), bShape(shapeOf(b));
  bool vectorA = aShape.size() == 1, vectorB = bShape.size() == 1;
  if (aShape.empty() || bShape.empty())
    return n.invalid("an operand is a scalar");
  if (vectorA)
    aShape.insert(aShape.begin(), 1);
  if (vectorB)
    bShape.push_back(1);
  if (aShape.back() != bShape[bShape.size() - 2])
    return n.invalid("shapes " + formatShape(aShape) + " and " +
                     formatShape(bShape) + " cannot be multiplied");
  FailureOr<Shape> batch = broadcastShapes(n, ArrayRef(aShape).drop_back(2),
                                           ArrayRef(bShape).drop_back(2));
  FailureOr<Value> lhs = n.reshape(a, aShape), rhs = n.reshape(b, bShape);
  if (failed(batch) || failed(lhs) || failed(rhs))
    return failure();
  Shape shape(*batch);
  shape.push_back(aShape[aShape.size() - 2]);
  shape.push_back(bShape.back());
  if (failed(n.tensorType(shape)))
    return failure();
  // Dimensions of the loops: batch, m, n, k.
  MLIRContext *context = n.builder.getContext();
  int64_t loops = shape.size() + 1;
  auto dim = [&](int64_t i) { return getAffineDimExpr(i, context); };
  auto mapOf = [&](ArrayRef<int64_t> own, AffineExpr row, AffineExpr column) {
    SmallVector<AffineExpr> exprs;
    int64_t skip = batch->size() - (own.size() - 2);
    for (auto [i, size] : llvm::enumerate(own.drop_back(2)))
      exprs.push_back(size == 1 ? getAffineConstantExpr(0, context)
                                : dim(skip + i));
    exprs.push_back(row);
    exprs.push_back(column);
    return AffineMap::get(loops, 0, exprs, context);
  };
  AffineExpr m = dim(loops - 3), c = dim(loops - 2), k = dim(loops - 1);
  SmallVector<AffineExpr> result;
  for (int64_t i = 0; i + 1 < loops; ++i)
    result.push_back(dim(i));
  SmallVector<AffineMap> maps = {mapOf(aShape, m, k), mapOf(bShape, k, c),
                                 AffineMap::get(loops, 0, result, context)};
  SmallVector<utils::IteratorType> kinds(loops - 1,
                                         utils::IteratorType::parallel);
  kinds.push_back(utils::IteratorType::reduction);
  Value zeros = zeroTensor(n, shape);
  Value product = linalg::GenericOp::create(
                      n.builder, n.loc, TypeRange{zeros.getType()},
                      ValueRange{*lhs, *rhs}, ValueRange{zeros}, maps, kinds,
                      [](OpBuilder &b, Location loc, ValueRange v) {
                        Value term = arith::MulIOp::create(b, loc, v[0], v[1]);
                        Value sum = arith::AddIOp::create(b, loc, v[2], term);
                        linalg::YieldOp::create(b, loc, sum);
                      })
                      .getResult(0);
  if (vectorB)
    shape.pop_back();
  if (vectorA)
    shape.erase(shape.end() - (vectorB ? 1 : 2));
  return n.reshape(product, shape);
}

static FailureOr<Value> multiplyInputs(NodeImporter &n, unsigned a, unsigned b,
                                       unsigned aZero, unsigned bZero) {
  FailureOr<Value> lhs = centred(n, a, aZero, n.rankOf(a) - 2);
  FailureOr<Value> rhs = centred(n, b, bZero, n.rankOf(b) - 1);
  if (failed(lhs) || failed(rhs))
    return failure();
  return multiply(n, *lhs, *rhs);
}

LogicalResult buildMatMulInteger(NodeImporter &n) {
  FailureOr<Value> sums = multiplyInputs(n, 0, 1, 2, 3);
  if (failed(sums))
    return failure();
  n.setResult(0, *sums, Elem::Int32);
  return success();
}

//===----------------------------------------------------------------------===//
// ConvInteger
//===----------------------------------------------------------------------===//

/// Sums over windows as one linalg.generic on [N, G, C, H, W] and
/// [G, O, C, h, w], stride and dilation in the maps.
static FailureOr<Value> slideWindows(NodeImporter &n, Value x, Value w,
                                     int64_t groups, const Window &window) {
  Shape in(shapeOf(x)), kernel(shapeOf(w));
  int64_t outGroup = kernel[0] / groups;
  Shape shape = {in[0], groups, outGroup, window[0].output, window[1].output};
  FailureOr<Value> data =
      n.reshape(x, {in[0], groups, in[1] / groups, in[2], in[3]});
  FailureOr<Value> weights =
      n.reshape(w, {groups, outGroup, kernel[1], kernel[2], kernel[3]});
  if (failed(data) || failed(weights) || failed(n.tensorType(shape)))
    return failure();
  // Loops: n, g, o, y, x, c, i, j.
  MLIRContext *context = n.builder.getContext();
  SmallVector<AffineExpr> d;
  for (unsigned i = 0; i < 8; ++i)
    d.push_back(getAffineDimExpr(i, context));
  AffineMap maps[] = {
      AffineMap::get(8, 0,
                     {d[0], d[1], d[5],
                      d[3] * window[0].stride + d[6] * window[0].dilation,
                      d[4] * window[1].stride + d[7] * window[1].dilation},
                     context),
      AffineMap::get(8, 0, {d[1], d[2], d[5], d[6], d[7]}, context),
      AffineMap::get(8, 0, {d[0], d[1], d[2], d[3], d[4]}, context)};
  SmallVector<utils::IteratorType> kinds(5, utils::IteratorType::parallel);
  kinds.append(3, utils::IteratorType::reduction);
  Value zeros = zeroTensor(n, shape);
  Value sums = linalg::GenericOp::create(
                   n.builder, n.loc, TypeRange{zeros.getType()},
                   ValueRange{*data, *weights}, ValueRange{zeros}, maps, kinds,
                   [](OpBuilder &b, Location loc, ValueRange v) {
                     Value term = arith::MulIOp::create(b, loc, v[0], v[1]);
                     Value sum = arith::AddIOp::create(b, loc, v[2], term);
                     linalg::YieldOp::create(b, loc, sum);
                   })
                   .getResult(0);
  return n.reshape(sums,
                   {in[0], kernel[0], window[0].output, window[1].output});
}

LogicalResult buildConvInteger(NodeImporter &n) {
  if (n.rankOf(0) != 4 || n.rankOf(1) != 4)
    return n.unsupported("convolution over other than 2 dimensions");
  int64_t groups = n.getInt("group", 1);
  if (groups < 1 || n.shapeOf(1)[0] % groups != 0 ||
      n.shapeOf(0)[1] != groups * n.shapeOf(1)[1])
    return n.invalid("weights of shape " + formatShape(n.shapeOf(1)) +
                     " do not fit the input");
  FailureOr<Window> window =
      readWindow(n, n.shapeOf(0).drop_front(2), n.shapeOf(1).drop_front(2));
  FailureOr<Value> x = centred(n, 0, 2, /*axis=*/-1);
  FailureOr<Value> w = centred(n, 1, 3, /*axis=*/0);
  if (failed(window) || failed(x) || failed(w))
    return failure();
  const Window &wd = *window;
  x = n.pad(*x, {0, 0, wd[0].padLow, wd[1].padLow},
            {0, 0, std::max<int64_t>(wd[0].padHigh, 0),
             std::max<int64_t>(wd[1].padHigh, 0)},
            0.0);
  if (failed(x))
    return failure();
  FailureOr<Value> sums = slideWindows(n, *x, *w, groups, wd);
  if (failed(sums))
    return failure();
  n.setResult(0, *sums, Elem::Int32);
  return success();
}

//===----------------------------------------------------------------------===//
// Products that give floats
//===----------------------------------------------------------------------===//

/// sums * (aScale * bScale) + bias.
static LogicalResult scaleSums(NodeImporter &n, Value sums, Value aScale,
                               Value bScale, unsigned bias) {
  Type f32 = n.builder.getF32Type();
  SmallVector<Value> operands = {sums, aScale, bScale};
  if (n.hasInput(bias)) {
    FailureOr<Value> value = n.valueOf(bias);
    if (failed(value))
      return failure();
    operands.push_back(*value);
  }
  FailureOr<Value> result = genericElementwise(
      n, operands, f32, [f32](OpBuilder &b, Location loc, ValueRange v) {
        Value real = arith::SIToFPOp::create(b, loc, f32, v[0]);
        Value scale = arith::MulFOp::create(b, loc, v[1], v[2]);
        real = arith::MulFOp::create(b, loc, real, scale);
        if (v.size() > 3)
          real = arith::AddFOp::create(b, loc, real, v[3]);
        return real;
      });
  if (failed(result))
    return failure();
  n.setResult(0, *result, Elem::Float);
  return success();
}

LogicalResult buildMatMulIntegerToFloat(NodeImporter &n) {
  FailureOr<Value> sums = multiplyInputs(n, 0, 1, 4, 5);
  FailureOr<Value> aScale = n.valueOf(2), bScale = n.valueOf(3);
  if (failed(sums) || failed(aScale) || failed(bScale))
    return failure();
  return scaleSums(n, *sums, *aScale, *bScale, 6);
}

LogicalResult buildDynamicQuantizeMatMul(NodeImporter &n) {
  FailureOr<Value> real = n.valueOf(0);
  if (failed(real))
    return failure();
  FailureOr<DynamicParams> params = chooseDynamicParams(n, *real);
  if (failed(params))
    return failure();
  FailureOr<Value> stored = quantizeWith(n, *real, *params);
  if (failed(stored))
    return failure();
  OnnxValue a(*stored, Elem::UInt8), b = n.inputValue(1);
  OnnxValue zero(params->zeroPoint, Elem::UInt8);
  OnnxValue bZero = n.hasInput(3) ? n.inputValue(3) : OnnxValue();
  OnnxValue *operands[] = {&a, &b, &zero, bZero.isKnown() ? &bZero : nullptr};
  NodeImporter product(n.node, n.opset, n.builder, n.loc, operands,
                       n.getBudget(), n.externalDir);
  FailureOr<Value> sums = multiplyInputs(product, 0, 1, 2, 3);
  if (failed(sums))
    return n.unsupported(product.getReason());
  FailureOr<Value> bScale = n.valueOf(2);
  if (failed(bScale))
    return failure();
  return scaleSums(n, *sums, params->scale, *bScale, 4);
}

} // namespace mlir::qnt::onnx_import
