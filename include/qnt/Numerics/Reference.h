//===- Reference.h - Reference kernels ---------------------------*- C++
//-*-===//
//
// The integer kernels that generated code must equal, bit for bit, written for
// reading: dense row-major buffers, NHWC activations, plain loops. Invariant:
// an accumulator is the exact sum modulo 2^(its bits), so the order of
// additions is free for whoever computes the same thing faster (N18).
//
//===----------------------------------------------------------------------===//

#ifndef QNT_NUMERICS_REFERENCE_H
#define QNT_NUMERICS_REFERENCE_H

#include "qnt/Numerics/Elementwise.h"
#include "qnt/Numerics/QuantParams.h"
#include "qnt/Numerics/Rescale.h"

#include <array>
#include <cstdint>
#include <vector>

namespace qnt::num {

using Dims = std::vector<int64_t>;

/// Product of all dimensions; 1 for a scalar.
int64_t elementCount(const Dims &dims);

/// A two-dimensional sliding window over NHWC data.
struct WindowShape {
  int64_t n = 1, ih = 1, iw = 1, c = 1;
  int64_t kh = 1, kw = 1;
  int64_t strideH = 1, strideW = 1;
  int64_t padTop = 0, padBottom = 0, padLeft = 0, padRight = 0;
  int64_t dilationH = 1, dilationW = 1;

  /// Output height: whole windows inside the padded input.
  int64_t oh() const {
    return (ih + padTop + padBottom - dilationH * (kh - 1) - 1) / strideH + 1;
  }
  /// Output width, likewise.
  int64_t ow() const {
    return (iw + padLeft + padRight - dilationW * (kw - 1) - 1) / strideW + 1;
  }
};

/// A convolution: `groups` divides `c` and `oc`. A depthwise one ignores
/// `groups`; its `oc` is c times the channel multiplier.
struct Conv2DShape : WindowShape {
  int64_t oc = 1;
  int64_t groups = 1;
};

/// Convolution into raw accumulators. `in` [n, ih, iw, c], `w` OHWI
/// [oc, kh, kw, c / groups] with zero point 0, `bias` [oc] or null, `out`
/// [n, oh, ow, oc]. Padding holds zpIn (N18, N19).
void conv2d(const int8_t *in, const int8_t *w, const int32_t *bias,
            int32_t *out, const Conv2DShape &shape, int32_t zpIn);
void conv2d(const int16_t *in, const int8_t *w, const int64_t *bias,
            int64_t *out, const Conv2DShape &shape, int32_t zpIn);

/// Depthwise convolution into raw accumulators. `w` is HWCM
/// [kh, kw, c, oc / c]; output channel = c_index * multiplier + m (N18, N19).
void depthwiseConv2d(const int8_t *in, const int8_t *w, const int32_t *bias,
                     int32_t *out, const Conv2DShape &shape, int32_t zpIn);
void depthwiseConv2d(const int16_t *in, const int8_t *w, const int64_t *bias,
                     int64_t *out, const Conv2DShape &shape, int32_t zpIn);

/// out[b] = a[b] * w[b]: `a` [batch, m, k]; `w` [batch, k, n], or [batch, n, k]
/// with `transposeW`; one `w` for all batches with `sharedW`.
struct MatmulShape {
  int64_t batch = 1, m = 1, k = 1, n = 1;
  bool transposeW = false;
  bool sharedW = false;
};

/// Matrix product into raw accumulators, both operands with a zero point;
/// `bias` [n] or null (N18).
void matmul(const int8_t *a, const int8_t *w, const int32_t *bias, int32_t *out,
            const MatmulShape &shape, int32_t zpA, int32_t zpW);
void matmul(const int16_t *a, const int8_t *w, const int64_t *bias,
            int64_t *out, const MatmulShape &shape, int32_t zpA, int32_t zpW);

/// Rescales a tensor: one entry of `params` for all, or one per index of
/// `axis` (N9).
void rescaleTensor(const int32_t *in, int8_t *out, const Dims &dims,
                   const std::vector<RescaleParams> &params, unsigned axis = 0);
void rescaleTensor(const int64_t *in, int16_t *out, const Dims &dims,
                   const std::vector<RescaleParams> &params, unsigned axis = 0);

/// Rescales stored int8 values to another scheme (N9).
void requantizeTensor(const int8_t *in, int8_t *out, int64_t count,
                      const RescaleParams &params);

/// The parameters of a requantize from `in` to `out` (N3, N9).
RescaleParams makeRequantize(QuantParams in, QuantParams out,
                             StorageRange range, Rounding rounding);

/// Elementwise sum (or difference) and product with numpy broadcasting of
/// `aDims` and `bDims` into `outDims` (N20, N21).
void addTensors(const int8_t *a, const Dims &aDims, const int8_t *b,
                const Dims &bDims, int8_t *out, const Dims &outDims,
                const AddParams &params);
void mulTensors(const int8_t *a, const Dims &aDims, const int8_t *b,
                const Dims &bDims, int8_t *out, const Dims &outDims,
                const MulParams &params);

/// Maximum over the elements of each window that lie inside the input; -128
/// where there is none (N22).
void maxPool2d(const int8_t *in, int8_t *out, const WindowShape &shape);

/// Elements of the window at output (y, x): kh * kw when padding counts, else
/// those inside the input (N23).
int64_t windowCount(const WindowShape &shape, int64_t y, int64_t x,
                    bool countIncludesPad);

/// Sum over each window; a padded position adds zpIn if `countIncludesPad`,
/// else nothing (N23).
void sumPool2d(const int8_t *in, int32_t *out, const WindowShape &shape,
               int32_t zpIn, bool countIncludesPad);

/// The rescale that turns a sum of `count` stored values into their mean (N23).
RescaleParams makeMeanRescale(QuantParams in, QuantParams out, int64_t count,
                              StorageRange range, Rounding rounding);

/// sumPool2d, then `makeMeanRescale` with the count of each window; a window
/// without elements gives the output zero point (N23).
void averagePool2d(const int8_t *in, int8_t *out, const WindowShape &shape,
                   QuantParams inParams, QuantParams outParams,
                   StorageRange range, Rounding rounding,
                   bool countIncludesPad);

/// Sum of the stored values along `axis` (N23).
void reduceSum(const int8_t *in, int32_t *out, const Dims &dims, unsigned axis);

/// Concatenates along `axis`; operand i has `extents[i]` there and `dims`
/// elsewhere, and goes through `rescales[i]` first (N24).
void concat(const std::vector<const int8_t *> &operands,
            const std::vector<int64_t> &extents, const Dims &dims,
            unsigned axis, int8_t *out,
            const std::vector<RescaleParams> &rescales);

/// Surrounds a tensor by `value`: low[i] before and high[i] after dimension i
/// (N24).
void pad(const int8_t *in, int8_t *out, const Dims &dims, const Dims &low,
         const Dims &high, int8_t value);

/// out dimension i is in dimension perm[i] (N24).
void transpose(const int8_t *in, int8_t *out, const Dims &dims,
               const std::vector<unsigned> &perm);

/// out[i] = table[in[i] + 128] (N16).
void applyTable(const int8_t *in, int8_t *out, int64_t count,
                const std::array<int8_t, 256> &table);

/// Means of windows without padding, added up in float as ONNX Runtime does;
/// `isUnsigned`: the model's bytes are unsigned (N46).
void averagePoolFloat(const int8_t *in, int8_t *out, const WindowShape &shape,
                      QuantParams inParams, QuantParams outParams,
                      StorageRange range, bool isUnsigned);

} // namespace qnt::num

#endif // QNT_NUMERICS_REFERENCE_H
