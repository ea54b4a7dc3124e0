//===- ImportConv.cpp - convolutions of TFLite ----------------------------===//
//
// CONV_2D and DEPTHWISE_CONV_2D are tosa's in layout already: NHWC, weights
// OHWI and 1HWC. Groups become one convolution per group over slices of the
// channels; TRANSPOSE_CONV turns its weights around.
//
//===----------------------------------------------------------------------===//

#include "Common.h"

#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::tflite_import {

namespace {
/// The operands of a convolution after shapes were checked.
struct Conv {
  Value input; // NHWC
  Value weights;
  Value bias;
  Window window;
  int64_t channels = 0;
};
} // namespace

static LogicalResult checkRank4(OpImporter &o, unsigned i) {
  if (o.rankOf(i) == 4)
    return success();
  return o.invalid(
      llvm::formatv("input {0} has rank {1}, expected 4", i, o.rankOf(i)));
}

/// Moves the paddings of a SPACE_TO_BATCH_ND around the op, and the crops of
/// the BATCH_TO_SPACE_ND behind it, into the window.
static void applyBlocks(const BlockedConv &blocks, Window &window) {
  for (auto [i, dim] : llvm::enumerate(window)) {
    dim.padLow = blocks.padLow[i];
    dim.output = dim.input + blocks.padLow[i] + blocks.padHigh[i] -
                 dim.extent() + 1 - blocks.cropHigh[i];
  }
}

static FailureOr<Window> readWindow(OpImporter &o, ArrayRef<int64_t> kernel,
                                    ArrayRef<int64_t> strides,
                                    ArrayRef<int64_t> dilations,
                                    schema::Padding padding) {
  if (!o.op.blocks)
    return makeWindow(o, o.shapeOf(0), kernel, strides, dilations, padding);
  Shape padded(o.shapeOf(0));
  for (size_t i = 0; i < 2; ++i)
    padded[1 + i] += o.op.blocks->padLow[i] + o.op.blocks->padHigh[i];
  FailureOr<Window> window = makeWindow(
      o, padded, kernel, {1, 1}, o.op.blocks->size, schema::Padding_VALID);
  if (failed(window))
    return failure();
  for (size_t i = 0; i < 2; ++i)
    (*window)[i].input = o.shapeOf(0)[1 + i];
  applyBlocks(*o.op.blocks, *window);
  for (const WindowDim &dim : *window)
    if (dim.output < 1)
      return o.invalid("the crops leave nothing");
  return window;
}

static FailureOr<RankedTensorType> resultType(OpImporter &o, const Conv &conv) {
  return o.n().tensorType({onnx_import::shapeOf(conv.input)[0],
                           conv.window[0].output, conv.window[1].output,
                           conv.channels});
}

template <typename OpTy>
static FailureOr<Value> emitConv(OpImporter &o, const Conv &conv) {
  NodeImporter &n = o.n();
  FailureOr<RankedTensorType> type = resultType(o, conv);
  FailureOr<Value> zero = n.splat(1, 0.0f);
  if (failed(type) || failed(zero))
    return failure();
  const Window &w = conv.window;
  return OpTy::create(n.builder, n.loc, *type, conv.input, conv.weights,
                      conv.bias, *zero, *zero, onnx_import::tosaPad(w),
                      ArrayRef<int64_t>{w[0].stride, w[1].stride},
                      ArrayRef<int64_t>{w[0].dilation, w[1].dilation},
                      n.builder.getF32Type())
      .getResult();
}

//===----------------------------------------------------------------------===//
// CONV_2D
//===----------------------------------------------------------------------===//

/// Rows [first, first + count) of the outermost dimension.
static HostTensor takeRows(const HostTensor &tensor, int64_t first,
                           int64_t count) {
  HostTensor rows = tensor;
  rows.shape[0] = count;
  size_t row = tensor.bytes.size() / tensor.shape[0];
  rows.bytes.assign(tensor.bytes.begin() + first * row,
                    tensor.bytes.begin() + (first + count) * row);
  return rows;
}

static std::optional<TensorQuant>
takeRows(const std::optional<TensorQuant> &quant, int64_t first,
         int64_t count) {
  if (!quant || quant->isPerTensor())
    return quant;
  TensorQuant rows = *quant;
  rows.scales.assign(quant->scales.begin() + first,
                     quant->scales.begin() + first + count);
  rows.zeroPoints.assign(quant->zeroPoints.begin() + first,
                         quant->zeroPoints.begin() + first + count);
  return rows;
}

