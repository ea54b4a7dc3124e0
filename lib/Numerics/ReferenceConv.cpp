//===- ReferenceConv.cpp - Reference convolutions and products ------------===//
//
// Sums of products with the zero point taken off each operand first. Invariant:
// sums run in the unsigned type of the accumulator, so an overflow wraps as
// generated code does and is never undefined (N18).
//
//===----------------------------------------------------------------------===//

#include "qnt/Numerics/Reference.h"

#include <type_traits>

namespace qnt::num {

// N18: adds a product to an accumulator, modulo 2^(bits of Acc).
template <typename Acc> void accumulate(Acc &acc, int64_t a, int64_t b) {
  using Unsigned = std::make_unsigned_t<Acc>;
  acc = static_cast<Acc>(static_cast<Unsigned>(acc) +
                         static_cast<Unsigned>(a * b));
}

// Calls visit(n, y, x) for each output position, in memory order.
template <typename Visit>
static void forEachOutput(const WindowShape &s, Visit visit) {
  for (int64_t n = 0; n < s.n; ++n)
    for (int64_t y = 0; y < s.oh(); ++y)
      for (int64_t x = 0; x < s.ow(); ++x)
        visit(n, y, x);
}

// Calls visit(ky, kx, offset of the pixel) for each tap inside the input. A
// padded position holds zpIn, so its product is zero (N19).
template <typename Visit>
static void forEachTap(const WindowShape &s, int64_t n, int64_t y, int64_t x,
                       Visit visit) {
  for (int64_t ky = 0; ky < s.kh; ++ky)
    for (int64_t kx = 0; kx < s.kw; ++kx) {
      int64_t iy = y * s.strideH - s.padTop + ky * s.dilationH;
      int64_t ix = x * s.strideW - s.padLeft + kx * s.dilationW;
      if (iy >= 0 && iy < s.ih && ix >= 0 && ix < s.iw)
        visit(ky, kx, ((n * s.ih + iy) * s.iw + ix) * s.c);
    }
}

template <typename In, typename Acc>
static void convImpl(const In *in, const int8_t *w, const Acc *bias, Acc *out,
                     const Conv2DShape &s, int32_t zpIn) {
  int64_t groupIn = s.c / s.groups, groupOut = s.oc / s.groups;
  forEachOutput(s, [&](int64_t n, int64_t y, int64_t x) {
    for (int64_t oc = 0; oc < s.oc; ++oc) {
      Acc acc = bias ? bias[oc] : Acc(0);
      int64_t first = (oc / groupOut) * groupIn;
      forEachTap(s, n, y, x, [&](int64_t ky, int64_t kx, int64_t pixel) {
        const int8_t *tap = w + ((oc * s.kh + ky) * s.kw + kx) * groupIn;
        for (int64_t c = 0; c < groupIn; ++c)
          accumulate<Acc>(acc, int64_t(in[pixel + first + c]) - zpIn, tap[c]);
      });
      *out++ = acc;
    }
  });
}

template <typename In, typename Acc>
static void depthwiseImpl(const In *in, const int8_t *w, const Acc *bias,
                          Acc *out, const Conv2DShape &s, int32_t zpIn) {
  int64_t multiplier = s.oc / s.c;
  forEachOutput(s, [&](int64_t n, int64_t y, int64_t x) {
    for (int64_t oc = 0; oc < s.oc; ++oc) {
      Acc acc = bias ? bias[oc] : Acc(0);
      forEachTap(s, n, y, x, [&](int64_t ky, int64_t kx, int64_t pixel) {
        // HWCM with C and M flattened is HWO.
        int8_t weight = w[(ky * s.kw + kx) * s.oc + oc];
        accumulate<Acc>(acc, int64_t(in[pixel + oc / multiplier]) - zpIn,
                        weight);
      });
      *out++ = acc;
    }
  });
}

template <typename In, typename Acc>
static void matmulImpl(const In *a, const int8_t *w, const Acc *bias, Acc *out,
                       const MatmulShape &s, int32_t zpA, int32_t zpW) {
  int64_t strideK = s.transposeW ? 1 : s.n, strideN = s.transposeW ? s.k : 1;
  for (int64_t b = 0; b < s.batch; ++b) {
    const int8_t *matrix = w + (s.sharedW ? 0 : b * s.k * s.n);
    for (int64_t i = 0; i < s.m; ++i)
      for (int64_t j = 0; j < s.n; ++j) {
        Acc acc = bias ? bias[j] : Acc(0);
        const In *row = a + (b * s.m + i) * s.k;
        for (int64_t k = 0; k < s.k; ++k)
          accumulate<Acc>(acc, int64_t(row[k]) - zpA,
                          int64_t(matrix[k * strideK + j * strideN]) - zpW);
        *out++ = acc;
      }
  }
}

void conv2d(const int8_t *in, const int8_t *w, const int32_t *bias,
            int32_t *out, const Conv2DShape &shape, int32_t zpIn) {
  convImpl(in, w, bias, out, shape, zpIn);
}

void conv2d(const int16_t *in, const int8_t *w, const int64_t *bias,
            int64_t *out, const Conv2DShape &shape, int32_t zpIn) {
  convImpl(in, w, bias, out, shape, zpIn);
}

void depthwiseConv2d(const int8_t *in, const int8_t *w, const int32_t *bias,
                     int32_t *out, const Conv2DShape &shape, int32_t zpIn) {
  depthwiseImpl(in, w, bias, out, shape, zpIn);
}

void depthwiseConv2d(const int16_t *in, const int8_t *w, const int64_t *bias,
                     int64_t *out, const Conv2DShape &shape, int32_t zpIn) {
  depthwiseImpl(in, w, bias, out, shape, zpIn);
}

void matmul(const int8_t *a, const int8_t *w, const int32_t *bias, int32_t *out,
            const MatmulShape &shape, int32_t zpA, int32_t zpW) {
  matmulImpl(a, w, bias, out, shape, zpA, zpW);
}

void matmul(const int16_t *a, const int8_t *w, const int64_t *bias,
            int64_t *out, const MatmulShape &shape, int32_t zpA, int32_t zpW) {
  matmulImpl(a, w, bias, out, shape, zpA, zpW);
}

} // namespace qnt::num
