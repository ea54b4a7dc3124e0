//===- ImportBatchNorm.cpp - BatchNormalization ---------------------------===//
//
// With constant parameters batch norm is a multiplication and an addition by
// constants, computed in double; Prepare folds them into convolutions. With
// parameters from the graph, or in training mode, it is spelt out.
//
//===----------------------------------------------------------------------===//

#include "Emit.h"
#include "OpTable.h"

#include "llvm/Support/FormatVariadic.h"

#include <cmath>

namespace mlir::qnt::onnx_import {

/// What the four parameters have in common.
static FailureOr<Shape> readParameterShape(NodeImporter &n) {
  if (n.rankOf(0) < 2)
    return n.invalid("the input has no channels");
  // Until 8, spatial = 0 asks for statistics per channel and position.
  Shape shape(n.shapeOf(0).drop_front());
  if (n.getInt("spatial", 1) != 0)
    shape.resize(1);
  for (unsigned i = 1; i < 5; ++i)
    if (n.shapeOf(i) != ArrayRef(shape))
      return n.invalid(llvm::formatv("input {0} has shape {1}, expected {2}", i,
                                     formatShape(n.shapeOf(i)),
                                     formatShape(shape)));
  return shape;
}

/// y = (x - mean) / sqrt(var + eps) * gamma + beta  ->  y = x * s + t
static LogicalResult buildConstant(NodeImporter &n, ArrayRef<int64_t> shape,
                                   double epsilon) {
  HostTensorRef parts[4];
  for (unsigned i = 0; i < 4; ++i) {
    parts[i] = n.floatConstantOf(i + 1);
    if (failed(n.requireFinite(*parts[i], "the parameters")))
      return failure();
  }
  ArrayRef<float> gamma = parts[0]->floats(), beta = parts[1]->floats();
  ArrayRef<float> mean = parts[2]->floats(), variance = parts[3]->floats();
  std::vector<float> scales, shifts;
  for (size_t c = 0; c < gamma.size(); ++c) {
    double scale =
        gamma[c] / std::sqrt(static_cast<double>(variance[c]) + epsilon);
    scales.push_back(static_cast<float>(scale));
    shifts.push_back(static_cast<float>(beta[c] - mean[c] * scale));
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

/// old * momentum + now * (1 - momentum), as an output of the parameters'
/// shape.
static LogicalResult setRunning(NodeImporter &n, unsigned output, Value now,
                                Value old, float momentum) {
  FailureOr<Value> kept = emitScale(n, old, momentum);
  FailureOr<Value> fresh = emitScale(n, now, 1.0f - momentum);
  if (failed(kept) || failed(fresh))
    return failure();
  FailureOr<Value> sum = emitAdd(n, *kept, *fresh);
  if (failed(sum) || failed(sum = n.reshape(*sum, n.shapeOf(1))))
    return failure();
  n.setResult(output, *sum);
  return success();
}

/// Replaces mean and variance by those of the batch.
static LogicalResult useBatchStatistics(NodeImporter &n, Value x, Value &mean,
                                        Value &variance) {
  Shape axes{0};
  for (int64_t axis = 2; axis < n.rankOf(0); ++axis)
    if (shapeOf(mean)[axis] == 1)
      axes.push_back(axis);
  FailureOr<Value> batchMean = emitMean(n, x, axes);
  FailureOr<Value> centred =
      failed(batchMean) ? batchMean : emitSub(n, x, *batchMean);
  if (failed(centred))
    return failure();
  FailureOr<Value> square = emitMul(n, *centred, *centred);
  if (failed(square) || failed(square = emitMean(n, *square, axes)))
    return failure();
  float momentum = n.getFloat("momentum", 0.9f);
  if (failed(setRunning(n, 1, *batchMean, mean, momentum)) ||
      failed(setRunning(n, 2, *square, variance, momentum)))
    return failure();
  mean = *batchMean;
  variance = *square;
  return success();
}

LogicalResult buildBatchNormalization(NodeImporter &n) {
  FailureOr<Shape> parameters = readParameterShape(n);
  if (failed(parameters))
    return failure();
  bool training = n.getInt("training_mode", 0) != 0;
  if (n.opset < 7 && n.getInt("is_test", 0) == 0)
    return n.unsupported("training mode before operator set 7");
  float epsilon = n.getFloat("epsilon", 1e-5f);
  if (!std::isfinite(epsilon) || !std::isfinite(n.getFloat("momentum", 0.9f)))
    return n.invalid("a parameter is not finite");
  Shape aligned(*parameters);
  aligned.insert(aligned.begin(), 1);
  aligned.resize(n.rankOf(0), 1);
  bool constant = !training;
  for (unsigned i = 1; i < 5; ++i)
    constant &= n.constantOf(i) && n.isFloat(i);
  if (constant)
    return buildConstant(n, aligned, epsilon);
  FailureOr<Value> x = n.valueOf(0);
  if (failed(x))
    return failure();
  Value parts[4];
  for (unsigned i = 0; i < 4; ++i) {
    FailureOr<Value> part = n.valueOf(i + 1);
    if (failed(part) || failed(part = n.reshape(*part, aligned)))
      return failure();
    parts[i] = *part;
  }
  auto [gamma, beta, mean, variance] = parts;
  if (training && failed(useBatchStatistics(n, *x, mean, variance)))
    return failure();
  FailureOr<Value> scale = emitShift(n, variance, epsilon);
  if (failed(scale) || failed(scale = emitMul(n, gamma, emitRsqrt(n, *scale))))
    return failure();
  FailureOr<Value> result = emitSub(n, *x, mean);
  if (failed(result) || failed(result = emitMul(n, *result, *scale)) ||
      failed(result = emitAdd(n, *result, beta)))
    return failure();
  n.setResult(0, *result);
  return success();
}

} // namespace mlir::qnt::onnx_import