/// One convolution per group of channels.
static FailureOr<Value> emitGroups(OpImporter &o, Conv conv, int64_t groups) {
  HostTensorRef weights = o.constantOf(1), bias = o.constantOf(2);
  if (!weights || (o.hasInput(2) && !bias))
    return o.unsupported("a grouped convolution whose weights are computed");
  const std::optional<TensorQuant> &quant = o.input(1).quant;
  if (quant && !quant->isPerTensor() && quant->axis != 0)
    return o.unsupported("weights quantized along another dimension than 0");
  int64_t inGroup = weights->shape[3], outGroup = conv.channels / groups;
  Shape start(4, 0), size(onnx_import::shapeOf(conv.input));
  size[3] = inGroup;
  Value input = conv.input;
  Value wholeBias = conv.bias;
  conv.channels = outGroup;
  SmallVector<Value> parts;
  for (int64_t group = 0; group < groups; ++group) {
    start[3] = group * inGroup;
    int64_t first = group * outGroup;
    FailureOr<Value> slice = o.n().slice(input, start, size);
    FailureOr<Value> part = o.emitWeight(takeRows(*weights, first, outGroup),
                                         takeRows(quant, first, outGroup));
    FailureOr<Value> partBias = o.n().slice(wholeBias, {first}, {outGroup});
    if (failed(slice) || failed(part) || failed(partBias))
      return failure();
    conv.input = *slice;
    conv.weights = *part;
    conv.bias = *partBias;
    FailureOr<Value> result = emitConv<tosa::Conv2DOp>(o, conv);
    if (failed(result))
      return failure();
    parts.push_back(*result);
  }
  return o.n().concat(parts, 3);
}

LogicalResult buildConv2d(OpImporter &o) {
  const auto *options = optionsOf<schema::Conv2DOptions>(o);
  if (!options || failed(checkRank4(o, 0)) || failed(checkRank4(o, 1)))
    return failure();
  ArrayRef<int64_t> weights = o.shapeOf(1);
  int64_t inputs = o.shapeOf(0)[3];
  if (weights[0] < 1 || weights[3] < 1 || inputs % weights[3] != 0 ||
      weights[0] % (inputs / weights[3]) != 0)
    return o.invalid(
        llvm::formatv("weights of shape {0} do not fit {1} input channels",
                      onnx_import::formatShape(weights), inputs));
  FailureOr<Window> window = readWindow(
      o, weights.slice(1, 2), {options->stride_h(), options->stride_w()},
      {options->dilation_h_factor(), options->dilation_w_factor()},
      options->padding());
  if (failed(window))
    return failure();
  Conv conv;
  conv.window = *window;
  conv.channels = weights[0];
  int64_t groups = inputs / weights[3];
  FailureOr<Value> input = o.realOf(0);
  FailureOr<Value> bias =
      emitBias(o, 2, conv.channels, o.input(0).quant, o.input(1).quant);
  if (failed(input) || failed(bias) ||
      failed(input = fitToTosa(o.n(), *input, conv.window)))
    return failure();
  conv.input = *input;
  conv.bias = *bias;
  FailureOr<Value> result;
  if (groups > 1) {
    result = emitGroups(o, conv, groups);
  } else {
    FailureOr<Value> real = o.realOf(1);
    if (failed(real))
      return failure();
    conv.weights = *real;
    result = emitConv<tosa::Conv2DOp>(o, conv);
  }
  if (failed(result) ||
      failed(result =
                 o.activate(*result, options->fused_activation_function())))
    return failure();
  o.setResult(0, *result);
  return success();
}

//===----------------------------------------------------------------------===//
// DEPTHWISE_CONV_2D
//===----------------------------------------------------------------------===//

/// Repeats every channel, so that each filter has an input of its own. Scales
/// per filter then run along one dimension of the weights.
static FailureOr<Value> repeatChannels(OpImporter &o, Value nhwc,
                                       int64_t times) {
  ArrayRef<int64_t> s = onnx_import::shapeOf(nhwc);
  Shape shape(s), tiled{s[0] * s[1] * s[2], s[3], times};
  FailureOr<Value> value = o.n().reshape(nhwc, {s[0] * s[1] * s[2], s[3], 1});
  FailureOr<RankedTensorType> type = o.n().tensorType(tiled);
  if (failed(value) || failed(type))
    return failure();
  Value repeated = tosa::TileOp::create(o.builder, o.loc, *type, *value,
                                        o.n().shapeValue({1, 1, times}));
  shape[3] *= times;
  return o.n().reshape(repeated, shape);
}

/// The weights as [kh, kw, channels, multiplier].
static FailureOr<Value> emitDepthwiseWeights(OpImporter &o, int64_t channels,
                                             int64_t multiplier) {
  ArrayRef<int64_t> s = o.shapeOf(1);
  Shape shape{s[1], s[2], channels, multiplier};
  HostTensorRef constant = o.constantOf(1);
  if (!constant) {
    FailureOr<Value> weights = o.realOf(1);
    return failed(weights) ? weights : o.n().reshape(*weights, shape);
  }
  std::optional<TensorQuant> quant = o.input(1).quant;
  if (quant && !quant->isPerTensor()) {
    if (quant->axis != 3)
      return o.unsupported("weights quantized along another dimension than 3");
    quant->axis = channels == 1 ? 3 : 2;
  }
  return o.emitWeight(onnx_import::reshapeHost(*constant, shape), quant);
}

