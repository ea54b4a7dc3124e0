//===- ExpandCopies.cpp - strided copies to loops -------------------------===//
//
// A copy stays only if both sides are contiguous, which is when it lowers to a
// memcpy.
//
//===----------------------------------------------------------------------===//

#include "qnt/Float/Passes.h"

#include "mlir/Dialect/Linalg/Utils/Utils.h"

namespace mlir::qnt {
#define GEN_PASS_DEF_QNTEXPANDCOPIES
#include "qnt/Float/Passes.h.inc"
} // namespace mlir::qnt

using namespace mlir;
using namespace mlir::qnt;

static bool isContiguous(Value value) {
  auto type = dyn_cast<MemRefType>(value.getType());
  return type && type.hasStaticShape() &&
         type.areTrailingDimsContiguous(type.getRank());
}

namespace {
class ExpandCopies : public qnt::impl::QntExpandCopiesBase<ExpandCopies> {
  void runOnOperation() override {
    getOperation()->walk([&](memref::CopyOp op) {
      if (!isa<MemRefType>(op.getSource().getType()) ||
          !isa<MemRefType>(op.getTarget().getType()) ||
          (isContiguous(op.getSource()) && isContiguous(op.getTarget())))
        return;
      OpBuilder builder(op);
      linalg::makeMemRefCopyOp(builder, op.getLoc(), op.getSource(),
                               op.getTarget());
      op.erase();
      ++numExpanded;
    });
  }
};
} // namespace
