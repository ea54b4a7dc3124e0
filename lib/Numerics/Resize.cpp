//===- Resize.cpp - resizing of images ------------------------------------===//
//
// Invariant: positions are integers throughout, floored, and held inside the
// input, so no neighbour is ever read outside it.
//
//===----------------------------------------------------------------------===//

#include "qnt/Numerics/Resize.h"

#include <algorithm>

namespace qnt::num {

static int64_t floorDiv(int64_t a, int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

static int64_t inside(const ResizeAxis &axis, int64_t position) {
  return std::clamp<int64_t>(position, 0, axis.in - 1);
}

// N80.
int64_t nearestTap(const ResizeAxis &axis, int64_t position) {
  int64_t at = position * axis.denominator + axis.offset;
  int64_t index = floorDiv(at, axis.numerator);
  int64_t rest = at - index * axis.numerator;
  return inside(axis, index + (2 * rest >= axis.numerator ? 1 : 0));
}

// N81.
ResizeTap linearTap(const ResizeAxis &axis, int64_t position) {
  int64_t at = position * axis.denominator + axis.offset;
  int64_t index = floorDiv(at, axis.numerator);
  return {inside(axis, index), inside(axis, index + 1),
          at - index * axis.numerator};
}

// N80.
void resizeNearest(const int8_t *in, int8_t *out, int64_t n, int64_t c,
                   const ResizeAxis &y, const ResizeAxis &x) {
  for (int64_t image = 0; image < n; ++image)
    for (int64_t oy = 0; oy < y.out; ++oy)
      for (int64_t ox = 0; ox < x.out; ++ox) {
        int64_t row = image * y.in + nearestTap(y, oy);
        const int8_t *pixel = in + (row * x.in + nearestTap(x, ox)) * c;
        out = std::copy(pixel, pixel + c, out);
      }
}

// N81.
void resizeBilinear(const int8_t *in, int32_t *out, int64_t n, int64_t c,
                    const ResizeAxis &y, const ResizeAxis &x) {
  for (int64_t image = 0; image < n; ++image)
    for (int64_t oy = 0; oy < y.out; ++oy)
      for (int64_t ox = 0; ox < x.out; ++ox) {
        ResizeTap row = linearTap(y, oy), column = linearTap(x, ox);
        auto line = [&](int64_t iy, int64_t channel) {
          const int8_t *first = in + (image * y.in + iy) * x.in * c + channel;
          return first[column.low * c] * (x.numerator - column.weight) +
                 first[column.high * c] * column.weight;
        };
        for (int64_t channel = 0; channel < c; ++channel)
          *out++ = static_cast<int32_t>(line(row.low, channel) *
                                            (y.numerator - row.weight) +
                                        line(row.high, channel) * row.weight);
      }
}

} // namespace qnt::num
