//===- Convolution.cpp - what the ops with filters share ------------------===//
//
// One or two spatial dimensions are tosa.conv2d or tosa.depthwise_conv2d, three
// are tosa.conv3d; other group counts are one convolution per group over slices
// of the channels, so that each group is quantized per channel. Grouped ones
// over three dimensions, and any over more, are loops.
//
//===----------------------------------------------------------------------===//

#include "Convolution.h"

#include "Emit.h"
#include "Loops.h"

#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::onnx_import {

FailureOr<Filter> readBias(NodeImporter &n, unsigned i, int64_t channels) {
  if (!n.hasInput(i))
    return Filter(HostTensor::zeros({channels}, Elem::Float));
  if (n.rankOf(i) != 1 || n.shapeOf(i)[0] != channels)
    return n.invalid(llvm::formatv("the bias has shape {0}, expected {1}",
                                   formatShape(n.shapeOf(i)), channels));
  FailureOr<Filter> bias = Filter::read(n, i, "the biases");
  // A bias has the scale of the products, whatever it was stored with.
  if (succeeded(bias) && bias->isConstant())
    return Filter(HostTensor::ofFloats({channels}, bias->constant().floats()));
  return bias;
}

LogicalResult checkGroups(NodeImporter &n, ArrayRef<int64_t> weights,
                          int64_t groups, int64_t channels) {
  if (groups >= 1 && groups <= kMaxDim && weights[0] % groups == 0 &&
      channels % groups == 0 && channels / groups == weights[1])
    return success();
  return n.invalid(llvm::formatv(
      "weights of shape {0} in {1} groups do not fit {2} input channels",
      formatShape(weights), groups, channels));
}

FailureOr<Value> toChannelsLast(NodeImporter &n, Value value) {
  int64_t rank = shapeOf(value).size();
  Shape perm{0};
  for (int64_t i = 2; i < rank; ++i)
    perm.push_back(i);
  perm.push_back(1);
  return n.transpose(value, perm);
}

FailureOr<Value> toChannelsFirst(NodeImporter &n, Value value) {
  int64_t rank = shapeOf(value).size();
  Shape perm{0, rank - 1};
  for (int64_t i = 1; i + 1 < rank; ++i)
    perm.push_back(i);
  return n.transpose(value, perm);
}

static FailureOr<RankedTensorType>
resultType(NodeImporter &n, const Convolution &conv, int64_t channels) {
  Shape shape{shapeOf(conv.input)[0]};
  for (const WindowDim &dim : conv.window)
    shape.push_back(dim.output);
  shape.push_back(channels);
  return n.tensorType(shape);
}

static FailureOr<Value> valueOf(NodeImporter &n, FailureOr<Filter> filter) {
  return failed(filter) ? FailureOr<Value>(failure()) : filter->value(n);
}

/// One group: tosa.conv2d or tosa.conv3d with rows of the weights.
static FailureOr<Value> emitGroup(NodeImporter &n, const Convolution &conv,
                                  Value input, int64_t first, int64_t count) {
  bool all = count == conv.outChannels();
  FailureOr<Filter> rows = all ? FailureOr<Filter>(conv.weights)
                               : conv.weights.rows(n, first, count);
  Shape perm{0};
  for (size_t i = 2; i < conv.weights.shape().size(); ++i)
    perm.push_back(i);
  perm.push_back(1);
  FailureOr<Value> weights =
      valueOf(n, failed(rows) ? FailureOr<Filter>(failure())
                              : rows->transpose(n, perm));
  FailureOr<Value> bias = valueOf(n, all ? FailureOr<Filter>(conv.bias)
                                         : conv.bias.rows(n, first, count));
  FailureOr<Value> zero = n.splat(1, 0.0f);
  FailureOr<RankedTensorType> type = resultType(n, conv, count);
  if (failed(weights) || failed(bias) || failed(zero) || failed(type))
    return failure();
  SmallVector<int64_t, 3> strides, dilations;
  for (const WindowDim &dim : conv.window) {
    strides.push_back(dim.stride);
    dilations.push_back(dim.dilation);
  }
  SmallVector<int64_t, 4> pads = tosaPad(conv.window);
  if (conv.window.size() == 3)
    return tosa::Conv3DOp::create(n.builder, n.loc, *type, input, *weights,
                                  *bias, *zero, *zero, pads, strides, dilations,
                                  n.builder.getF32Type())
        .getResult();
  return tosa::Conv2DOp::create(n.builder, n.loc, *type, input, *weights, *bias,
                                *zero, *zero, pads, strides, dilations,
                                n.builder.getF32Type())
      .getResult();
}

/// One filter per input channel, `multiplier` outputs each.
static FailureOr<Value> emitDepthwise(NodeImporter &n,
                                      const Convolution &conv) {
  int64_t multiplier = conv.outChannels() / conv.groups;
  ArrayRef<int64_t> shape = conv.weights.shape();
  // [C * M, 1, kh, kw] -> [C, M, kh, kw] -> [kh, kw, C, M]
  FailureOr<Filter> byChannel =
      conv.weights.reshape(n, {conv.groups, multiplier, shape[2], shape[3]});
  if (succeeded(byChannel))
    byChannel = byChannel->transpose(n, {2, 3, 0, 1});
  FailureOr<Value> weights = valueOf(n, byChannel);
  FailureOr<Value> bias = conv.bias.value(n);
  FailureOr<Value> zero = n.splat(1, 0.0f);
  FailureOr<RankedTensorType> type = resultType(n, conv, conv.outChannels());
  if (failed(weights) || failed(bias) || failed(zero) || failed(type))
    return failure();
  const Window &w = conv.window;
  return tosa::DepthwiseConv2DOp::create(
             n.builder, n.loc, *type, conv.input, *weights, *bias, *zero, *zero,
             tosaPad(w), ArrayRef<int64_t>{w[0].stride, w[1].stride},
             ArrayRef<int64_t>{w[0].dilation, w[1].dilation},
             n.builder.getF32Type())
      .getResult();
}

