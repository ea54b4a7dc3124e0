//===- SmullDot.cpp - smull, smlal, sadalp --------------------------------===//
//
// AArch64 without dot products. Two products of the same lane are summed in 16
// bits, which holds them as long as no weight is -128, then pairs of lanes are
// added into i32.
//
//===----------------------------------------------------------------------===//

#include "NeonDot.h"

using namespace mlir;
using namespace mlir::qnt;

namespace {

/// A group is one or two pairs of K; weights are [pair][lane][2].
class SmullDot : public NeonDotFamily {
public:
  using NeonDotFamily::NeonDotFamily;

  /// Pairs, each splat to all lanes.
  SmallVector<Value> loadActivations(ImplicitLocOpBuilder &b, Value in,
                                     Offset at, int64_t groups) const override {
    int64_t bytes = figures.step * figures.group;
    Value pairs = bitcastVector(b, loadVector(b, in, at, bytes), bytes / 2, 16);
    SmallVector<Value> operands;
    for (int64_t g = 0; g < groups; ++g) {
      SmallVector<int64_t> mask;
      for (int64_t pair = 0; pair < figures.group / 2; ++pair)
        mask.append(4, g * figures.group / 2 + pair);
      operands.push_back(
          bitcastVector(b, shuffle(b, pairs, pairs, mask), weightBytes(), 8));
    }
    return operands;
  }
  Value loadWeights(ImplicitLocOpBuilder &b, Value weights,
                    Offset at) const override {
    return loadVector(b, weights, at, weightBytes());
  }
  Value dot(ImplicitLocOpBuilder &b, Value acc, Value activation,
            Value weights) const override {
    VectorType words = VectorType::get(8, b.getI16Type());
    Value sum;
    for (int64_t first = 0; first < weightBytes(); first += 8) {
      auto part = [&](Value v) {
        return arith::ExtSIOp::create(b, words, takeLanes(b, v, first, 8));
      };
      Value product = arith::MulIOp::create(b, part(activation), part(weights));
      sum = sum ? arith::AddIOp::create(b, sum, product).getResult() : product;
    }
    Value pairs =
        callIntrinsic(b, acc.getType(), "llvm.aarch64.neon.saddlp", {sum});
    return arith::AddIOp::create(b, acc, pairs);
  }
  int64_t weightByte(int64_t lane, int64_t k) const override {
    return k / 2 * 2 * figures.lanes + lane * 2 + k % 2;
  }
};

} // namespace

std::unique_ptr<DotFamily> mlir::qnt::makeSmullDot(bool symmetricWeights) {
  DotFigures figures;
  figures.group = symmetricWeights ? 4 : 2;
  // Longer steps and larger blocks make LLVM hoist products until they spill.
  figures.step = 8 / figures.group;
  figures.registers = 17;
  figures.dotCost = symmetricWeights ? 1.5 : 1;
  figures.latency = 4;
  return std::make_unique<SmullDot>(figures);
}

std::unique_ptr<DotFamily>
mlir::qnt::makeAArch64DotFamily(const KernelTarget &target,
                                bool symmetricWeights) {
  if (target.isa == Isa::NeonDotprod)
    return makeSdotDot();
  return makeSmullDot(symmetricWeights);
}
