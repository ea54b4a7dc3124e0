//===- DotFamily.h - the multiply-add of one instruction set ---*- C++ -*-===//
//
// What differs between instruction sets inside a convolution: how activations
// and weights are loaded, what one multiply-add is, and how accumulators become
// bytes. Loops, blocks and packing are the same for all. Invariant: `dot` is
// exact modulo 2^32, so the order of its calls never changes a result.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_CODEGEN_COMMON_DOTFAMILY_H
#define QNT_LIB_CODEGEN_COMMON_DOTFAMILY_H

#include "KernelBuilder.h"
#include "qnt/Codegen/Requantize.h"

#include <memory>

namespace mlir::qnt {

/// Figures of a family, for packing and for the choice of blocks.
struct DotFigures {
  /// i32 lanes of an accumulator: output channels per vector.
  int64_t lanes = 4;
  /// Consecutive bytes of K that one `dot` consumes per lane.
  int64_t group = 1;
  /// Groups that one activation load serves.
  int64_t step = 1;
  /// Vector registers that accumulators, weights and one activation may take,
  /// how many of them may be accumulators, and the most vectors of channels in
  /// a block.
  int64_t registers = 14, accumulators = 12, maxVectors = 4;
  /// Activations are first widened to i16 into a scratch buffer, from which
  /// the family then loads: [position][K].
  bool widens = false;
  /// Costs in cycles, as far as the choice of blocks needs them.
  double dotCost = 1, activationCost = 0.5, weightCost = 0.5;
  double latency = 5, epilogueCost = 3;
};

/// Where the accumulators of a block go.
struct DotOutput {
  const RescaleSpec &spec;
  const KernelTarget &target;
  /// Words of `packParameters`, at the first vector of the panel.
  Value parameters;
  Offset parametersAt;
  Value out;
  /// Byte of channel 0 of the panel, per row of the block.
  SmallVector<Offset> rows;
  /// Channels of the panel; lanes after these are padding.
  int64_t channels;
};

class DotFamily {
public:
  explicit DotFamily(DotFigures figures) : figures(figures) {}
  virtual ~DotFamily() = default;

  const DotFigures figures;

  VectorType accType(ImplicitLocOpBuilder &b) const {
    return VectorType::get(figures.lanes, b.getI32Type());
  }
  /// Bytes of one weight vector.
  int64_t weightBytes() const { return figures.lanes * figures.group; }

  /// Operands for `groups` (at most `step`) consecutive groups of K.
  virtual SmallVector<Value> loadActivations(ImplicitLocOpBuilder &b, Value in,
                                             Offset at,
                                             int64_t groups) const = 0;
  virtual Value loadWeights(ImplicitLocOpBuilder &b, Value weights,
                            Offset at) const = 0;
  virtual Value dot(ImplicitLocOpBuilder &b, Value acc, Value activation,
                    Value weights) const = 0;

  /// The column of a panel of `vectors` vectors that lane `lane` of vector
  /// `vector` holds.
  virtual int64_t column(int64_t vectors, int64_t vector, int64_t lane) const {
    return vector * figures.lanes + lane;
  }
  /// Where byte `k` of the group of lane `lane` lies in a weight vector.
  virtual int64_t weightByte(int64_t lane, int64_t k) const {
    return lane * figures.group + k;
  }
  /// Rescales and stores `acc[row][vector]`.
  virtual void finish(ImplicitLocOpBuilder &b, ArrayRef<SmallVector<Value>> acc,
                      const DotOutput &output) const;

protected:
  /// Natural order: clamps and narrows the scaled vectors of one row.
  virtual Value narrow(ImplicitLocOpBuilder &b, ArrayRef<Value> scaled,
                       const DotOutput &output) const;
};

/// Words per lane of the parameters: bias, multiplier and, in the tflite modes,
/// shift.
int64_t parameterWords(const RescaleSpec &spec);
/// The biases of vector `index` of the panel.
Value loadBias(ImplicitLocOpBuilder &b, Value parameters, Offset at,
               int64_t lanes, int64_t index, const RescaleSpec &spec);
/// The multipliers (and shifts) of vector `index` of the panel.
RescaleOperands loadMultiplier(ImplicitLocOpBuilder &b, Value parameters,
                               Offset at, int64_t lanes, int64_t index,
                               const RescaleSpec &spec);

/// The family of a target. x86 and AArch64 have their own; the portable one
/// multiplies sign-extended lanes and runs anywhere. `symmetricWeights`: none
/// is -128.
std::unique_ptr<DotFamily> makeDotFamily(const KernelTarget &target,
                                         bool symmetricWeights);
std::unique_ptr<DotFamily> makeX86DotFamily(const KernelTarget &target);
std::unique_ptr<DotFamily> makeAArch64DotFamily(const KernelTarget &target,
                                                bool symmetricWeights);

} // namespace mlir::qnt

#endif // QNT_LIB_CODEGEN_COMMON_DOTFAMILY_H
