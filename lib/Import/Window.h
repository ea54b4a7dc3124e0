//===- Window.h - sliding windows of ONNX and of tosa -----------*- C++ -*-===//
//
// Convolutions and pools share kernel, stride, dilation and padding, and the
// mismatch between the two: ONNX drops input that no window reaches, tosa
// demands that windows fit exactly. `fitToTosa` bridges it.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_WINDOW_H
#define QNT_LIB_IMPORT_WINDOW_H

#include "NodeImporter.h"

namespace mlir::qnt::onnx_import {

/// One spatial dimension.
struct WindowDim {
  int64_t input = 1;
  int64_t kernel = 1;
  int64_t stride = 1;
  int64_t dilation = 1;
  int64_t padLow = 0;
  int64_t padHigh = 0;
  int64_t output = 1;

  /// Reach of one window.
  int64_t extent() const { return dilation * (kernel - 1) + 1; }
};

using Window = SmallVector<WindowDim, 2>;

/// A list attribute of `count` entries in [least, kMaxDim]; all `otherwise` if
/// it is absent.
FailureOr<Shape> readList(NodeImporter &n, StringRef name, size_t count,
                          int64_t least, int64_t otherwise);

/// Reads strides, dilations, pads and auto_pad and computes the output sizes.
/// `kernel` holds one size per dimension of `spatial`.
FailureOr<Window> readWindow(NodeImporter &n, ArrayRef<int64_t> spatial,
                             ArrayRef<int64_t> kernel);

/// Makes windows of a [N, spatial..., C] value fit exactly: shrinks the high
/// padding or cuts input that no window reaches, and grows the padding where
/// rounding up made windows overhang. Negative low padding cuts input too.
FailureOr<Value> fitToTosa(NodeImporter &n, Value nhwc, Window &window);

/// [low, high] of each dimension, for tosa.
SmallVector<int64_t, 4> tosaPad(const Window &window);

/// Views [N, C, L] as [N, C, 1, L]: one-dimensional convolutions and pools run
/// as two-dimensional ones of height one.
FailureOr<Value> addHeight(NodeImporter &n, Value ncl);
FailureOr<Value> dropHeight(NodeImporter &n, Value nchw);
void addHeight(Window &window);

} // namespace mlir::qnt::onnx_import

#endif // QNT_LIB_IMPORT_WINDOW_H
