//===- SdotDot.cpp - sdot by element --------------------------------------===//
//
// s8 times s8, four bytes of K per lane. One 16-byte load of activations serves
// four groups: a splat of its word becomes the lane operand of the instruction.
//
//===----------------------------------------------------------------------===//

#include "NeonDot.h"

using namespace mlir;
using namespace mlir::qnt;

namespace {

class SdotDot : public NeonDotFamily {
public:
  using NeonDotFamily::NeonDotFamily;

  SmallVector<Value> loadActivations(ImplicitLocOpBuilder &b, Value in,
                                     Offset at, int64_t groups) const override {
    // A short rest reads on into what follows; its weights are zero.
    Value words = bitcastVector(b, loadVector(b, in, at, 16), 4, 32);
    SmallVector<Value> operands;
    for (int64_t g = 0; g < groups; ++g) {
      Value splat = shuffle(b, words, words, {g, g, g, g});
      operands.push_back(bitcastVector(b, splat, 16, 8));
    }
    return operands;
  }
  Value loadWeights(ImplicitLocOpBuilder &b, Value weights,
                    Offset at) const override {
    return loadVector(b, weights, at, weightBytes());
  }
  Value dot(ImplicitLocOpBuilder &b, Value acc, Value activation,
            Value weights) const override {
    return callIntrinsic(b, acc.getType(), "llvm.aarch64.neon.sdot",
                         {acc, weights, activation});
  }
};

} // namespace

std::unique_ptr<DotFamily> mlir::qnt::makeSdotDot() {
  DotFigures figures;
  figures.group = 4;
  figures.step = 4;
  // Four activations of 16 bytes would fit beside 6 x 4 sums on paper; LLVM
  // then spills.
  figures.registers = 25;
  figures.accumulators = 20;
  figures.dotCost = 0.5;
  figures.activationCost = 0.2;
  figures.latency = 4;
  return std::make_unique<SdotDot>(figures);
}
