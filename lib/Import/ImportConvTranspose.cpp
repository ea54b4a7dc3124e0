//===- ImportConvTranspose.cpp - ConvTranspose ----------------------------===//
//
// A transposed convolution is a convolution. With constant weights over one or
// two dimensions it makes all `stride` phases of an output pixel as channels,
// which are then dealt out over the pixels, so no multiplication by an inserted
// zero is left and the convolution can be quantized:
//
//   y = ConvTranspose(x, w), stride 2  ->  c = tosa.conv2d x', w' (4 O, ...)
//                                          y = depth to space of c
//
// Otherwise zeros are inserted between the elements of the input.
//
//===----------------------------------------------------------------------===//

#include "Convolution.h"
#include "OpTable.h"

#include "llvm/ADT/SmallVectorExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

namespace mlir::qnt::onnx_import {

namespace {
/// One spatial dimension: y[i * stride + k * dilation - padLow] += x[i] * w[k].
struct Spread {
  int64_t input = 1;
  int64_t kernel = 1;
  int64_t stride = 1;
  int64_t dilation = 1;
  int64_t padLow = 0;
  int64_t output = 1;

  int64_t extent() const { return dilation * (kernel - 1) + 1; }
};

struct Transposed {
  Value input; // [N, spatial..., C]
  /// [out, in / groups, kernel...], not yet reversed.
  Filter weights;
  Filter bias;
  int64_t groups = 1;
  SmallVector<Spread, 3> dims;
};
} // namespace

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

/// Low padding and output size along one dimension.
static LogicalResult placeOutput(NodeImporter &n, Spread &dim, int64_t low,
                                 int64_t high, int64_t extra,
                                 std::optional<int64_t> wanted) {
  StringRef autoPad = n.getString("auto_pad", "NOTSET");
  bool same = autoPad == "SAME_UPPER" || autoPad == "SAME_LOWER";
  if (!same && autoPad != "NOTSET" && autoPad != "VALID" && !autoPad.empty())
    return n.invalid("attribute 'auto_pad' is '" + autoPad + "'");
  int64_t full = dim.stride * (dim.input - 1) + extra + dim.extent();
  if (same && !wanted)
    wanted = dim.input * dim.stride;
  if (wanted) {
    int64_t total = std::max<int64_t>(0, full - *wanted);
    low = autoPad == "SAME_UPPER" ? total / 2 : total - total / 2;
    high = total - low;
    dim.output = *wanted;
  } else {
    if (autoPad == "VALID")
      low = high = 0;
    dim.output = full - low - high;
  }
  dim.padLow = low;
  if (dim.output < 1 || dim.output > kMaxDim)
    return n.invalid(llvm::formatv("an output of size {0} arises", dim.output));
  return success();
}

static LogicalResult readDims(NodeImporter &n, ArrayRef<int64_t> kernel,
                              SmallVectorImpl<Spread> &dims) {
  size_t rank = kernel.size();
  FailureOr<Shape> strides = readList(n, "strides", rank, 1, 1);
  FailureOr<Shape> dilations = readList(n, "dilations", rank, 1, 1);
  FailureOr<Shape> extra = readList(n, "output_padding", rank, 0, 0);
  FailureOr<Shape> pads = readList(n, "pads", 2 * rank, 0, 0);
  if (failed(strides) || failed(dilations) || failed(extra) || failed(pads))
    return failure();
  Shape wanted;
  if (n.hasAttr("output_shape")) {
    wanted = n.getInts("output_shape");
    // Some exporters give batch and channels too.
    if (wanted.size() == rank + 2)
      wanted.erase(wanted.begin(), wanted.begin() + 2);
    if (wanted.size() != rank)
      return n.invalid(llvm::formatv("attribute 'output_shape' has {0} "
                                     "entries, expected {1}",
                                     wanted.size(), rank));
  }
  for (size_t i = 0; i < rank; ++i) {
    Spread dim;
    dim.input = n.shapeOf(0)[2 + i];
    dim.kernel = kernel[i];
    dim.stride = (*strides)[i];
    dim.dilation = (*dilations)[i];
    std::optional<int64_t> size;
    if (!wanted.empty())
      size = wanted[i];
    if (failed(placeOutput(n, dim, (*pads)[i], (*pads)[rank + i], (*extra)[i],
                           size)))
      return failure();
    dims.push_back(dim);
  }
  return success();
}

/// [C, O / g, kernel...] as [O, C / g, kernel...].
static FailureOr<Filter> swapChannels(NodeImporter &n, const Filter &weights,
                                      int64_t groups) {
  Shape shape(weights.shape());
  Shape split{groups, shape[0] / groups, shape[1]};
  Shape perm{0, 2, 1};
  Shape merged{groups * shape[1], shape[0] / groups};
  for (size_t i = 2; i < shape.size(); ++i) {
    split.push_back(shape[i]);
    perm.push_back(i + 1);
    merged.push_back(shape[i]);
  }
  FailureOr<Filter> result = weights.reshape(n, split);
  if (succeeded(result))
    result = result->transpose(n, perm);
  if (succeeded(result))
    result = result->reshape(n, merged);
  return result;
}

static FailureOr<Transposed> readTransposed(NodeImporter &n) {
  int64_t rank = n.rankOf(0);
  if (rank < 3 || n.rankOf(1) != rank)
    return n.invalid(llvm::formatv("input and weights have ranks {0} and {1}",
                                   rank, n.rankOf(1)));
  Transposed conv;
  conv.groups = n.getInt("group", 1);
  FailureOr<Filter> weights = Filter::read(n, 1, "the weights");
  if (failed(weights))
    return failure();
  ArrayRef<int64_t> shape = weights->shape();
  if (!countElements(shape).value_or(0))
    return n.invalid("the weights are empty");
  if (conv.groups < 1 || shape[0] != n.shapeOf(0)[1] ||
      shape[0] % conv.groups != 0)
    return n.invalid(llvm::formatv(
        "weights of shape {0} in {1} groups do not fit {2} input channels",
        formatShape(shape), conv.groups, n.shapeOf(0)[1]));
  ArrayRef<int64_t> kernel = shape.drop_front(2);
  if (n.hasAttr("kernel_shape") &&
      ArrayRef(n.getInts("kernel_shape")) != kernel)
    return n.invalid("attribute 'kernel_shape' differs from the weights");
  if (failed(readDims(n, kernel, conv.dims)))
    return failure();
  FailureOr<Filter> bias = readBias(n, 2, shape[1] * conv.groups);
  FailureOr<Filter> swapped = swapChannels(n, *weights, conv.groups);
  FailureOr<Value> x = n.valueOf(0);
  if (failed(bias) || failed(swapped) || failed(x) ||
      failed(x = toChannelsLast(n, *x)))
    return failure();
  conv.input = *x;
  conv.weights = *swapped;
  conv.bias = *bias;
  return conv;
}

//===----------------------------------------------------------------------===//
// Zeros between the elements
//===----------------------------------------------------------------------===//

/// x0 0 0 x1 0 0 x2 along each dimension.
static FailureOr<Value> insertZeros(NodeImporter &n, Value value,
                                    ArrayRef<Spread> dims) {
  FailureOr<Value> result = value;
  for (auto [i, dim] : llvm::enumerate(dims)) {
    if (dim.stride == 1)
      continue;
    Shape shape(shapeOf(*result));
    Shape split = shape, start(shape.size(), 0);
    split.insert(split.begin() + 2 + i, 1);
    Shape low(split.size(), 0), high(split.size(), 0);
    high[2 + i] = dim.stride - 1;
    shape[1 + i] *= dim.stride;
    if (failed(result = n.reshape(*result, split)) ||
        failed(result = n.pad(*result, low, high, 0.0)) ||
        failed(result = n.reshape(*result, shape)))
      return failure();
    shape[1 + i] -= dim.stride - 1;
    if (failed(result = n.slice(*result, start, shape)))
      return failure();
  }
  return result;
}

static FailureOr<Value> emitByZeros(NodeImporter &n, const Transposed &conv) {
  FailureOr<Filter> weights = conv.weights.reverse(n, 2);
  FailureOr<Value> input = insertZeros(n, conv.input, conv.dims);
  if (failed(weights) || failed(input))
    return failure();
  Convolution result{*input, *weights, conv.bias, conv.groups, {}};
  for (const Spread &dim : conv.dims) {
    WindowDim window;
    window.input = dim.stride * (dim.input - 1) + 1;
    window.kernel = dim.kernel;
    window.dilation = dim.dilation;
    window.padLow = dim.extent() - 1 - dim.padLow;
    window.output = dim.output;
    result.window.push_back(window);
  }
  return emitConvolution(n, result);
}

//===----------------------------------------------------------------------===//
// Phases as channels
//===----------------------------------------------------------------------===//

/// Output q * stride + r reads x[q + t] times w[r + padLow - t * stride] for t
/// in [first, first + count).
struct PhaseTaps {
  int64_t first;
  int64_t count;

