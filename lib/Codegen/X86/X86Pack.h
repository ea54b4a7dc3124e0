//===- X86Pack.h - accumulators to bytes by saturating packs ---*- C++ -*-===//
//
// The epilogue of all x86 families. Packs work inside 16-byte lanes, so the
// columns of a panel are permuted at compile time such that they come out in
// natural order. Invariant: `X86DotFamily::column` is the inverse of what
// `finish` does.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_CODEGEN_X86_X86PACK_H
#define QNT_LIB_CODEGEN_X86_X86PACK_H

#include "../Common/DotFamily.h"

namespace mlir::qnt {

/// Four i32 vectors to clamped bytes of the storage domain. In each 16-byte
/// lane of the result, dword i holds the four elements of vector i.
Value packFour(ImplicitLocOpBuilder &b, ArrayRef<Value> scaled,
               const RescaleSpec &spec, const KernelTarget &target);

class X86DotFamily : public DotFamily {
public:
  using DotFamily::DotFamily;

  int64_t column(int64_t vectors, int64_t vector, int64_t lane) const override;
  void finish(ImplicitLocOpBuilder &b, ArrayRef<SmallVector<Value>> acc,
              const DotOutput &output) const override;

private:
  void finishGroup(ImplicitLocOpBuilder &b, ArrayRef<SmallVector<Value>> acc,
                   int64_t first, int64_t width, const DotOutput &output) const;
};

std::unique_ptr<DotFamily> makeVnniDot(const KernelTarget &target);
std::unique_ptr<DotFamily> makeMaddDot(const KernelTarget &target);

} // namespace mlir::qnt

#endif // QNT_LIB_CODEGEN_X86_X86PACK_H
