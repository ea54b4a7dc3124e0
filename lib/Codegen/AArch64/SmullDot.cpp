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

//===----------------------------------------------------------------------===//
// Narrowing
//===----------------------------------------------------------------------===//

/// sqxtn of a register to the half one.
static Value saturate(ImplicitLocOpBuilder &b, Value wide) {
  VectorType type = cast<VectorType>(wide.getType());
  Type element = b.getIntegerType(type.getElementTypeBitWidth() / 2);
  return callIntrinsic(b, type.clone(element), "llvm.aarch64.neon.sqxtn",
                       {wide});
}

Value NeonDotFamily::narrow(ImplicitLocOpBuilder &b, ArrayRef<Value> scaled,
                            const DotOutput &output) const {
  if (scaled.size() % 2 != 0)
    return DotFamily::narrow(b, scaled, output);
  const RescaleSpec &spec = output.spec;
  SmallVector<Value> parts;
  for (size_t i = 0; i < scaled.size(); i += 2) {
    Value words =
        concatVectors(b, {saturate(b, scaled[i]), saturate(b, scaled[i + 1])});
    VectorType type = cast<VectorType>(words.getType());
    if (spec.outputZp != 0)
      words = callIntrinsic(b, type, "llvm.sadd.sat",
                            {words, splatConstant(b, type, spec.outputZp)});
    parts.push_back(saturate(b, words));
  }
  Value bytes = concatVectors(b, parts);
  VectorType type = cast<VectorType>(bytes.getType());
  if (spec.min > -128)
    bytes = arith::MaxSIOp::create(b, bytes, splatConstant(b, type, spec.min));
  if (spec.max < 127)
    bytes = arith::MinSIOp::create(b, bytes, splatConstant(b, type, spec.max));
  return bytes;
}

//===----------------------------------------------------------------------===//
// Multiply-add
//===----------------------------------------------------------------------===//

namespace {

/// A group is one or two pairs of K; weights are [pair][lane][2].
class SmullDot : public NeonDotFamily {
public:
  using NeonDotFamily::NeonDotFamily;

  /// The pairs of 16 bytes, each splat to all lanes.
  SmallVector<Value> loadActivations(ImplicitLocOpBuilder &b, Value in,
                                     Offset at, int64_t groups) const override {
    Value pairs = bitcastVector(b, loadVector(b, in, at, 16), 8, 16);
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
  figures.step = 16 / figures.group;
  figures.registers = 24;
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
