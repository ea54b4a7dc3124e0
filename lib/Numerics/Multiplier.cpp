//===- Multiplier.cpp - Real and fixed-point multipliers ------------------===//
//
// Builds multipliers in floating point at compile time and applies them in
// integers. Invariant: |x * mantissa| <= 2^31 * (2^31 - 1), so a rounding term
// of at most 2^61 never carries a 64-bit product over.
//
//===----------------------------------------------------------------------===//

#include "qnt/Numerics/Multiplier.h"

#include <cmath>

namespace qnt::num {

// N4.
FixedMultiplier quantizeMultiplier(double m, Rounding) {
  constexpr int32_t maxExponent = 30;
  constexpr int32_t minExponent = -31;
  constexpr int64_t one = int64_t(1) << 31;
  if (std::isnan(m) || m == 0.0)
    return {0, 0};
  int32_t sign = m < 0 ? -1 : 1;
  if (std::isinf(m))
    return {sign * INT32_MAX, maxExponent};
  int exponent = 0;
  double fraction = std::frexp(std::fabs(m), &exponent);
  // std::round breaks ties away from zero, as the origin of N4 does.
  int64_t mantissa = static_cast<int64_t>(std::round(fraction * double(one)));
  if (mantissa == one) {
    mantissa /= 2;
    ++exponent;
  }
  if (exponent < minExponent)
    return {0, 0};
  if (exponent > maxExponent)
    return {sign * INT32_MAX, maxExponent};
  return {sign * static_cast<int32_t>(mantissa), exponent};
}

double toDouble(FixedMultiplier m) {
  return std::ldexp(static_cast<double>(m.mantissa), m.exponent - 31);
}

// N3. Two statements, so that each step is rounded to float32.
float fp32Multiplier(float sIn, float sW, float sOut) {
  float product = sIn * sW;
  return product / sOut;
}

double realMultiplier(float sIn, float sW, float sOut, Rounding mode) {
  if (mode == Rounding::Fp32Rne)
    return static_cast<double>(fp32Multiplier(sIn, sW, sOut));
  return static_cast<double>(sIn) * static_cast<double>(sW) /
         static_cast<double>(sOut);
}

double realMultiplier(float sIn, float sOut, Rounding mode) {
  return realMultiplier(sIn, 1.0f, sOut, mode);
}

// N6.
int64_t multiplyTfliteDouble(int32_t x, FixedMultiplier m) {
  int64_t product = static_cast<int64_t>(x) * m.mantissa;
  int32_t left = m.exponent > 0 ? m.exponent : 0;
  int32_t right = m.exponent > 0 ? 0 : -m.exponent;
  int64_t high = (product + (int64_t(1) << (30 - left))) >> (31 - left);
  if (right == 0)
    return high;
  // Ties away from zero: a negative value needs one more unit to round up.
  int64_t half = int64_t(1) << (right - 1);
  return (high + half - (high < 0 ? 1 : 0)) >> right;
}

// N7.
int64_t multiplyTfliteSingle(int32_t x, FixedMultiplier m) {
  int64_t product = static_cast<int64_t>(x) * m.mantissa;
  int32_t shift = 31 - m.exponent;
  return (product + (int64_t(1) << (shift - 1))) >> shift;
}

// N8.
ReducedMultiplier reduceMultiplier(FixedMultiplier m) {
  constexpr int32_t maxExponent = 14;
  if (m.exponent > maxExponent)
    return {m.mantissa < 0 ? -0x7FFF : 0x7FFF, 15 - maxExponent};
  int64_t rounded = (static_cast<int64_t>(m.mantissa) + (1 << 15)) >> 16;
  return {static_cast<int32_t>(clampTo(rounded, -0x7FFF, 0x7FFF)),
          15 - m.exponent};
}

// N8.
int64_t multiplyTflite48(int64_t x, FixedMultiplier m) {
  constexpr int64_t limit = int64_t(1) << 47;
  ReducedMultiplier reduced = reduceMultiplier(m);
  int64_t product = clampTo(x, -limit, limit - 1) * reduced.mantissa;
  return (product + (int64_t(1) << (reduced.shift - 1))) >> reduced.shift;
}

} // namespace qnt::num
