//===- ImportRoi.cpp - RoiAlign and MaxRoiPool ----------------------------===//
//
// Regions come from the model, so every index is clamped to the input and the
// number of samples per bin is bounded.
//
//===----------------------------------------------------------------------===//

#include "Emit.h"
#include "Loops.h"
#include "OpTable.h"

#include "llvm/Support/FormatVariadic.h"

#include <cmath>

namespace mlir::qnt::onnx_import {

/// Samples along one side of a bin when their number follows the region.
constexpr int64_t kMaxSamples = 4096;

namespace {
struct RoiOptions {
  int64_t height;
  int64_t width;
  int64_t samples;
  double scale;
  bool halfPixel;
  bool isMax;
};

/// One side of a region divided into bins.
struct Bins {
  Scalar start;
  Scalar size;
  Scalar samples;
};
} // namespace

static Bins binsOf(Scalar low, Scalar high, int64_t count,
                   const RoiOptions &options) {
  double offset = options.halfPixel ? 0.5 : 0.0;
  Scalar start = low * options.scale - offset;
  Scalar length = high * options.scale - offset - start;
  if (!options.halfPixel)
    length = maxOf(length, length.like(1.0));
  Scalar size = length / static_cast<double>(count);
  Scalar samples = truncateToIndex(clampOf(ceilOf(size), 0.0, kMaxSamples));
  if (options.samples > 0)
    samples = samples.like(options.samples);
  return {start, size, samples};
}

namespace {
/// The two neighbours of a coordinate along one dimension.
struct Pair {
  Scalar low;
  Scalar high;
  Scalar share;
  Scalar inside;
};
} // namespace

static Pair neighbours(Scalar x, int64_t size) {
  Scalar inside = (x >= -1.0) & (x <= static_cast<double>(size));
  x = clampOf(x, 0.0, size - 1);
  Scalar low = truncateToIndex(x);
  Scalar high = clampOf(low + 1, 0, size - 1);
  return {low, high, x - toFloat(low), inside};
}

/// One sample: the interpolated value, or the largest weighted neighbour.
static Scalar sampleRegion(Value x, Scalar image, Scalar channel, Scalar y,
                           Scalar column, bool isMax) {
  Pair v = neighbours(y, shapeOf(x)[2]);
  Pair h = neighbours(column, shapeOf(x)[3]);
  Scalar one = y.like(1.0);
  Scalar parts[] = {
      at(x, {image, channel, v.low, h.low}) * (one - v.share) * (one - h.share),
      at(x, {image, channel, v.low, h.high}) * (one - v.share) * h.share,
      at(x, {image, channel, v.high, h.low}) * v.share * (one - h.share),
      at(x, {image, channel, v.high, h.high}) * v.share * h.share};
  Scalar result = parts[0];
  for (const Scalar &part : ArrayRef(parts).drop_front())
    result = isMax ? maxOf(result, part) : result + part;
  return select(v.inside & h.inside, result, result.like(0.0));
}

/// The position of sample `i` of bin `bin`.
static Scalar samplePlace(const Bins &bins, Scalar bin, Scalar i) {
  return bins.start + toFloat(bin) * bins.size +
         (toFloat(i) + 0.5) * bins.size / toFloat(bins.samples);
}

static FailureOr<Value> roiAlignBody(NodeImporter &n, Value x, Value rois,
                                     Value batch, const RoiOptions &options) {
  Shape shape{shapeOf(rois)[0], shapeOf(x)[1], options.height, options.width};
  return emitLoops(n, shape, n.builder.getF32Type(), [&](ArrayRef<Scalar> o) {
    auto corner = [&](int64_t i) { return at(rois, {o[0], o[0].like(i)}); };
    Bins vertical = binsOf(corner(1), corner(3), options.height, options);
    Bins horizontal = binsOf(corner(0), corner(2), options.width, options);
    Scalar image = clampOf(toIndex(at(batch, o[0])), 0, shapeOf(x)[0] - 1);
    Scalar zero = vertical.start.like(options.isMax ? -INFINITY : 0.0);
    Scalar total =
        loop(vertical.samples, zero,
             [&](Scalar i, ArrayRef<Scalar> outer) -> Scalars {
               Scalar y = samplePlace(vertical, o[2], i);
               return loop(horizontal.samples, outer,
                           [&](Scalar j, ArrayRef<Scalar> sum) -> Scalars {
                             Scalar value =
                                 sampleRegion(x, image, o[1], y,
                                              samplePlace(horizontal, o[3], j),
                                              options.isMax);
                             return {options.isMax ? maxOf(sum[0], value)
                                                   : sum[0] + value};
                           });
             })[0];
    Scalar count = vertical.samples * horizontal.samples;
    if (options.isMax)
      return select(count > 0, total, total.like(0.0));
    return total / toFloat(maxOf(count, count.like(1)));
  });
}

LogicalResult buildRoiAlign(NodeImporter &n) {
  RoiOptions options;
  options.height = n.getInt("output_height", 1);
  options.width = n.getInt("output_width", 1);
  options.samples = n.getInt("sampling_ratio", 0);
  options.scale = n.getFloat("spatial_scale", 1.0f);
  StringRef transform =
      n.getString("coordinate_transformation_mode",
                  n.opset >= 16 ? "half_pixel" : "output_half_pixel");
  StringRef mode = n.getString("mode", "avg");
  if ((mode != "avg" && mode != "max") ||
      (transform != "half_pixel" && transform != "output_half_pixel"))
    return n.invalid("a mode is '" + mode + "' or '" + transform + "'");
  options.isMax = mode == "max";
  options.halfPixel = transform == "half_pixel";
  if (n.rankOf(0) != 4 || n.rankOf(1) != 2 || n.shapeOf(1)[1] != 4 ||
      n.shapeOf(2) != n.shapeOf(1).take_front(1) || !n.isInteger(2))
    return n.invalid("the shapes of the inputs do not fit");
  if (options.samples < 0 || options.samples > kMaxSamples ||
      !std::isfinite(options.scale))
    return n.invalid(
        llvm::formatv("attribute 'sampling_ratio' is {0}", options.samples));
  FailureOr<RankedTensorType> type = n.tensorType(
      {n.shapeOf(1)[0], n.shapeOf(0)[1], options.height, options.width});
  FailureOr<Value> x = n.valueOf(0);
  FailureOr<Value> rois = n.valueOf(1);
  FailureOr<Value> batch = n.anyValueOf(2);
  if (failed(type) || failed(x) || failed(rois) || failed(batch))
    return failure();
  FailureOr<Value> result = emitComposite(
      n, "roi_align", {*x, *rois, *batch}, *type, configString(n, "mode", mode),
      [&](ValueRange args) {
        return roiAlignBody(n, args[0], args[1], args[2], options);
      });
  if (failed(result))
    return failure();
  n.setResult(0, *result);
  return success();
}

//===----------------------------------------------------------------------===//
// MaxRoiPool
//===----------------------------------------------------------------------===//

/// First and end of bin `bin` of a rounded region, within the input.
static std::pair<Scalar, Scalar> poolRange(Scalar low, Scalar high, Scalar bin,
                                           int64_t bins, int64_t size,
                                           double scale) {
  auto round = [&](Scalar x) {
    x = clampOf(x * scale, -16777216.0, 16777216.0);
    // Halves away from zero.
    return select(x < 0.0, ceilOf(x - 0.5), floorOf(x + 0.5));
  };
  Scalar start = round(low);
  Scalar length = round(high) - start + 1.0;
  length = maxOf(length, length.like(1.0));
  Scalar step = length / static_cast<double>(bins);
  Scalar first = floorOf(toFloat(bin) * step) + start;
  Scalar end = ceilOf((toFloat(bin) + 1.0) * step) + start;
  return {truncateToIndex(clampOf(first, 0.0, size)),
          truncateToIndex(clampOf(end, 0.0, size))};
}

static FailureOr<Value> maxRoiBody(NodeImporter &n, Value x, Value rois,
                                   ArrayRef<int64_t> shape, double scale) {
  return emitLoops(n, shape, n.builder.getF32Type(), [&](ArrayRef<Scalar> o) {
    auto entry = [&](int64_t i) { return at(rois, {o[0], o[0].like(i)}); };
    ArrayRef<int64_t> in = shapeOf(x);
    auto [top, bottom] =
        poolRange(entry(2), entry(4), o[2], shape[2], in[2], scale);
    auto [left, right] =
        poolRange(entry(1), entry(3), o[3], shape[3], in[3], scale);
    Scalar image = truncateToIndex(clampOf(entry(0), 0.0, in[0] - 1));
    Scalar none = entry(0).like(-INFINITY);
    Scalar rows = maxOf(bottom - top, top.like(0));
    Scalar columns = maxOf(right - left, left.like(0));
    Scalar best =
        loop(rows, none, [&](Scalar i, ArrayRef<Scalar> outer) -> Scalars {
          return loop(columns, outer,
                      [&](Scalar j, ArrayRef<Scalar> most) -> Scalars {
                        Scalar value = at(x, {image, o[1], top + i, left + j});
                        return {select(value > most[0], value, most[0])};
                      });
        })[0];
    return select((rows * columns) > 0, best, best.like(0.0));
  });
}

LogicalResult buildMaxRoiPool(NodeImporter &n) {
  Shape pooled = n.getInts("pooled_shape");
  double scale = n.getFloat("spatial_scale", 1.0f);
  if (pooled.size() != 2 || n.rankOf(0) != 4 || n.rankOf(1) != 2 ||
      n.shapeOf(1)[1] != 5 || !std::isfinite(scale))
    return n.invalid("the shapes of the inputs do not fit");
  Shape shape{n.shapeOf(1)[0], n.shapeOf(0)[1], pooled[0], pooled[1]};
  FailureOr<RankedTensorType> type = n.tensorType(shape);
  FailureOr<Value> x = n.valueOf(0);
  FailureOr<Value> rois = n.valueOf(1);
  if (failed(type) || failed(x) || failed(rois))
    return failure();
  FailureOr<Value> result = emitComposite(
      n, "max_roi_pool", {*x, *rois}, *type,
      configFloat(n, "spatial_scale", scale), [&](ValueRange args) {
        return maxRoiBody(n, args[0], args[1], shape, scale);
      });
  if (failed(result))
    return failure();
  n.setResult(0, *result);
  return success();
}

} // namespace mlir::qnt::onnx_import
