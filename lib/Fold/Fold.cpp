//===- Fold.cpp - remove dequantize-quantize pairs ------------------------===//
//
// Invariant: the stored integers that any op sees are unchanged, except that a
// pair of two schemes rounds once, as a requantize does.
//
//===----------------------------------------------------------------------===//

#include "qnt/Fold/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "qnt/Dialect/IR/Qnt.h"

using namespace mlir;
using namespace mlir::qnt;

namespace mlir::qnt {
#define GEN_PASS_DEF_FOLD
#include "qnt/Fold/Passes.h.inc"
} // namespace mlir::qnt

static QuantizedType elementOf(Value value) {
  return cast<QuantizedType>(getElementTypeOrSelf(value.getType()));
}

/// The rounding of the module around `op`.
static Rounding roundingOf(Operation *op) {
  for (; op; op = op->getParentOp())
    if (auto attr = op->getAttrOfType<RoundingAttr>("qnt.rounding"))
      return attr.getValue();
  return Rounding::Fp32Rne;
}

namespace {
/// quantize(dequantize(q)) -> q or requantize(q).
struct FoldPair : OpRewritePattern<QuantizeOp> {
  FoldPair(MLIRContext *context, int64_t &folded, int64_t &requantized)
      : OpRewritePattern(context), folded(folded), requantized(requantized) {}

  LogicalResult matchAndRewrite(QuantizeOp op,
                                PatternRewriter &rewriter) const override {
    auto dequantize = op.getInput().getDefiningOp<DequantizeOp>();
    if (!dequantize)
      return rewriter.notifyMatchFailure(op, "not fed by a dequantize");
    if (op.getScale() || dequantize.getScale())
      return rewriter.notifyMatchFailure(op, "parameters known at run time");
    QuantizedType from = elementOf(dequantize.getInput());
    QuantizedType to = elementOf(op.getResult());
    if (!from.getScheme().isComplete() || !to.getScheme().isComplete())
      return rewriter.notifyMatchFailure(op, "parameters not known yet");
    if (from == to) {
      rewriter.replaceOp(op, dequantize.getInput());
      ++folded;
      return success();
    }
    if (!isa<IntegerType>(from.getStorage()) ||
        !isa<IntegerType>(to.getStorage()))
      return rewriter.notifyMatchFailure(op, "float storage has no requantize");
    if (!from.getPerTensorParams() || !to.getPerTensorParams())
      return rewriter.notifyMatchFailure(op, "only per-tensor schemes have an "
                                             "integer requantize");
    rewriter.replaceOpWithNewOp<RequantizeOp>(
        op, op.getType(), dequantize.getInput(),
        RoundingAttr::get(getContext(), roundingOf(op)));
    ++requantized;
    return success();
  }

private:
  int64_t &folded;
  int64_t &requantized;
};

/// A later op equal to an earlier one of the same block is replaced by it.
template <typename OpTy> struct MergeDuplicate : OpRewritePattern<OpTy> {
  MergeDuplicate(MLIRContext *context, int64_t &merged)
      : OpRewritePattern<OpTy>(context), merged(merged) {}

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    for (Operation *user : op->getOperand(0).getUsers()) {
      if (user == op || user->getBlock() != op->getBlock() ||
          !user->isBeforeInBlock(op) ||
          !OperationEquivalence::isEquivalentTo(
              user, op, OperationEquivalence::IgnoreLocations))
        continue;
      rewriter.replaceOp(op, user->getResults());
      ++merged;
      return success();
    }
    return rewriter.notifyMatchFailure(op, "no earlier op computes the same");
  }

private:
  int64_t &merged;
};

struct FoldPass : mlir::qnt::impl::FoldBase<FoldPass> {
  using FoldBase::FoldBase;

  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    set.add<FoldPair>(context, folded, requantized);
    set.add<MergeDuplicate<QuantizeOp>, MergeDuplicate<DequantizeOp>,
            MergeDuplicate<RequantizeOp>>(context, merged);
    patterns = std::move(set);
    return success();
  }

  void runOnOperation() override {
    folded = requantized = merged = 0;
    if (failed(applyPatternsGreedily(getOperation(), patterns)))
      return signalPassFailure();
    numFolded += folded;
    numRequantized += requantized;
    numDuplicates += merged;
  }

private:
  FrozenRewritePatternSet patterns;
  int64_t folded = 0, requantized = 0, merged = 0;
};
} // namespace
