//===- ImportSoftmax.cpp - Softmax and LogSoftmax -------------------------===//
//
// Composites named softmax and log_softmax. Until operator set 12 everything
// from the axis on counts as one dimension.
//
//===----------------------------------------------------------------------===//

#include "Emit.h"
#include "OpTable.h"

namespace mlir::qnt::onnx_import {

/// exp(x - max) / sum of them, along one axis.
static FailureOr<Value> softmaxBody(NodeImporter &n, Value x, int64_t axis) {
  FailureOr<Value> max = emitReduceMax(n, x, axis);
  FailureOr<Value> shifted = failed(max) ? max : emitSub(n, x, *max);
  if (failed(shifted))
    return failure();
  Value exp = tosa::ExpOp::create(n.builder, n.loc, x.getType(), *shifted);
  FailureOr<Value> sum = emitReduceSum(n, exp, axis);
  return failed(sum) ? sum : emitMul(n, exp, emitReciprocal(n, *sum));
}

/// x - max - log(sum of exp(x - max))
static FailureOr<Value> logSoftmaxBody(NodeImporter &n, Value x, int64_t axis) {
  FailureOr<Value> max = emitReduceMax(n, x, axis);
  FailureOr<Value> shifted = failed(max) ? max : emitSub(n, x, *max);
  if (failed(shifted))
    return failure();
  Value exp = tosa::ExpOp::create(n.builder, n.loc, x.getType(), *shifted);
  FailureOr<Value> sum = emitReduceSum(n, exp, axis);
  if (failed(sum))
    return failure();
  return emitSub(n, *shifted,
                 tosa::LogOp::create(n.builder, n.loc, sum->getType(), *sum));
}

FailureOr<Value> emitSoftmax(NodeImporter &n, Value x, int64_t axis) {
  return emitComposite(
      n, "softmax", x, x.getType(), configInt(n, "axis", axis),
      [&](ValueRange args) { return softmaxBody(n, args[0], axis); });
}

FailureOr<Value> emitLogSoftmax(NodeImporter &n, Value x, int64_t axis) {
  return emitComposite(
      n, "log_softmax", x, x.getType(), configInt(n, "axis", axis),
      [&](ValueRange args) { return logSoftmaxBody(n, args[0], axis); });
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
  auto emit = n.node.op_type() == "LogSoftmax" ? emitLogSoftmax : emitSoftmax;
  Shape shape(n.shapeOf(0));
  int64_t inner = *countElements(ArrayRef(shape).drop_front(*axis));
  FailureOr<Value> result;
  if (!flattens || inner == shape[*axis]) {
    result = emit(n, *x, *axis);
  } else {
    int64_t outer = *countElements(ArrayRef(shape).take_front(*axis));
    FailureOr<Value> flat = n.reshape(*x, {outer, inner});
    if (failed(flat) || failed(flat = emit(n, *flat, 1)))
      return failure();
    result = n.reshape(*flat, shape);
  }
  if (failed(result))
    return failure();
  n.setResult(0, *result);
  return success();
}

} // namespace mlir::qnt::onnx_import
