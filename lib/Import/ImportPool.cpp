//===- ImportPool.cpp - pools ---------------------------------------------===//
//
// Pools become tosa pools between two transposes. tosa.avg_pool2d divides by
// the number of real inputs; where ONNX counts padding too, the padding is made
// explicit first.
//
//===----------------------------------------------------------------------===//

#include "OpTable.h"
#include "Window.h"

#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::onnx_import {

static FailureOr<Window> readPoolWindow(NodeImporter &n) {
  int64_t rank = n.rankOf(0);
  if (rank < 3 || rank > 4)
    return n.unsupported(llvm::formatv("pooling of rank {0}", rank));
  Shape kernel = n.getInts("kernel_shape");
  if (static_cast<int64_t>(kernel.size()) != rank - 2)
    return n.invalid(llvm::formatv("attribute 'kernel_shape' has {0} entries, "
                                   "expected {1}",
                                   kernel.size(), rank - 2));
  for (int64_t size : kernel)
    if (size < 1 || size > kMaxDim)
      return n.invalid(
          llvm::formatv("attribute 'kernel_shape' holds {0}", size));
  FailureOr<Window> window = readWindow(n, n.shapeOf(0).drop_front(2), kernel);
  if (failed(window))
    return failure();
  for (const WindowDim &dim : *window)
    if (dim.dilation != 1)
      return n.unsupported("attribute 'dilations' is not 1");
  if (rank == 3)
    addHeight(*window);
  return window;
}

/// The input as NHWC.
static FailureOr<Value> readPoolInput(NodeImporter &n) {
  FailureOr<Value> input = n.valueOf(0);
  if (failed(input))
    return failure();
  if (n.rankOf(0) == 3 && failed(input = addHeight(n, *input)))
    return failure();
  return n.toNhwc(*input);
}

static LogicalResult setPoolResult(NodeImporter &n, Value nhwc) {
  FailureOr<Value> result = n.toNchw(nhwc);
  if (failed(result))
    return failure();
  if (n.rankOf(0) == 3 && failed(result = dropHeight(n, *result)))
    return failure();
  n.setResult(0, *result);
  return success();
}

/// tosa demands that no window lies in the padding alone.
static LogicalResult checkPads(NodeImporter &n, const Window &window) {
  for (const WindowDim &dim : window)
    if (dim.padLow >= dim.kernel || dim.padHigh >= dim.kernel)
      return n.unsupported("the padding is as large as the kernel");
  return success();
}

static FailureOr<RankedTensorType> poolType(NodeImporter &n, Value nhwc,
                                            const Window &window) {
  ArrayRef<int64_t> shape = shapeOf(nhwc);
  return n.tensorType({shape[0], window[0].output, window[1].output, shape[3]});
}

static FailureOr<Value> emitAveragePool(NodeImporter &n, Value nhwc,
                                        const Window &window) {
  FailureOr<RankedTensorType> type = poolType(n, nhwc, window);
  FailureOr<Value> zero = n.splat(1, 0.0f);
  if (failed(type) || failed(zero))
    return failure();
  return tosa::AvgPool2dOp::create(
             n.builder, n.loc, *type, nhwc, *zero, *zero,
             ArrayRef<int64_t>{window[0].kernel, window[1].kernel},
             ArrayRef<int64_t>{window[0].stride, window[1].stride},
             tosaPad(window), n.builder.getF32Type())
      .getResult();
}

static FailureOr<Value> emitMaxPool(NodeImporter &n, Value nhwc,
                                    const Window &window) {
  FailureOr<RankedTensorType> type = poolType(n, nhwc, window);
  if (failed(type))
    return failure();
  return tosa::MaxPool2dOp::create(
             n.builder, n.loc, *type, nhwc,
             ArrayRef<int64_t>{window[0].kernel, window[1].kernel},
             ArrayRef<int64_t>{window[0].stride, window[1].stride},
             tosaPad(window))
      .getResult();
}

/// Turns padding that counts into input: pad with zeros, then no padding.
static FailureOr<Value> countPadding(NodeImporter &n, Value nhwc,
                                     Window &window) {
  Shape low(4, 0), high(4, 0);
  for (auto [i, dim] : llvm::enumerate(window)) {
    int64_t used = (dim.output - 1) * dim.stride + dim.extent();
    if (used > dim.input + dim.padLow + dim.padHigh)
      return n.unsupported("count_include_pad together with ceil_mode");
    low[1 + i] = dim.padLow;
    high[1 + i] = dim.padHigh;
    dim.input += dim.padLow + dim.padHigh;
    dim.padLow = dim.padHigh = 0;
  }
  return n.pad(nhwc, low, high, 0.0f);
}

LogicalResult buildAveragePool(NodeImporter &n) {
  FailureOr<Window> window = readPoolWindow(n);
  FailureOr<Value> input =
      failed(window) ? FailureOr<Value>(failure()) : readPoolInput(n);
  if (failed(input))
    return failure();
  if (n.getInt("count_include_pad", 0) != 0 &&
      failed(input = countPadding(n, *input, *window)))
    return failure();
  input = fitToTosa(n, *input, *window);
  if (failed(input) || failed(checkPads(n, *window)))
    return failure();
  FailureOr<Value> result = emitAveragePool(n, *input, *window);
  return failed(result) ? failure() : setPoolResult(n, *result);
}

LogicalResult buildMaxPool(NodeImporter &n) {
  if (n.getInt("storage_order", 0) != 0)
    return n.unsupported("attribute 'storage_order' is not 0");
  FailureOr<Window> window = readPoolWindow(n);
  FailureOr<Value> input =
      failed(window) ? FailureOr<Value>(failure()) : readPoolInput(n);
  if (failed(input) || failed(input = fitToTosa(n, *input, *window)) ||
      failed(checkPads(n, *window)))
    return failure();
  FailureOr<Value> result = emitMaxPool(n, *input, *window);
  return failed(result) ? failure() : setPoolResult(n, *result);
}

/// One window that covers everything.
static FailureOr<Window> globalWindow(NodeImporter &n) {
  int64_t rank = n.rankOf(0);
  if (rank < 3 || rank > 4)
    return n.unsupported(llvm::formatv("pooling of rank {0}", rank));
  Window window;
  for (int64_t size : n.shapeOf(0).drop_front(2)) {
    WindowDim dim;
    dim.input = dim.kernel = size;
    window.push_back(dim);
  }
  if (rank == 3)
    addHeight(window);
  return window;
}

LogicalResult buildGlobalAveragePool(NodeImporter &n) {
  FailureOr<Window> window = globalWindow(n);
  FailureOr<Value> input =
      failed(window) ? FailureOr<Value>(failure()) : readPoolInput(n);
  if (failed(input))
    return failure();
  FailureOr<Value> result = emitAveragePool(n, *input, *window);
  return failed(result) ? failure() : setPoolResult(n, *result);
}

LogicalResult buildGlobalMaxPool(NodeImporter &n) {
  FailureOr<Window> window = globalWindow(n);
  FailureOr<Value> input =
      failed(window) ? FailureOr<Value>(failure()) : readPoolInput(n);
  if (failed(input))
    return failure();
  FailureOr<Value> result = emitMaxPool(n, *input, *window);
  return failed(result) ? failure() : setPoolResult(n, *result);
}

} // namespace mlir::qnt::onnx_import
