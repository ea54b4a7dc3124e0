//===- ImportNorms.cpp - normalization by statistics of the input ---------===//
//
// Layer, RMS, group, instance, Lp and mean-variance normalization. Each is one
// composite under its name, so a later stage may take it whole; the region
// computes the variance from centred values, as the runtimes do.
//
//===----------------------------------------------------------------------===//

#include "Emit.h"
#include "OpTable.h"

#include "llvm/Support/FormatVariadic.h"

#include <cfloat>
#include <cmath>

namespace mlir::qnt::onnx_import {

namespace {
/// x - mean, the mean, and 1 / sqrt(variance + epsilon).
struct Centred {
  Value value;
  Value mean;
  Value inverse;
};
} // namespace

static FailureOr<Centred> emitCentred(NodeImporter &n, Value x,
                                      ArrayRef<int64_t> axes, float epsilon) {
  FailureOr<Value> mean = emitMean(n, x, axes);
  if (failed(mean))
    return failure();
  FailureOr<Value> value = emitSub(n, x, *mean);
  if (failed(value))
    return failure();
  FailureOr<Value> square = emitMul(n, *value, *value);
  if (failed(square) || failed(square = emitMean(n, *square, axes)) ||
      failed(square = emitShift(n, *square, epsilon)))
    return failure();
  return Centred{*value, *mean, emitRsqrt(n, *square)};
}

static FailureOr<float> readEpsilon(NodeImporter &n) {
  float epsilon = n.getFloat("epsilon", 1e-5f);
  if (!std::isfinite(epsilon))
    return n.invalid("attribute 'epsilon' is not finite");
  return epsilon;
}

static Shape axesFrom(int64_t first, int64_t rank) {
  Shape axes;
  for (int64_t axis = first; axis < rank; ++axis)
    axes.push_back(axis);
  return axes;
}

/// value * scale + bias, without what is null.
static FailureOr<Value> emitAffine(NodeImporter &n, FailureOr<Value> value,
                                   Value scale, Value bias) {
  if (succeeded(value) && scale)
    value = emitMul(n, *value, scale);
  if (succeeded(value) && bias)
    value = emitAdd(n, *value, bias);
  return value;
}

/// Input `i` with the rank of input 0, to which it has to broadcast.
static FailureOr<Value> readParameter(NodeImporter &n, unsigned i) {
  FailureOr<Value> value = n.valueOf(i);
  if (failed(value))
    return failure();
  FailureOr<Shape> shape = broadcastShapes(n, n.shapeOf(0), n.shapeOf(i));
  if (failed(shape))
    return failure();
  if (ArrayRef(*shape) != n.shapeOf(0))
    return n.invalid(llvm::formatv("input {0} of shape {1} does not broadcast "
                                   "to {2}",
                                   i, formatShape(n.shapeOf(i)),
                                   formatShape(n.shapeOf(0))));
  Shape aligned(n.shapeOf(i));
  aligned.insert(aligned.begin(), n.rankOf(0) - aligned.size(), 1);
  return n.reshape(*value, aligned);
}

/// Input `i` of one value per channel, as [1, C, 1, ...].
static FailureOr<Value> readPerChannel(NodeImporter &n, unsigned i,
                                       int64_t rank, int64_t channels) {
  if (n.rankOf(i) != 1 || n.shapeOf(i)[0] != channels)
    return n.invalid(llvm::formatv("input {0} has shape {1}, expected {2}", i,
                                   formatShape(n.shapeOf(i)), channels));
  FailureOr<Value> value = n.valueOf(i);
  if (failed(value))
    return failure();
  Shape shape(rank, 1);
  shape[1] = channels;
  return n.reshape(*value, shape);
}

LogicalResult buildLayerNormalization(NodeImporter &n) {
  FailureOr<int64_t> axis = n.normalizeAxis(n.getInt("axis", -1), n.rankOf(0));
  FailureOr<float> epsilon = readEpsilon(n);
  if (failed(axis) || failed(epsilon))
    return failure();
  FailureOr<Value> x = n.valueOf(0);
  FailureOr<Value> scale = readParameter(n, 1);
  if (failed(x) || failed(scale))
    return failure();
  SmallVector<Value> inputs{*x, *scale};
  if (n.hasInput(2)) {
    FailureOr<Value> bias = readParameter(n, 2);
    if (failed(bias))
      return failure();
    inputs.push_back(*bias);
  }
  SmallVector<Type> types{x->getType()};
  auto type = cast<RankedTensorType>(x->getType());
  Shape axes = axesFrom(*axis, type.getRank());
  Shape reduced(type.getShape());
  for (int64_t i : axes)
    reduced[i] = 1;
  for (int i = 1; i < n.node.output_size(); ++i)
    types.push_back(type.clone(reduced));
  FailureOr<SmallVector<Value>> results = emitComposite(
      n, "layer_norm", inputs, types,
      {configInt(n, "axis", *axis), configFloat(n, "epsilon", *epsilon)},
      [&](ValueRange args) -> FailureOr<SmallVector<Value>> {
        FailureOr<Centred> centred = emitCentred(n, args[0], axes, *epsilon);
        if (failed(centred))
          return failure();
        FailureOr<Value> y =
            emitAffine(n, emitMul(n, centred->value, centred->inverse), args[1],
                       args.size() > 2 ? args[2] : Value());
        if (failed(y))
          return failure();
        SmallVector<Value> all{*y, centred->mean, centred->inverse};
        all.truncate(types.size());
        return all;
      });
  if (failed(results))
    return failure();
  for (auto [i, value] : llvm::enumerate(*results))
    n.setResult(i, value);
  return success();
}

LogicalResult buildRmsNormalization(NodeImporter &n) {
  FailureOr<int64_t> axis = n.normalizeAxis(n.getInt("axis", -1), n.rankOf(0));
  FailureOr<float> epsilon = readEpsilon(n);
  if (failed(axis) || failed(epsilon))
    return failure();
  FailureOr<Value> x = n.valueOf(0);
  FailureOr<Value> scale = readParameter(n, 1);
  if (failed(x) || failed(scale))
    return failure();
  Shape axes = axesFrom(*axis, n.rankOf(0));
  FailureOr<Value> result = emitComposite(
      n, "rms_norm", {*x, *scale}, x->getType(),
      {configInt(n, "axis", *axis), configFloat(n, "epsilon", *epsilon)},
      [&](ValueRange args) -> FailureOr<Value> {
        FailureOr<Value> square = emitMul(n, args[0], args[0]);
        if (failed(square) || failed(square = emitMean(n, *square, axes)) ||
            failed(square = emitShift(n, *square, *epsilon)))
          return failure();
        return emitAffine(n, emitMul(n, args[0], emitRsqrt(n, *square)),
                          args[1], Value());
      });
  if (failed(result))
    return failure();
  n.setResult(0, *result);
  return success();
}

/// Normalizes each of `groups` slices of the channels; a group is one channel
/// for instance norm.
static LogicalResult buildGrouped(NodeImporter &n, StringRef name,
                                  int64_t groups, bool scalePerGroup) {
  ArrayRef<int64_t> shape = n.shapeOf(0);
  int64_t channels = shape[1];
  FailureOr<float> epsilon = readEpsilon(n);
  FailureOr<Value> x = n.valueOf(0);
  if (failed(x) || failed(epsilon))
    return failure();
  int64_t inner = *countElements(shape.drop_front(2)) * (channels / groups);
  // A scale per group acts before the groups are merged.
  int64_t rank = scalePerGroup ? 3 : shape.size();
  FailureOr<Value> scale =
      readPerChannel(n, 1, rank, scalePerGroup ? groups : channels);
  FailureOr<Value> bias =
      readPerChannel(n, 2, rank, scalePerGroup ? groups : channels);
  if (failed(scale) || failed(bias))
    return failure();
  FailureOr<Value> result = emitComposite(
      n, name, {*x, *scale, *bias}, x->getType(),
      {configFloat(n, "epsilon", *epsilon), configInt(n, "groups", groups)},
      [&](ValueRange args) -> FailureOr<Value> {
        FailureOr<Value> flat = n.reshape(args[0], {shape[0], groups, inner});
        if (failed(flat))
          return failure();
        FailureOr<Centred> centred = emitCentred(n, *flat, {2}, *epsilon);
        if (failed(centred))
          return failure();
        FailureOr<Value> y = emitMul(n, centred->value, centred->inverse);
        if (scalePerGroup) {
          y = emitAffine(n, y, args[1], args[2]);
          return failed(y) ? y : n.reshape(*y, shape);
        }
        if (failed(y) || failed(y = n.reshape(*y, shape)))
          return failure();
        return emitAffine(n, y, args[1], args[2]);
      });
  if (failed(result))
    return failure();
  n.setResult(0, *result);
  return success();
}

LogicalResult buildInstanceNormalization(NodeImporter &n) {
  if (n.rankOf(0) < 2)
    return n.invalid("the input has no channels");
  return buildGrouped(n, "instance_norm", n.shapeOf(0)[1], false);
}

LogicalResult buildGroupNormalization(NodeImporter &n) {
  if (n.rankOf(0) < 2)
    return n.invalid("the input has no channels");
  int64_t groups = n.getInt("num_groups", 0);
  if (groups < 1 || n.shapeOf(0)[1] % groups != 0)
    return n.invalid(llvm::formatv("{0} channels do not make {1} groups",
                                   n.shapeOf(0)[1], groups));
  return buildGrouped(n, "group_norm", groups, n.opset < 21);
}

/// x / |x|; zero stays zero.
LogicalResult buildLpNormalization(NodeImporter &n) {
  FailureOr<int64_t> axis = n.normalizeAxis(n.getInt("axis", -1), n.rankOf(0));
  int64_t p = n.getInt("p", 2);
  if (p != 1 && p != 2)
    return n.invalid(llvm::formatv("attribute 'p' is {0}", p));
  FailureOr<Value> x = n.valueOf(0);
  if (failed(axis) || failed(x))
    return failure();
  FailureOr<Value> result = emitComposite(
      n, "lp_norm", *x, x->getType(),
      {configInt(n, "axis", *axis), configInt(n, "p", p)},
      [&](ValueRange args) -> FailureOr<Value> {
        Value v = args[0];
        FailureOr<Value> sum =
            p == 2 ? emitMul(n, v, v)
                   : FailureOr<Value>(
                         tosa::AbsOp::create(n.builder, n.loc, v.getType(), v)
                             .getResult());
        if (failed(sum) || failed(sum = emitReduceSum(n, *sum, *axis)) ||
            failed(sum = n.clamp(*sum, FLT_MIN, FLT_MAX)))
          return failure();
        return emitMul(n, v,
                       p == 2 ? emitRsqrt(n, *sum) : emitReciprocal(n, *sum));
      });
  if (failed(result))
    return failure();
  n.setResult(0, *result);
  return success();
}

/// (x - mean) / (sqrt(variance) + 1e-9)
LogicalResult buildMeanVarianceNormalization(NodeImporter &n) {
  Shape axes = n.hasAttr("axes") ? n.getInts("axes") : Shape{0, 2, 3};
  for (int64_t &axis : axes) {
    FailureOr<int64_t> positive = n.normalizeAxis(axis, n.rankOf(0));
    if (failed(positive))
      return failure();
    axis = *positive;
  }
  llvm::sort(axes);
  if (std::adjacent_find(axes.begin(), axes.end()) != axes.end())
    return n.invalid("attribute 'axes' names a dimension twice");
  FailureOr<Value> x = n.valueOf(0);
  if (failed(x))
    return failure();
  FailureOr<Value> result = emitComposite(
      n, "mean_variance_norm", *x, x->getType(),
      {n.builder.getNamedAttr("axes", n.builder.getI64ArrayAttr(axes))},
      [&](ValueRange args) -> FailureOr<Value> {
        FailureOr<Value> mean = emitMean(n, args[0], axes);
        FailureOr<Value> centred =
            failed(mean) ? mean : emitSub(n, args[0], *mean);
        if (failed(centred))
          return failure();
        FailureOr<Value> deviation = emitMul(n, *centred, *centred);
        if (failed(deviation) ||
            failed(deviation = emitMean(n, *deviation, axes)) ||
            failed(deviation = emitSqrt(n, *deviation)) ||
            failed(deviation = emitShift(n, *deviation, 1e-9f)))
          return failure();
        return emitMul(n, *centred, emitReciprocal(n, *deviation));
      });
  if (failed(result))
    return failure();
  n.setResult(0, *result);
  return success();
}

} // namespace mlir::qnt::onnx_import
