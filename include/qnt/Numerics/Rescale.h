//===- Rescale.h - Accumulator to narrow integer ----------------*- C++ -*-===//
//
// The meaning of qnt.rescale, in every rounding mode. Invariant: each function
// is total (every input has one defined result inside [min, max]), and in the
// tflite modes `Rescaler::operator()` and `apply64` touch no float.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_NUMERICS_RESCALE_H
#define QNT_NUMERICS_RESCALE_H

#include "qnt/Numerics/Multiplier.h"
#include "qnt/Numerics/Rounding.h"

#include <cstdint>
#include <optional>

namespace qnt::num {

/// What a rescale needs. `multiplier` is finite and not negative, and
/// min <= max.
struct RescaleParams {
  double multiplier = 1.0;
  int32_t inputZeroPoint = 0;
  int32_t outputZeroPoint = 0;
  int32_t min = -128;
  int32_t max = 127;
  Rounding rounding = Rounding::Fp32Rne;
  /// In fp32-rne alone: the zero point, more this offset, is added before the
  /// rounding (N67).
  std::optional<int32_t> earlyZeroPoint = std::nullopt;
};

/// A rescale with its multiplier prepared, for loops over many accumulators.
class Rescaler {
public:
  explicit Rescaler(const RescaleParams &params);

  /// N9 over N5, N6 or N7.
  int32_t operator()(int32_t acc) const;

  /// N9 over N5 or N8: int48 and int64 accumulators (16-bit activations).
  int32_t apply64(int64_t acc) const;

  const RescaleParams &params() const { return values; }

  /// The multiplier of the tflite modes.
  FixedMultiplier fixedMultiplier() const { return fixed; }

  /// The multiplier of fp32-rne.
  float floatMultiplier() const { return real; }

private:
  RescaleParams values;
  FixedMultiplier fixed;
  float real;
};

/// clamp(scaled(acc - inputZeroPoint) + outputZeroPoint). The difference is
/// taken in int64 and saturated to int32; the sum is taken in int64 (N9).
int32_t rescale(int32_t acc, const RescaleParams &params);

/// `rescale` of a 48-bit or 64-bit accumulator (N8, N9).
int32_t rescale64(int64_t acc, const RescaleParams &params);

} // namespace qnt::num

#endif // QNT_NUMERICS_RESCALE_H
