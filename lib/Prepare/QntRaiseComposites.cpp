//===- QntRaiseComposites.cpp - known functions to composites -------------===//
//
// From the results towards the arguments, so that the largest form of a
// function is found first. The region is a copy of the ops that were matched,
// which makes the rewrite right whatever the name says.
//
//===----------------------------------------------------------------------===//

#include "RaisePatterns.h"

#include "qnt/Dialect/IR/Qnt.h"
#include "qnt/Prepare/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::qnt {
#define GEN_PASS_DEF_QNTRAISECOMPOSITES
#include "qnt/Prepare/Passes.h.inc"
} // namespace mlir::qnt

using namespace mlir;
using namespace mlir::qnt;

/// The ops between the inputs and the root in their order.
static SmallVector<Operation *> findBody(Operation *root, ValueRange inputs) {
  llvm::SetVector<Operation *> ops;
  ops.insert(root);
  for (size_t i = 0; i < ops.size(); ++i)
    for (Value operand : ops[i]->getOperands())
      if (!llvm::is_contained(inputs, operand))
        if (Operation *def = operand.getDefiningOp())
          ops.insert(def);
  SmallVector<Operation *> sorted(ops.begin(), ops.end());
  llvm::sort(sorted,
             [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  return sorted;
}

static void raise(IRRewriter &rewriter, Operation *root,
                  const RaiseMatch &match) {
  SmallVector<Operation *> ops = findBody(root, match.inputs);
  rewriter.setInsertionPoint(root);
  auto composite = CompositeOp::create(
      rewriter, root->getLoc(), root->getResultTypes(),
      rewriter.getStringAttr(match.name), match.inputs,
      match.config.empty() ? DictionaryAttr()
                           : rewriter.getDictionaryAttr(match.config));
  Block *block = rewriter.createBlock(&composite.getBody());
  IRMapping mapping;
  for (Value input : match.inputs)
    mapping.map(input, block->addArgument(input.getType(), input.getLoc()));
  for (Operation *op : ops)
    rewriter.clone(*op, mapping);
  YieldOp::create(rewriter, root->getLoc(), mapping.lookup(root->getResult(0)));
  rewriter.replaceOp(root, composite);
  // The users of a dead op come behind it.
  for (Operation *op : llvm::reverse(ArrayRef(ops).drop_back()))
    if (isOpTriviallyDead(op))
      rewriter.eraseOp(op);
}

/// The last op of the block, before `end`, that is the root of a function.
static bool raiseLast(IRRewriter &rewriter, Block &block) {
  for (Operation &op : llvm::reverse(block)) {
    std::optional<RaiseMatch> match = matchNorm(&op);
    if (!match)
      match = matchActivation(&op);
    if (!match)
      continue;
    raise(rewriter, &op, *match);
    return true;
  }
  return false;
}

namespace {
class RaiseComposites
    : public qnt::impl::QntRaiseCompositesBase<RaiseComposites> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    getOperation()->walk([&](func::FuncOp function) {
      for (Block &block : function.getBody())
        while (raiseLast(rewriter, block))
          ++numRaised;
    });
  }
};
} // namespace
