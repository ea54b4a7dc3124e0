//===- Multiplier.h - Real and fixed-point multipliers ----------*- C++ -*-===//
//
// How a ratio of scales becomes the multiplier of a rescale, and the integer
// products of the tflite modes. Invariant: the products use integers alone and
// never overflow, for every int32 operand and every normalized multiplier.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_NUMERICS_MULTIPLIER_H
#define QNT_NUMERICS_MULTIPLIER_H

#include "qnt/Numerics/Rounding.h"

#include <cstdint>

namespace qnt::num {

/// mantissa * 2^(exponent - 31). Normalized: the mantissa is 0 (and the
/// exponent 0 too) or its magnitude lies in [2^30, 2^31), and the exponent in
/// [-31, 30].
struct FixedMultiplier {
  int32_t mantissa = 0;
  int32_t exponent = 0;
};

inline bool operator==(FixedMultiplier a, FixedMultiplier b) {
  return a.mantissa == b.mantissa && a.exponent == b.exponent;
}
inline bool operator!=(FixedMultiplier a, FixedMultiplier b) {
  return !(a == b);
}

/// The nearest normalized pair; flushes to zero below 2^-32, caps at 2^30, NaN
/// gives zero. The pair is the same in all modes (N4).
FixedMultiplier quantizeMultiplier(double m, Rounding mode);

/// The real value of a pair, exactly.
double toDouble(FixedMultiplier m);

/// (sIn * sW) / sOut, each step rounded to float32 (N3).
float fp32Multiplier(float sIn, float sW, float sOut);

/// The multiplier that the IR stores: double(fp32Multiplier) for Fp32Rne, the
/// same expression computed in double otherwise (N3).
double realMultiplier(float sIn, float sW, float sOut, Rounding mode);

/// sIn / sOut as the IR stores it: `realMultiplier` with sW = 1 (N3).
double realMultiplier(float sIn, float sOut, Rounding mode);

/// x * m by gemmlowp's two roundings; not yet saturated to int32 (N6).
int64_t multiplyTfliteDouble(int32_t x, FixedMultiplier m);

/// x * m by one rounding shift, ties up; not yet saturated to int32 (N7).
int64_t multiplyTfliteSingle(int32_t x, FixedMultiplier m);

/// The multiplier with 16 bits of mantissa that `multiplyTflite48` applies:
/// value = mantissa * 2^-shift, shift in [1, 46] (N8).
struct ReducedMultiplier {
  int32_t mantissa = 0;
  int32_t shift = 1;
};
ReducedMultiplier reduceMultiplier(FixedMultiplier m);

/// x * m for 48-bit accumulators, in both tflite modes; `x` saturates to 48
/// bits first (N8).
int64_t multiplyTflite48(int64_t x, FixedMultiplier m);

} // namespace qnt::num

#endif // QNT_NUMERICS_MULTIPLIER_H
