//===- ReferenceTensor.cpp - Reference elementwise and data movement ------===//
//
// Whole tensors through the scalar formulas, and the kernels that only move
// stored values. Invariant: data movement keeps the bits of a value unless a
// rescale is asked for.
//
//===----------------------------------------------------------------------===//

#include "qnt/Numerics/Reference.h"

#include <algorithm>

namespace qnt::num {

// Row-major strides, in elements.
static Dims stridesOf(const Dims &dims) {
  Dims strides(dims.size(), 1);
  for (size_t i = dims.size(); i > 1; --i)
    strides[i - 2] = strides[i - 1] * dims[i - 1];
  return strides;
}

// Strides of an operand seen with the rank of the result: aligned at the last
// dimension, 0 where it is broadcast.
static Dims broadcastStrides(const Dims &dims, size_t rank) {
  Dims own = stridesOf(dims), strides(rank, 0);
  for (size_t i = 0; i < dims.size(); ++i)
    strides[rank - dims.size() + i] = dims[i] == 1 ? 0 : own[i];
  return strides;
}

// Calls visit(index) for each index of `dims`, in memory order.
template <typename Visit> void forEachIndex(const Dims &dims, Visit visit) {
  Dims index(dims.size(), 0);
  for (int64_t i = 0, e = elementCount(dims); i < e; ++i) {
    visit(index);
    for (size_t d = dims.size(); d > 0 && ++index[d - 1] == dims[d - 1]; --d)
      index[d - 1] = 0;
  }
}

static int64_t offsetOf(const Dims &index, const Dims &strides) {
  int64_t offset = 0;
  for (size_t i = 0; i < index.size(); ++i)
    offset += index[i] * strides[i];
  return offset;
}

template <typename Compute>
static void broadcastBinary(const int8_t *a, const Dims &aDims, const int8_t *b,
                            const Dims &bDims, int8_t *out, const Dims &outDims,
                            Compute compute) {
  Dims aStrides = broadcastStrides(aDims, outDims.size());
  Dims bStrides = broadcastStrides(bDims, outDims.size());
  forEachIndex(outDims, [&](const Dims &index) {
    *out++ = static_cast<int8_t>(
        compute(a[offsetOf(index, aStrides)], b[offsetOf(index, bStrides)]));
  });
}

// Applies `apply(rescaler, value)` with the rescaler of each element's channel.
template <typename In, typename Out, typename Apply>
static void rescaleImpl(const In *in, Out *out, const Dims &dims,
                        const std::vector<RescaleParams> &params, unsigned axis,
                        Apply apply) {
  std::vector<Rescaler> rescalers(params.begin(), params.end());
  int64_t inner = 1;
  for (size_t i = axis + 1; i < dims.size(); ++i)
    inner *= dims[i];
  int64_t channels = static_cast<int64_t>(rescalers.size());
  for (int64_t i = 0, e = elementCount(dims); i < e; ++i) {
    const Rescaler &entry = rescalers[size_t((i / inner) % channels)];
    out[i] = static_cast<Out>(apply(entry, in[i]));
  }
}

int64_t elementCount(const Dims &dims) {
  int64_t count = 1;
  for (int64_t dim : dims)
    count *= dim;
  return count;
}

// N9.
void rescaleTensor(const int32_t *in, int8_t *out, const Dims &dims,
                   const std::vector<RescaleParams> &params, unsigned axis) {
  rescaleImpl(in, out, dims, params, axis,
              [](const Rescaler &r, int32_t acc) { return r(acc); });
}

void rescaleTensor(const int64_t *in, int16_t *out, const Dims &dims,
                   const std::vector<RescaleParams> &params, unsigned axis) {
  rescaleImpl(in, out, dims, params, axis,
              [](const Rescaler &r, int64_t acc) { return r.apply64(acc); });
}

void requantizeTensor(const int8_t *in, int8_t *out, int64_t count,
                      const RescaleParams &params) {
  Rescaler rescaler(params);
  for (int64_t i = 0; i < count; ++i)
    out[i] = static_cast<int8_t>(rescaler(in[i]));
}

RescaleParams makeRequantize(QuantParams in, QuantParams out,
                             StorageRange range, Rounding rounding) {
  return {realMultiplier(in.scale, out.scale, rounding),
          in.zeroPoint,
          out.zeroPoint,
          range.min,
          range.max,
          rounding};
}

// N20.
void addTensors(const int8_t *a, const Dims &aDims, const int8_t *b,
                const Dims &bDims, int8_t *out, const Dims &outDims,
                const AddParams &params) {
  broadcastBinary(a, aDims, b, bDims, out, outDims, [&](int32_t x, int32_t y) {
    return addQuantized(x, y, params);
  });
}

// N21.
void mulTensors(const int8_t *a, const Dims &aDims, const int8_t *b,
                const Dims &bDims, int8_t *out, const Dims &outDims,
                const MulParams &params) {
  broadcastBinary(a, aDims, b, bDims, out, outDims, [&](int32_t x, int32_t y) {
    return mulQuantized(x, y, params);
  });
}

// N24.
void concat(const std::vector<const int8_t *> &operands,
            const std::vector<int64_t> &extents, const Dims &dims,
            unsigned axis, int8_t *out,
            const std::vector<RescaleParams> &rescales) {
  int64_t outer = 1, inner = 1;
  for (size_t i = 0; i < dims.size(); ++i)
    (i < axis ? outer : inner) *= i == axis ? 1 : dims[i];
  for (int64_t o = 0; o < outer; ++o)
    for (size_t i = 0; i < operands.size(); ++i) {
      int64_t run = extents[i] * inner;
      requantizeTensor(operands[i] + o * run, out, run, rescales[i]);
      out += run;
    }
}

// N24.
void pad(const int8_t *in, int8_t *out, const Dims &dims, const Dims &low,
         const Dims &high, int8_t value) {
  Dims outDims = dims, strides = stridesOf(dims);
  for (size_t i = 0; i < dims.size(); ++i)
    outDims[i] += low[i] + high[i];
  forEachIndex(outDims, [&](const Dims &index) {
    int64_t offset = 0;
    bool inside = true;
    for (size_t i = 0; i < index.size(); ++i) {
      int64_t position = index[i] - low[i];
      inside &= position >= 0 && position < dims[i];
      offset += position * strides[i];
    }
    *out++ = inside ? in[offset] : value;
  });
}

// N24.
void transpose(const int8_t *in, int8_t *out, const Dims &dims,
               const std::vector<unsigned> &perm) {
  Dims inStrides = stridesOf(dims), outDims, strides;
  for (unsigned source : perm) {
    outDims.push_back(dims[source]);
    strides.push_back(inStrides[source]);
  }
  forEachIndex(outDims, [&](const Dims &index) {
    *out++ = in[offsetOf(index, strides)];
  });
}

// N16.
void applyTable(const int8_t *in, int8_t *out, int64_t count,
                const std::array<int8_t, 256> &table) {
  for (int64_t i = 0; i < count; ++i)
    out[i] = table[static_cast<size_t>(in[i] + 128)];
}

} // namespace qnt::num
