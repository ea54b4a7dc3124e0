//===- QuantParams.h - Scales, zero points and storage ranges ---*- C++ -*-===//
//
// How a range of reals becomes a scale and a zero point, and how one value
// goes back and forth. Invariant: every scale made here is finite and at least
// FLT_MIN, every zero point lies in the storage range, and real 0 is exact.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_NUMERICS_QUANTPARAMS_H
#define QNT_NUMERICS_QUANTPARAMS_H

#include <cstdint>
#include <optional>
#include <vector>

namespace qnt::num {

/// real = scale * (stored - zeroPoint).
struct QuantParams {
  float scale = 1.0f;
  int32_t zeroPoint = 0;
};

/// The stored integers that a type allows, both ends included.
struct StorageRange {
  int32_t min = -128;
  int32_t max = 127;
};

inline bool operator==(QuantParams a, QuantParams b) {
  return a.scale == b.scale && a.zeroPoint == b.zeroPoint;
}
inline bool operator!=(QuantParams a, QuantParams b) { return !(a == b); }
inline bool operator==(StorageRange a, StorageRange b) {
  return a.min == b.min && a.max == b.max;
}
inline bool operator!=(StorageRange a, StorageRange b) { return !(a == b); }

/// The range of a 1 to 32 bit integer; `narrow` gives up the lowest value. An
/// unsigned 32-bit range ends at INT32_MAX (N10).
StorageRange storageRange(unsigned bits, bool isSigned, bool narrow);

/// Parameters for reals in [rmin, rmax], which is first extended to hold 0.
/// std::nullopt where no scale exists: a bound that is not finite, rmin > rmax,
/// a constant zero range, a scale below FLT_MIN or above FLT_MAX, or a storage
/// range without two values (without a value above zero if symmetric) (N11).
std::optional<QuantParams> chooseParams(double rmin, double rmax,
                                        StorageRange range, bool symmetric);

/// clamp(rne(x / scale) + zp), a true float32 division; NaN gives zp clamped,
/// an infinite or huge quotient saturates (N12).
int32_t quantize(float x, float scale, int32_t zp, int32_t qmin, int32_t qmax);

/// `quantize` with the parameters in their structs (N12).
int32_t quantize(float x, QuantParams params, StorageRange range);

/// float(q - zp) * scale: the difference in int64, then two float32 roundings
/// of which the first is exact below 2^24 (N13).
float dequantize(int32_t q, float scale, int32_t zp);

/// `dequantize` with the parameters in their struct (N13).
float dequantize(int32_t q, QuantParams params);

/// One symmetric scale per index of `axis`: maxabs / range.max, zero point 0.
/// A channel whose scale would fall below FLT_MIN (all zeros, for one) takes
/// the largest scale of the others, and 1 where there is none. std::nullopt if
/// a value is not finite, `axis` is no axis, or `range.max` is not positive
/// (N14).
std::optional<std::vector<float>>
chooseSymmetricPerAxis(const float *data, const std::vector<int64_t> &dims,
                       unsigned axis, StorageRange range = {-127, 127});

/// `chooseSymmetricPerAxis` with the whole tensor as one channel (N14).
std::optional<float> chooseSymmetricPerTensor(const float *data, int64_t count,
                                              StorageRange range = {-127, 127});

/// Stores `data` with one scale per index of `axis`, zero point 0 (N12, N14).
/// `scales` has dims[axis] entries.
std::vector<int32_t> quantizePerAxis(const float *data,
                                     const std::vector<int64_t> &dims,
                                     unsigned axis,
                                     const std::vector<float> &scales,
                                     StorageRange range);

/// rne(b / (double(sIn) * double(sW))) as int32. Sets `saturated` where the
/// value did not fit or b was NaN (which gives 0), else leaves it alone, so one
/// flag may serve a whole tensor (N15).
int32_t quantizeBias(double b, float sIn, float sW, bool &saturated);

/// The smallest weight scale with which `quantizeBias(b, sIn, .)` does not
/// saturate; 0 for b = 0. For callers that widen a weight scale to save a bias
/// (N15).
float minWeightScaleForBias(double b, float sIn);

} // namespace qnt::num

#endif // QNT_NUMERICS_QUANTPARAMS_H
