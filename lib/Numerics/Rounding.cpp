//===- Rounding.cpp - Rounding modes and float to integer -----------------===//
//
// Float to integer by truncation and an exact remainder, which gives the same
// answer in every floating-point environment: no step of it ever rounds.
//
//===----------------------------------------------------------------------===//

#include "qnt/Numerics/Rounding.h"

#include <cfloat>
#include <cmath>

static_assert(FLT_EVAL_METHOD == 0,
              "float expressions must be evaluated in float");

namespace qnt::num {

// N1. `Real` has fewer mantissa bits than `Int` has bits, so the truncated
// value converts back exactly and the remainder is exact as well.
template <typename Int, typename Real>
static Int roundHalfEvenImpl(Real x, Real limit, Int lowest, Int highest) {
  if (std::isnan(x))
    return 0;
  if (x >= limit)
    return highest;
  if (x < -limit)
    return lowest;
  Int truncated = static_cast<Int>(x);
  Real rest = x - static_cast<Real>(truncated);
  Real magnitude = rest < 0 ? -rest : rest;
  bool away =
      magnitude > Real(0.5) || (magnitude == Real(0.5) && (truncated & 1) != 0);
  if (!away)
    return truncated;
  return x < 0 ? truncated - 1 : truncated + 1;
}

std::optional<Rounding> parseRounding(std::string_view name) {
  for (Rounding mode :
       {Rounding::Fp32Rne, Rounding::TfliteDouble, Rounding::TfliteSingle})
    if (stringify(mode) == name)
      return mode;
  return std::nullopt;
}

std::string_view stringify(Rounding mode) {
  switch (mode) {
  case Rounding::Fp32Rne:
    return "fp32-rne";
  case Rounding::TfliteDouble:
    return "tflite-double";
  case Rounding::TfliteSingle:
    return "tflite-single";
  }
  return "";
}

int32_t roundHalfEven(float x) {
  return roundHalfEvenImpl<int32_t, float>(x, 0x1p31f, INT32_MIN, INT32_MAX);
}

int64_t roundHalfEven64(double x) {
  return roundHalfEvenImpl<int64_t, double>(x, 0x1p63, INT64_MIN, INT64_MAX);
}

} // namespace qnt::num
