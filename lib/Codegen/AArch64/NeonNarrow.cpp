//===- NeonNarrow.cpp - accumulators to bytes by saturating extracts ------===//
//
// The end of all AArch64 kernels, in natural order. Invariant: saturating early
// changes nothing, since the range of the output lies inside every step's.
//
//===----------------------------------------------------------------------===//

#include "../Common/Depthwise.h"
#include "NeonDot.h"

using namespace mlir;
using namespace mlir::qnt;

/// sqxtn of a register to the half one.
static Value saturate(ImplicitLocOpBuilder &b, Value wide) {
  VectorType type = cast<VectorType>(wide.getType());
  Type element = b.getIntegerType(type.getElementTypeBitWidth() / 2);
  return callIntrinsic(b, type.clone(element), "llvm.aarch64.neon.sqxtn",
                       {wide});
}

/// An even number of vectors of four i32 to clamped bytes: sqxtn, sqadd, sqxtn.
static Value narrowPairs(ImplicitLocOpBuilder &b, ArrayRef<Value> scaled,
                         const RescaleSpec &spec) {
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

Value NeonDotFamily::narrow(ImplicitLocOpBuilder &b, ArrayRef<Value> scaled,
                            const DotOutput &output) const {
  if (scaled.size() % 2 != 0)
    return DotFamily::narrow(b, scaled, output);
  return narrowPairs(b, scaled, output.spec);
}

namespace {

class NeonDepthwise : public PortableDepthwise {
public:
  using PortableDepthwise::PortableDepthwise;

  Value narrow(ImplicitLocOpBuilder &b, ArrayRef<Value> scaled,
               const RescaleSpec &spec, const KernelTarget &) const override {
    SmallVector<Value> parts;
    for (int64_t first = 0; first < lanes; first += 4)
      parts.push_back(takeLanes(b, scaled.front(), first, 4));
    return narrowPairs(b, parts, spec);
  }
};

} // namespace

std::unique_ptr<DepthwiseFamily>
mlir::qnt::makeAArch64DepthwiseFamily(bool symmetricWeights) {
  return std::make_unique<NeonDepthwise>(symmetricWeights);
}
