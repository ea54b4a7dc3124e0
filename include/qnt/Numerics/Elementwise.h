//===- Elementwise.h - Quantized add, sub and mul ---------------*- C++ -*-===//
//
// The two-operand integer formulas, one element at a time. Invariant: `make*`
// does all float work of the tflite modes, so that `addQuantized` and
// `mulQuantized` are integer arithmetic there.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_NUMERICS_ELEMENTWISE_H
#define QNT_NUMERICS_ELEMENTWISE_H

#include "qnt/Numerics/Home.h"
#include "qnt/Numerics/QuantParams.h"
#include "qnt/Numerics/Rescale.h"

#include <cstdint>

namespace qnt::num {

/// The constants of an add or a sub. Of the two groups of multipliers only the
/// one of `rounding` is read.
struct AddParams {
  /// How it is computed: N20, or N60.
  enum class Form { ByMode, OneShift };
  Form form = Form::ByMode;
  Rounding rounding = Rounding::Fp32Rne;
  int32_t zpA = 0, zpB = 0, zpOut = 0;
  int32_t min = -128, max = 127;
  /// fp32-rne: sA / sOut and sB / sOut (negated by a sub) in float32.
  float multiplierA = 1.0f, multiplierB = 1.0f;
  /// tflite: operands are shifted left by `leftShift`, scaled to the common
  /// scale 2 * max(sA, sB), added, then scaled by `fixedOut`.
  int32_t leftShift = 20;
  FixedMultiplier fixedA, fixedB, fixedOut;
  /// The formula; `byteOffset` is what turns a signed byte into the home's (128
  /// or 0), `fixedPart` the constant summand there (N43).
  Home home = Home::Native;
  int32_t byteOffset = 0;
  float fixedPart = 0.0f;
  /// N60: integer weights of the operands, and the shift of their sum.
  int32_t weightA = 0, weightB = 0, shift = 1;
};

/// Constants of out = a + b. `leftShift` is 20 for 8-bit operands and 15 for
/// 16-bit ones (N20).
AddParams makeAddParams(QuantParams a, QuantParams b, QuantParams out,
                        int32_t min, int32_t max, Rounding rounding,
                        int32_t leftShift = 20);

/// Constants of out = a - b: `makeAddParams` with the multiplier of b negated
/// (N20).
AddParams makeSubParams(QuantParams a, QuantParams b, QuantParams out,
                        int32_t min, int32_t max, Rounding rounding,
                        int32_t leftShift = 20);

/// Makes `params` those of a home, in fp32-rne (N43).
void applyHome(AddParams &params, HomeVariant variant);

/// One element of an add or a sub (N20, N43). |a - zpA| and |b - zpB| are below
/// 2^(31 - leftShift).
int32_t addQuantized(int32_t a, int32_t b, const AddParams &params);

/// The constants of a mul.
struct MulParams {
  int32_t zpA = 0, zpB = 0;
  RescaleParams rescale;
  /// As in AddParams (N44).
  Home home = Home::Native;
  int32_t byteOffset = 0;
};

/// Constants of out = a * b: the rescale multiplier is sA * sB / sOut (N21).
MulParams makeMulParams(QuantParams a, QuantParams b, QuantParams out,
                        int32_t min, int32_t max, Rounding rounding);

/// Makes `params` those of a home, in fp32-rne (N44).
void applyHome(MulParams &params, HomeVariant variant);

/// rescale((a - zpA) * (b - zpB)) (N21, N44).
int32_t mulQuantized(int32_t a, int32_t b, const MulParams &params);

} // namespace qnt::num

#endif // QNT_NUMERICS_ELEMENTWISE_H
