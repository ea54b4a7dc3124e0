//===- ImportConv.cpp - Conv and its relatives ----------------------------===//
//
// Conv is a convolution between two transposes:
//
//   y = Conv(x, w)  ->  t = transpose x [0, 2, 3, 1]
//                       c = tosa.conv2d t, w' (OHWI), b
//                       y = transpose c [0, 3, 1, 2]
//
// DeformConv gathers each window into a tile of its own and convolves tiles;
// CausalConvWithState convolves its input behind the state.
//
//===----------------------------------------------------------------------===//

#include "Convolution.h"
#include "Emit.h"
#include "Loops.h"
#include "OpTable.h"

#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::onnx_import {

/// Weights, groups, window and bias of a Conv or DeformConv.
static FailureOr<Convolution> readConv(NodeImporter &n, unsigned biasInput) {
  int64_t rank = n.rankOf(0);
  if (rank < 3)
    return n.invalid(llvm::formatv("the input has rank {0}", rank));
  if (n.rankOf(1) != rank)
    return n.invalid(llvm::formatv("the weights have rank {0}, expected {1}",
                                   n.rankOf(1), rank));
  Convolution conv;
  FailureOr<Filter> weights = Filter::read(n, 1, "the weights");
  if (failed(weights))
    return failure();
  if (!countElements(weights->shape()).value_or(0))
    return n.invalid("the weights are empty");
  conv.weights = *weights;
  conv.groups = n.getInt("group", 1);
  if (failed(checkGroups(n, weights->shape(), conv.groups, n.shapeOf(0)[1])))
    return failure();
  ArrayRef<int64_t> kernel = weights->shape().drop_front(2);
  if (n.hasAttr("kernel_shape") &&
      ArrayRef(n.getInts("kernel_shape")) != kernel)
    return n.invalid("attribute 'kernel_shape' differs from the weights");
  FailureOr<Window> window = readWindow(n, n.shapeOf(0).drop_front(2), kernel);
  if (failed(window))
    return failure();
  conv.window = *window;
  FailureOr<Filter> bias = readBias(n, biasInput, conv.outChannels());
  if (failed(bias))
    return failure();
  conv.bias = *bias;
  return conv;
}

LogicalResult buildConv(NodeImporter &n) {
  FailureOr<Convolution> conv = readConv(n, 2);
  if (failed(conv))
    return failure();
  FailureOr<Value> x = n.valueOf(0);
  if (failed(x))
    return failure();
  // One dimension gets a height before it gets its layout, so that chains of
  // them cancel.
  bool flat = n.rankOf(0) == 3;
  if (flat) {
    Shape kernel(conv->weights.shape());
    kernel.insert(kernel.begin() + 2, 1);
    FailureOr<Filter> weights = conv->weights.reshape(n, kernel);
    if (failed(weights) || failed(x = addHeight(n, *x)))
      return failure();
    conv->weights = *weights;
    addHeight(conv->window);
  }
  if (failed(x = toChannelsLast(n, *x)))
    return failure();
  conv->input = *x;
  FailureOr<Value> result = emitConvolution(n, *conv);
  if (failed(result) || failed(result = toChannelsFirst(n, *result)))
    return failure();
  if (flat && failed(result = dropHeight(n, *result)))
    return failure();
  n.setResult(0, *result);
  return success();
}

//===----------------------------------------------------------------------===//
// DeformConv
//===----------------------------------------------------------------------===//

namespace {
struct Deform {
  Value input;
  Value offset;
  Value mask;
  Window window;
  int64_t offsetGroups = 1;
};
} // namespace

