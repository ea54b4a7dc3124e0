//===- ConvPack.h - constants as kernels read them -------------*- C++ -*-===//
//
// Lays out constants at compile time. Invariant: what is not a weight (K tails,
// padding channels, bytes between pixels) is zero, so a kernel may multiply it
// by anything.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_CODEGEN_COMMON_CONVPACK_H
#define QNT_LIB_CODEGEN_COMMON_CONVPACK_H

#include "ConvPlan.h"

namespace mlir::qnt {

/// [panel][tap row][run][group][vector] of `DotFamily::weightByte`.
std::vector<int8_t> packWeights(const ConvSpec &spec, const ConvPlan &plan,
                                const DotFamily &family,
                                ArrayRef<int8_t> weights);

/// bias - zp * (sum of the channel's weights), where `zp` is the input zero
/// point in the storage domain; modulo 2^32, as accumulators are.
std::vector<int32_t> foldBias(const ConvSpec &spec, const KernelTarget &target,
                              const ConvWeights &weights);

/// Words of one vector of channels: biases, multipliers, shifts.
/// `channels[lane]` is the channel of a lane, or -1 for padding.
void appendParameters(std::vector<int32_t> &words, ArrayRef<int64_t> channels,
                      ArrayRef<int32_t> bias, const RescaleSpec &rescale);

/// [panel][vector] blocks of `appendParameters`.
std::vector<int32_t> packParameters(const ConvSpec &spec, const ConvPlan &plan,
                                    const DotFamily &family,
                                    ArrayRef<int32_t> bias);

/// The spec's rescale with the bounds of its accumulators proved from weights
/// and biases, for any input.
RescaleSpec proveBounds(const ConvSpec &spec, const ConvWeights &weights);

/// Weight `index` of channel `channel`, K in the order (kh, kw, c).
struct WeightView {
  const ConvSpec &spec;
  ArrayRef<int8_t> weights;

  /// Taps times input channels of one output channel.
  int64_t depth() const;
  int8_t at(int64_t channel, int64_t ky, int64_t kx, int64_t c) const;
  /// The k-th of `depth()`, in any order.
  int8_t at(int64_t channel, int64_t k) const;
};

} // namespace mlir::qnt

#endif // QNT_LIB_CODEGEN_COMMON_CONVPACK_H
