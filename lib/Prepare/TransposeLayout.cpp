//===- TransposeLayout.cpp - through concat, pad, slice, reductions -------===//
//
//   f(transpose(x, p))  ->  transpose(f'(x), p)
//
// where f' names its dimensions before the transpose: axis a becomes p[a], and
// a list by dimension is permuted by the inverse.
//
//===----------------------------------------------------------------------===//

#include "ConstantUtils.h"
#include "TransposePatterns.h"

namespace mlir::qnt {

/// values[i] of the op moves to where dimension i comes from.
static SmallVector<int64_t> permuteBack(ArrayRef<int64_t> values,
                                        ArrayRef<int32_t> perms,
                                        int64_t each = 1) {
  SmallVector<int64_t> result(values.size());
  for (auto [i, perm] : llvm::enumerate(perms))
    for (int64_t k = 0; k < each; ++k)
      result[perm * each + k] = values[i * each + k];
  return result;
}

namespace {

struct SinkThroughConcat : OpRewritePattern<tosa::ConcatOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tosa::ConcatOp op,
                                PatternRewriter &rewriter) const override {
    ArrayRef<int32_t> perms;
    for (Value input : op.getInput1()) {
      if (getConstant(input))
        continue;
      tosa::TransposeOp transpose = getTranspose(input);
      if (!transpose || (!perms.empty() && perms != transpose.getPerms()))
        return rewriter.notifyMatchFailure(op, "parts are not all transposed "
                                               "alike");
      perms = transpose.getPerms();
    }
    if (perms.empty())
      return rewriter.notifyMatchFailure(op, "no part is transposed");
    SmallVector<int32_t> inverse = invert(perms);
    SmallVector<Value> parts;
    for (Value input : op.getInput1()) {
      tosa::TransposeOp transpose = getTranspose(input);
      parts.push_back(
          transpose ? transpose.getInput1()
                    : makeTranspose(rewriter, input.getLoc(), input, inverse));
    }
    auto moved = tosa::ConcatOp::create(
        rewriter, op.getLoc(), permuteType(op.getType(), inverse), parts,
        rewriter.getI32IntegerAttr(perms[op.getAxis()]));
    rewriter.replaceOp(op, makeTranspose(rewriter, op.getLoc(), moved, perms));
    return success();
  }
};

struct SinkThroughPad : OpRewritePattern<tosa::PadOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tosa::PadOp op,
                                PatternRewriter &rewriter) const override {
    tosa::TransposeOp transpose = getTranspose(op.getInput1());
    auto amounts = getShapeConstant(op.getPadding());
    if (!transpose || !amounts)
      return rewriter.notifyMatchFailure(op, "operand is not a transpose");
    ArrayRef<int32_t> perms = transpose.getPerms();
    Value padding = makeShape(rewriter, op.getLoc(),
                              permuteBack(*amounts, perms, /*each=*/2));
    auto moved = tosa::PadOp::create(
        rewriter, op.getLoc(), permuteType(op.getType(), invert(perms)),
        transpose.getInput1(), padding, op.getPadConst());
    rewriter.replaceOp(op, makeTranspose(rewriter, op.getLoc(), moved, perms));
    return success();
  }
};

struct SinkThroughSlice : OpRewritePattern<tosa::SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tosa::SliceOp op,
                                PatternRewriter &rewriter) const override {
    tosa::TransposeOp transpose = getTranspose(op.getInput1());
    auto start = getShapeConstant(op.getStart());
    auto size = getShapeConstant(op.getSize());
    if (!transpose || !start || !size)
      return rewriter.notifyMatchFailure(op, "operand is not a transpose");
    ArrayRef<int32_t> perms = transpose.getPerms();
    auto moved = tosa::SliceOp::create(
        rewriter, op.getLoc(), permuteType(op.getType(), invert(perms)),
        transpose.getInput1(),
        makeShape(rewriter, op.getLoc(), permuteBack(*start, perms)),
        makeShape(rewriter, op.getLoc(), permuteBack(*size, perms)));
    rewriter.replaceOp(op, makeTranspose(rewriter, op.getLoc(), moved, perms));
    return success();
  }
};

template <typename OpTy> struct SinkThroughReduce : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    tosa::TransposeOp transpose = getTranspose(op.getInput());
    if (!transpose)
      return rewriter.notifyMatchFailure(op, "operand is not a transpose");
    ArrayRef<int32_t> perms = transpose.getPerms();
    auto moved = OpTy::create(
        rewriter, op.getLoc(), permuteType(op.getType(), invert(perms)),
        transpose.getInput1(), rewriter.getI32IntegerAttr(perms[op.getAxis()]));
    rewriter.replaceOp(op, makeTranspose(rewriter, op.getLoc(), moved, perms));
    return success();
  }
};

} // namespace

void populateTransposeThroughLayout(RewritePatternSet &patterns) {
  patterns.add<SinkThroughConcat, SinkThroughPad, SinkThroughSlice,
               SinkThroughReduce<tosa::ReduceMaxOp>,
               SinkThroughReduce<tosa::ReduceMinOp>,
               SinkThroughReduce<tosa::ReduceSumOp>,
               SinkThroughReduce<tosa::ReduceProductOp>>(patterns.getContext());
}

} // namespace mlir::qnt
