//===- Resize.h - resizing of images -----------------------------*- C++
//-*-===//
//
// Where the elements of a resized image come from, and the reference kernels
// (N80, N81). Both axes map an output coordinate to an input one by integers,
// so every implementation reads the same elements with the same weights.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_NUMERICS_RESIZE_H
#define QNT_NUMERICS_RESIZE_H

#include <cstdint>

namespace qnt::num {

/// One axis: output position i lies at (i * denominator + offset) / numerator
/// of the input; numerator > 0.
struct ResizeAxis {
  int64_t in = 1, out = 1;
  int64_t numerator = 1, denominator = 1, offset = 0;
};

/// The two input positions around an output position; `weight` of `high`,
/// numerator - weight of `low` (N81).
struct ResizeTap {
  int64_t low = 0, high = 0, weight = 0;
};

/// The nearest input position, halves up, held inside the input (N80).
int64_t nearestTap(const ResizeAxis &axis, int64_t position);

/// The neighbours of an output position, held inside the input (N81).
ResizeTap linearTap(const ResizeAxis &axis, int64_t position);

/// out[n, y, x, :] = in[n, nearest(y), nearest(x), :] (N80).
void resizeNearest(const int8_t *in, int8_t *out, int64_t n, int64_t c,
                   const ResizeAxis &y, const ResizeAxis &x);

/// Sums of stored values over four neighbours; the weights of each sum to
/// y.numerator * x.numerator (N81).
void resizeBilinear(const int8_t *in, int32_t *out, int64_t n, int64_t c,
                    const ResizeAxis &y, const ResizeAxis &x);

} // namespace qnt::num

#endif // QNT_NUMERICS_RESIZE_H
