//===- QntRaiseLinalg.cpp - linalg of other tools to tosa -----------------===//
//
// Tools such as torch-mlir write convolutions with channels second and explicit
// pads, and arithmetic as linalg.generic. As tosa these can be quantized, fused
// and laid out like any model's. Invariant: an op that no pattern knows keeps
// its form and its operands' values.
//
//===----------------------------------------------------------------------===//

#include "RaiseLinalg.h"

#include "ConstantUtils.h"
#include "qnt/Prepare/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::qnt {
#define GEN_PASS_DEF_QNTRAISELINALG
#include "qnt/Prepare/Passes.h.inc"
} // namespace mlir::qnt

using namespace mlir;
using namespace mlir::qnt;

//===----------------------------------------------------------------------===//
// What the patterns share
//===----------------------------------------------------------------------===//

std::optional<double> raise::getFill(Value value) {
  if (auto fill = value.getDefiningOp<linalg::FillOp>())
    value = fill.getInputs().front();
  FloatAttr scalar;
  if (matchPattern(value, m_Constant(&scalar)))
    return scalar.getValueAsDouble();
  DenseElementsAttr values = getFloatConstant(value);
  if (!values || !values.isSplat())
    return std::nullopt;
  return values.getSplatValue<APFloat>().convertToDouble();
}

Value raise::makeFloats(OpBuilder &builder, Location loc,
                        ArrayRef<int64_t> shape, float value) {
  return makeConstant(
      builder, loc,
      DenseElementsAttr::get(RankedTensorType::get(shape, builder.getF32Type()),
                             value));
}

Value raise::transpose(OpBuilder &builder, Value value,
                       ArrayRef<int32_t> perms) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape;
  for (int32_t perm : perms)
    shape.push_back(type.getDimSize(perm));
  return tosa::TransposeOp::create(builder, value.getLoc(), type.clone(shape),
                                   value, perms);
}

Value raise::reshape(OpBuilder &builder, Value value, ArrayRef<int64_t> shape) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getShape() == shape)
    return value;
  return tosa::ReshapeOp::create(builder, value.getLoc(), type.clone(shape),
                                 value,
                                 makeShape(builder, value.getLoc(), shape));
}

Value raise::scale(OpBuilder &builder, Location loc, Value value,
                   double factor) {
  if (auto mul = value.getDefiningOp<tosa::MulOp>())
    if (std::optional<double> other = getFill(mul.getInput2());
        other && mul.getInput1().getType() == mul.getType()) {
      value = mul.getInput1();
      factor *= *other;
    }
  if (std::fabs(factor - 1.0) < 1e-7)
    return value;
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> ones(type.getRank(), 1);
  Value shift = makeConstant(
      builder, loc,
      DenseElementsAttr::get(RankedTensorType::get({1}, builder.getI8Type()),
                             int8_t(0)));
  return tosa::MulOp::create(builder, loc, type, value,
                             makeFloats(builder, loc, ones, factor), shift);
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

namespace {

struct RaiseTranspose : OpRewritePattern<linalg::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::TransposeOp op,
                                PatternRewriter &rewriter) const override {
    auto type = dyn_cast<RankedTensorType>(op.getInput().getType());
    if (!type || !type.hasStaticShape() || op->getNumResults() != 1)
      return rewriter.notifyMatchFailure(op, "no tensor of static shape");
    SmallVector<int32_t> perms(op.getPermutation());
    rewriter.replaceOp(op, raise::transpose(rewriter, op.getInput(), perms));
    return success();
  }
};

template <typename OpT> struct RaiseReshape : OpRewritePattern<OpT> {
  using OpRewritePattern<OpT>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpT op,
                                PatternRewriter &rewriter) const override {
    auto from = op.getSrcType();
    auto to = op.getResultType();
    if (!from.hasStaticShape() || !to.hasStaticShape() || to.getRank() == 0 ||
        from.getRank() == 0)
      return rewriter.notifyMatchFailure(op, "no static shape with dimensions");
    if (!to.getElementType().isF32())
      return rewriter.notifyMatchFailure(op, "elements are not f32");
    rewriter.replaceOp(op,
                       raise::reshape(rewriter, op.getSrc(), to.getShape()));
    return success();
  }
};

/// Weights are laid out here, not when the model runs.
struct FoldTranspose : OpRewritePattern<tosa::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tosa::TransposeOp op,
                                PatternRewriter &rewriter) const override {
    DenseElementsAttr values = getFloatConstant(op.getInput1());
    if (!values)
      return rewriter.notifyMatchFailure(op, "transposes no f32 constant");
    rewriter.replaceOp(op,
                       makeConstant(rewriter, op.getLoc(),
                                    permuteConstant(values, op.getPerms())));
    return success();
  }
};

struct RaisePad : OpRewritePattern<tensor::PadOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tensor::PadOp op,
                                PatternRewriter &rewriter) const override {
    Value constant = op.getConstantPaddingValue();
    std::optional<double> value =
        constant ? raise::getFill(constant) : std::nullopt;
    if (!value || !op.getResultType().hasStaticShape() ||
        !op.getSourceType().hasStaticShape())
      return rewriter.notifyMatchFailure(
          op, "no static shape, or no constant to pad with");
    // What a convolution or pool takes in is its own padding.
    if (llvm::any_of(op->getUsers(), [](Operation *user) {
          return isa<linalg::ConvolutionOpInterface>(user);
        }))
      return rewriter.notifyMatchFailure(op, "a window takes it in");
    SmallVector<int64_t> amounts;
    for (auto [low, high] :
         llvm::zip_equal(op.getStaticLow(), op.getStaticHigh())) {
      if (low < 0 || high < 0)
        return rewriter.notifyMatchFailure(op, "a pad that is not constant");
      amounts.append({low, high});
    }
    rewriter.replaceOpWithNewOp<tosa::PadOp>(
        op, op.getResultType(), op.getSource(),
        makeShape(rewriter, op.getLoc(), amounts),
        raise::makeFloats(rewriter, op.getLoc(), {1}, *value));
    return success();
  }
};

struct QntRaiseLinalgPass
    : mlir::qnt::impl::QntRaiseLinalgBase<QntRaiseLinalgPass> {
  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    populateRaiseWindows(set);
    populateRaiseGenerics(set);
    populateRaiseShapes(set);
    patterns = std::move(set);
    return success();
  }

  void runOnOperation() override {
    auto count = [&] {
      unsigned found = 0;
      getOperation()->walk([&](linalg::LinalgOp) { ++found; });
      return found;
    };
    unsigned before = count();
    if (before == 0)
      return markAllAnalysesPreserved();
    if (failed(applyPatternsGreedily(getOperation(), patterns)))
      return signalPassFailure();
    numRaised += before - std::min(before, count());
  }

private:
  FrozenRewritePatternSet patterns;
};
} // namespace

void qnt::populateRaiseShapes(RewritePatternSet &patterns) {
  patterns.add<FoldTranspose, RaiseTranspose, RaisePad,
               RaiseReshape<tensor::CollapseShapeOp>,
               RaiseReshape<tensor::ExpandShapeOp>>(patterns.getContext());
}
