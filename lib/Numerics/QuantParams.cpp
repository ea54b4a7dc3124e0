//===- QuantParams.cpp - Scales, zero points and storage ranges -----------===//
//
// Parameters are computed in double and rounded to float32 once, at the end;
// values are stored with float32 arithmetic, as generated code does. Invariant:
// no function here makes a scale that is zero, subnormal or infinite.
//
//===----------------------------------------------------------------------===//

#include "qnt/Numerics/QuantParams.h"

#include "qnt/Numerics/Rounding.h"

#include <algorithm>
#include <cfloat>
#include <cmath>

namespace qnt::num {

// True where a scale, once a float, is normal and finite.
static bool isUsableScale(double scale) {
  return scale >= double(FLT_MIN) && scale <= double(FLT_MAX);
}

// N14: gives the channels without a usable scale the largest one of the others.
static std::vector<float> finishScales(const std::vector<double> &maxAbs,
                                       int32_t steps) {
  std::vector<float> scales;
  float largest = 0.0f;
  for (double value : maxAbs) {
    double scale = value / steps;
    scales.push_back(isUsableScale(scale) ? static_cast<float>(scale) : 0.0f);
    largest = std::max(largest, scales.back());
  }
  for (float &scale : scales)
    if (scale == 0.0f)
      scale = largest == 0.0f ? 1.0f : largest;
  return scales;
}

// Elements that one index of `axis` holds without a gap.
static int64_t innerCount(const std::vector<int64_t> &dims, unsigned axis) {
  int64_t inner = 1;
  for (size_t i = axis + 1; i < dims.size(); ++i)
    inner *= dims[i];
  return inner;
}

static int64_t totalCount(const std::vector<int64_t> &dims) {
  int64_t total = 1;
  for (int64_t dim : dims)
    total *= dim;
  return total;
}

// N10.
StorageRange storageRange(unsigned bits, bool isSigned, bool narrow) {
  int64_t count = int64_t(1) << std::clamp(bits, 1u, 32u);
  int64_t min = isSigned ? -count / 2 : 0;
  int64_t max = min + count - 1;
  return {static_cast<int32_t>(min + (narrow ? 1 : 0)), saturate32(max)};
}

// N11.
std::optional<QuantParams> chooseParams(double rmin, double rmax,
                                        StorageRange range, bool symmetric) {
  if (!std::isfinite(rmin) || !std::isfinite(rmax) || rmin > rmax ||
      range.min >= range.max)
    return std::nullopt;
  rmin = std::min(rmin, 0.0);
  rmax = std::max(rmax, 0.0);
  int64_t qmin = range.min, qmax = range.max;
  if (symmetric) {
    int64_t zeroPoint = (qmin + qmax + 1) >> 1;
    int64_t steps = std::min(qmax - zeroPoint, zeroPoint - qmin);
    if (steps <= 0)
      return std::nullopt;
    double scale = std::max(-rmin, rmax) / static_cast<double>(steps);
    if (!isUsableScale(scale))
      return std::nullopt;
    return QuantParams{static_cast<float>(scale),
                       static_cast<int32_t>(zeroPoint)};
  }
  double scale = (rmax - rmin) / static_cast<double>(qmax - qmin);
  if (!isUsableScale(scale))
    return std::nullopt;
  int64_t zeroPoint = roundHalfEven64(static_cast<double>(qmin) - rmin / scale);
  return QuantParams{static_cast<float>(scale),
                     static_cast<int32_t>(clampTo(zeroPoint, qmin, qmax))};
}

// N12.
int32_t quantize(float x, float scale, int32_t zp, int32_t qmin, int32_t qmax) {
  float quotient = x / scale;
  int64_t q = static_cast<int64_t>(roundHalfEven(quotient)) + zp;
  return static_cast<int32_t>(clampTo(q, qmin, qmax));
}

int32_t quantize(float x, QuantParams params, StorageRange range) {
  return quantize(x, params.scale, params.zeroPoint, range.min, range.max);
}

// N13.
float dequantize(int32_t q, float scale, int32_t zp) {
  int64_t difference = static_cast<int64_t>(q) - zp;
  return static_cast<float>(difference) * scale;
}

float dequantize(int32_t q, QuantParams params) {
  return dequantize(q, params.scale, params.zeroPoint);
}

// N14.
std::optional<std::vector<float>>
chooseSymmetricPerAxis(const float *data, const std::vector<int64_t> &dims,
                       unsigned axis, StorageRange range) {
  if (axis >= dims.size() || range.max <= 0)
    return std::nullopt;
  int64_t inner = innerCount(dims, axis), channels = dims[axis];
  std::vector<double> maxAbs(static_cast<size_t>(channels), 0.0);
  for (int64_t i = 0, e = totalCount(dims); i < e; ++i) {
    if (!std::isfinite(data[i]))
      return std::nullopt;
    double &entry = maxAbs[static_cast<size_t>((i / inner) % channels)];
    entry = std::max(entry, std::fabs(static_cast<double>(data[i])));
  }
  return finishScales(maxAbs, range.max);
}

std::optional<float> chooseSymmetricPerTensor(const float *data, int64_t count,
                                              StorageRange range) {
  std::optional<std::vector<float>> scales =
      chooseSymmetricPerAxis(data, {1, count}, 0, range);
  if (!scales)
    return std::nullopt;
  return scales->front();
}

std::vector<int32_t> quantizePerAxis(const float *data,
                                     const std::vector<int64_t> &dims,
                                     unsigned axis,
                                     const std::vector<float> &scales,
                                     StorageRange range) {
  int64_t inner = innerCount(dims, axis), channels = dims[axis];
  std::vector<int32_t> stored;
  int64_t total = totalCount(dims);
  stored.reserve(static_cast<size_t>(total));
  for (int64_t i = 0; i < total; ++i) {
    float scale = scales[static_cast<size_t>((i / inner) % channels)];
    stored.push_back(quantize(data[i], scale, 0, range.min, range.max));
  }
  return stored;
}

// N15.
int32_t quantizeBias(double b, float sIn, float sW, bool &saturated) {
  double step = static_cast<double>(sIn) * static_cast<double>(sW);
  double quotient = b / step;
  if (std::isnan(quotient)) {
    saturated = true;
    return 0;
  }
  int64_t q = roundHalfEven64(quotient);
  if (q < INT32_MIN || q > INT32_MAX)
    saturated = true;
  return saturate32(q);
}

// N15.
float minWeightScaleForBias(double b, float sIn) {
  if (b == 0.0)
    return 0.0f;
  double exact = std::fabs(b) / (double(sIn) * double(INT32_MAX));
  float scale = static_cast<float>(exact);
  // Rounding to float, or the division inside quantizeBias, may lose an ulp.
  for (bool saturated = true; saturated && std::isfinite(scale);) {
    saturated = false;
    quantizeBias(b, sIn, scale, saturated);
    if (saturated)
      scale = std::nextafter(scale, INFINITY);
  }
  return scale;
}

} // namespace qnt::num
