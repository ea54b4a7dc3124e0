//===- ResizeTaps.cpp - resizing as weighted sums along each dimension ----===//
//
// Every mode of Resize is a product of one-dimensional maps, each of which
// makes an output from a few neighbours ("taps") with weights that depend on
// the output index only. Both are tables made here; indices are clamped to the
// input, which repeats its edge.
//
//===----------------------------------------------------------------------===//

#include "Emit.h"
#include "Loops.h"
#include "ResizePlan.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <cmath>

namespace mlir::qnt::onnx_import {

namespace {
/// `count` taps of each output.
struct TapTable {
  int64_t count = 1;
  std::vector<int64_t> indices;
  std::vector<float> weights;
};
} // namespace

static int64_t nearest(const ResizePlan &plan, const ResizeAxis &axis,
                       float x) {
  StringRef mode = plan.rounding;
  if (mode == "simple")
    return axis.scale < 1.0f ? std::ceil(x) : std::trunc(x);
  if (mode == "floor")
    return std::floor(x);
  if (mode == "ceil")
    return std::ceil(x);
  // The fraction decides; exact halves go down or up.
  float low = std::floor(x), fraction = x - low;
  bool up = mode == "round_prefer_ceil" ? fraction >= 0.5f : fraction > 0.5f;
  return low + up;
}

/// The interpolation kernel at a distance.
static double kernelAt(const ResizePlan &plan, double distance) {
  double d = std::fabs(distance), a = plan.cubicA;
  if (plan.mode == ResizePlan::Mode::Linear)
    return std::max(0.0, 1.0 - d);
  if (d <= 1)
    return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0.0;
}

static FailureOr<TapTable> makeTaps(NodeImporter &n, const ResizePlan &plan,
                                    const ResizeAxis &axis) {
  TapTable table;
  bool isNearest = plan.mode == ResizePlan::Mode::Nearest;
  double reach = plan.mode == ResizePlan::Mode::Cubic ? 2.0 : 1.0;
  // A kernel that is stretched over everything that an output stands for.
  double stretch = plan.antialias ? std::max(1.0, 1.0 / axis.scale) : 1.0;
  double width = 2 * std::ceil(reach * stretch);
  if (!(width <= (1 << 20)))
    return n.invalid("a scale is impossibly small");
  table.count = isNearest ? 1 : static_cast<int64_t>(width);
  if (failed(n.takeElements(2 * axis.out * table.count)))
    return failure();
  for (int64_t out = 0; out < axis.out; ++out) {
    float x = originalCoordinate(plan, axis, out);
    // Far outside, all taps are the edge.
    x = std::fmin(std::fmax(x, -2.0f * table.count),
                  axis.in + 2.0f * table.count);
    int64_t first =
        isNearest ? nearest(plan, axis, x)
                  : static_cast<int64_t>(std::floor(x)) - table.count / 2 + 1;
    double sum = 0.0;
    SmallVector<double, 4> weights;
    for (int64_t k = 0; k < table.count; ++k) {
      int64_t at = first + k;
      bool outside = at < 0 || at >= axis.in;
      double weight = isNearest ? 1.0 : kernelAt(plan, (at - x) / stretch);
      if (outside && plan.excludeOutside && !isNearest)
        weight = 0.0;
      weights.push_back(weight);
      sum += weight;
      table.indices.push_back(std::clamp<int64_t>(at, 0, axis.in - 1));
    }
    for (double weight : weights)
      table.weights.push_back(
          static_cast<float>(sum == 0.0 ? weight : weight / sum));
  }
  return table;
}

/// One dimension of `x`.
static FailureOr<Value> resizeAxis(NodeImporter &n, Value x, int64_t axis,
                                   const ResizeAxis &size,
                                   const TapTable &table) {
  FailureOr<Value> indices =
      n.constant(HostTensor::ofInts({size.out, table.count}, table.indices));
  FailureOr<Value> weights =
      n.constant(HostTensor::ofFloats({size.out, table.count}, table.weights));
  if (failed(indices) || failed(weights))
    return failure();
  Shape shape(shapeOf(x));
  shape[axis] = size.out;
  Type element = elementTypeOf(x);
  return emitLoops(n, shape, element, [&](ArrayRef<Scalar> o) {
    auto tap = [&](Scalar k) {
      Scalars in(o);
      in[axis] = toIndex(at(*indices, {o[axis], k}));
      return at(x, in);
    };
    if (table.count == 1)
      return tap(o[axis].like(0));
    Scalar zero(n.builder, n.loc,
                arith::ConstantOp::create(n.builder, n.loc,
                                          FloatAttr::get(element, 0.0)));
    return loops({table.count}, zero, [&](ArrayRef<Scalar> k, Scalar sum) {
      return sum + tap(k[0]) * at(*weights, {o[axis], k[0]});
    });
  });
}

/// Overwrites outputs whose coordinate lies outside of the input.
static FailureOr<Value> extrapolate(NodeImporter &n, Value x,
                                    const ResizePlan &plan) {
  SmallVector<std::pair<int64_t, int64_t>> valid;
  bool all = true;
  for (const ResizeAxis &axis : plan.axes) {
    int64_t first = axis.out, last = -1;
    for (int64_t out = 0; out < axis.out; ++out) {
      float at = originalCoordinate(plan, axis, out);
      if (at < 0 || at > axis.in - 1)
        continue;
      first = std::min(first, out);
      last = out;
    }
    all &= first == 0 && last == axis.out - 1;
    valid.push_back({first, last});
  }
  if (all)
    return x;
  return emitLoops(n, shapeOf(x), elementTypeOf(x), [&](ArrayRef<Scalar> o) {
    std::optional<Scalar> inside;
    for (auto [i, range] : llvm::enumerate(valid)) {
      Scalar within = (o[i] >= range.first) & (o[i] <= range.second);
      inside = inside ? *inside & within : within;
    }
    Scalar value = at(x, o);
    return select(*inside, value, value.like(plan.extrapolation));
  });
}

FailureOr<Value> emitResizeByTaps(NodeImporter &n, Value x,
                                  const ResizePlan &plan) {
  FailureOr<RankedTensorType> type =
      n.tensorType(plan.target(), elementTypeOf(x));
  if (failed(type))
    return failure();
  static constexpr StringLiteral names[] = {"nearest", "linear", "cubic"};
  return emitComposite(
      n, "resize", x, *type,
      {configString(n, "mode", names[static_cast<int>(plan.mode)]),
       configString(n, "coordinates", plan.coordinates)},
      [&](ValueRange args) -> FailureOr<Value> {
        FailureOr<Value> value = args[0];
        for (auto [i, axis] : llvm::enumerate(plan.axes)) {
          if (axis.isIdentity())
            continue;
          FailureOr<TapTable> table = makeTaps(n, plan, axis);
          if (failed(table) ||
              failed(value = resizeAxis(n, *value, i, axis, *table)))
            return failure();
        }
        if (plan.coordinates == "tf_crop_and_resize")
          return extrapolate(n, *value, plan);
        return value;
      });
}

} // namespace mlir::qnt::onnx_import
