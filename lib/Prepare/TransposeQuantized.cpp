//===- TransposeQuantized.cpp - through quantize and dequantize -----------===//
//
//   dequantize(quantize(transpose(x, p)))  ->  transpose(.., p)
//   transpose(stored constant)             ->  stored constant
//
// Per-tensor parameters do not see the order of elements; those of a stored
// constant move with their axis.
//
//===----------------------------------------------------------------------===//

#include "QuantizedConstants.h"

namespace mlir::qnt {

namespace {

struct SinkThroughPair : OpRewritePattern<DequantizeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(DequantizeOp op,
                                PatternRewriter &rewriter) const override {
    auto quantize = op.getInput().getDefiningOp<QuantizeOp>();
    tosa::TransposeOp transpose =
        quantize ? getTranspose(quantize.getInput()) : tosa::TransposeOp();
    if (!transpose)
      return rewriter.notifyMatchFailure(op, "no quantized transpose");
    auto type = cast<QuantizedType>(getElementTypeOrSelf(quantize.getType()));
    if (quantize.getScale() || !type.getPerTensorParams())
      return rewriter.notifyMatchFailure(op, "parameters vary by position");
    auto before = cast<RankedTensorType>(transpose.getInput1().getType());
    auto stored =
        QuantizeOp::create(rewriter, quantize.getLoc(), before.clone(type),
                           transpose.getInput1());
    stored->setDiscardableAttrs(quantize->getDiscardableAttrDictionary());
    Value real = DequantizeOp::create(rewriter, op.getLoc(), before, stored);
    rewriter.replaceOp(op, makeTranspose(rewriter, op.getLoc(), real,
                                         transpose.getPerms()));
    return success();
  }
};

struct TransposeStored : OpRewritePattern<tosa::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tosa::TransposeOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<StoredConstant> stored = getStoredConstant(op.getInput1());
    if (!stored ||
        stored->integers.getElementType().getIntOrFloatBitWidth() % 8 != 0)
      return rewriter.notifyMatchFailure(op, "operand is no stored constant "
                                             "of whole bytes");
    rewriter.replaceOp(op,
                       buildStored(rewriter, op.getLoc(),
                                   transposeStored(*stored, op.getPerms())));
    return success();
  }
};

} // namespace

void populateTransposeThroughQuantized(RewritePatternSet &patterns) {
  patterns.add<SinkThroughPair, TransposeStored>(patterns.getContext());
}

} // namespace mlir::qnt
