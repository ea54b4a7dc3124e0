//===- VnniDot.cpp - vpdpbusd in 512 and 256 bits -------------------------===//
//
// u8 activations times s8 weights, four bytes of K per lane, no saturation
// anywhere. The zero point of the input is folded into the bias when weights
// are packed.
//
//===----------------------------------------------------------------------===//

#include "X86Pack.h"

using namespace mlir;
using namespace mlir::qnt;

namespace {

class VnniDot : public X86DotFamily {
public:
  using X86DotFamily::X86DotFamily;

  /// Four bytes in every dword; becomes one vpbroadcastd from memory.
  SmallVector<Value> loadActivations(ImplicitLocOpBuilder &b, Value in,
                                     Offset at, int64_t) const override {
    Value word = bitcastVector(b, loadVector(b, in, at, 4), 1, 32);
    Value scalar = vector::ExtractOp::create(b, word, 0);
    Value all = vector::BroadcastOp::create(b, accType(b), scalar);
    return {bitcastVector(b, all, weightBytes(), 8)};
  }
  Value loadWeights(ImplicitLocOpBuilder &b, Value weights,
                    Offset at) const override {
    return loadVector(b, weights, at, weightBytes());
  }
  Value dot(ImplicitLocOpBuilder &b, Value acc, Value activation,
            Value weights) const override {
    StringRef name = figures.lanes == 16 ? "llvm.x86.avx512.vpdpbusd.512"
                                         : "llvm.x86.avx512.vpdpbusd.256";
    return callIntrinsic(b, acc.getType(), name, {acc, activation, weights});
  }
};

} // namespace

std::unique_ptr<DotFamily> mlir::qnt::makeVnniDot(const KernelTarget &target) {
  DotFigures figures;
  figures.lanes = target.lanes32();
  figures.group = 4;
  figures.dotCost = 0.5;
  // One register more than there are: weights can also be memory operands.
  if (target.isa == Isa::Avx512Vnni) {
    figures.registers = 33;
    figures.accumulators = 28;
  } else {
    figures.registers = 16;
    figures.accumulators = 13;
  }
  return std::make_unique<VnniDot>(figures);
}
