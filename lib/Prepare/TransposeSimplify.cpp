//===- TransposeSimplify.cpp - transposes that vanish where they stand ----===//
//
// Composition of two, identity, constants, and permutations that do not change
// the order of elements. Each rewrite removes a transpose.
//
//===----------------------------------------------------------------------===//

#include "ConstantUtils.h"
#include "TransposePatterns.h"

namespace mlir::qnt {

SmallVector<int32_t> invert(ArrayRef<int32_t> perms) {
  SmallVector<int32_t> inverse(perms.size());
  for (auto [i, perm] : llvm::enumerate(perms))
    inverse[perm] = i;
  return inverse;
}

RankedTensorType permuteType(Type type, ArrayRef<int32_t> perms) {
  auto tensor = cast<RankedTensorType>(type);
  SmallVector<int64_t> shape;
  for (int32_t perm : perms)
    shape.push_back(tensor.getDimSize(perm));
  return RankedTensorType::get(shape, tensor.getElementType());
}

Value makeTranspose(OpBuilder &builder, Location loc, Value value,
                    ArrayRef<int32_t> perms) {
  return tosa::TransposeOp::create(
      builder, loc, permuteType(value.getType(), perms), value, perms);
}

namespace {

/// transpose(transpose(x, p), q) -> transpose(x, p o q)
struct ComposeTransposes : OpRewritePattern<tosa::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tosa::TransposeOp op,
                                PatternRewriter &rewriter) const override {
    tosa::TransposeOp inner = getTranspose(op.getInput1());
    if (!inner)
      return rewriter.notifyMatchFailure(op, "operand is not a transpose");
    SmallVector<int32_t> perms;
    for (int32_t perm : op.getPerms())
      perms.push_back(inner.getPerms()[perm]);
    rewriter.replaceOpWithNewOp<tosa::TransposeOp>(op, op.getType(),
                                                   inner.getInput1(), perms);
    return success();
  }
};

/// transpose(const) -> const
struct TransposeConstant : OpRewritePattern<tosa::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tosa::TransposeOp op,
                                PatternRewriter &rewriter) const override {
    DenseElementsAttr values = getConstant(op.getInput1());
    if (!values)
      return rewriter.notifyMatchFailure(op, "operand is not a constant");
    if (values.getElementType().getIntOrFloatBitWidth() % 8 != 0)
      return rewriter.notifyMatchFailure(op, "elements are not whole bytes");
    rewriter.replaceOp(op,
                       makeConstant(rewriter, op.getLoc(),
                                    permuteConstant(values, op.getPerms())));
    return success();
  }
};

/// A transpose that keeps the order of the dimensions larger than 1 is a
/// reshape, or nothing.
struct TransposeToReshape : OpRewritePattern<tosa::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tosa::TransposeOp op,
                                PatternRewriter &rewriter) const override {
    auto from = dyn_cast<RankedTensorType>(op.getInput1().getType());
    auto to = dyn_cast<RankedTensorType>(op.getType());
    if (!from || !to || !from.hasStaticShape())
      return rewriter.notifyMatchFailure(op, "shape is not static");
    int32_t last = -1;
    for (int32_t perm : op.getPerms()) {
      if (from.getDimSize(perm) == 1)
        continue;
      if (perm < last)
        return rewriter.notifyMatchFailure(op, "elements change their order");
      last = perm;
    }
    if (from == to) {
      rewriter.replaceOp(op, op.getInput1());
      return success();
    }
    Value shape = makeShape(rewriter, op.getLoc(), to.getShape());
    rewriter.replaceOpWithNewOp<tosa::ReshapeOp>(op, to, op.getInput1(), shape);
    return success();
  }
};

} // namespace

void populateTransposeSimplifications(RewritePatternSet &patterns) {
  patterns.add<ComposeTransposes, TransposeConstant, TransposeToReshape>(
      patterns.getContext());
}

} // namespace mlir::qnt