/// The input at a fractional position, zero outside.
static Scalar sampleBilinear(Value input, Scalar image, Scalar channel,
                             Scalar y, Scalar x) {
  ArrayRef<int64_t> shape = shapeOf(input);
  Scalar inside = (y > -1.0) & (y < shape[2]) & (x > -1.0) & (x < shape[3]);
  y = clampOf(y, -1, shape[2]);
  x = clampOf(x, -1, shape[3]);
  Scalar top = floorOf(y), left = floorOf(x);
  Scalar sum = y.like(0);
  for (int dy = 0; dy < 2; ++dy)
    for (int dx = 0; dx < 2; ++dx) {
      Scalar row = truncateToIndex(top) + dy,
             column = truncateToIndex(left) + dx;
      Scalar weightY = dy ? y - top : top + 1.0 - y;
      Scalar weightX = dx ? x - left : left + 1.0 - x;
      Scalar within = (row >= 0) & (row < shape[2]) & (column >= 0) &
                      (column < shape[3]) & inside;
      sum = sum + weightY * weightX *
                      atOr(input, {image, channel, row, column}, within, 0.0);
    }
  return sum;
}

/// [N, OH * kh, OW * kw, C]: every window side by side.
static FailureOr<Value> emitTiles(NodeImporter &n, const Deform &d) {
  ArrayRef<int64_t> shape = shapeOf(d.input);
  const WindowDim &h = d.window[0], &w = d.window[1];
  int64_t perGroup = shape[1] / d.offsetGroups, taps = h.kernel * w.kernel;
  return emitLoops(
      n, {shape[0], h.output * h.kernel, w.output * w.kernel, shape[1]},
      n.builder.getF32Type(), [&](ArrayRef<Scalar> o) {
        Scalar oy = o[1] / h.kernel, ky = o[1] % h.kernel;
        Scalar ox = o[2] / w.kernel, kx = o[2] % w.kernel;
        Scalar tap = o[3] / perGroup * taps + ky * w.kernel + kx;
        Scalar y = toFloat(oy * h.stride + ky * h.dilation - h.padLow) +
                   at(d.offset, {o[0], tap * 2, oy, ox});
        Scalar x = toFloat(ox * w.stride + kx * w.dilation - w.padLow) +
                   at(d.offset, {o[0], tap * 2 + 1, oy, ox});
        Scalar value = sampleBilinear(d.input, o[0], o[3], y, x);
        return d.mask ? value * at(d.mask, {o[0], tap, oy, ox}) : value;
      });
}

/// Offsets and mask have to have one entry per output, tap and offset group.
static LogicalResult checkDeform(NodeImporter &n, const Deform &d) {
  const WindowDim &h = d.window[0], &w = d.window[1];
  if (d.offsetGroups < 1 || n.shapeOf(0)[1] % d.offsetGroups != 0)
    return n.invalid(llvm::formatv("{0} channels do not make {1} offset groups",
                                   n.shapeOf(0)[1], d.offsetGroups));
  Shape expected{n.shapeOf(0)[0], d.offsetGroups * h.kernel * w.kernel,
                 h.output, w.output};
  if (n.hasInput(4) && n.shapeOf(4) != ArrayRef(expected))
    return n.invalid(llvm::formatv("the mask has shape {0}, expected {1}",
                                   formatShape(n.shapeOf(4)),
                                   formatShape(expected)));
  expected[1] *= 2;
  if (n.shapeOf(2) != ArrayRef(expected))
    return n.invalid(llvm::formatv("the offsets have shape {0}, expected {1}",
                                   formatShape(n.shapeOf(2)),
                                   formatShape(expected)));
  return success();
}

