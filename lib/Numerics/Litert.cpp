//===- Litert.cpp - what LiteRT computes where it has its own way ---------===//
//
// Formulas of XNNPACK's kernels and, for ops that the delegate leaves alone, of
// TFLite's own; found by reading and confirmed by comparison of every input.
//
//===----------------------------------------------------------------------===//

#include "qnt/Numerics/Litert.h"

#include <algorithm>
#include <cmath>

namespace qnt::num {

//===----------------------------------------------------------------------===//
// Sums and products
//===----------------------------------------------------------------------===//

// N60.
bool isXnnpackAdd(float sA, float sB, float sOut) {
  for (float ratio : {sA / sOut, sB / sOut})
    if (!(ratio >= 0x1p-10f && ratio < 0x1p8f))
      return false;
  return true;
}

// N60.
AddParams makeXnnpackAdd(QuantParams a, QuantParams b, QuantParams out,
                         int32_t min, int32_t max, bool negateB) {
  AddParams params;
  params.form = AddParams::Form::OneShift;
  params.zpA = a.zeroPoint;
  params.zpB = b.zeroPoint;
  params.zpOut = out.zeroPoint;
  params.min = min;
  params.max = max;
  float ratioA = a.scale / out.scale, ratioB = b.scale / out.scale;
  int exponent = std::ilogb(std::max(ratioA, ratioB));
  params.shift = 20 - exponent;
  params.weightA = roundHalfEven(std::ldexp(ratioA, params.shift));
  params.weightB = roundHalfEven(std::ldexp(ratioB, params.shift));
  if (negateB)
    params.weightB = -params.weightB;
  return params;
}

// N61.
bool isXnnpackMul(float sA, float sB, float sOut) {
  float scale = sA * sB / sOut;
  return scale >= 0x1p-16f && scale < 0x1p8f;
}

//===----------------------------------------------------------------------===//
// Functions of one byte
//===----------------------------------------------------------------------===//

/// Entry i is f(i - 128 - z) + z_out, clamped.
template <typename Fn>
static ByteTable makeTable(QuantParams in, QuantParams out, Fn f) {
  ByteTable table;
  for (int32_t i = 0; i < 256; ++i)
    table[static_cast<size_t>(i)] = static_cast<int8_t>(
        clampTo(int64_t(f(i - 128 - in.zeroPoint)) + out.zeroPoint, INT8_MIN,
                INT8_MAX));
  return table;
}

/// XNNPACK converts with 8 fraction bits where the scale suits them.
static bool isConvertible(float scale) {
  return scale >= 0x1p-8f && scale <= 0x1p7f;
}

/// floor(d * rne(256 scale) / 256 + 1/2), for d of 9 bits.
static int32_t convert(int32_t d, float scale) {
  return (d * roundHalfEven(scale * 256.0f) + 128) >> 8;
}

/// N6 of one byte.
static int32_t scaleDouble(int32_t d, double multiplier) {
  return saturate32(multiplyTfliteDouble(
      d, quantizeMultiplier(multiplier, Rounding::TfliteDouble)));
}

// N62.
ByteTable litertRequantize(QuantParams in, QuantParams out) {
  float scale = in.scale / out.scale;
  double exact = double(in.scale) / double(out.scale);
  return makeTable(in, out, [&](int32_t d) {
    return isConvertible(scale) ? convert(d, scale) : scaleDouble(d, exact);
  });
}

// N63.
ByteTable litertLeakyRelu(QuantParams in, QuantParams out, float alpha) {
  float positive = in.scale / out.scale, negative = positive * alpha;
  bool taken = isConvertible(positive) && isConvertible(std::fabs(negative));
  double exact = double(in.scale) / double(out.scale);
  double steep = double(in.scale) * double(alpha) / double(out.scale);
  return makeTable(in, out, [&](int32_t d) {
    if (taken)
      return convert(d, d >= 0 ? positive : negative);
    return scaleDouble(d, d >= 0 ? exact : steep);
  });
}

// N64.
ByteTable litertClamp(QuantParams in, QuantParams out, float low, float high) {
  auto bound = [&](float value) {
    return std::isfinite(value) ? std::round(value / out.scale) : value;
  };
  float least = bound(low), most = bound(high);
  double exact = double(in.scale) / double(out.scale);
  return makeTable(in, out, [&](int32_t d) {
    float scaled =
        static_cast<float>(clampTo(scaleDouble(d, exact), -(1 << 20), 1 << 20));
    return static_cast<int32_t>(std::min(std::max(scaled, least), most));
  });
}

// N64.
ByteTable litertAbs(QuantParams in, QuantParams out) {
  double exact = double(in.scale) / double(out.scale);
  return makeTable(
      in, out, [&](int32_t d) { return scaleDouble(d < 0 ? -d : d, exact); });
}

//===----------------------------------------------------------------------===//
// Hard swish in 16 bits
//===----------------------------------------------------------------------===//

static int32_t saturate16(int32_t v) {
  return static_cast<int32_t>(clampTo(v, INT16_MIN, INT16_MAX));
}

/// 2 * a * b / 2^16, to nearest, ties away from zero.
static int32_t highProduct(int32_t a, int32_t b) {
  int32_t product = a * b;
  int32_t nudge = product >= 0 ? 1 << 14 : 1 - (1 << 14);
  return saturate16((product + nudge) / (1 << 15));
}

/// Nearest of v / 2^bits, ties away from zero.
static int32_t divideByPower(int32_t v, int32_t bits) {
  if (bits <= 0)
    return v;
  return (v + (1 << (bits - 1)) - (v < 0 ? 1 : 0)) >> bits;
}

/// The upper half of a mantissa, rounded.
static int32_t mantissa16(FixedMultiplier m) {
  return static_cast<int32_t>(
      std::min<int64_t>((int64_t(m.mantissa) + (1 << 15)) >> 16, INT16_MAX));
}

// N65.
ByteTable litertHardSwish(QuantParams in, QuantParams out) {
  float fine = (1.0f / 128.0f) * in.scale;
  FixedMultiplier toOut =
      quantizeMultiplier(double(fine / out.scale), Rounding::TfliteDouble);
  FixedMultiplier toGate = quantizeMultiplier(double(fine / (3.0f / 32768.0f)),
                                              Rounding::TfliteDouble);
  return makeTable(in, out, [&](int32_t d) {
    int32_t x = saturate16(d * 128);
    int32_t scaled = highProduct(x, mantissa16(toOut));
    int32_t gate = x;
    if (toGate.exponent > 0)
      gate = saturate16(gate << (toGate.exponent - 1));
    gate = highProduct(gate, mantissa16(toGate));
    if (toGate.exponent > 0)
      gate = saturate16(gate * 2);
    gate = divideByPower(gate, -toGate.exponent);
    gate = (gate + (1 << 15)) >> 1;
    int32_t product = saturate16(gate * scaled / (1 << 15));
    return toOut.exponent > 0 ? saturate16(product << toOut.exponent)
                              : divideByPower(product, -toOut.exponent);
  });
}

//===----------------------------------------------------------------------===//
// Averages
//===----------------------------------------------------------------------===//

// N66.
int32_t litertAverage(int32_t sum, int32_t count, int32_t offset, int32_t min,
                      int32_t max) {
  int32_t total = sum + offset * count;
  int32_t half = total > 0 ? count / 2 : -(count / 2);
  return static_cast<int32_t>(
      clampTo((total + half) / count - offset, min, max));
}

// N66.
void litertAveragePool(const int8_t *in, int8_t *out, const WindowShape &shape,
                       int32_t offset, int32_t min, int32_t max) {
  std::vector<int32_t> sums(
      static_cast<size_t>(shape.n * shape.oh() * shape.ow() * shape.c));
  sumPool2d(in, sums.data(), shape, 0, /*countIncludesPad=*/false);
  const int32_t *sum = sums.data();
  for (int64_t n = 0; n < shape.n; ++n)
    for (int64_t y = 0; y < shape.oh(); ++y)
      for (int64_t x = 0; x < shape.ow(); ++x) {
        auto count = static_cast<int32_t>(windowCount(shape, y, x, false));
        for (int64_t c = 0; c < shape.c; ++c, ++sum)
          *out++ = static_cast<int8_t>(
              count == 0 ? clampTo(0, min, max)
                         : litertAverage(*sum, count, offset, min, max));
      }
}

// N67.
float litertMeanScale(float sIn, float sOut, int64_t count) {
  float ratio = sIn / sOut;
  return ratio / static_cast<float>(count);
}

// N67.
int32_t litertMean(int32_t acc, float scale, int32_t zeroPoint, int32_t offset,
                   int32_t min, int32_t max) {
  float product = static_cast<float>(acc) * scale;
  float sum = product + static_cast<float>(zeroPoint + offset);
  return static_cast<int32_t>(
      clampTo(int64_t(roundHalfEven(sum)) - offset, min, max));
}

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

// N68.
FloatTable litertSoftmaxTable(float sIn, float beta) {
  FloatTable table;
  float scale = -sIn * beta;
  for (size_t d = 0; d < table.size(); ++d)
    table[d] = static_cast<float>(
        std::exp(static_cast<double>(scale * static_cast<float>(d))));
  return table;
}

// N68.
void litertSoftmaxRow(const int8_t *in, int8_t *out, int64_t length,
                      const FloatTable &table, QuantParams outParams) {
  int32_t max = INT8_MIN;
  for (int64_t i = 0; i < length; ++i)
    max = std::max<int32_t>(max, in[i]);
  float sum = 0.0f;
  for (int64_t i = 0; i < length; ++i)
    sum += table[static_cast<size_t>(max - in[i])];
  float divisor = sum * outParams.scale;
  float factor = 1.0f / divisor;
  for (int64_t i = 0; i < length; ++i) {
    float share = table[static_cast<size_t>(max - in[i])] * factor;
    auto whole = static_cast<int32_t>(share);
    int32_t rounded = whole + (share - static_cast<float>(whole) >= 0.5f);
    out[i] = static_cast<int8_t>(
        clampTo(rounded + outParams.zeroPoint, INT8_MIN, INT8_MAX));
  }
}

// N68.
void litertSoftmax(const int8_t *in, int8_t *out, int64_t rows, int64_t length,
                   const FloatTable &table, QuantParams outParams) {
  for (int64_t row = 0; row < rows; ++row)
    litertSoftmaxRow(in + row * length, out + row * length, length, table,
                     outParams);
}

} // namespace qnt::num
