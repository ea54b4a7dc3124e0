//===- ResizePlan.h - what a Resize node asks for ---------------*- C++ -*-===//
//
// The attributes and parameters of Resize and Upsample of any operator set in
// one form: how each dimension maps an output index to a coordinate of the
// input. Sizes are checked; every output is at least one element.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_RESIZEPLAN_H
#define QNT_LIB_IMPORT_RESIZEPLAN_H

#include "NodeImporter.h"

namespace mlir::qnt::onnx_import {

struct ResizeAxis {
  int64_t in = 1;
  int64_t out = 1;
  float scale = 1.0f;
  /// in * scale, which `out` is the integer of.
  double width = 1.0;
  double roiStart = 0.0;
  double roiEnd = 1.0;

  bool isIdentity() const {
    return in == out && scale == 1.0f && roiStart == 0.0 && roiEnd == 1.0;
  }
};

struct ResizePlan {
  enum class Mode { Nearest, Linear, Cubic };
  Mode mode = Mode::Nearest;
  StringRef coordinates;
  /// Of a nearest mode; "simple" is that of operator sets before 11.
  StringRef rounding;
  bool antialias = false;
  bool excludeOutside = false;
  double cubicA = -0.75;
  float extrapolation = 0.0f;
  SmallVector<ResizeAxis, 4> axes;

  Shape target() const;
};

FailureOr<ResizePlan> readResize(NodeImporter &n);

/// The coordinate of the input that element `out` of a dimension is taken from.
float originalCoordinate(const ResizePlan &plan, const ResizeAxis &axis,
                         int64_t out);

/// The composite "resize": one dimension after the other, each output a
/// weighted sum of inputs chosen at compile time.
FailureOr<Value> emitResizeByTaps(NodeImporter &n, Value x,
                                  const ResizePlan &plan);

} // namespace mlir::qnt::onnx_import

#endif // QNT_LIB_IMPORT_RESIZEPLAN_H