LogicalResult buildDepthwiseConv2d(OpImporter &o) {
  const auto *options = optionsOf<schema::DepthwiseConv2DOptions>(o);
  if (!options || failed(checkRank4(o, 0)) || failed(checkRank4(o, 1)))
    return failure();
  ArrayRef<int64_t> weights = o.shapeOf(1);
  int64_t inputs = o.shapeOf(0)[3];
  if (weights[0] != 1 || inputs < 1 || weights[3] < 1 ||
      weights[3] % inputs != 0)
    return o.invalid(
        llvm::formatv("weights of shape {0} do not fit {1} input channels",
                      onnx_import::formatShape(weights), inputs));
  FailureOr<Window> window = readWindow(
      o, weights.slice(1, 2), {options->stride_h(), options->stride_w()},
      {options->dilation_h_factor(), options->dilation_w_factor()},
      options->padding());
  if (failed(window))
    return failure();
  Conv conv;
  conv.window = *window;
  conv.channels = weights[3];
  int64_t multiplier = conv.channels / inputs;
  FailureOr<Value> input = o.realOf(0);
  FailureOr<Value> bias =
      emitBias(o, 2, conv.channels, o.input(0).quant, o.input(1).quant);
  if (failed(input) || failed(bias) ||
      failed(input = fitToTosa(o.n(), *input, conv.window)))
    return failure();
  const std::optional<TensorQuant> &quant = o.input(1).quant;
  if (quant && !quant->isPerTensor() && multiplier > 1 && inputs > 1) {
    if (failed(input = repeatChannels(o, *input, multiplier)))
      return failure();
    inputs *= multiplier;
    multiplier = 1;
  }
  FailureOr<Value> filters = emitDepthwiseWeights(o, inputs, multiplier);
  if (failed(filters))
    return failure();
  conv.input = *input;
  conv.weights = *filters;
  conv.bias = *bias;
  FailureOr<Value> result = emitConv<tosa::DepthwiseConv2DOp>(o, conv);
  if (failed(result) ||
      failed(result =
                 o.activate(*result, options->fused_activation_function())))
    return failure();
  o.setResult(0, *result);
  return success();
}

//===----------------------------------------------------------------------===//
// TRANSPOSE_CONV
//===----------------------------------------------------------------------===//

/// Inputs: output shape, weights OHWI, input, bias. tosa.transpose_conv2d takes
/// the same weights and the paddings of the output, which are those of the
/// convolution that it is the transpose of, negated.
LogicalResult buildTransposeConv(OpImporter &o) {
  const auto *options = optionsOf<schema::TransposeConvOptions>(o);
  if (!options || failed(checkRank4(o, 1)) || failed(checkRank4(o, 2)))
    return failure();
  FailureOr<Shape> shape = o.intsOf(0, "the output shape");
  if (failed(shape))
    return failure();
  ArrayRef<int64_t> weights = o.shapeOf(1), in = o.shapeOf(2);
  if (shape->size() != 4 || (*shape)[0] != in[0] || (*shape)[3] != weights[0] ||
      weights[3] != in[3])
    return o.invalid(llvm::formatv(
        "weights of shape {0} and an output of {1} do not fit an input of {2}",
        onnx_import::formatShape(weights), onnx_import::formatShape(*shape),
        onnx_import::formatShape(in)));
  FailureOr<Window> window = makeWindow(
      o, *shape, weights.slice(1, 2),
      {options->stride_h(), options->stride_w()}, {1, 1}, options->padding());
  if (failed(window))
    return failure();
  SmallVector<int64_t, 4> pad;
  for (auto [i, dim] : llvm::enumerate(*window)) {
    if (dim.output != in[1 + i])
      return o.invalid(llvm::formatv(
          "an output of size {0} does not belong to an input of {1}", dim.input,
          in[1 + i]));
    pad.push_back(-dim.padLow);
    // Whatever is missing to the size asked for.
    pad.push_back(dim.input - (in[1 + i] - 1) * dim.stride - dim.kernel +
                  dim.padLow);
  }
  FailureOr<Value> input = o.realOf(2), filters = o.realOf(1);
  FailureOr<Value> bias =
      emitBias(o, 3, weights[0], o.input(2).quant, o.input(1).quant);
  FailureOr<RankedTensorType> type = o.n().tensorType(*shape);
  FailureOr<Value> zero = o.n().splat(1, 0.0f);
  if (failed(input) || failed(filters) || failed(bias) || failed(type) ||
      failed(zero))
    return failure();
  FailureOr<Value> result =
      tosa::TransposeConv2DOp::create(
          o.builder, o.loc, *type, *input, *filters, *bias, *zero, *zero, pad,
          ArrayRef<int64_t>{(*window)[0].stride, (*window)[1].stride},
          o.builder.getF32Type())
          .getResult();
  if (failed(result =
                 o.activate(*result, options->fused_activation_function())))
    return failure();
  o.setResult(0, *result);
  return success();
}

} // namespace mlir::qnt::tflite_import
