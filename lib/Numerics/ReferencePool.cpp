//===- ReferencePool.cpp - Reference pooling and reductions ---------------===//
//
// Windows without weights. Invariant: a sum is of stored values, so the zero
// point leaves it as count * zp in the rescale that follows (N23).
//
//===----------------------------------------------------------------------===//

#include "qnt/Numerics/Reference.h"

#include <algorithm>

namespace qnt::num {

// Calls visit(pixel) for each position of a window; pixel is the offset of its
// first channel, or -1 where it is padding.
template <typename Visit>
static void forEachPixel(const WindowShape &s, int64_t n, int64_t y, int64_t x,
                         Visit visit) {
  for (int64_t ky = 0; ky < s.kh; ++ky)
    for (int64_t kx = 0; kx < s.kw; ++kx) {
      int64_t iy = y * s.strideH - s.padTop + ky * s.dilationH;
      int64_t ix = x * s.strideW - s.padLeft + kx * s.dilationW;
      bool inside = iy >= 0 && iy < s.ih && ix >= 0 && ix < s.iw;
      visit(inside ? ((n * s.ih + iy) * s.iw + ix) * s.c : -1);
    }
}

// Calls visit(n, y, x, c) for each output element, in memory order.
template <typename Visit>
static void forEachElement(const WindowShape &s, Visit visit) {
  for (int64_t n = 0; n < s.n; ++n)
    for (int64_t y = 0; y < s.oh(); ++y)
      for (int64_t x = 0; x < s.ow(); ++x)
        for (int64_t c = 0; c < s.c; ++c)
          visit(n, y, x, c);
}

// N22.
void maxPool2d(const int8_t *in, int8_t *out, const WindowShape &shape) {
  forEachElement(shape, [&](int64_t n, int64_t y, int64_t x, int64_t c) {
    int8_t best = INT8_MIN;
    forEachPixel(shape, n, y, x, [&](int64_t pixel) {
      if (pixel >= 0)
        best = std::max(best, in[pixel + c]);
    });
    *out++ = best;
  });
}

// N23.
int64_t windowCount(const WindowShape &shape, int64_t y, int64_t x,
                    bool countIncludesPad) {
  int64_t count = 0;
  forEachPixel(shape, 0, y, x, [&](int64_t pixel) {
    count += countIncludesPad || pixel >= 0 ? 1 : 0;
  });
  return count;
}

// N23.
void sumPool2d(const int8_t *in, int32_t *out, const WindowShape &shape,
               int32_t zpIn, bool countIncludesPad) {
  int32_t padded = countIncludesPad ? zpIn : 0;
  forEachElement(shape, [&](int64_t n, int64_t y, int64_t x, int64_t c) {
    int32_t sum = 0;
    forEachPixel(shape, n, y, x, [&](int64_t pixel) {
      sum += pixel >= 0 ? in[pixel + c] : padded;
    });
    *out++ = sum;
  });
}

// N23. The count enters as a factor of the output scale; up to 2^24 it is
// exact in float32.
RescaleParams makeMeanRescale(QuantParams in, QuantParams out, int64_t count,
                              StorageRange range, Rounding rounding) {
  double multiplier = 0.0;
  if (rounding == Rounding::Fp32Rne) {
    float divisor = out.scale * static_cast<float>(count);
    multiplier = static_cast<double>(in.scale / divisor);
  } else {
    multiplier =
        double(in.scale) / (double(out.scale) * static_cast<double>(count));
  }
  return {multiplier,    saturate32(int64_t(in.zeroPoint) * count),
          out.zeroPoint, range.min,
          range.max,     rounding};
}

// N23.
void averagePool2d(const int8_t *in, int8_t *out, const WindowShape &shape,
                   QuantParams inParams, QuantParams outParams,
                   StorageRange range, Rounding rounding,
                   bool countIncludesPad) {
  int64_t total = shape.n * shape.oh() * shape.ow() * shape.c;
  std::vector<int32_t> sums(static_cast<size_t>(total));
  sumPool2d(in, sums.data(), shape, inParams.zeroPoint, countIncludesPad);
  const int32_t *sum = sums.data();
  forEachElement(shape, [&](int64_t, int64_t y, int64_t x, int64_t) {
    int64_t count = windowCount(shape, y, x, countIncludesPad);
    int32_t value =
        count == 0 ? static_cast<int32_t>(
                         clampTo(outParams.zeroPoint, range.min, range.max))
                   : rescale(*sum, makeMeanRescale(inParams, outParams, count,
                                                   range, rounding));
    ++sum;
    *out++ = static_cast<int8_t>(value);
  });
}

// N46.
void averagePoolFloat(const int8_t *in, int8_t *out, const WindowShape &shape,
                      QuantParams inParams, QuantParams outParams,
                      StorageRange range, bool isUnsigned) {
  int32_t offset = isUnsigned ? 128 : 0;
  float zero = static_cast<float>(outParams.zeroPoint + offset);
  float count = static_cast<float>(shape.kh * shape.kw);
  forEachElement(shape, [&](int64_t n, int64_t y, int64_t x, int64_t c) {
    float sum = 0.0f;
    forEachPixel(shape, n, y, x, [&](int64_t pixel) {
      sum += dequantize(in[pixel + c], inParams);
    });
    float mean = sum / count;
    float scaled = mean / outParams.scale;
    int64_t rounded = roundHalfEven(scaled + zero);
    *out++ =
        static_cast<int8_t>(clampTo(rounded - offset, range.min, range.max));
  });
}

// N23.
void reduceSum(const int8_t *in, int32_t *out, const Dims &dims,
               unsigned axis) {
  int64_t outer = 1, inner = 1;
  for (size_t i = 0; i < dims.size(); ++i)
    (i < axis ? outer : inner) *= i == axis ? 1 : dims[i];
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t i = 0; i < inner; ++i) {
      int32_t sum = 0;
      for (int64_t k = 0; k < dims[axis]; ++k)
        sum += in[(o * dims[axis] + k) * inner + i];
      *out++ = sum;
    }
}

} // namespace qnt::num