static FailureOr<Value> emitGroups(NodeImporter &n, const Convolution &conv) {
  int64_t inGroup = conv.weights.shape()[1];
  int64_t outGroup = conv.outChannels() / conv.groups;
  Shape start(4, 0);
  Shape size(shapeOf(conv.input));
  size[3] = inGroup;
  SmallVector<Value> parts;
  for (int64_t group = 0; group < conv.groups; ++group) {
    start[3] = group * inGroup;
    FailureOr<Value> input = n.slice(conv.input, start, size);
    if (failed(input))
      return failure();
    FailureOr<Value> part =
        emitGroup(n, conv, *input, group * outGroup, outGroup);
    if (failed(part))
      return failure();
    parts.push_back(*part);
  }
  return n.concat(parts, 3);
}

/// Any rank and group count; padding is made explicit.
static FailureOr<Value> emitAsLoops(NodeImporter &n, const Convolution &conv) {
  size_t dims = conv.window.size();
  Shape low(dims + 2, 0), high(dims + 2, 0);
  for (auto [i, dim] : llvm::enumerate(conv.window)) {
    low[1 + i] = dim.padLow;
    high[1 + i] = dim.padHigh;
  }
  FailureOr<Value> padded = n.pad(conv.input, low, high, 0.0);
  FailureOr<Value> weights = conv.weights.value(n);
  FailureOr<Value> bias = conv.bias.value(n);
  FailureOr<RankedTensorType> type = resultType(n, conv, conv.outChannels());
  if (failed(padded) || failed(weights) || failed(bias) || failed(type))
    return failure();
  int64_t inGroup = conv.weights.shape()[1];
  int64_t outGroup = conv.outChannels() / conv.groups;
  Shape kernel(conv.weights.shape().drop_front(1));
  return emitLoops(
      n, type->getShape(), n.builder.getF32Type(), [&](ArrayRef<Scalar> o) {
        Scalar channel = o.back();
        Scalar first = channel / outGroup * inGroup;
        return loops(kernel, at(*bias, channel),
                     [&](ArrayRef<Scalar> k, Scalar sum) {
                       Scalars in{o[0]}, tap{channel, k[0]};
                       for (size_t i = 0; i < dims; ++i) {
                         in.push_back(o[1 + i] * conv.window[i].stride +
                                      k[1 + i] * conv.window[i].dilation);
                         tap.push_back(k[1 + i]);
                       }
                       in.push_back(first + k[0]);
                       return sum + at(*padded, in) * at(*weights, tap);
                     });
      });
}

static FailureOr<Value> emitFitted(NodeImporter &n, const Convolution &conv) {
  size_t dims = conv.window.size();
  if (dims > 3 || (dims == 3 && conv.groups > 1))
    return emitAsLoops(n, conv);
  if (conv.groups == 1)
    return emitGroup(n, conv, conv.input, 0, conv.outChannels());
  return conv.weights.shape()[1] == 1 ? emitDepthwise(n, conv)
                                      : emitGroups(n, conv);
}

/// [N, L, C] with a height of one.
static FailureOr<Value> emitFlat(NodeImporter &n, Convolution conv) {
  Shape in(shapeOf(conv.input));
  in.insert(in.begin() + 1, 1);
  Shape kernel(conv.weights.shape());
  kernel.insert(kernel.begin() + 2, 1);
  FailureOr<Value> input = n.reshape(conv.input, in);
  FailureOr<Filter> weights = conv.weights.reshape(n, kernel);
  if (failed(input) || failed(weights))
    return failure();
  conv.input = *input;
  conv.weights = *weights;
  addHeight(conv.window);
  FailureOr<Value> result = emitConvolution(n, conv);
  if (failed(result))
    return failure();
  Shape out(shapeOf(*result));
  out.erase(out.begin() + 1);
  return n.reshape(*result, out);
}

FailureOr<Value> emitConvolution(NodeImporter &n, Convolution conv) {
  if (conv.window.size() == 1)
    return emitFlat(n, std::move(conv));
  FailureOr<Value> fitted = fitToTosa(n, conv.input, conv.window);
  if (failed(fitted))
    return failure();
  conv.input = *fitted;
  bool isLoops =
      conv.window.size() > 3 || (conv.window.size() == 3 && conv.groups > 1);
  if (conv.weights.isConstant() && conv.bias.isConstant() && !isLoops)
    return emitFitted(n, conv);
  FailureOr<Value> weights = conv.weights.value(n);
  FailureOr<Value> bias = conv.bias.value(n);
  FailureOr<RankedTensorType> type = resultType(n, conv, conv.outChannels());
  if (failed(weights) || failed(bias) || failed(type))
    return failure();
  return emitComposite(n, "dynamic_conv", {conv.input, *weights, *bias}, *type,
                       configInt(n, "groups", conv.groups),
                       [&](ValueRange args) {
                         Convolution inner = conv;
                         inner.input = args[0];
                         inner.weights = Filter(args[1]);
                         inner.bias = Filter(args[2]);
                         return emitFitted(n, inner);
                       });
}

} // namespace mlir::qnt::onnx_import