  explicit PhaseTaps(const Spread &dim) {
    first = std::min<int64_t>(
        0, llvm::divideCeilSigned(dim.padLow - dim.extent() + 1, dim.stride));
    count = (dim.stride - 1 + dim.padLow) / dim.stride - first + 1;
  }
  /// The tap of the kernel that phase `r` has at `t`, or -1.
  static int64_t tapOf(const Spread &dim, int64_t r, int64_t t) {
    int64_t at = r + dim.padLow - t * dim.stride;
    return at < 0 || at >= dim.extent() || at % dim.dilation != 0
               ? -1
               : at / dim.dilation;
  }
};

/// [g, phases y, phases x, O / g] by [C / g, taps y, taps x].
static Filter phaseWeights(const Transposed &conv) {
  const Spread &y = conv.dims[0], &x = conv.dims[1];
  PhaseTaps ty(y), tx(x);
  ArrayRef<int64_t> shape = conv.weights.shape();
  ArrayRef<float> from = conv.weights.constant().floats();
  int64_t outGroup = shape[0] / conv.groups, in = shape[1];
  int64_t phases = y.stride * x.stride;
  std::vector<float> to(shape[0] * phases * in * ty.count * tx.count);
  for (int64_t o = 0; o < shape[0]; ++o)
    for (int64_t phase = 0; phase < phases; ++phase)
      for (int64_t c = 0; c < in; ++c)
        for (int64_t i = 0; i < ty.count; ++i)
          for (int64_t j = 0; j < tx.count; ++j) {
            int64_t ky = PhaseTaps::tapOf(y, phase / x.stride, ty.first + i);
            int64_t kx = PhaseTaps::tapOf(x, phase % x.stride, tx.first + j);
            int64_t row =
                (o / outGroup * phases + phase) * outGroup + o % outGroup;
            if (ky >= 0 && kx >= 0)
              to[((row * in + c) * ty.count + i) * tx.count + j] =
                  from[((o * in + c) * y.kernel + ky) * x.kernel + kx];
          }
  return Filter(
      HostTensor::ofFloats({shape[0] * phases, in, ty.count, tx.count}, to));
}

static Filter phaseBias(const Transposed &conv, int64_t phases) {
  ArrayRef<float> from = conv.bias.constant().floats();
  int64_t outGroup = from.size() / conv.groups;
  std::vector<float> to;
  for (int64_t group = 0; group < conv.groups; ++group)
    for (int64_t phase = 0; phase < phases; ++phase)
      llvm::append_range(to, from.slice(group * outGroup, outGroup));
  return Filter(HostTensor::ofFloats({int64_t(to.size())}, to));
}

/// [N, Q, P, g * phases * O / g] to [N, H, W, O].
static FailureOr<Value> dealOut(NodeImporter &n, Value value,
                                const Transposed &conv) {
  const Spread &y = conv.dims[0], &x = conv.dims[1];
  Shape s(shapeOf(value));
  int64_t outGroup = s[3] / (conv.groups * y.stride * x.stride);
  FailureOr<Value> result = n.reshape(
      value, {s[0], s[1], s[2], conv.groups, y.stride, x.stride, outGroup});
  if (failed(result) ||
      failed(result = n.transpose(*result, {0, 1, 4, 2, 5, 3, 6})) ||
      failed(result =
                 n.reshape(*result, {s[0], s[1] * y.stride, s[2] * x.stride,
                                     conv.groups * outGroup})))
    return failure();
  return n.slice(*result, {0, 0, 0, 0},
                 {s[0], y.output, x.output, conv.groups * outGroup});
}

static FailureOr<Value> emitByPhases(NodeImporter &n, Transposed conv) {
  int64_t phases = 1, taps = 1;
  Convolution result;
  for (const Spread &dim : conv.dims) {
    PhaseTaps range(dim);
    WindowDim window;
    window.input = dim.input;
    window.kernel = range.count;
    window.padLow = -range.first;
    window.output = llvm::divideCeil(dim.output, dim.stride);
    result.window.push_back(window);
    phases *= dim.stride;
    taps *= range.count;
  }
  std::optional<int64_t> size = countElements(
      {conv.weights.shape()[0], conv.weights.shape()[1], phases, taps});
  if (!size || failed(n.takeElements(*size)))
    return n.invalid("the weights would be of impossible size");
  result.input = conv.input;
  result.weights = phaseWeights(conv);
  result.bias = phaseBias(conv, phases);
  result.groups = conv.groups;
  FailureOr<Value> value = emitConvolution(n, result);
  return failed(value) ? value : dealOut(n, *value, conv);
}

/// [N, L, C] with a height of one.
static FailureOr<Value> emitFlatByPhases(NodeImporter &n, Transposed conv) {
  Shape in(shapeOf(conv.input)), kernel(conv.weights.shape());
  in.insert(in.begin() + 1, 1);
  kernel.insert(kernel.begin() + 2, 1);
  FailureOr<Value> input = n.reshape(conv.input, in);
  FailureOr<Filter> weights = conv.weights.reshape(n, kernel);
  if (failed(input) || failed(weights))
    return failure();
  conv.input = *input;
  conv.weights = *weights;
  conv.dims.insert(conv.dims.begin(), Spread());
  FailureOr<Value> result = emitByPhases(n, conv);
  if (failed(result))
    return failure();
  Shape out(shapeOf(*result));
  out.erase(out.begin() + 1);
  return n.reshape(*result, out);
}

LogicalResult buildConvTranspose(NodeImporter &n) {
  FailureOr<Transposed> conv = readTransposed(n);
  if (failed(conv))
    return failure();
  bool constant = conv->weights.isConstant() && conv->bias.isConstant();
  FailureOr<Value> result =
      !constant || conv->dims.size() > 2 ? emitByZeros(n, *conv)
      : conv->dims.size() == 1           ? emitFlatByPhases(n, *conv)
                                         : emitByPhases(n, *conv);
  if (failed(result) || failed(result = toChannelsFirst(n, *result)))
    return failure();
  n.setResult(0, *result);
  return success();
}

} // namespace mlir::qnt::onnx_import
