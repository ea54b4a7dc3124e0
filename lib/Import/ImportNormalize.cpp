//===- ImportNormalize.cpp - batch norm, softmax, reductions --------------===//
//
// Batch norm becomes a multiplication and an addition by constants of one value
// per channel, computed in double; Prepare folds them into convolutions.
// Softmax is a composite.
//
//===----------------------------------------------------------------------===//

#include "Emit.h"
#include "OpTable.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

namespace mlir::qnt::onnx_import {

//===----------------------------------------------------------------------===//
// Batch norm
//===----------------------------------------------------------------------===//

static FailureOr<HostTensorRef> readStatistic(NodeImporter &n, unsigned input,
                                              int64_t channels) {
  HostTensorRef tensor = n.floatConstantOf(input);
  if (!tensor)
    return n.unsupported(
        llvm::formatv("input {0} is not a float constant", input));
  if (tensor->rank() != 1 || tensor->size() != channels)
    return n.invalid(llvm::formatv("input {0} has shape {1}, expected {2}",
                                   input, formatShape(tensor->shape),
                                   channels));
  return tensor;
}

/// y = (x - mean) / sqrt(var + eps) * gamma + beta  ->  y = x * s + t
LogicalResult buildBatchNormalization(NodeImporter &n) {
  if (n.rankOf(0) < 2)
    return n.invalid("the input has no channels");
  if (n.getInt("training_mode", 0) != 0 || n.getInt("spatial", 1) == 0)
    return n.unsupported("training mode or statistics per pixel");
  int64_t channels = n.shapeOf(0)[1];
  HostTensorRef parts[4];
  for (unsigned i = 0; i < 4; ++i) {
    FailureOr<HostTensorRef> part = readStatistic(n, i + 1, channels);
    if (failed(part))
      return failure();
    parts[i] = *part;
  }
  auto [gamma, beta, mean, variance] = parts;
  double epsilon = n.getFloat("epsilon", 1e-5f);
  Shape shape(n.rankOf(0), 1);
  shape[1] = channels;
  std::vector<float> scales, shifts;
  for (int64_t c = 0; c < channels; ++c) {
    double scale =
        gamma->floats()[c] /
        std::sqrt(static_cast<double>(variance->floats()[c]) + epsilon);
    scales.push_back(static_cast<float>(scale));
    shifts.push_back(
        static_cast<float>(beta->floats()[c] - mean->floats()[c] * scale));
  }
  FailureOr<Value> x = n.valueOf(0);
  FailureOr<Value> scale = n.constant(HostTensor::ofFloats(shape, scales));
  FailureOr<Value> shift = n.constant(HostTensor::ofFloats(shape, shifts));
  if (failed(x) || failed(scale) || failed(shift))
    return failure();
  FailureOr<Value> result = emitMul(n, *x, *scale);
  if (failed(result) || failed(result = emitAdd(n, *result, *shift)))
    return failure();
  n.setResult(0, *result);
  return success();
}

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

/// exp(x - max) / sum of them, along one axis.
static FailureOr<Value> softmaxBody(NodeImporter &n, Value x, int64_t axis) {
  Shape reduced(shapeOf(x));
  reduced[axis] = 1;
  auto type = RankedTensorType::get(reduced, n.builder.getF32Type());
  IntegerAttr axisAttr = n.builder.getI32IntegerAttr(axis);
  Value max = tosa::ReduceMaxOp::create(n.builder, n.loc, type, x, axisAttr);
  FailureOr<Value> shifted = emitSub(n, x, max);
  if (failed(shifted))
    return failure();
  Value exp = tosa::ExpOp::create(n.builder, n.loc, x.getType(), *shifted);
  Value sum = tosa::ReduceSumOp::create(n.builder, n.loc, type, exp, axisAttr);
  return emitMul(n, exp, emitReciprocal(n, sum));
}

static FailureOr<Value> emitSoftmax(NodeImporter &n, Value x, int64_t axis) {
  NamedAttribute attribute =
      n.builder.getNamedAttr("axis", n.builder.getI64IntegerAttr(axis));
  return emitComposite(
      n, "softmax", x, x.getType(), attribute,
      [&](ValueRange args) { return softmaxBody(n, args[0], axis); });
}

LogicalResult buildSoftmax(NodeImporter &n) {
  int64_t rank = n.rankOf(0);
  if (rank == 0)
    return n.invalid("the input is a scalar");
  bool flattens = n.opset < 13;
  FailureOr<int64_t> axis =
      n.normalizeAxis(n.getInt("axis", flattens ? 1 : -1), rank);
  FailureOr<Value> x = n.valueOf(0);
  if (failed(axis) || failed(x))
    return failure();
  // Until 12, everything from the axis on is one dimension.
  Shape shape(n.shapeOf(0));
  int64_t inner = *countElements(ArrayRef(shape).drop_front(*axis));
  FailureOr<Value> result;
  if (!flattens || inner == shape[*axis]) {
    result = emitSoftmax(n, *x, *axis);
  } else {
    int64_t outer = *countElements(ArrayRef(shape).take_front(*axis));
    FailureOr<Value> flat = n.reshape(*x, {outer, inner});
    if (failed(flat) || failed(flat = emitSoftmax(n, *flat, 1)))
      return failure();
    result = n.reshape(*flat, shape);
  }
  if (failed(result))
    return failure();
  n.setResult(0, *result);
  return success();
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

template <typename OpTy>
static FailureOr<Value> reduceAxis(NodeImporter &n, Value x, int64_t axis) {
  Shape shape(shapeOf(x));
  shape[axis] = 1;
  auto type = RankedTensorType::get(shape, n.builder.getF32Type());
  return OpTy::create(n.builder, n.loc, type, x,
                      n.builder.getI32IntegerAttr(axis))
      .getResult();
}

using ReduceFn = FailureOr<Value> (*)(NodeImporter &, Value, int64_t);

static ReduceFn reduceFunction(StringRef op) {
  return llvm::StringSwitch<ReduceFn>(op)
      .Case("ReduceMax", reduceAxis<tosa::ReduceMaxOp>)
      .Case("ReduceMin", reduceAxis<tosa::ReduceMinOp>)
      .Default(reduceAxis<tosa::ReduceSumOp>);
}

/// Sorted axes; all of them if none is given.
static FailureOr<Shape> readReduceAxes(NodeImporter &n) {
  int64_t sinceInput = n.node.op_type() == "ReduceSum" ? 13 : 18;
  FailureOr<Shape> axes = readAxes(n, 1, n.rankOf(0), sinceInput);
  if (failed(axes))
    return failure();
  if (axes->empty() && n.getInt("noop_with_empty_axes", 0) == 0)
    for (int64_t i = 0; i < n.rankOf(0); ++i)
      axes->push_back(i);
  return axes;
}

/// The mean over height and width is a global average pool.
static bool isGlobalPool(NodeImporter &n, ArrayRef<int64_t> axes) {
  return n.node.op_type() == "ReduceMean" && n.rankOf(0) == 4 &&
         axes == ArrayRef<int64_t>{2, 3};
}

static FailureOr<Value> emitReduce(NodeImporter &n, Value x,
                                   ArrayRef<int64_t> axes) {
  int64_t count = 1;
  FailureOr<Value> result = x;
  for (int64_t axis : axes) {
    count *= shapeOf(x)[axis];
    result = reduceFunction(n.node.op_type())(n, *result, axis);
    if (failed(result))
      return failure();
  }
  if (n.node.op_type() != "ReduceMean")
    return result;
  return emitScale(n, *result, static_cast<float>(1.0 / count));
}

LogicalResult buildReduce(NodeImporter &n) {
  FailureOr<Shape> axes = readReduceAxes(n);
  FailureOr<Value> x = n.valueOf(0);
  if (failed(axes) || failed(x))
    return failure();
  FailureOr<Value> result;
  if (isGlobalPool(n, *axes)) {
    if (failed(buildGlobalAveragePool(n)))
      return failure();
    result = n.getResults()[0].value;
  } else {
    result = emitReduce(n, *x, *axes);
  }
  if (failed(result))
    return failure();
  if (n.getInt("keepdims", 1) == 0) {
    Shape shape;
    for (auto [i, dim] : llvm::enumerate(shapeOf(*result)))
      if (!llvm::is_contained(*axes, static_cast<int64_t>(i)))
        shape.push_back(dim);
    if (failed(result = n.reshape(*result, shape)))
      return failure();
  }
  n.setResult(0, *result);
  return success();
}

} // namespace mlir::qnt::onnx_import
