//===- Depthwise.h - depthwise convolution over byte lanes -----*- C++ -*-===//
//
// A depthwise kernel computes one register of output bytes at a time: lanes are
// channels, of several pixels where channels are few. Invariant: lane l of
// every tap meets the weight of the channel that lane l of the output has.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_CODEGEN_COMMON_DEPTHWISE_H
#define QNT_LIB_CODEGEN_COMMON_DEPTHWISE_H

#include "ConvKernel.h"
#include "ConvPack.h"

namespace mlir::qnt {

/// How one instruction set multiplies taps lane by lane.
class DepthwiseFamily {
public:
  virtual ~DepthwiseFamily() = default;

  /// Bytes of a register of activations.
  int64_t bytes = 16;
  /// Taps that one `accumulate` takes.
  int64_t taps = 1;
  /// Accumulators, and i32 lanes of each.
  int64_t vectors = 1, lanes = 16;

  /// The byte lane that lane `lane` of accumulator `vector` sums up.
  virtual int64_t byteLane(int64_t vector, int64_t lane) const {
    return vector * lanes + lane;
  }
  /// Appends the weights of one step: at(byte lane, tap) gives each.
  virtual void pack(std::vector<int8_t> &packed,
                    function_ref<int8_t(int64_t, int64_t)> at) const = 0;
  /// Adds the products of up to `taps` registers of activations and the packed
  /// weights at `at`.
  virtual void accumulate(ImplicitLocOpBuilder &b, MutableArrayRef<Value> acc,
                          ArrayRef<Value> inputs, Value weights,
                          Offset at) const = 0;
  /// The scaled accumulators as bytes in natural order.
  virtual Value narrow(ImplicitLocOpBuilder &b, ArrayRef<Value> scaled,
                       const RescaleSpec &spec,
                       const KernelTarget &target) const;

  /// Bytes of the weights of one step.
  virtual int64_t stepBytes() const { return bytes * taps; }
};

/// `symmetricWeights`: none is -128.
std::unique_ptr<DepthwiseFamily> makeDepthwiseFamily(const KernelTarget &target,
                                                     bool symmetricWeights);
std::unique_ptr<DepthwiseFamily>
makeX86DepthwiseFamily(const KernelTarget &target);

/// Products in 16 bits, which hold the sum of two of them as long as no weight
/// is -128; widened to 32 bits pair by pair (smull, smlal, saddw on AArch64).
class PortableDepthwise : public DepthwiseFamily {
public:
  explicit PortableDepthwise(bool symmetricWeights) {
    taps = symmetricWeights ? 2 : 1;
  }

  void pack(std::vector<int8_t> &packed,
            function_ref<int8_t(int64_t, int64_t)> at) const override;
  void accumulate(ImplicitLocOpBuilder &b, MutableArrayRef<Value> acc,
                  ArrayRef<Value> inputs, Value weights,
                  Offset at) const override;
};
std::unique_ptr<DepthwiseFamily>
makeAArch64DepthwiseFamily(bool symmetricWeights);

struct DepthwisePlan {
  /// Output channels per input channel.
  int64_t multiplier = 1;
  /// Pixels and channels of a register; `blocks` of them cover the channels,
  /// the last one overlapping.
  int64_t pixels = 1, channels = 1, blocks = 1;
  /// The taps are one section, written out, or one per kernel row, looped over.
  int64_t sections = 1, sectionTaps = 1;

  static DepthwisePlan get(const ConvSpec &spec, const DepthwiseFamily &family);

  /// First channel of block `index`.
  int64_t firstChannel(const ConvSpec &spec, int64_t index) const {
    return std::min(index * channels, spec.out.c - channels);
  }
  int64_t steps(const DepthwiseFamily &family) const {
    return (sectionTaps + family.taps - 1) / family.taps;
  }
};

/// [block][section][step] of `DepthwiseFamily::pack`.
std::vector<int8_t> packDepthwiseWeights(const ConvSpec &spec,
                                         const DepthwisePlan &plan,
                                         const DepthwiseFamily &family,
                                         ArrayRef<int8_t> weights);
/// [block][vector] of `appendParameters`.
std::vector<int32_t> packDepthwiseParameters(const ConvSpec &spec,
                                             const DepthwisePlan &plan,
                                             const DepthwiseFamily &family,
                                             ArrayRef<int32_t> bias);

/// Writes the body of a depthwise convolution.
void emitDepthwiseBody(ImplicitLocOpBuilder &b, const ConvSpec &spec,
                       const DepthwisePlan &plan, const DepthwiseFamily &family,
                       const KernelTarget &target,
                       const ConvOperands &operands);

} // namespace mlir::qnt

#endif // QNT_LIB_CODEGEN_COMMON_DEPTHWISE_H
