//===- ImportPool.cpp - pools ---------------------------------------------===//
//
// Average and max pools become tosa pools over channels-last values where a
// tosa window can say them; over three dimensions they are one pool over the
// last two and one over the first. tosa.avg_pool2d divides by the number of
// real inputs; where ONNX counts padding too, the padding is made explicit
// first. What remains (dilations, indices, Lp) is the composite of
// ImportWindowPool.cpp.
//
//===----------------------------------------------------------------------===//

#include "Convolution.h"
#include "OpTable.h"

#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::onnx_import {

FailureOr<Window> readPoolWindow(NodeImporter &n) {
  int64_t rank = n.rankOf(0);
  if (rank < 3)
    return n.invalid(llvm::formatv("pooling of rank {0}", rank));
  Shape kernel = n.getInts("kernel_shape");
  if (static_cast<int64_t>(kernel.size()) != rank - 2)
    return n.invalid(llvm::formatv("attribute 'kernel_shape' has {0} entries, "
                                   "expected {1}",
                                   kernel.size(), rank - 2));
  for (int64_t size : kernel)
    if (size < 1 || size > kMaxDim)
      return n.invalid(
          llvm::formatv("attribute 'kernel_shape' holds {0}", size));
  return readWindow(n, n.shapeOf(0).drop_front(2), kernel);
}

/// A tosa pool needs a real input in every window and no dilation.
static bool fitsTosa(const Window &window) {
  if (window.size() > 3)
    return false;
  for (const WindowDim &dim : window) {
    int64_t used = (dim.output - 1) * dim.stride + dim.extent();
    int64_t high = used - dim.input - dim.padLow;
    if (dim.dilation != 1 || dim.padLow >= dim.kernel || high >= dim.kernel ||
        dim.input + std::min<int64_t>(high, 0) < 1)
      return false;
  }
  return true;
}

using PoolFn = FailureOr<Value> (*)(NodeImporter &, Value, const Window &);

