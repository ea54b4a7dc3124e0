//===- InlineComposites.cpp - composites to their decomposition -----------===//
//
// Splices the single block of each composite into its place, innermost first,
// so one walk is enough.
//
//===----------------------------------------------------------------------===//

#include "qnt/Float/Passes.h"

namespace mlir::qnt {
#define GEN_PASS_DEF_QNTINLINECOMPOSITES
#include "qnt/Float/Passes.h.inc"
} // namespace mlir::qnt

using namespace mlir;
using namespace mlir::qnt;

static void inlineComposite(IRRewriter &rewriter, CompositeOp op) {
  Block *body = &op.getBody().front();
  Operation *yield = body->getTerminator();
  rewriter.inlineBlockBefore(body, op, op.getInputs());
  rewriter.replaceOp(op, yield->getOperands());
  rewriter.eraseOp(yield);
}

namespace {
class InlineComposites
    : public qnt::impl::QntInlineCompositesBase<InlineComposites> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    getOperation()->walk<WalkOrder::PostOrder>([&](CompositeOp op) {
      inlineComposite(rewriter, op);
      ++numInlined;
    });
  }
};
} // namespace
