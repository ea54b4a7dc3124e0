//===- ImportConv.cpp - Conv ----------------------------------------------===//
//
// Conv becomes tosa.conv2d or tosa.depthwise_conv2d between two transposes;
// other group counts become one convolution per group over slices of the
// channels. Weights must be constants: they are laid out here.
//
//   y = Conv(x, w)  ->  t = transpose x [0, 2, 3, 1]
//                       c = tosa.conv2d t, w' (OHWI), b
//                       y = transpose c [0, 3, 1, 2]
//
//===----------------------------------------------------------------------===//

#include "OpTable.h"
#include "StoredForm.h"
#include "Window.h"

#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::onnx_import {

namespace {
/// The operands of a convolution after shapes were checked; weights are
/// [out, in / groups, kh, kw].
struct Conv {
  Value input; // NHWC
  HostTensor weights;
  std::vector<float> bias;
  int64_t groups;
  Window window;

  int64_t inChannels() const { return weights.shape[1] * groups; }
  int64_t outChannels() const { return weights.shape[0]; }
};
} // namespace

static LogicalResult readBias(NodeImporter &n, int64_t channels,
                              std::vector<float> &bias) {
  bias.assign(channels, 0.0f);
  if (!n.hasInput(2))
    return success();
  HostTensorRef tensor = n.floatConstantOf(2);
  if (!tensor)
    return n.unsupported("the bias is not a float constant");
  if (tensor->rank() != 1 || tensor->size() != channels)
    return n.invalid(llvm::formatv("the bias has shape {0}, expected {1}",
                                   formatShape(tensor->shape), channels));
  bias = tensor->floats().vec();
  return success();
}

/// Rows [first, first + count) of the outermost dimension.
static HostTensor takeRows(const HostTensor &tensor, int64_t first,
                           int64_t count) {
  Shape shape = tensor.shape;
  int64_t row = tensor.size() / shape[0];
  shape[0] = count;
  HostTensor rows = HostTensor::ofFloats(
      shape, tensor.floats().slice(first * row, count * row));
  rows.stored =
      sliceStored(reshapeStored(tensor.stored, tensor.shape), first, count);
  return rows;
}

static FailureOr<RankedTensorType> resultType(NodeImporter &n, const Conv &conv,
                                              int64_t channels) {
  return n.tensorType({shapeOf(conv.input)[0], conv.window[0].output,
                       conv.window[1].output, channels});
}

/// tosa.conv2d over `input` with rows [first, first + count) of the weights.
static FailureOr<Value> emitConv(NodeImporter &n, const Conv &conv, Value input,
                                 int64_t first, int64_t count) {
  HostTensor rows = takeRows(conv.weights, first, count);
  FailureOr<Value> weights = n.constant(transposeHost(rows, {0, 2, 3, 1}));
  FailureOr<Value> bias = n.constant(
      HostTensor::ofFloats({count}, ArrayRef(conv.bias).slice(first, count)));
  FailureOr<Value> zero = n.splat(1, 0.0f);
  FailureOr<RankedTensorType> type = resultType(n, conv, count);
  if (failed(weights) || failed(bias) || failed(zero) || failed(type))
    return failure();
  const Window &w = conv.window;
  return tosa::Conv2DOp::create(n.builder, n.loc, *type, input, *weights, *bias,
                                *zero, *zero, tosaPad(w),
                                ArrayRef<int64_t>{w[0].stride, w[1].stride},
                                ArrayRef<int64_t>{w[0].dilation, w[1].dilation},
                                n.builder.getF32Type())
      .getResult();
}

