//===- Common.h - what several TFLite builders share ------------*- C++ -*-===//
//
// Options of an op, windows of the NHWC ops, biases.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_TFLITE_COMMON_H
#define QNT_LIB_IMPORT_TFLITE_COMMON_H

#include "../Window.h"
#include "OpTable.h"

namespace mlir::qnt::tflite_import {

using onnx_import::Window;
using onnx_import::WindowDim;

/// The options of an op, or null with the reason set.
template <typename T> const T *optionsOf(OpImporter &o) {
  const T *options = o.op.op->builtin_options_as<T>();
  if (!options)
    (void)o.invalid("its options are missing");
  return options;
}

/// Sizes of a window over height and width of an NHWC tensor, and the paddings
/// that make the output of the size that the format defines.
FailureOr<Window> makeWindow(OpImporter &o, ArrayRef<int64_t> nhwc,
                             ArrayRef<int64_t> kernel,
                             ArrayRef<int64_t> strides,
                             ArrayRef<int64_t> dilations,
                             schema::Padding padding);

/// Input `i` as a bias of `channels` entries; zeros where it is left out. That
/// of a quantized product has the scale of `input` times those of `weights`.
FailureOr<Value> emitBias(OpImporter &o, unsigned i, int64_t channels,
                          const std::optional<TensorQuant> &input,
                          const std::optional<TensorQuant> &weights);

} // namespace mlir::qnt::tflite_import

#endif // QNT_LIB_IMPORT_TFLITE_COMMON_H