LogicalResult buildDeformConv(NodeImporter &n) {
  if (n.rankOf(0) != 4)
    return n.unsupported(llvm::formatv("an input of rank {0}", n.rankOf(0)));
  FailureOr<Convolution> conv = readConv(n, 3);
  if (failed(conv))
    return failure();
  Deform deform;
  deform.window = conv->window;
  deform.offsetGroups = n.getInt("offset_group", 1);
  if (failed(checkDeform(n, deform)))
    return failure();
  FailureOr<Value> x = n.valueOf(0);
  FailureOr<Value> offset = n.valueOf(2);
  if (failed(x) || failed(offset))
    return failure();
  SmallVector<Value> inputs{*x, *offset};
  if (n.hasInput(4)) {
    FailureOr<Value> mask = n.valueOf(4);
    if (failed(mask))
      return failure();
    inputs.push_back(*mask);
  }
  const WindowDim &h = deform.window[0], &w = deform.window[1];
  FailureOr<RankedTensorType> type =
      n.tensorType({n.shapeOf(0)[0], h.output * h.kernel, w.output * w.kernel,
                    n.shapeOf(0)[1]});
  if (failed(type))
    return failure();
  FailureOr<Value> tiles = emitComposite(
      n, "deform_gather", inputs, *type,
      configInt(n, "offset_groups", deform.offsetGroups), [&](ValueRange args) {
        deform.input = args[0];
        deform.offset = args[1];
        deform.mask = args.size() > 2 ? args[2] : Value();
        return emitTiles(n, deform);
      });
  if (failed(tiles))
    return failure();
  conv->input = *tiles;
  for (WindowDim &dim : conv->window) {
    dim.input = dim.output * dim.kernel;
    dim.stride = dim.kernel;
    dim.dilation = 1;
    dim.padLow = dim.padHigh = 0;
  }
  FailureOr<Value> result = emitConvolution(n, *conv);
  if (failed(result) || failed(result = toChannelsFirst(n, *result)))
    return failure();
  n.setResult(0, *result);
  return success();
}

//===----------------------------------------------------------------------===//
// CausalConvWithState
//===----------------------------------------------------------------------===//

/// [state, input] along time.
static FailureOr<Value> prependState(NodeImporter &n, Value x, int64_t length) {
  if (length == 0)
    return x;
  ArrayRef<int64_t> shape = shapeOf(x);
  if (!n.hasInput(3))
    return n.pad(x, {0, 0, length}, {0, 0, 0}, 0.0);
  if (n.shapeOf(3) != ArrayRef<int64_t>{shape[0], shape[1], length})
    return n.invalid(llvm::formatv("the state has shape {0}, expected {1}",
                                   formatShape(n.shapeOf(3)),
                                   formatShape({shape[0], shape[1], length})));
  FailureOr<Value> state = n.valueOf(3);
  return failed(state) ? state : n.concat({*state, x}, 2);
}

LogicalResult buildCausalConv(NodeImporter &n) {
  if (n.rankOf(0) != 3 || n.rankOf(1) != 3)
    return n.invalid("the input and the weights have to have rank 3");
  Shape in(n.shapeOf(0));
  FailureOr<Filter> weights = Filter::read(n, 1, "the weights");
  if (failed(weights) || failed(checkGroups(n, weights->shape(), in[1], in[1])))
    return failure();
  int64_t kernel = weights->shape()[2];
  StringRef activation = n.getString("activation", "none");
  if (activation != "none" && activation != "silu" && activation != "swish")
    return n.invalid("attribute 'activation' is '" + activation + "'");
  FailureOr<Filter> bias = readBias(n, 2, in[1]);
  FailureOr<Value> x = n.valueOf(0);
  if (failed(bias) || failed(x) || kernel < 1 ||
      failed(x = prependState(n, *x, kernel - 1)))
    return failure();
  if (kernel > 1) {
    FailureOr<Value> state =
        n.slice(*x, {0, 0, in[2]}, {in[0], in[1], kernel - 1});
    if (failed(state))
      return failure();
    n.setResult(1, *state);
  } else {
    n.setResult(1, HostTensor::zeros({in[0], in[1], 0}, n.elemOf(0)));
  }
  FailureOr<Value> last = toChannelsLast(n, *x);
  if (failed(last))
    return failure();
  Convolution conv{*last, *weights, *bias, in[1], {}};
  WindowDim dim;
  dim.input = in[2] + kernel - 1;
  dim.kernel = kernel;
  dim.output = in[2];
  conv.window.push_back(dim);
  FailureOr<Value> result = emitConvolution(n, conv);
  if (failed(result) || failed(result = toChannelsFirst(n, *result)))
    return failure();
  if (activation != "none" && failed(result = emitSilu(n, *result)))
    return failure();
  n.setResult(0, *result);
  return success();
}

} // namespace mlir::qnt::onnx_import
