//===- Convolution.h - what the ops with filters share ----------*- C++ -*-===//
//
// Conv, ConvTranspose, DeformConv and CausalConvWithState all come down to one
// convolution over channels-last values. With constant filters it is a tosa op
// that can be quantized; with filters from the graph it is wrapped into the
// composite "dynamic_conv", which stays float.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_CONVOLUTION_H
#define QNT_LIB_IMPORT_CONVOLUTION_H

#include "Filter.h"
#include "Window.h"

namespace mlir::qnt::onnx_import {

struct Convolution {
  /// [N, spatial..., C]
  Value input;
  /// [out, in / groups, kernel...]
  Filter weights;
  /// [out]
  Filter bias;
  int64_t groups = 1;
  Window window;

  int64_t outChannels() const { return weights.shape()[0]; }
};

/// Bias of `channels` values from input `i`, zeros if it is absent.
FailureOr<Filter> readBias(NodeImporter &n, unsigned i, int64_t channels);

/// Refuses group counts and weights that do not fit `channels` of input.
LogicalResult checkGroups(NodeImporter &n, ArrayRef<int64_t> weights,
                          int64_t groups, int64_t channels);

/// The result as [N, spatial..., out]. The window is fitted to the input here.
FailureOr<Value> emitConvolution(NodeImporter &n, Convolution conv);

/// [N, C, spatial...] <-> [N, spatial..., C].
FailureOr<Value> toChannelsLast(NodeImporter &n, Value value);
FailureOr<Value> toChannelsFirst(NodeImporter &n, Value value);

} // namespace mlir::qnt::onnx_import

#endif // QNT_LIB_IMPORT_CONVOLUTION_H
