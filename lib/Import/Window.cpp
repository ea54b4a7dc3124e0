//===- Window.cpp - sliding windows of ONNX and of tosa -------------------===//
//
// See the header. All sizes are bounded by kMaxDim before they are multiplied.
//
//===----------------------------------------------------------------------===//

#include "Window.h"

#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::onnx_import {

FailureOr<Shape> readList(NodeImporter &n, StringRef name, size_t count,
                          int64_t least, int64_t otherwise) {
  if (!n.hasAttr(name))
    return Shape(count, otherwise);
  Shape values = n.getInts(name);
  if (values.size() != count)
    return n.invalid(llvm::formatv("attribute '{0}' has {1} entries, expected "
                                   "{2}",
                                   name, values.size(), count));
  for (int64_t value : values)
    if (value < least || value > kMaxDim)
      return n.unsupported(
          llvm::formatv("attribute '{0}' holds {1}", name, value));
  return values;
}

/// Padding that makes output = ceil(input / stride).
static void padSame(WindowDim &dim, bool upper) {
  dim.output = (dim.input + dim.stride - 1) / dim.stride;
  int64_t total = std::max<int64_t>(0, (dim.output - 1) * dim.stride +
                                           dim.extent() - dim.input);
  dim.padLow = upper ? total / 2 : total - total / 2;
  dim.padHigh = total - dim.padLow;
}

/// Output size from explicit padding.
static LogicalResult computeOutput(NodeImporter &n, WindowDim &dim,
                                   bool roundUp) {
  int64_t room = dim.input + dim.padLow + dim.padHigh - dim.extent();
  if (room < 0)
    return n.invalid(llvm::formatv(
        "a window of {0} does not fit into {1} padded by {2} and {3}",
        dim.extent(), dim.input, dim.padLow, dim.padHigh));
  dim.output = room / dim.stride + 1;
  // A window that starts beyond the input and its low padding is dropped.
  if (roundUp && room % dim.stride != 0 &&
      dim.output * dim.stride < dim.input + dim.padLow)
    ++dim.output;
  return success();
}

FailureOr<Window> readWindow(NodeImporter &n, ArrayRef<int64_t> spatial,
                             ArrayRef<int64_t> kernel) {
  size_t rank = spatial.size();
  FailureOr<Shape> strides = readList(n, "strides", rank, 1, 1);
  FailureOr<Shape> dilations = readList(n, "dilations", rank, 1, 1);
  FailureOr<Shape> pads = readList(n, "pads", 2 * rank, 0, 0);
  if (failed(strides) || failed(dilations) || failed(pads))
    return failure();
  StringRef autoPad = n.getString("auto_pad", "NOTSET");
  bool same = autoPad == "SAME_UPPER" || autoPad == "SAME_LOWER";
  if (!same && autoPad != "NOTSET" && autoPad != "VALID" && !autoPad.empty())
    return n.invalid("attribute 'auto_pad' is '" + autoPad + "'");
  if (autoPad == "VALID")
    pads = Shape(2 * rank, 0);
  Window window;
  for (size_t i = 0; i < rank; ++i) {
    WindowDim dim;
    dim.input = spatial[i];
    dim.kernel = kernel[i];
    dim.stride = (*strides)[i];
    dim.dilation = (*dilations)[i];
    dim.padLow = (*pads)[i];
    dim.padHigh = (*pads)[rank + i];
    if (same)
      padSame(dim, autoPad == "SAME_UPPER");
    else if (failed(computeOutput(n, dim, n.getInt("ceil_mode", 0) != 0)))
      return failure();
    window.push_back(dim);
  }
  return window;
}

FailureOr<Value> fitToTosa(NodeImporter &n, Value nhwc, Window &window) {
  Shape size(shapeOf(nhwc));
  Shape start(size.size(), 0);
  for (auto [i, dim] : llvm::enumerate(window)) {
    int64_t used = (dim.output - 1) * dim.stride + dim.extent();
    dim.padHigh = used - dim.input - dim.padLow;
    int64_t cutLow = std::max<int64_t>(-dim.padLow, 0);
    int64_t cutHigh = std::max<int64_t>(-dim.padHigh, 0);
    if (cutLow + cutHigh == 0)
      continue;
    if (dim.input - cutLow - cutHigh < 1)
      return n.unsupported("every window lies in the padding");
    dim.input -= cutLow + cutHigh;
    start[1 + i] = cutLow;
    size[1 + i] = dim.input;
    dim.padLow += cutLow;
    dim.padHigh += cutHigh;
  }
  return n.slice(nhwc, start, size);
}

SmallVector<int64_t, 4> tosaPad(const Window &window) {
  SmallVector<int64_t, 4> pads;
  for (const WindowDim &dim : window) {
    pads.push_back(dim.padLow);
    pads.push_back(dim.padHigh);
  }
  return pads;
}

FailureOr<Value> addHeight(NodeImporter &n, Value ncl) {
  ArrayRef<int64_t> shape = shapeOf(ncl);
  return n.reshape(ncl, {shape[0], shape[1], 1, shape[2]});
}

FailureOr<Value> dropHeight(NodeImporter &n, Value nchw) {
  ArrayRef<int64_t> shape = shapeOf(nchw);
  return n.reshape(nchw, {shape[0], shape[1], shape[3]});
}

void addHeight(Window &window) { window.insert(window.begin(), WindowDim()); }

} // namespace mlir::qnt::onnx_import
