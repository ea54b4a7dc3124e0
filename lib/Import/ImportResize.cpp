//===- ImportResize.cpp - Resize and Upsample -----------------------------===//
//
// Nearest and linear resizing of height and width by the ratio of the sizes is
// tosa.resize, which can be quantized. Both sides map an output coordinate
// linearly to an input one; this file turns ONNX's modes into the integers
// n, d, offset of tosa: in = (out * d + offset) / n. All else is the composite
// of ResizeTaps.cpp.
//
//===----------------------------------------------------------------------===//

#include "Emit.h"
#include "OpTable.h"
#include "ResizePlan.h"

#include "llvm/ADT/STLExtras.h"

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

/// tosa follows the sizes, so the scales have to be their ratio.
static bool fitsTosa(const ResizePlan &plan) {
  if (plan.axes.size() != 4 || plan.mode == ResizePlan::Mode::Cubic ||
      plan.antialias || !plan.axes[0].isIdentity() ||
      !plan.axes[1].isIdentity())
    return false;
  if (!llvm::is_contained(
          {"half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"},
          plan.coordinates))
    return false;
  for (const ResizeAxis &axis : plan.axes) {
    double ratio = static_cast<double>(axis.out) / axis.in;
    if (std::fabs(ratio - axis.scale) > 1e-6 * axis.scale ||
        axis.out > (1 << 20))
      return false;
    if (plan.mode == ResizePlan::Mode::Nearest &&
        (plan.rounding == "ceil" ||
         (plan.rounding == "simple" && axis.scale < 1.0f)))
      return false;
  }
  return true;
}

/// n / d = out / in, or (out - 1) / (in - 1) when corners are aligned, times
/// two so that half coordinates are integers.
static AxisMap mapAxis(const ResizePlan &plan, const ResizeAxis &axis) {
  AxisMap map;
  StringRef mode = plan.coordinates;
  int64_t in = axis.in, out = axis.out, up = out, down = in;
  if (mode == "align_corners") {
    up = std::max<int64_t>(out - 1, 1);
    down = out > 1 ? in - 1 : 0;
    if (down == 0)
      up = down = 1;
  }
  int64_t common = std::gcd(up, down);
  map.numerator = 2 * (up / common);
  map.denominator = 2 * (down / common);
  if (mode == "half_pixel" || (mode == "pytorch_half_pixel" && out > 1))
    map.offset = (map.denominator - map.numerator) / 2;
  if (mode == "align_corners" && out == 1)
    map.denominator = map.numerator;
  if (plan.mode == ResizePlan::Mode::Nearest) {
    // tosa rounds halves up.
    if (plan.rounding == "floor" || plan.rounding == "simple") {
      map.offset -= map.numerator / 2;
    } else if (plan.rounding == "round_prefer_floor") {
      // On a grid twice as fine, a step of one is less than any fraction that
      // arises, and tips halves down.
      map.numerator *= 2;
      map.denominator *= 2;
      map.offset = 2 * map.offset - 1;
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
  FailureOr<ResizePlan> plan = readResize(n);
  if (failed(plan))
    return failure();
  bool nearest = plan->mode == ResizePlan::Mode::Nearest;
  FailureOr<Value> x = nearest ? n.tosaValueOf(0) : n.valueOf(0);
  if (failed(x))
    return failure();
  if (!n.isFloat(0) || !fitsTosa(*plan)) {
    FailureOr<Value> result = emitResizeByTaps(n, *x, *plan);
    if (failed(result))
      return failure();
    n.setResult(0, *result);
    return success();
  }
  if (failed(x = n.toNhwc(*x)))
    return failure();
  FailureOr<Value> result =
      emitResize(n, *x, nearest, mapAxis(*plan, plan->axes[2]),
                 mapAxis(*plan, plan->axes[3]), plan->target());
  if (failed(result) || failed(result = n.toNchw(*result)))
    return failure();
  n.setResult(0, *result);
  return success();
}

} // namespace mlir::qnt::onnx_import
