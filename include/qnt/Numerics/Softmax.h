//===- Softmax.h - Integer softmax ------------------------------*- C++ -*-===//
//
// Softmax of int8 rows by a table of fixed-point exponentials and one integer
// division per element. Invariant: no float at run time and no intermediate
// value above 2^32 - 1, so uint32 arithmetic is enough.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_NUMERICS_SOFTMAX_H
#define QNT_NUMERICS_SOFTMAX_H

#include "qnt/Numerics/QuantParams.h"

#include <array>
#include <cstdint>

namespace qnt::num {

/// Longest axis that `softmax` accepts.
inline constexpr int64_t kSoftmaxMaxLength = 65536;

/// Parameters of every softmax result: 1/256 and -128.
inline constexpr QuantParams kSoftmaxOutput = {1.0f / 256.0f, -128};

/// Entry d is exp(-d * sIn) in fixed point, for d = max - x.
using SoftmaxTable = std::array<uint32_t, 256>;

/// The fixed-point value of exp(0) for an axis of `length` entries:
/// min(2^23, floor((2^32 - 1) / length)) (N25).
uint32_t softmaxOne(int64_t length);

/// rne(exp(-d * double(sIn)) * softmaxOne(length)) for d in 0..255 (N25).
/// `sIn` is positive and finite, `length` in [1, kSoftmaxMaxLength]; the
/// longest length is right for every shorter one, with fewer bits.
SoftmaxTable buildSoftmaxTable(float sIn, int64_t length = kSoftmaxMaxLength);

/// One softmax over `length` entries that lie `stride` apart (N25).
void softmaxRow(const int8_t *in, int8_t *out, int64_t length, int64_t stride,
                const SoftmaxTable &table);

/// Softmax along the middle axis of [outer, length, inner] (N25).
void softmax(const int8_t *in, int8_t *out, int64_t outer, int64_t length,
             int64_t inner, const SoftmaxTable &table);

/// The softmax of ONNX Runtime's QLinearSoftmax: floats at run time (N45).
struct FloatSoftmax {
  /// Entry d is the scaled exponential of max - x = d.
  std::array<float, 256> table;
  /// floor(1 / output scale).
  float factor = 256.0f;
  int32_t zeroPoint = -128;
};

/// The constants for an axis of `length` entries (N45).
FloatSoftmax makeFloatSoftmax(float sIn, int64_t length, QuantParams out);

/// As `softmax`; the sum runs in the order of the axis (N45).
void softmaxFloat(const int8_t *in, int8_t *out, int64_t outer, int64_t length,
                  int64_t inner, const FloatSoftmax &params);

} // namespace qnt::num

#endif // QNT_NUMERICS_SOFTMAX_H
