//===- ImportResize.cpp - Resize and Upsample -----------------------------===//
//
// Nearest and linear resizing of height and width. Both sides map an output
// coordinate linearly to an input one; this file turns ONNX's modes into the
// integers n, d, offset of tosa: in = (out * d + offset) / n.
//
//===----------------------------------------------------------------------===//

#include "Emit.h"
#include "OpTable.h"

#include "llvm/Support/FormatVariadic.h"

#include <cmath>
#include <numeric>

namespace mlir::qnt::onnx_import {

namespace {
/// One dimension: in = (out * d + offset) / n.
struct AxisMap {
  int64_t numerator = 1;
  int64_t denominator = 1;
  int64_t offset = 0;
  int64_t border = 0;
};
} // namespace

/// Output sizes from the `sizes` or `scales` input.
static FailureOr<Shape> readTarget(NodeImporter &n) {
  ArrayRef<int64_t> in = n.shapeOf(0);
  unsigned scaleInput = n.opset >= 11 ? 2 : 1;
  Shape target(in);
  if (n.opset >= 11 && n.hasInput(3)) {
    FailureOr<Shape> sizes = n.intsOf(3, "sizes");
    if (failed(sizes))
      return failure();
    if (sizes->size() != in.size())
      return n.invalid(
          llvm::formatv("{0} sizes for rank {1}", sizes->size(), in.size()));
    return sizes;
  }
  HostTensorRef constant =
      n.hasInput(scaleInput) ? n.floatConstantOf(scaleInput) : nullptr;
  if (!constant)
    return n.unsupported("neither sizes nor scales are constants");
  ArrayRef<float> scales = constant->floats();
  if (scales.size() != in.size())
    return n.invalid(
        llvm::formatv("{0} scales for rank {1}", scales.size(), in.size()));
  for (size_t i = 0; i < in.size(); ++i) {
    double size = std::floor(static_cast<double>(in[i]) * scales[i]);
    if (!(size >= 1 && size <= kMaxDim))
      return n.invalid(
          llvm::formatv("scale {0} makes an impossible size", scales[i]));
    target[i] = static_cast<int64_t>(size);
    // Coordinates follow the scale as given, tosa's follow the sizes.
    if (std::fabs(static_cast<double>(target[i]) / in[i] - scales[i]) >
        1e-6 * scales[i])
      return n.unsupported(
          llvm::formatv("scale {0} is not the ratio of the sizes {1} and {2}",
                        scales[i], target[i], in[i]));
  }
  return target;
}

/// n / d = out / in, or (out - 1) / (in - 1) when corners are aligned, times
/// two so that half coordinates are integers.
static FailureOr<AxisMap> mapAxis(NodeImporter &n, StringRef mode, bool nearest,
                                  int64_t in, int64_t out) {
  AxisMap map;
  int64_t up = out, down = in;
  if (mode == "align_corners") {
    up = std::max<int64_t>(out - 1, 1);
    down = out > 1 ? in - 1 : 0;
    if (down == 0)
      up = down = 1;
  }
  int64_t common = std::gcd(up, down);
  map.numerator = 2 * (up / common);
  map.denominator = 2 * (down / common);
  bool halfPixel =
      mode == "half_pixel" || (mode == "pytorch_half_pixel" && out > 1);
  if (halfPixel)
    map.offset = (map.denominator - map.numerator) / 2;
  else if (mode != "asymmetric" && mode != "align_corners" &&
           mode != "pytorch_half_pixel")
    return n.unsupported("coordinate_transformation_mode '" + mode + "'");
  if (mode == "align_corners" && out == 1)
    map.denominator = map.numerator;
  if (nearest) {
    // tosa rounds halves up.
    StringRef rounding = n.opset >= 11
                             ? n.getString("nearest_mode", "round_prefer_floor")
                             : StringRef("floor");
    if (rounding == "floor") {
      map.offset -= map.numerator / 2;
    } else if (rounding == "round_prefer_floor") {
      // On a grid twice as fine, a step of one is less than any fraction that
      // arises, and tips halves down.
      map.numerator *= 2;
      map.denominator *= 2;
      map.offset = 2 * map.offset - 1;
    } else if (rounding != "round_prefer_ceil") {
      return n.unsupported("nearest_mode '" + rounding + "'");
    }
  }
  map.border =
      (out - 1) * map.denominator - (in - 1) * map.numerator + map.offset;
  return map;
}

static FailureOr<Value> emitResize(NodeImporter &n, Value nhwc, bool nearest,
                                   AxisMap y, AxisMap x,
                                   ArrayRef<int64_t> target) {
  ArrayRef<int64_t> in = shapeOf(nhwc);
  FailureOr<RankedTensorType> type =
      n.tensorType({in[0], target[2], target[3], in[3]});
  if (failed(type))
    return failure();
  auto mode = tosa::ResizeModeAttr::get(
      n.builder.getContext(), nearest ? tosa::ResizeMode::NEAREST_NEIGHBOR
                                      : tosa::ResizeMode::BILINEAR);
  return tosa::ResizeOp::create(n.builder, n.loc, *type, nhwc,
                                n.shapeValue({y.numerator, y.denominator,
                                              x.numerator, x.denominator}),
                                n.shapeValue({y.offset, x.offset}),
                                n.shapeValue({y.border, x.border}), mode)
      .getResult();
}

LogicalResult buildResize(NodeImporter &n) {
  if (n.rankOf(0) != 4)
    return n.unsupported(llvm::formatv("resizing of rank {0}", n.rankOf(0)));
  StringRef mode = n.getString("mode", "nearest");
  if (mode != "nearest" && mode != "linear")
    return n.unsupported("mode '" + mode + "'");
  if (n.hasAttr("axes") || n.getInt("antialias", 0) != 0 ||
      n.getString("keep_aspect_ratio_policy", "stretch") != "stretch")
    return n.unsupported("axes, antialias or keep_aspect_ratio_policy");
  FailureOr<Shape> target = readTarget(n);
  FailureOr<Value> x =
      failed(target) ? FailureOr<Value>(failure()) : n.valueOf(0);
  if (failed(x))
    return failure();
  ArrayRef<int64_t> in = n.shapeOf(0);
  if ((*target)[0] != in[0] || (*target)[1] != in[1])
    return n.unsupported("resizing of batch or channels");
  for (int64_t size : *target)
    if (size < 1 || size > (1 << 20))
      return n.invalid(llvm::formatv("size {0} is impossible", size));
  StringRef coordinates =
      n.getString("coordinate_transformation_mode",
                  n.opset >= 11 ? "half_pixel" : "asymmetric");
  bool nearest = mode == "nearest";
  FailureOr<AxisMap> rows =
      mapAxis(n, coordinates, nearest, in[2], (*target)[2]);
  FailureOr<AxisMap> columns =
      mapAxis(n, coordinates, nearest, in[3], (*target)[3]);
  if (failed(rows) || failed(columns) || failed(x = n.toNhwc(*x)))
    return failure();
  FailureOr<Value> result =
      emitResize(n, *x, nearest, *rows, *columns, *target);
  if (failed(result) || failed(result = n.toNchw(*result)))
    return failure();
  n.setResult(0, *result);
  return success();
}

} // namespace mlir::qnt::onnx_import
