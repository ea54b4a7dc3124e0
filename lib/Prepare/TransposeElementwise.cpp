//===- TransposeElementwise.cpp - through elementwise ops -----------------===//
//
//   add(transpose(x, p), transpose(y, p))  ->  transpose(add(x, y), p)
//   add(transpose(x, p), c)                ->  transpose(add(x, c'), p)
//
// A composite gets the untransposed operands, and the pair of transposes moves
// into its region, where the same patterns make it cancel.
//
//===----------------------------------------------------------------------===//

#include "QuantizedConstants.h"

#include "qnt/Dialect/IR/Qnt.h"

namespace mlir::qnt {

/// Operands that are data rather than parameters such as shifts.
static bool isData(Value operand, int64_t rank) {
  auto type = dyn_cast<RankedTensorType>(operand.getType());
  return type && type.getRank() == rank;
}

/// The permutation shared by all data operands that are no constants; empty if
/// there is none or they disagree.
static ArrayRef<int32_t> sharedPerms(ValueRange operands, int64_t rank) {
  ArrayRef<int32_t> shared;
  for (Value operand : operands) {
    if (!isData(operand, rank) || getConstant(operand) ||
        getStoredConstant(operand))
      continue;
    tosa::TransposeOp transpose = getTranspose(operand);
    if (!transpose || (!shared.empty() && shared != transpose.getPerms()))
      return {};
    shared = transpose.getPerms();
  }
  return shared;
}

/// The operand before the transpose; constants are transposed back.
static Value beforeTranspose(PatternRewriter &rewriter, Value operand,
                             ArrayRef<int32_t> perms) {
  if (!isData(operand, perms.size()))
    return operand;
  if (tosa::TransposeOp transpose = getTranspose(operand))
    return transpose.getInput1();
  return makeTranspose(rewriter, operand.getLoc(), operand, invert(perms));
}

static bool isElementwise(Operation *op) {
  return op->hasTrait<OpTrait::tosa::TosaElementwiseOperator>() ||
         isa<tosa::MulOp, tosa::NegateOp, tosa::CastOp, tosa::IdentityOp>(op);
}

namespace {

struct SinkThroughElementwise : RewritePattern {
  SinkThroughElementwise(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!isElementwise(op) || op->getNumResults() != 1)
      return rewriter.notifyMatchFailure(op, "op is not elementwise");
    auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
    if (!type)
      return rewriter.notifyMatchFailure(op, "result is not ranked");
    ArrayRef<int32_t> perms = sharedPerms(op->getOperands(), type.getRank());
    if (perms.empty())
      return rewriter.notifyMatchFailure(op, "operands are not all transposed "
                                             "alike");
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      operands.push_back(beforeTranspose(rewriter, operand, perms));
    Operation *moved =
        rewriter.create(op->getLoc(), op->getName().getIdentifier(), operands,
                        permuteType(type, invert(perms)), op->getAttrs());
    rewriter.replaceOp(
        op, makeTranspose(rewriter, op->getLoc(), moved->getResult(0), perms));
    return success();
  }
};

/// Composites whose region means the same in any layout: parameters are
/// numbers, or an axis that is remapped.
struct SinkThroughComposite : OpRewritePattern<CompositeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(CompositeOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getNumResults() != 1)
      return rewriter.notifyMatchFailure(op, "more than one result");
    auto type = dyn_cast<RankedTensorType>(op.getResult(0).getType());
    if (!type)
      return rewriter.notifyMatchFailure(op, "result is not ranked");
    ArrayRef<int32_t> perms = sharedPerms(op.getInputs(), type.getRank());
    if (perms.empty())
      return rewriter.notifyMatchFailure(op, "operands are not all transposed "
                                             "alike");
    SmallVector<NamedAttribute> config;
    if (failed(remapConfig(op, perms, config)))
      return rewriter.notifyMatchFailure(op, "a parameter depends on layout");

    SmallVector<int32_t> inverse = invert(perms);
    SmallVector<Value> inputs;
    for (Value input : op.getInputs())
      inputs.push_back(beforeTranspose(rewriter, input, perms));
    auto moved = CompositeOp::create(
        rewriter, op.getLoc(), TypeRange(permuteType(type, inverse)),
        op.getNameAttr(), inputs,
        config.empty() ? DictionaryAttr() : rewriter.getDictionaryAttr(config));
    moveBody(op, moved, perms, inverse, rewriter);
    rewriter.setInsertionPointAfter(moved);
    rewriter.replaceOp(
        op, makeTranspose(rewriter, op.getLoc(), moved.getResult(0), perms));
    return success();
  }

  static LogicalResult remapConfig(CompositeOp op, ArrayRef<int32_t> perms,
                                   SmallVectorImpl<NamedAttribute> &config) {
    for (NamedAttribute entry : op.getConfigAttr()
                                    ? op.getConfigAttr().getValue()
                                    : ArrayRef<NamedAttribute>()) {
      auto axis = dyn_cast<IntegerAttr>(entry.getValue());
      if (axis && entry.getName() == "axis" && op.getName() == "softmax" &&
          axis.getInt() >= 0 &&
          axis.getInt() < static_cast<int64_t>(perms.size()))
        entry.setValue(IntegerAttr::get(axis.getType(), perms[axis.getInt()]));
      else if (!isa<FloatAttr>(entry.getValue()))
        return failure();
      config.push_back(entry);
    }
    return success();
  }

  /// Moves the region over, with a transpose of each argument and one back
  /// before the yield.
  static void moveBody(CompositeOp from, CompositeOp to,
                       ArrayRef<int32_t> perms, ArrayRef<int32_t> inverse,
                       PatternRewriter &rewriter) {
    rewriter.inlineRegionBefore(from.getBody(), to.getBody(),
                                to.getBody().end());
    Block &block = to.getBody().front();
    rewriter.setInsertionPointToStart(&block);
    for (auto [argument, input] :
         llvm::zip(block.getArguments(), to.getInputs())) {
      if (argument.getType() == input.getType() && !isData(input, perms.size()))
        continue;
      argument.setType(input.getType());
      Value inner = makeTranspose(rewriter, argument.getLoc(), argument, perms);
      rewriter.replaceAllUsesExcept(argument, inner, inner.getDefiningOp());
    }
    Operation *yield = block.getTerminator();
    rewriter.setInsertionPoint(yield);
    Value result =
        makeTranspose(rewriter, yield->getLoc(), yield->getOperand(0), inverse);
    rewriter.modifyOpInPlace(yield, [&] { yield->setOperand(0, result); });
  }
};

} // namespace

void populateTransposeThroughElementwise(RewritePatternSet &patterns) {
  patterns.add<SinkThroughElementwise, SinkThroughComposite>(
      patterns.getContext());
}

} // namespace mlir::qnt
