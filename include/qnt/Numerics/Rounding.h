//===- Rounding.h - Rounding modes and float to integer ---------*- C++ -*-===//
//
// The three rounding modes of the project and the one conversion from float to
// integer on which every float formula of docs/Numerics.md rests. Invariant:
// no result depends on the floating-point environment of the caller (N1).
//
//===----------------------------------------------------------------------===//

#ifndef QNT_NUMERICS_ROUNDING_H
#define QNT_NUMERICS_ROUNDING_H

#include <cstdint>
#include <optional>
#include <string_view>

namespace qnt::num {

/// How an accumulator is brought back to a narrow integer (N2).
enum class Rounding {
  /// clamp(rne(float(acc) * float(M)) + z): XNNPACK, ONNX Runtime on x86.
  Fp32Rne,
  /// gemmlowp's doubling high product and rounding shift; TOSA DOUBLE_ROUND.
  TfliteDouble,
  /// One product, one rounding shift, ties up; TOSA SINGLE_ROUND.
  TfliteSingle,
};

/// The mode of a spelling made by `stringify`, std::nullopt for any other.
std::optional<Rounding> parseRounding(std::string_view name);

/// "fp32-rne", "tflite-double" or "tflite-single".
std::string_view stringify(Rounding mode);

/// Nearest integer, ties to even; saturates outside int32; NaN gives 0. Equals
/// llvm.fptosi.sat.i32(llvm.roundeven(x)) (N1).
int32_t roundHalfEven(float x);

/// As `roundHalfEven`, of a double into int64 (N1).
int64_t roundHalfEven64(double x);

/// `v` brought into [lo, hi]; needs lo <= hi.
constexpr int64_t clampTo(int64_t v, int64_t lo, int64_t hi) {
  if (v < lo)
    return lo;
  return v > hi ? hi : v;
}

/// `v` saturated to int32.
constexpr int32_t saturate32(int64_t v) {
  return static_cast<int32_t>(clampTo(v, INT32_MIN, INT32_MAX));
}

} // namespace qnt::num

#endif // QNT_NUMERICS_ROUNDING_H
