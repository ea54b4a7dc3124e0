//===- Requantize.h - emit the end of every integer kernel -----*- C++ -*-===//
//
// Emits qnt.rescale on accumulators in registers: scalars of i32 or vectors of
// any length. Invariant: for every accumulator inside the proved bounds of the
// spec the emitted code returns what qnt::num::rescale returns (N9), whatever
// the rounding mode and the target.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_CODEGEN_REQUANTIZE_H
#define QNT_CODEGEN_REQUANTIZE_H

#include "qnt/Codegen/Kernel.h"

namespace mlir::qnt {

/// The multiplier of a rescale as values shaped like the accumulator.
struct RescaleOperands {
  /// fp32-rne: f32. tflite modes: the i32 mantissa.
  Value multiplier;
  /// tflite modes: i32, the right shift 31 - exponent, in [1, 62]. Else null.
  Value shift;
};

/// One multiplier as the words that constants hold: `multiplier` is the bits
/// of the float32 or the mantissa; `shift` is 0 in fp32-rne.
struct RescaleWords {
  int32_t multiplier = 0;
  int32_t shift = 0;
};
RescaleWords getRescaleWords(double multiplier, Rounding rounding);

/// What the text of a rescale depends on beside its zero points and bounds:
/// facts proved from the values of the multipliers and accumulator bounds, so
/// that layers that differ in the values alone can share a kernel.
struct RescaleTraits {
  /// acc - inputZp cannot leave int32.
  bool plainSubtract = false;
  /// fp32-rne: |(acc - inputZp) * multiplier| stays below 2^31.
  bool productFitsInt32 = false;
  /// tflite modes: every shift is at least 33 and |acc - inputZp| < 2^30, so
  /// that the high words of the products suffice.
  bool highWordsSuffice = false;

  static RescaleTraits get(const RescaleSpec &spec);
  /// Text that is equal for equal traits; part of kernel keys.
  std::string key() const;
};

/// The operands of multiplier `channel` of the spec as constants, splat to the
/// shape of `accType` (i32 or a vector of it).
RescaleOperands rescaleConstants(ImplicitLocOpBuilder &b,
                                 const RescaleSpec &spec, Type accType,
                                 int64_t channel = 0);

/// round((acc - inputZp) * multiplier), as i32; where that leaves the range
/// [min - outputZp, max - outputZp], some i32 on the same side of it.
Value emitScale(ImplicitLocOpBuilder &b, Value acc, RescaleOperands operands,
                const RescaleSpec &spec, const KernelTarget &target);

/// clamp(scaled + outputZp, min, max) as i8 in the storage domain of the
/// target (sign bit flipped where activations are unsigned).
Value emitNarrow(ImplicitLocOpBuilder &b, Value scaled, const RescaleSpec &spec,
                 const KernelTarget &target);

/// The whole rescale: `emitScale`, then `emitNarrow`.
Value emitRescale(ImplicitLocOpBuilder &b, Value acc, RescaleOperands operands,
                  const RescaleSpec &spec, const KernelTarget &target);

/// The whole rescale with the spec's first multiplier for all elements.
Value emitRescale(ImplicitLocOpBuilder &b, Value acc, const RescaleSpec &spec,
                  const KernelTarget &target);

} // namespace mlir::qnt

#endif // QNT_CODEGEN_REQUANTIZE_H
