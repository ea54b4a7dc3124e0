//===- Rescale.cpp - Accumulator to narrow integer ------------------------===//
//
// The composition of N9: subtract, scale, add, clamp. Both zero points are
// applied in 64 bits, so nothing here can wrap.
//
//===----------------------------------------------------------------------===//

#include "qnt/Numerics/Rescale.h"

#include "qnt/Numerics/Litert.h"

namespace qnt::num {

Rescaler::Rescaler(const RescaleParams &params)
    : values(params),
      fixed(quantizeMultiplier(params.multiplier, params.rounding)),
      real(static_cast<float>(params.multiplier)) {}

// N9.
int32_t Rescaler::operator()(int32_t acc) const {
  int32_t v =
      saturate32(static_cast<int64_t>(acc) - int64_t(values.inputZeroPoint));
  if (values.earlyZeroPoint) // N67
    return litertMean(v, real, values.outputZeroPoint, *values.earlyZeroPoint,
                      values.min, values.max);
  int64_t scaled = 0;
  switch (values.rounding) {
  case Rounding::Fp32Rne: // N5
    scaled = roundHalfEven(static_cast<float>(v) * real);
    break;
  case Rounding::TfliteDouble: // N6
    scaled = multiplyTfliteDouble(v, fixed);
    break;
  case Rounding::TfliteSingle: // N7
    scaled = multiplyTfliteSingle(v, fixed);
    break;
  }
  return static_cast<int32_t>(
      clampTo(scaled + values.outputZeroPoint, values.min, values.max));
}

// N8, N9.
int32_t Rescaler::apply64(int64_t acc) const {
  // Saturate to 63 bits first, so that the subtraction cannot overflow.
  constexpr int64_t limit = int64_t(1) << 62;
  int64_t v = clampTo(acc, -limit, limit) - values.inputZeroPoint;
  int64_t scaled = values.rounding == Rounding::Fp32Rne
                       ? roundHalfEven(static_cast<float>(v) * real)
                       : multiplyTflite48(v, fixed);
  return static_cast<int32_t>(
      clampTo(scaled + values.outputZeroPoint, values.min, values.max));
}

int32_t rescale(int32_t acc, const RescaleParams &params) {
  return Rescaler(params)(acc);
}

int32_t rescale64(int64_t acc, const RescaleParams &params) {
  return Rescaler(params).apply64(acc);
}

} // namespace qnt::num