static FailureOr<RankedTensorType> poolType(NodeImporter &n, Value nhwc,
                                            const Window &window) {
  ArrayRef<int64_t> shape = shapeOf(nhwc);
  return n.tensorType({shape[0], window[0].output, window[1].output, shape[3]},
                      elementTypeOf(nhwc));
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

/// [N, D, H, W, C]: over H and W of each slice, then over D.
static FailureOr<Value> emitVolume(NodeImporter &n, Value ndhwc,
                                   const Window &window, PoolFn pool) {
  Shape s(shapeOf(ndhwc));
  FailureOr<Value> result = n.reshape(ndhwc, {s[0] * s[1], s[2], s[3], s[4]});
  if (failed(result) ||
      failed(result = pool(n, *result, {window[1], window[2]})))
    return failure();
  int64_t height = window[1].output, width = window[2].output;
  Window depth{window[0], WindowDim()};
  depth[1].input = depth[1].output = height * width;
  if (failed(result = n.reshape(*result, {s[0], s[1], height * width, s[4]})) ||
      failed(result = pool(n, *result, depth)))
    return failure();
  return n.reshape(*result, {s[0], window[0].output, height, width, s[4]});
}

/// Over a channels-last value of two or three spatial dimensions.
static FailureOr<Value> emitTosaPool(NodeImporter &n, Value value,
                                     Window window, PoolFn pool) {
  FailureOr<Value> fitted = fitToTosa(n, value, window);
  if (failed(fitted))
    return failure();
  return window.size() == 3 ? emitVolume(n, *fitted, window, pool)
                            : pool(n, *fitted, window);
}

/// The input channels-last; one spatial dimension gets a height of one.
static FailureOr<Value> readPoolInput(NodeImporter &n) {
  FailureOr<Value> input = n.tosaValueOf(0);
  if (failed(input))
    return failure();
  if (n.rankOf(0) == 3 && failed(input = addHeight(n, *input)))
    return failure();
  return toChannelsLast(n, *input);
}

static LogicalResult setPoolResult(NodeImporter &n, Value channelsLast) {
  FailureOr<Value> result = toChannelsFirst(n, channelsLast);
  if (failed(result))
    return failure();
  if (n.rankOf(0) == 3 && failed(result = dropHeight(n, *result)))
    return failure();
  n.setResult(0, *result);
  return success();
}

static LogicalResult buildTosaPool(NodeImporter &n, Window window,
                                   bool countPadding, PoolFn pool) {
  FailureOr<Value> input = readPoolInput(n);
  if (failed(input))
    return failure();
  if (n.rankOf(0) == 3)
    addHeight(window);
  if (countPadding) {
    Shape low(window.size() + 2, 0), high(window.size() + 2, 0);
    for (auto [i, dim] : llvm::enumerate(window)) {
      low[1 + i] = dim.padLow;
      high[1 + i] = dim.padHigh;
      dim.input += dim.padLow + dim.padHigh;
      dim.padLow = dim.padHigh = 0;
    }
    if (failed(input = n.pad(*input, low, high, 0.0f)))
      return failure();
  }
  FailureOr<Value> result = emitTosaPool(n, *input, window, pool);
  return failed(result) ? failure() : setPoolResult(n, *result);
}

LogicalResult buildAveragePool(NodeImporter &n) {
  FailureOr<Window> window = readPoolWindow(n);
  if (failed(window))
    return failure();
  bool countPadding = n.getInt("count_include_pad", 0) != 0;
  bool overhangs = false;
  for (const WindowDim &dim : *window) {
    int64_t used = (dim.output - 1) * dim.stride + dim.extent();
    overhangs |= used > dim.input + dim.padLow + dim.padHigh;
  }
  if (!fitsTosa(*window) || (countPadding && overhangs))
    return buildWindowAveragePool(n, *window);
  return buildTosaPool(n, *window, countPadding, emitAveragePool);
}

LogicalResult buildMaxPool(NodeImporter &n) {
  FailureOr<Window> window = readPoolWindow(n);
  if (failed(window))
    return failure();
  bool indices = n.node.output_size() > 1 && !n.node.output(1).empty();
  Type type = n.irType(n.elemOf(0));
  if (indices || !fitsTosa(*window) ||
      !(n.isFloat(0) || (type.isInteger(8) && !n.isUnsigned(0))))
    return buildWindowMaxPool(n, *window);
  return buildTosaPool(n, *window, false, emitMaxPool);
}

//===----------------------------------------------------------------------===//
// Global pools
//===----------------------------------------------------------------------===//

/// One window that covers everything; more than two dimensions count as one.
static LogicalResult buildGlobalPool(NodeImporter &n, PoolFn pool) {
  FailureOr<Value> input = n.valueOf(0);
  if (failed(input))
    return failure();
  int64_t rank = n.rankOf(0);
  if (rank < 2)
    return n.invalid("the input has no channels");
  Shape shape(n.shapeOf(0));
  if (rank != 4) {
    int64_t inner = *countElements(ArrayRef(shape).drop_front(2));
    if (failed(input = n.reshape(*input, {shape[0], shape[1], 1, inner})))
      return failure();
  }
  Window window;
  for (int64_t size : shapeOf(*input).drop_front(2)) {
    WindowDim dim;
    dim.input = dim.kernel = size;
    window.push_back(dim);
  }
  FailureOr<Value> result = toChannelsLast(n, *input);
  if (failed(result) || failed(result = pool(n, *result, window)) ||
      failed(result = toChannelsFirst(n, *result)))
    return failure();
  Shape reduced(rank, 1);
  reduced[0] = shape[0];
  reduced[1] = shape[1];
  if (failed(result = n.reshape(*result, reduced)))
    return failure();
  n.setResult(0, *result);
  return success();
}

LogicalResult buildGlobalAveragePool(NodeImporter &n) {
  return buildGlobalPool(n, emitAveragePool);
}

LogicalResult buildGlobalMaxPool(NodeImporter &n) {
  return buildGlobalPool(n, emitMaxPool);
}

} // namespace mlir::qnt::onnx_import
