//===- Common.cpp - what several TFLite builders share --------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "Common.h"

#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::tflite_import {

using onnx_import::kMaxDim;

FailureOr<Window> makeWindow(OpImporter &o, ArrayRef<int64_t> nhwc,
                             ArrayRef<int64_t> kernel,
                             ArrayRef<int64_t> strides,
                             ArrayRef<int64_t> dilations,
                             schema::Padding padding) {
  Window window;
  for (size_t i = 0; i < 2; ++i) {
    WindowDim dim;
    dim.input = nhwc[1 + i];
    dim.kernel = kernel[i];
    dim.stride = strides[i];
    dim.dilation = dilations[i];
    for (int64_t size : {dim.kernel, dim.stride, dim.dilation})
      if (size < 1 || size > kMaxDim)
        return o.invalid(llvm::formatv("a window of size {0}, stride {1} and "
                                       "dilation {2} is impossible",
                                       dim.kernel, dim.stride, dim.dilation));
    int64_t room = dim.input - dim.extent();
    if (padding == schema::Padding_SAME) {
      dim.output = (dim.input + dim.stride - 1) / dim.stride;
      int64_t total = std::max<int64_t>(0, (dim.output - 1) * dim.stride +
                                               dim.extent() - dim.input);
      dim.padLow = total / 2;
      dim.padHigh = total - dim.padLow;
    } else if (room < 0) {
      return o.invalid(llvm::formatv("a window of {0} does not fit into {1}",
                                     dim.extent(), dim.input));
    } else {
      dim.output = room / dim.stride + 1;
    }
    window.push_back(dim);
  }
  return window;
}

/// The parameters of a bias that is added to a quantized product.
static TensorQuant biasQuant(const TensorQuant &input,
                             const TensorQuant &weights) {
  TensorQuant quant;
  for (float scale : weights.scales)
    quant.scales.push_back(input.scales[0] * scale);
  quant.zeroPoints.assign(quant.scales.size(), 0);
  return quant;
}

FailureOr<Value> emitBias(OpImporter &o, unsigned i, int64_t channels,
                          const std::optional<TensorQuant> &input,
                          const std::optional<TensorQuant> &weights) {
  bool given = o.hasInput(i);
  if (given && ArrayRef<int64_t>(o.shapeOf(i)) != ArrayRef<int64_t>{channels} &&
      (*onnx_import::countElements(o.shapeOf(i)) != channels))
    return o.invalid(llvm::formatv("the bias has shape {0}, expected {1}",
                                   onnx_import::formatShape(o.shapeOf(i)),
                                   channels));
  HostTensorRef constant = o.constantOf(i);
  if (given && !constant) {
    FailureOr<Value> value = o.realOf(i);
    return failed(value) ? value : o.n().reshape(*value, {channels});
  }
  bool quantized = input && weights && input->isPerTensor();
  if (!quantized || (constant && constant->isFloat())) {
    if (!constant)
      return o.n().constant(HostTensor::zeros({channels}, Elem::Float));
    std::optional<TensorQuant> own;
    if (!constant->isFloat() && o.isQuantized(i))
      own = o.input(i).quant;
    return o.emitWeight(onnx_import::reshapeHost(*constant, {channels}), own);
  }
  HostTensor bias = HostTensor::zeros({channels}, Elem::Int32);
  for (int64_t c = 0; constant && c < channels; ++c) {
    int64_t value = constant->intAt(c);
    if (value < INT32_MIN || value > INT32_MAX)
      return o.unsupported(
          llvm::formatv("a bias of {0}, more than 32 bits hold", value));
    bias.setInt(c, value);
  }
  return o.emitWeight(bias, biasQuant(*input, *weights));
}

} // namespace mlir::qnt::tflite_import
