//===- NeonDot.h - the dot families of AArch64 -----------------*- C++ -*-===//
//
// What both share: rows of four vectors are narrowed by saturating extracts, in
// natural order.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_CODEGEN_AARCH64_NEONDOT_H
#define QNT_LIB_CODEGEN_AARCH64_NEONDOT_H

#include "../Common/DotFamily.h"

namespace mlir::qnt {

class NeonDotFamily : public DotFamily {
public:
  using DotFamily::DotFamily;

protected:
  Value narrow(ImplicitLocOpBuilder &b, ArrayRef<Value> scaled,
               const DotOutput &output) const override;
};

std::unique_ptr<DotFamily> makeSdotDot();
std::unique_ptr<DotFamily> makeSmullDot(bool symmetricWeights);

} // namespace mlir::qnt

#endif // QNT_LIB_CODEGEN_AARCH64_NEONDOT_H
