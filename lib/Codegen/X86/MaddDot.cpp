//===- MaddDot.cpp - pmaddwd in 256 and 128 bits --------------------------===//
//
// i16 times i16, pairs of K added into i32: exact, unlike pmaddubsw, which
// saturates. Activations are widened once per block of positions, so that a
// pair is one broadcast from memory; weights stay bytes until they are loaded.
//
//===----------------------------------------------------------------------===//

#include "X86Pack.h"

using namespace mlir;
using namespace mlir::qnt;

namespace {

class MaddDot : public X86DotFamily {
public:
  using X86DotFamily::X86DotFamily;

  SmallVector<Value> loadActivations(ImplicitLocOpBuilder &b, Value in,
                                     Offset at, int64_t) const override {
    Value pair = bitcastVector(b, loadVector(b, in, at, 2), 1, 32);
    Value scalar = vector::ExtractOp::create(b, pair, 0);
    Value all = vector::BroadcastOp::create(b, accType(b), scalar);
    return {bitcastVector(b, all, weightBytes(), 16)};
  }
  Value loadWeights(ImplicitLocOpBuilder &b, Value weights,
                    Offset at) const override {
    VectorType words = VectorType::get(weightBytes(), b.getI16Type());
    return arith::ExtSIOp::create(b, words,
                                  loadVector(b, weights, at, weightBytes()));
  }
  Value dot(ImplicitLocOpBuilder &b, Value acc, Value activation,
            Value weights) const override {
    StringRef name = figures.lanes == 8 ? "llvm.x86.avx2.pmadd.wd"
                                        : "llvm.x86.sse2.pmadd.wd";
    Value products =
        callIntrinsic(b, acc.getType(), name, {activation, weights});
    return arith::AddIOp::create(b, acc, products);
  }
};

} // namespace

std::unique_ptr<DotFamily> mlir::qnt::makeMaddDot(const KernelTarget &target) {
  DotFigures figures;
  figures.lanes = target.lanes32();
  figures.group = 2;
  figures.widens = true;
  figures.dotCost = 0.75;
  figures.weightCost = 1;
  // One register holds the products before they are added.
  figures.registers = 15;
  return std::make_unique<MaddDot>(figures);
}

std::unique_ptr<DotFamily>
mlir::qnt::makeX86DotFamily(const KernelTarget &target) {
  bool vnni = target.isa == Isa::Avx512Vnni || target.isa == Isa::AvxVnni;
  return vnni ? makeVnniDot(target) : makeMaddDot(target);
}
