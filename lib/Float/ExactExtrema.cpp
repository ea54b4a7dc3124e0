//===- ExactExtrema.cpp - maxima and minima that start at infinity --------===//
//
// Upstream starts float maxima at the least finite number, so the maximum of
// nothing but -inf would be finite. Here the result is always an element of the
// input, or NaN where the input holds one.
//
//===----------------------------------------------------------------------===//

#include "qnt/Float/Passes.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::qnt {
#define GEN_PASS_DEF_QNTEXACTEXTREMA
#include "qnt/Float/Passes.h.inc"
} // namespace mlir::qnt

using namespace mlir;
using namespace mlir::qnt;

namespace {
/// tosa.reduce_max -> linalg.generic over the type without the axis, from -inf,
/// and a reshape that puts the axis back.
template <typename ReduceOp, typename CombineOp>
class ReduceFromInfinity : public OpRewritePattern<ReduceOp> {
public:
  ReduceFromInfinity(MLIRContext *context, Pass::Statistic &rewritten)
      : OpRewritePattern<ReduceOp>(context), rewritten(rewritten) {}

  LogicalResult matchAndRewrite(ReduceOp op,
                                PatternRewriter &rewriter) const override {
    auto type = dyn_cast<RankedTensorType>(op.getInput().getType());
    if (!type || !type.hasStaticShape())
      return rewriter.notifyMatchFailure(op, "the shape is not static");
    auto element = dyn_cast<FloatType>(type.getElementType());
    if (!element)
      return rewriter.notifyMatchFailure(op, "the elements are integers");
    if (op.getNanMode() != tosa::NanPropagationMode::PROPAGATE)
      return rewriter.notifyMatchFailure(op, "NaN is to be ignored");
    rewriter.replaceOp(op, reduce(op, type, element, rewriter));
    ++rewritten;
    return success();
  }

private:
  static Value reduce(ReduceOp op, RankedTensorType type, FloatType element,
                      PatternRewriter &rewriter) {
    Location loc = op.getLoc();
    int64_t axis = op.getAxis(), rank = type.getRank();
    SmallVector<int64_t> shape(type.getShape());
    shape.erase(shape.begin() + axis);
    constexpr bool isMax = std::is_same_v<CombineOp, arith::MaximumFOp>;
    APFloat limit =
        APFloat::getInf(element.getFloatSemantics(), /*Negative=*/isMax);
    Value start = arith::ConstantOp::create(
        rewriter, loc, rewriter.getFloatAttr(element, limit));
    Value empty = tensor::EmptyOp::create(rewriter, loc, shape, element);
    Value init =
        linalg::FillOp::create(rewriter, loc, start, empty).getResult(0);
    auto reduced = linalg::ReduceOp::create(
        rewriter, loc, op.getInput(), init, {axis},
        [](OpBuilder &builder, Location loc, ValueRange args) {
          Value combined = CombineOp::create(builder, loc, args[0], args[1]);
          linalg::YieldOp::create(builder, loc, combined);
        });
    // The axis joins its left neighbour, or the right one if it is the first.
    SmallVector<ReassociationIndices> groups;
    for (int64_t dim = 0; dim < rank; ++dim) {
      bool joins = dim == axis ? dim > 0 : dim == 1 && axis == 0;
      if (groups.empty() || !joins)
        groups.push_back({dim});
      else
        groups.back().push_back(dim);
    }
    if (rank == 1)
      groups.clear();
    return tensor::ExpandShapeOp::create(rewriter, loc, op.getType(),
                                         reduced.getResult(0), groups);
  }

  Pass::Statistic &rewritten;
};

class ExactExtrema : public qnt::impl::QntExactExtremaBase<ExactExtrema> {
  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    set.add<ReduceFromInfinity<tosa::ReduceMaxOp, arith::MaximumFOp>,
            ReduceFromInfinity<tosa::ReduceMinOp, arith::MinimumFOp>>(
        context, numRewritten);
    patterns = std::move(set);
    return success();
  }
  void runOnOperation() override {
    if (failed(applyPatternsGreedily(getOperation(), patterns)))
      signalPassFailure();
  }
  FrozenRewritePatternSet patterns;
};
} // namespace
