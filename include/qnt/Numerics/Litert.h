//===- Litert.h - what LiteRT computes where it has its own way --*- C++
//-*-===//
//
// The rules N60 to N69: integer arithmetic of models whose home is LiteRT with
// the XNNPACK delegate, for ops where neither N1 to N25 nor a table of N16 is
// what that runtime does. All numbers are in signed storage; uint8 is int8 with
// both values and zero points moved by 128 (N40).
//
//===----------------------------------------------------------------------===//

#ifndef QNT_NUMERICS_LITERT_H
#define QNT_NUMERICS_LITERT_H

#include "qnt/Numerics/Elementwise.h"
#include "qnt/Numerics/QuantParams.h"
#include "qnt/Numerics/Reference.h"

#include <array>
#include <cstdint>

namespace qnt::num {

using ByteTable = std::array<int8_t, 256>;

/// True if the delegate takes a sum of these scales (N60).
bool isXnnpackAdd(float sA, float sB, float sOut);
/// The constants of N60. `negateB` makes it a difference.
AddParams makeXnnpackAdd(QuantParams a, QuantParams b, QuantParams out,
                         int32_t min, int32_t max, bool negateB);

/// True if the delegate takes a product of these scales; else it is N21 in the
/// mode tflite-double (N61).
bool isXnnpackMul(float sA, float sB, float sOut);

/// Stored bytes under other parameters (N62).
ByteTable litertRequantize(QuantParams in, QuantParams out);
/// Leaky relu (N63).
ByteTable litertLeakyRelu(QuantParams in, QuantParams out, float alpha);
/// Relu and its relatives: `low` and `high` bound the real result (N64).
ByteTable litertClamp(QuantParams in, QuantParams out, float low, float high);
/// The absolute value (N64).
ByteTable litertAbs(QuantParams in, QuantParams out);
/// x * relu6(x + 3) / 6 (N65).
ByteTable litertHardSwish(QuantParams in, QuantParams out);

/// round(sum / count) of the stored values of a window inside the input, ties
/// away from zero; `offset` is what storage lacks to the numbers of the model:
/// 128 for uint8 (N66).
int32_t litertAverage(int32_t sum, int32_t count, int32_t offset, int32_t min,
                      int32_t max);
void litertAveragePool(const int8_t *in, int8_t *out, const WindowShape &shape,
                       int32_t offset, int32_t min, int32_t max);

/// The scale of a mean (N67).
float litertMeanScale(float sIn, float sOut, int64_t count);
/// clamp(rne(acc * scale + z), min, max): the zero point before the rounding,
/// as the model's storage has it (N67).
int32_t litertMean(int32_t acc, float scale, int32_t zeroPoint, int32_t offset,
                   int32_t min, int32_t max);

/// exp(-d * sIn * beta) for differences d in 0..255 (N68).
using FloatTable = std::array<float, 256>;
FloatTable litertSoftmaxTable(float sIn, float beta);
void litertSoftmaxRow(const int8_t *in, int8_t *out, int64_t length,
                      const FloatTable &table, QuantParams outParams);
void litertSoftmax(const int8_t *in, int8_t *out, int64_t rows, int64_t length,
                   const FloatTable &table, QuantParams outParams);

} // namespace qnt::num

#endif // QNT_NUMERICS_LITERT_H