/// One filter per input channel, `multiplier` outputs each.
static FailureOr<Value> emitDepthwise(NodeImporter &n, const Conv &conv) {
  int64_t multiplier = conv.outChannels() / conv.groups;
  ArrayRef<int64_t> shape = conv.weights.shape;
  // [C * M, 1, kh, kw] -> [C, M, kh, kw] -> [kh, kw, C, M]
  HostTensor byChannel =
      reshapeHost(conv.weights, {conv.groups, multiplier, shape[2], shape[3]});
  FailureOr<Value> weights = n.constant(transposeHost(byChannel, {2, 3, 0, 1}));
  FailureOr<Value> bias =
      n.constant(HostTensor::ofFloats({conv.outChannels()}, conv.bias));
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

static FailureOr<Value> emitGroups(NodeImporter &n, const Conv &conv) {
  int64_t inGroup = conv.weights.shape[1];
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
        emitConv(n, conv, *input, group * outGroup, outGroup);
    if (failed(part))
      return failure();
    parts.push_back(*part);
  }
  return n.concat(parts, 3);
}

static LogicalResult readWeights(NodeImporter &n, Conv &conv) {
  if (!n.constantOf(1))
    return n.unsupported("the weights are not known at compile time");
  HostTensorRef weights = n.floatConstantOf(1);
  if (!weights)
    return n.unsupported("the weights are integers");
  if (failed(n.requireFinite(*weights, "the weights")))
    return failure();
  int64_t rank = n.rankOf(0);
  if (rank < 3)
    return n.invalid(llvm::formatv("the input has rank {0}", rank));
  if (rank > 4)
    return n.unsupported(
        llvm::formatv("convolution over {0} dimensions", rank - 2));
  if (weights->rank() != rank)
    return n.invalid(llvm::formatv("the weights have rank {0}, expected {1}",
                                   weights->rank(), rank));
  if (weights->size() == 0)
    return n.invalid("the weights are empty");
  conv.weights = *weights;
  conv.groups = n.getInt("group", 1);
  if (conv.groups < 1 || conv.groups > kMaxDim ||
      conv.outChannels() % conv.groups != 0 ||
      n.shapeOf(0)[1] % conv.groups != 0 ||
      n.shapeOf(0)[1] / conv.groups != weights->shape[1])
    return n.invalid(llvm::formatv(
        "weights of shape {0} in {1} groups do not fit {2} input channels",
        formatShape(weights->shape), conv.groups, n.shapeOf(0)[1]));
  ArrayRef<int64_t> kernel = ArrayRef(conv.weights.shape).drop_front(2);
  if (n.hasAttr("kernel_shape") &&
      ArrayRef(n.getInts("kernel_shape")) != kernel)
    return n.invalid("attribute 'kernel_shape' differs from the weights");
  FailureOr<Window> window = readWindow(n, n.shapeOf(0).drop_front(2), kernel);
  if (failed(window))
    return failure();
  conv.window = *window;
  return readBias(n, conv.outChannels(), conv.bias);
}

LogicalResult buildConv(NodeImporter &n) {
  Conv conv;
  if (failed(readWeights(n, conv)))
    return failure();
  FailureOr<Value> input = n.valueOf(0);
  if (failed(input))
    return failure();
  bool flat = n.rankOf(0) == 3;
  if (flat) {
    addHeight(conv.window);
    ArrayRef<int64_t> s = conv.weights.shape;
    conv.weights = reshapeHost(conv.weights, {s[0], s[1], 1, s[2]});
    input = addHeight(n, *input);
    if (failed(input))
      return failure();
  }
  input = n.toNhwc(*input);
  if (failed(input))
    return failure();
  input = fitToTosa(n, *input, conv.window);
  if (failed(input))
    return failure();
  conv.input = *input;
  bool depthwise = conv.groups > 1 && conv.weights.shape[1] == 1;
  FailureOr<Value> result =
      conv.groups == 1 ? emitConv(n, conv, conv.input, 0, conv.outChannels())
      : depthwise      ? emitDepthwise(n, conv)
                       : emitGroups(n, conv);
  if (failed(result) || failed(result = n.toNchw(*result)))
    return failure();
  if (flat && failed(result = dropHeight(n, *result)))
    return failure();
  n.setResult(0, *result);
  return success();
}

} // namespace mlir::qnt::onnx_import
