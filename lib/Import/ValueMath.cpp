//===- ValueMath.cpp - chains of tensor arithmetic ------------------------===//
//
// See the header. Every shape goes through NodeImporter, which refuses what
// tosa cannot hold.
//
//===----------------------------------------------------------------------===//

#include "ValueMath.h"

#include "Elementwise.h"
#include "Emit.h"
#include "LoopBuilder.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include <limits>

namespace mlir::qnt::onnx_import {

static Value orNull(FailureOr<Value> value) {
  return failed(value) ? Value() : *value;
}

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

/// Brings both to one rank; false if their shapes do not broadcast.
bool ValueMath::align(Value &a, Value &b) {
  if (!a || !b || failed(alignRanks(n, a, b)))
    return false;
  for (auto [x, y] : llvm::zip(shapeOf(a), shapeOf(b))) {
    if (x == y || x == 1 || y == 1)
      continue;
    (void)n.invalid("shapes " + formatShape(shapeOf(a)) + " and " +
                    formatShape(shapeOf(b)) + " do not broadcast");
    return false;
  }
  return true;
}

template <typename OpTy, typename... Extra>
Value ValueMath::binary(Value a, Value b, Extra... extra) {
  if (!align(a, b))
    return {};
  FailureOr<RankedTensorType> type =
      n.tensorType(broadcastSameRank(shapeOf(a), shapeOf(b)), elementTypeOf(a));
  if (failed(type))
    return {};
  return OpTy::create(n.builder, n.loc, *type, a, b, extra...).getResult();
}

Value ValueMath::add(Value a, Value b) { return binary<tosa::AddOp>(a, b); }
Value ValueMath::sub(Value a, Value b) { return binary<tosa::SubOp>(a, b); }
Value ValueMath::maximum(Value a, Value b) {
  return binary<tosa::MaximumOp>(a, b);
}
Value ValueMath::minimum(Value a, Value b) {
  return binary<tosa::MinimumOp>(a, b);
}

Value ValueMath::mul(Value a, Value b) {
  if (!a || !b)
    return {};
  auto type = RankedTensorType::get({1}, n.builder.getI8Type());
  Value shift = tosa::ConstOp::create(n.builder, n.loc, type,
                                      DenseElementsAttr::get(type, int8_t{0}));
  return binary<tosa::MulOp>(a, b, shift);
}

Value ValueMath::scale(Value x, double factor) {
  return !x || factor == 1.0 ? x : mul(x, splat(shapeOf(x).size(), factor));
}

Value ValueMath::shift(Value x, double term) {
  return !x || term == 0.0 ? x : add(x, splat(shapeOf(x).size(), term));
}

Value ValueMath::sqrt(Value x) {
  if (!x)
    return {};
  return orNull(genericElementwise(
      n, x, elementTypeOf(x), [](OpBuilder &b, Location loc, ValueRange in) {
        return math::SqrtOp::create(b, loc, in[0]).getResult();
      }));
}

Value ValueMath::clamp(Value x, float low, float high) {
  return x ? orNull(n.clamp(x, low, high)) : Value();
}

Value ValueMath::relu(Value x) {
  return clamp(x, 0.0f, std::numeric_limits<float>::max());
}

template <typename OpTy> Value ValueMath::compare(Value a, Value b) {
  if (!align(a, b))
    return {};
  FailureOr<RankedTensorType> type = n.tensorType(
      broadcastSameRank(shapeOf(a), shapeOf(b)), n.builder.getI1Type());
  if (failed(type))
    return {};
  return OpTy::create(n.builder, n.loc, *type, a, b).getResult();
}

Value ValueMath::greater(Value a, Value b) {
  return compare<tosa::GreaterOp>(a, b);
}

Value ValueMath::greaterEqual(Value a, Value b) {
  return compare<tosa::GreaterEqualOp>(a, b);
}

Value ValueMath::select(Value condition, Value a, Value b) {
  if (!align(a, b) || !align(condition, a) || !align(condition, b) ||
      !align(a, b))
    return {};
  Shape shape = broadcastSameRank(shapeOf(a), shapeOf(b));
  FailureOr<RankedTensorType> type = n.tensorType(
      broadcastSameRank(shape, shapeOf(condition)), elementTypeOf(a));
  if (failed(type))
    return {};
  return tosa::SelectOp::create(n.builder, n.loc, *type, condition, a, b)
      .getResult();
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

Value ValueMath::reshape(Value x, ArrayRef<int64_t> shape) {
  return x ? orNull(n.reshape(x, shape)) : Value();
}

Value ValueMath::transpose(Value x, ArrayRef<int64_t> perm) {
  return x ? orNull(n.transpose(x, perm)) : Value();
}

Value ValueMath::slice(Value x, int64_t axis, int64_t start, int64_t size) {
  if (!x)
    return {};
  Shape starts(shapeOf(x).size(), 0), sizes(shapeOf(x));
  starts[axis] = start;
  sizes[axis] = size;
  return orNull(n.slice(x, starts, sizes));
}

Value ValueMath::concat(ArrayRef<Value> values, int64_t axis) {
  return llvm::is_contained(values, Value()) ? Value()
                                             : orNull(n.concat(values, axis));
}

Value ValueMath::expand(Value x, ArrayRef<int64_t> shape) {
  if (!x || shapeOf(x) == shape)
    return x;
  Shape repeats;
  for (auto [from, to] : llvm::zip(shapeOf(x), shape))
    repeats.push_back(from == to ? 1 : to);
  FailureOr<RankedTensorType> type = n.tensorType(shape, elementTypeOf(x));
  if (failed(type))
    return {};
  return tosa::TileOp::create(n.builder, n.loc, *type, x, n.shapeValue(repeats))
      .getResult();
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

template <typename OpTy> Value ValueMath::reduce(Value x, int64_t axis) {
  if (!x)
    return {};
  Shape shape(shapeOf(x));
  shape[axis] = 1;
  auto type = RankedTensorType::get(shape, elementTypeOf(x));
  return OpTy::create(n.builder, n.loc, type, x,
                      n.builder.getI32IntegerAttr(axis))
      .getResult();
}

Value ValueMath::reduceSum(Value x, int64_t axis) {
  return reduce<tosa::ReduceSumOp>(x, axis);
}

Value ValueMath::reduceMax(Value x, int64_t axis) {
  return reduce<tosa::ReduceMaxOp>(x, axis);
}

Value ValueMath::reduceMin(Value x, int64_t axis) {
  return reduce<tosa::ReduceMinOp>(x, axis);
}

Value ValueMath::reduceProduct(Value x, int64_t axis) {
  return reduce<tosa::ReduceProductOp>(x, axis);
}

Value ValueMath::reduceMean(Value x, int64_t axis) {
  return x ? scale(reduceSum(x, axis), 1.0 / shapeOf(x)[axis]) : Value();
}

/// exp(x - max) / sum of them, along one axis.
Value ValueMath::softmax(Value x, int64_t axis) {
  if (!x)
    return {};
  NamedAttribute attribute =
      n.builder.getNamedAttr("axis", n.builder.getI64IntegerAttr(axis));
  return orNull(emitComposite(
      n, "softmax", x, x.getType(), attribute,
      [&](ValueRange args) -> FailureOr<Value> {
        Value exps = exp(sub(args[0], reduceMax(args[0], axis)));
        Value result = mul(exps, reciprocal(reduceSum(exps, axis)));
        if (!result)
          return failure();
        return result;
      }));
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

Value ValueMath::matmul(Value a, Value b) {
  if (!a || !b)
    return {};
  Shape aShape(shapeOf(a)), bShape(shapeOf(b));
  size_t rank = std::max(aShape.size(), bShape.size());
  aShape.insert(aShape.begin(), rank - aShape.size(), 1);
  bShape.insert(bShape.begin(), rank - bShape.size(), 1);
  ArrayRef<int64_t> aBatch = ArrayRef(aShape).drop_back(2);
  ArrayRef<int64_t> bBatch = ArrayRef(bShape).drop_back(2);
  int64_t m = aShape[rank - 2], k = aShape[rank - 1], cols = bShape[rank - 1];
  Shape result = broadcastSameRank(aBatch, bBatch);
  int64_t count = *countElements(result), rows = m;
  if (*countElements(bBatch) == 1) {
    // One matrix for all: the batch of `a` are more of its rows.
    rows *= count;
    count = 1;
  } else {
    Shape aFull(result), bFull(result);
    aFull.append({m, k});
    bFull.append({k, cols});
    a = expand(reshape(a, aShape), aFull);
    b = expand(reshape(b, bShape), bFull);
  }
  a = reshape(a, {count, rows, k});
  b = reshape(b, {count, k, cols});
  if (!a || !b)
    return {};
  FailureOr<RankedTensorType> type =
      n.tensorType({count, rows, cols}, elementTypeOf(a));
  Value zero = splat(1, 0.0), product;
  if (failed(type) || !zero)
    return {};
  if (isa<FloatType>(type->getElementType())) {
    product = tosa::MatMulOp::create(n.builder, n.loc, *type, a, b, zero, zero);
  } else {
    // tosa multiplies matrices of 8 and 16 bits alone.
    Value init = LoopBuilder(n).filled(type->getShape(), elementTypeOf(a), 0.0);
    product = linalg::BatchMatmulOp::create(n.builder, n.loc, TypeRange(*type),
                                            ValueRange{a, b}, ValueRange(init))
                  .getResult(0);
  }
  result.append({m, cols});
  return reshape(product, result);
}

LinearLayer ValueMath::linear(const OnnxValue &weights, const OnnxValue &bias) {
  LinearLayer layer;
  if (!weights.isKnown())
    return layer;
  int64_t out = weights.shape()[0], in = weights.shape()[1];
  if (!weights.constant) {
    Value byColumn = transpose(materialize(weights), {1, 0});
    layer.weights = reshape(byColumn, {1, in, out});
    if (bias.isKnown())
      layer.addend = materialize(bias);
    return layer;
  }
  layer.isConv = true;
  if (failed(n.requireFinite(*weights.constant, "the weights")))
    return layer;
  layer.weights = constant(reshapeHost(*weights.constant, {out, 1, 1, in}));
  if (bias.constant)
    layer.bias = constant(*bias.constant);
  else
    layer.bias = constant(HostTensor::zeros({out}, Elem::Float));
  if (bias.value && !bias.constant)
    layer.addend = bias.value;
  return layer;
}

Value ValueMath::apply(const LinearLayer &layer, Value x) {
  if (!x || !layer.weights)
    return {};
  Shape shape(shapeOf(x));
  int64_t k = shape.back(), rows = *countElements(shape) / k;
  Value product;
  if (layer.isConv) {
    int64_t out = shapeOf(layer.weights)[0];
    Value input = reshape(x, {1, 1, rows, k}), zero = splat(1, 0.0);
    FailureOr<RankedTensorType> type = n.tensorType({1, 1, rows, out});
    if (!input || !zero || !layer.bias || failed(type))
      return {};
    product = tosa::Conv2DOp::create(
        n.builder, n.loc, *type, input, layer.weights, layer.bias, zero, zero,
        ArrayRef<int64_t>{0, 0, 0, 0}, ArrayRef<int64_t>{1, 1},
        ArrayRef<int64_t>{1, 1}, n.builder.getF32Type());
    shape.back() = out;
  } else {
    product = matmul(reshape(x, {1, rows, k}), layer.weights);
    shape.back() = shapeOf(layer.weights)[2];
  }
  product = reshape(product, shape);
  return layer.addend ? add(product, layer.addend) : product;
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

Value ValueMath::constant(const HostTensor &tensor) {
  if (tensor.elem == Elem::Double)
    return orNull(n.constant(convertHost(tensor, Elem::Float)));
  return orNull(n.constant(tensor));
}

Value ValueMath::splat(int64_t rank, double value) {
  return orNull(n.splat(rank, static_cast<float>(value)));
}

Value ValueMath::materialize(const OnnxValue &value) {
  return value.constant ? constant(*value.constant) : value.value;
}

//===----------------------------------------------------------------------===//
// Constants or values
//===----------------------------------------------------------------------===//

OnnxValue sliceOnnx(NodeImporter &n, const OnnxValue &value, int64_t axis,
                    int64_t start, int64_t size) {
  if (!value.isKnown())
    return {};
  Shape shape(value.shape());
  shape[axis] = size;
  if (!value.constant) {
    Value part = ValueMath(n).slice(value.value, axis, start, size);
    return part ? OnnxValue(part, value.elem) : OnnxValue();
  }
  std::optional<int64_t> count = countElements(shape);
  if (!count || failed(n.takeElements(*count)))
    return {};
  Shape whole(value.shape());
  int64_t inner = *countElements(ArrayRef(whole).drop_front(axis + 1));
  int64_t outer = *countElements(ArrayRef(whole).take_front(axis));
  std::vector<int64_t> flat;
  for (int64_t i = 0; i < outer; ++i)
    for (int64_t j = 0; j < size * inner; ++j)
      flat.push_back((i * whole[axis] + start) * inner + j);
  return OnnxValue(
      std::make_shared<HostTensor>(pickHost(*value.constant, shape, flat)));
}

OnnxValue reshapeOnnx(NodeImporter &n, const OnnxValue &value,
                      ArrayRef<int64_t> shape) {
  if (!value.isKnown())
    return {};
  if (value.constant)
    return OnnxValue(
        std::make_shared<HostTensor>(reshapeHost(*value.constant, shape)));
  Value view = ValueMath(n).reshape(value.value, shape);
  return view ? OnnxValue(view, value.elem) : OnnxValue();
}

OnnxValue addOnnx(NodeImporter &n, const OnnxValue &a, const OnnxValue &b) {
  if (!a.isKnown() || !b.isKnown())
    return {};
  if (a.constant && b.constant) {
    HostTensor sum = *a.constant;
    for (int64_t i = 0; i < sum.size(); ++i)
      sum.set(i, sum.at(i) + b.constant->at(i));
    return OnnxValue(std::make_shared<HostTensor>(std::move(sum)));
  }
  ValueMath math(n);
  Value sum = math.add(math.materialize(a), math.materialize(b));
  return sum ? OnnxValue(sum, a.elem) : OnnxValue();
}

} // namespace mlir::qnt::onnx_import
