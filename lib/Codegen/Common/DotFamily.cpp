//===- DotFamily.cpp - portable multiply-add and epilogue -----------------===//
//
// The family that needs nothing but vectors, and what families share by
// default. Invariant: a parameter block holds, per vector of channels, `lanes`
// biases, then `lanes` multipliers, then (tflite modes) `lanes` shifts.
//
//===----------------------------------------------------------------------===//

#include "DotFamily.h"

using namespace mlir;
using namespace mlir::qnt;

//===----------------------------------------------------------------------===//
// Parameters
//===----------------------------------------------------------------------===//

int64_t mlir::qnt::parameterWords(const RescaleSpec &spec) {
  return spec.rounding == Rounding::Fp32Rne ? 2 : 3;
}

Value mlir::qnt::loadBias(ImplicitLocOpBuilder &b, Value parameters, Offset at,
                          int64_t lanes, int64_t index,
                          const RescaleSpec &spec) {
  return loadVector(b, parameters, at + index * lanes * parameterWords(spec),
                    lanes);
}

RescaleOperands mlir::qnt::loadMultiplier(ImplicitLocOpBuilder &b,
                                          Value parameters, Offset at,
                                          int64_t lanes, int64_t index,
                                          const RescaleSpec &spec) {
  Offset first = at + (index * parameterWords(spec) + 1) * lanes;
  Value words = loadVector(b, parameters, first, lanes);
  if (spec.rounding != Rounding::Fp32Rne)
    return {words, loadVector(b, parameters, first + lanes, lanes)};
  return {vector::BitCastOp::create(b, VectorType::get(lanes, b.getF32Type()),
                                    words),
          nullptr};
}

//===----------------------------------------------------------------------===//
// Defaults
//===----------------------------------------------------------------------===//

Value DotFamily::narrow(ImplicitLocOpBuilder &b, ArrayRef<Value> scaled,
                        const DotOutput &output) const {
  return emitNarrow(b, concatVectors(b, scaled), output.spec, output.target);
}

void DotFamily::finish(ImplicitLocOpBuilder &b,
                       ArrayRef<SmallVector<Value>> acc,
                       const DotOutput &output) const {
  SmallVector<RescaleOperands> multipliers;
  for (int64_t v = 0, e = acc.front().size(); v < e; ++v)
    multipliers.push_back(loadMultiplier(b, output.parameters,
                                         output.parametersAt, figures.lanes, v,
                                         output.spec));
  for (auto [row, at] : llvm::zip_equal(acc, output.rows)) {
    SmallVector<Value> scaled;
    for (auto [value, multiplier] : llvm::zip_equal(row, multipliers))
      scaled.push_back(
          emitScale(b, value, multiplier, output.spec, output.target));
    storeFirst(b, narrow(b, scaled, output), output.channels, output.out, at);
  }
}

//===----------------------------------------------------------------------===//
// Portable family
//===----------------------------------------------------------------------===//

namespace {

/// One byte of K at a time, sign-extended to i32.
class PortableDot : public DotFamily {
public:
  using DotFamily::DotFamily;

  SmallVector<Value> loadActivations(ImplicitLocOpBuilder &b, Value in,
                                     Offset at, int64_t) const override {
    Value byte = memref::LoadOp::create(b, in, at.materialize(b));
    Value word = arith::ExtSIOp::create(b, b.getI32Type(), byte);
    return {vector::BroadcastOp::create(b, accType(b), word)};
  }
  Value loadWeights(ImplicitLocOpBuilder &b, Value weights,
                    Offset at) const override {
    Value bytes = loadVector(b, weights, at, figures.lanes);
    return arith::ExtSIOp::create(b, accType(b), bytes);
  }
  Value dot(ImplicitLocOpBuilder &b, Value acc, Value activation,
            Value weights) const override {
    Value product = arith::MulIOp::create(b, activation, weights);
    return arith::AddIOp::create(b, acc, product);
  }
};

} // namespace

std::unique_ptr<DotFamily> mlir::qnt::makeDotFamily(const KernelTarget &target,
                                                    bool symmetricWeights) {
  if (target.arch == Arch::X86)
    return makeX86DotFamily(target);
  if (target.arch == Arch::AArch64)
    return makeAArch64DotFamily(target, symmetricWeights);
  DotFigures figures;
  figures.dotCost = 2;
  return std::make_unique<PortableDot>(figures);
}
