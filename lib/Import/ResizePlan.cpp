//===- ResizePlan.cpp - what a Resize node asks for -----------------------===//
//
// See the header. Coordinates are computed in float, as onnxruntime does, so
// that nearest modes round the same way.
//
//===----------------------------------------------------------------------===//

#include "ResizePlan.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

namespace mlir::qnt::onnx_import {

Shape ResizePlan::target() const {
  Shape shape;
  for (const ResizeAxis &axis : axes)
    shape.push_back(axis.out);
  return shape;
}

//===----------------------------------------------------------------------===//
// Parameters
//===----------------------------------------------------------------------===//

/// The dimensions that scales, sizes and regions are given for.
static FailureOr<Shape> readResizeAxes(NodeImporter &n) {
  int64_t rank = n.rankOf(0);
  Shape axes;
  if (!n.hasAttr("axes")) {
    for (int64_t i = 0; i < rank; ++i)
      axes.push_back(i);
    return axes;
  }
  for (int64_t axis : n.getInts("axes")) {
    FailureOr<int64_t> positive = n.normalizeAxis(axis, rank);
    if (failed(positive))
      return failure();
    if (llvm::is_contained(axes, *positive))
      return n.invalid("attribute 'axes' names a dimension twice");
    axes.push_back(*positive);
  }
  return axes;
}

/// Scales as the attribute of Upsample 7 or an input; empty if not given.
static FailureOr<SmallVector<float>> readScales(NodeImporter &n) {
  if (const onnx::AttributeProto *attr = n.findAttr("scales"))
    return SmallVector<float>(attr->floats().begin(), attr->floats().end());
  bool resize11 = n.node.op_type() == "Resize" && n.opset >= 11;
  unsigned input = resize11 ? 2 : 1;
  if (!n.hasInput(input))
    return SmallVector<float>();
  HostTensorRef scales = n.floatConstantOf(input);
  if (!scales)
    return n.unsupported("the scales are not known at compile time");
  return SmallVector<float>(scales->floats());
}

static LogicalResult applyRoi(NodeImporter &n, ResizePlan &plan,
                              ArrayRef<int64_t> axes) {
  if (plan.coordinates != "tf_crop_and_resize")
    return success();
  HostTensorRef roi = n.hasInput(1) ? n.floatConstantOf(1) : nullptr;
  if (!roi)
    return n.unsupported("the region is not known at compile time");
  if (roi->size() != 2 * static_cast<int64_t>(axes.size()))
    return n.invalid(llvm::formatv("{0} entries of a region for {1} dimensions",
                                   roi->size(), axes.size()));
  if (failed(n.requireFinite(*roi, "the regions")))
    return failure();
  for (auto [i, axis] : llvm::enumerate(axes)) {
    plan.axes[axis].roiStart = roi->floats()[i];
    plan.axes[axis].roiEnd = roi->floats()[axes.size() + i];
  }
  return success();
}

static LogicalResult applyScales(NodeImporter &n, ResizePlan &plan,
                                 ArrayRef<int64_t> axes,
                                 ArrayRef<float> scales) {
  if (scales.size() != axes.size())
    return n.invalid(llvm::formatv("{0} scales for {1} dimensions",
                                   scales.size(), axes.size()));
  for (auto [i, at] : llvm::enumerate(axes)) {
    ResizeAxis &axis = plan.axes[at];
    axis.scale = scales[i];
    axis.width = static_cast<double>(scales[i]) * axis.in;
    float size = std::floor(scales[i] * static_cast<float>(axis.in) *
                            static_cast<float>(axis.roiEnd - axis.roiStart));
    if (!(size >= 1 && size <= kMaxDim))
      return n.invalid(
          llvm::formatv("scale {0} makes an impossible size", scales[i]));
    axis.out = static_cast<int64_t>(size);
  }
  return success();
}

static LogicalResult applySizes(NodeImporter &n, ResizePlan &plan,
                                ArrayRef<int64_t> axes,
                                ArrayRef<int64_t> sizes) {
  if (sizes.size() != axes.size())
    return n.invalid(llvm::formatv("{0} sizes for {1} dimensions", sizes.size(),
                                   axes.size()));
  StringRef policy = n.getString("keep_aspect_ratio_policy", "stretch");
  if (policy != "stretch" && policy != "not_larger" && policy != "not_smaller")
    return n.invalid("attribute 'keep_aspect_ratio_policy' is '" + policy +
                     "'");
  std::optional<double> shared;
  for (auto [size, at] : llvm::zip_equal(sizes, axes)) {
    if (size < 1 || size > (1 << 20))
      return n.invalid(llvm::formatv("size {0} is impossible", size));
    double scale = static_cast<double>(size) / plan.axes[at].in;
    if (!shared || (policy == "not_larger" ? scale < *shared : scale > *shared))
      shared = scale;
  }
  for (auto [size, at] : llvm::zip_equal(sizes, axes)) {
    ResizeAxis &axis = plan.axes[at];
    axis.out = size;
    if (policy != "stretch")
      axis.out = std::max<int64_t>(1, std::floor(*shared * axis.in + 0.5));
    double scale =
        policy == "stretch" ? static_cast<double>(size) / axis.in : *shared;
    axis.scale = static_cast<float>(scale);
    axis.width = policy == "stretch" ? size : scale * axis.in;
  }
  return success();
}

static LogicalResult readModes(NodeImporter &n, ResizePlan &plan) {
  StringRef mode = n.getString("mode", "nearest");
  if (mode == "nearest")
    plan.mode = ResizePlan::Mode::Nearest;
  else if (mode == "linear" || mode == "bilinear")
    plan.mode = ResizePlan::Mode::Linear;
  else if (mode == "cubic")
    plan.mode = ResizePlan::Mode::Cubic;
  else
    return n.invalid("attribute 'mode' is '" + mode + "'");
  bool modern = n.node.op_type() == "Resize" && n.opset >= 11;
  plan.coordinates = n.getString("coordinate_transformation_mode",
                                 modern ? "half_pixel" : "asymmetric");
  plan.rounding =
      n.getString("nearest_mode", modern ? "round_prefer_floor" : "simple");
  if (!llvm::is_contained({"half_pixel", "half_pixel_symmetric",
                           "pytorch_half_pixel", "align_corners", "asymmetric",
                           "tf_half_pixel_for_nn", "tf_crop_and_resize"},
                          plan.coordinates))
    return n.invalid("attribute 'coordinate_transformation_mode' is '" +
                     plan.coordinates + "'");
  if (!llvm::is_contained({"round_prefer_floor", "round_prefer_ceil", "floor",
                           "ceil", "simple"},
                          plan.rounding))
    return n.invalid("attribute 'nearest_mode' is '" + plan.rounding + "'");
  plan.antialias =
      n.getInt("antialias", 0) != 0 && plan.mode != ResizePlan::Mode::Nearest;
  plan.excludeOutside = n.getInt("exclude_outside", 0) != 0;
  plan.cubicA = n.getFloat("cubic_coeff_a", -0.75f);
  plan.extrapolation = n.getFloat("extrapolation_value", 0.0f);
  if (!std::isfinite(plan.cubicA))
    return n.invalid("attribute 'cubic_coeff_a' is not finite");
  return success();
}

FailureOr<ResizePlan> readResize(NodeImporter &n) {
  ResizePlan plan;
  FailureOr<Shape> axes = readResizeAxes(n);
  if (failed(axes) || failed(readModes(n, plan)))
    return failure();
  for (int64_t size : n.shapeOf(0)) {
    ResizeAxis axis;
    axis.in = axis.out = size;
    axis.width = size;
    plan.axes.push_back(axis);
  }
  if (failed(applyRoi(n, plan, *axes)))
    return failure();
  if (n.hasInput(3)) {
    FailureOr<Shape> sizes = n.intsOf(3, "sizes");
    if (failed(sizes) || failed(applySizes(n, plan, *axes, *sizes)))
      return failure();
    return plan;
  }
  FailureOr<SmallVector<float>> scales = readScales(n);
  if (failed(scales))
    return failure();
  if (scales->empty() && !axes->empty())
    return n.invalid("neither scales nor sizes are given");
  if (failed(applyScales(n, plan, *axes, *scales)))
    return failure();
  return plan;
}

//===----------------------------------------------------------------------===//
// Coordinates
//===----------------------------------------------------------------------===//

float originalCoordinate(const ResizePlan &plan, const ResizeAxis &axis,
                         int64_t out) {
  float x = static_cast<float>(out);
  float half = (x + 0.5f) / axis.scale - 0.5f;
  StringRef mode = plan.coordinates;
  if (mode == "asymmetric")
    return x / axis.scale;
  if (mode == "pytorch_half_pixel")
    return axis.out > 1 ? half : 0.0f;
  if (mode == "tf_half_pixel_for_nn")
    return (x + 0.5f) / axis.scale;
  if (mode == "align_corners")
    return axis.width == 1.0
               ? 0.0f
               : static_cast<float>(x * (axis.in - 1) / (axis.width - 1));
  if (mode == "half_pixel_symmetric") {
    float adjustment = axis.out / static_cast<float>(axis.width);
    float offset = axis.in / 2.0f * (1.0f - adjustment);
    return offset + (x + 0.5f) / axis.scale - 0.5f;
  }
  if (mode == "tf_crop_and_resize") {
    double last = axis.in - 1;
    if (axis.width == 1.0)
      return static_cast<float>(0.5 * (axis.roiStart + axis.roiEnd) * last);
    return static_cast<float>(axis.roiStart * last +
                              x * (axis.roiEnd - axis.roiStart) * last /
                                  (axis.width - 1));
  }
  return half;
}

} // namespace mlir::qnt::onnx_import
