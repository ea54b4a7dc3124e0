//===- Softmax.cpp - Integer softmax --------------------------------------===//
//
// Invariant: entry 0 of a table is `softmaxOne`, no entry is above it, and a
// row always has an element with d = 0; so the sum is never zero, never above
// 2^32 - 1, and e * 256 + sum / 2 is below 2^32 too.
//
//===----------------------------------------------------------------------===//

#include "qnt/Numerics/Softmax.h"

#include "qnt/Numerics/Rounding.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace qnt::num {

// N25.
uint32_t softmaxOne(int64_t length) {
  constexpr int64_t mostBits = int64_t(1) << 23;
  return static_cast<uint32_t>(
      std::min<int64_t>(mostBits, int64_t(UINT32_MAX) / length));
}

// N25.
SoftmaxTable buildSoftmaxTable(float sIn, int64_t length) {
  SoftmaxTable table;
  double one = static_cast<double>(softmaxOne(length));
  for (size_t d = 0; d < table.size(); ++d) {
    double e = std::exp(-static_cast<double>(d) * static_cast<double>(sIn));
    table[d] = static_cast<uint32_t>(roundHalfEven64(e * one));
  }
  return table;
}

// N25.
void softmaxRow(const int8_t *in, int8_t *out, int64_t length, int64_t stride,
                const SoftmaxTable &table) {
  int32_t max = INT8_MIN;
  for (int64_t i = 0; i < length; ++i)
    max = std::max<int32_t>(max, in[i * stride]);
  uint32_t sum = 0;
  for (int64_t i = 0; i < length; ++i)
    sum += table[static_cast<size_t>(max - in[i * stride])];
  for (int64_t i = 0; i < length; ++i) {
    uint32_t e = table[static_cast<size_t>(max - in[i * stride])];
    uint32_t share = (e * 256 + sum / 2) / sum;
    out[i * stride] = static_cast<int8_t>(
        std::min<int32_t>(static_cast<int32_t>(share) - 128, INT8_MAX));
  }
}

void softmax(const int8_t *in, int8_t *out, int64_t outer, int64_t length,
             int64_t inner, const SoftmaxTable &table) {
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t i = 0; i < inner; ++i) {
      int64_t offset = o * length * inner + i;
      softmaxRow(in + offset, out + offset, length, inner, table);
    }
}

// N45.
FloatSoftmax makeFloatSoftmax(float sIn, int64_t length, QuantParams out) {
  FloatSoftmax params;
  params.factor = std::floor(1.0f / out.scale);
  params.zeroPoint = out.zeroPoint;
  float most = std::numeric_limits<float>::max() / static_cast<float>(length);
  double scale = sIn;
  // The largest exponential is as large as the sum leaves room for.
  double shift = std::max(0.0, std::log(static_cast<double>(most)) - 5.0);
  shift /= scale;
  for (size_t d = 0; d < params.table.size(); ++d)
    params.table[d] =
        static_cast<float>(std::exp((shift - static_cast<double>(d)) * scale));
  return params;
}

// N45.
static void softmaxFloatRow(const int8_t *in, int8_t *out, int64_t length,
                            int64_t stride, const FloatSoftmax &params) {
  int32_t max = INT8_MIN;
  for (int64_t i = 0; i < length; ++i)
    max = std::max<int32_t>(max, in[i * stride]);
  float sum = 0.0f;
  for (int64_t i = 0; i < length; ++i)
    sum += params.table[static_cast<size_t>(max - in[i * stride])];
  for (int64_t i = 0; i < length; ++i) {
    float scaled =
        params.table[static_cast<size_t>(max - in[i * stride])] * params.factor;
    int64_t share = roundHalfEven(scaled / sum);
    out[i * stride] = static_cast<int8_t>(
        clampTo(share + params.zeroPoint, INT8_MIN, INT8_MAX));
  }
}

void softmaxFloat(const int8_t *in, int8_t *out, int64_t outer, int64_t length,
                  int64_t inner, const FloatSoftmax &params) {
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t i = 0; i < inner; ++i) {
      int64_t offset = o * length * inner + i;
      softmaxFloatRow(in + offset, out + offset, length, inner, params);
    }
}

} // namespace qnt::num
