//===- Elementwise.cpp - Quantized add, sub and mul -----------------------===//
//
// One element at a time, exactly as generated code computes it. Invariant: in
// the tflite modes the sum of the two scaled operands stays below 2^32 in
// magnitude and is saturated to int32 before the last product.
//
//===----------------------------------------------------------------------===//

#include "qnt/Numerics/Elementwise.h"

#include <algorithm>
#include <cmath>

namespace qnt::num {

// N6 or N7, saturated to int32.
static int32_t multiplyTflite(int32_t x, FixedMultiplier m, Rounding mode) {
  return saturate32(mode == Rounding::TfliteDouble
                        ? multiplyTfliteDouble(x, m)
                        : multiplyTfliteSingle(x, m));
}

// N20.
AddParams makeAddParams(QuantParams a, QuantParams b, QuantParams out,
                        int32_t min, int32_t max, Rounding rounding,
                        int32_t leftShift) {
  AddParams params;
  params.rounding = rounding;
  params.zpA = a.zeroPoint;
  params.zpB = b.zeroPoint;
  params.zpOut = out.zeroPoint;
  params.min = min;
  params.max = max;
  params.multiplierA = a.scale / out.scale;
  params.multiplierB = b.scale / out.scale;
  params.leftShift = leftShift;
  double common = 2.0 * static_cast<double>(std::max(a.scale, b.scale));
  double unit = static_cast<double>(int64_t(1) << leftShift);
  params.fixedA = quantizeMultiplier(double(a.scale) / common, rounding);
  params.fixedB = quantizeMultiplier(double(b.scale) / common, rounding);
  params.fixedOut =
      quantizeMultiplier(common / (unit * double(out.scale)), rounding);
  return params;
}

// N20.
AddParams makeSubParams(QuantParams a, QuantParams b, QuantParams out,
                        int32_t min, int32_t max, Rounding rounding,
                        int32_t leftShift) {
  AddParams params = makeAddParams(a, b, out, min, max, rounding, leftShift);
  params.multiplierB = -params.multiplierB;
  params.fixedB.mantissa = -params.fixedB.mantissa;
  return params;
}

// N43.
void applyHome(AddParams &params, HomeVariant variant) {
  if (variant.home != Home::OnnxRuntime || params.rounding != Rounding::Fp32Rne)
    return;
  params.home = variant.home;
  params.byteOffset = variant.isUnsigned ? 128 : 0;
  float zpA = static_cast<float>(params.zpA + params.byteOffset);
  float zpB = static_cast<float>(params.zpB + params.byteOffset);
  float zpOut = static_cast<float>(params.zpOut + params.byteOffset);
  float right = params.multiplierB * zpB;
  params.fixedPart = zpOut - std::fma(params.multiplierA, zpA, right);
}

// N43.
static int32_t addOnnxRuntime(int32_t a, int32_t b, const AddParams &params) {
  float x = static_cast<float>(a + params.byteOffset);
  float y = static_cast<float>(b + params.byteOffset);
  float right = std::fma(y, params.multiplierB, params.fixedPart);
  int64_t scaled = roundHalfEven(std::fma(x, params.multiplierA, right));
  return static_cast<int32_t>(
      clampTo(scaled - params.byteOffset, params.min, params.max));
}

// N20.
int32_t addQuantized(int32_t a, int32_t b, const AddParams &params) {
  if (params.home == Home::OnnxRuntime)
    return addOnnxRuntime(a, b, params);
  int32_t x = a - params.zpA, y = b - params.zpB;
  int64_t scaled = 0;
  if (params.form == AddParams::Form::OneShift) { // N60
    int64_t sum = int64_t(x) * params.weightA + int64_t(y) * params.weightB;
    scaled = (sum + (int64_t(1) << (params.shift - 1))) >> params.shift;
  } else if (params.rounding == Rounding::Fp32Rne) {
    // Three statements, so that each product is rounded before the sum.
    float left = static_cast<float>(x) * params.multiplierA;
    float right = static_cast<float>(y) * params.multiplierB;
    float sum = left + right;
    scaled = roundHalfEven(sum);
  } else {
    int32_t unit = int32_t(1) << params.leftShift;
    int64_t sum = static_cast<int64_t>(multiplyTflite(x * unit, params.fixedA,
                                                      params.rounding)) +
                  multiplyTflite(y * unit, params.fixedB, params.rounding);
    scaled = multiplyTflite(saturate32(sum), params.fixedOut, params.rounding);
  }
  return static_cast<int32_t>(
      clampTo(scaled + params.zpOut, params.min, params.max));
}

// N21.
MulParams makeMulParams(QuantParams a, QuantParams b, QuantParams out,
                        int32_t min, int32_t max, Rounding rounding) {
  MulParams params;
  params.zpA = a.zeroPoint;
  params.zpB = b.zeroPoint;
  params.rescale = {realMultiplier(a.scale, b.scale, out.scale, rounding),
                    0,
                    out.zeroPoint,
                    min,
                    max,
                    rounding};
  return params;
}

// N44.
void applyHome(MulParams &params, HomeVariant variant) {
  if (variant.home != Home::OnnxRuntime ||
      params.rescale.rounding != Rounding::Fp32Rne)
    return;
  params.home = variant.home;
  params.byteOffset = variant.isUnsigned ? 128 : 0;
}

// N44.
static int32_t mulOnnxRuntime(int32_t product, const MulParams &params) {
  const RescaleParams &rescale = params.rescale;
  float scaled =
      static_cast<float>(product) * static_cast<float>(rescale.multiplier);
  float sum =
      scaled + static_cast<float>(rescale.outputZeroPoint + params.byteOffset);
  int64_t rounded = roundHalfEven(sum);
  return static_cast<int32_t>(
      clampTo(rounded - params.byteOffset, rescale.min, rescale.max));
}

// N21.
int32_t mulQuantized(int32_t a, int32_t b, const MulParams &params) {
  int64_t product =
      (static_cast<int64_t>(a) - params.zpA) * (int64_t(b) - params.zpB);
  if (params.home == Home::OnnxRuntime)
    return mulOnnxRuntime(saturate32(product), params);
  return rescale(saturate32(product), params.rescale);
}

} // namespace qnt::num
