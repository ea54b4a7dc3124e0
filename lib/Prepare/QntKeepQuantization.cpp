//===- QntKeepQuantization.cpp - keep what a model came with --------------===//
//
// Brings a model that arrives with quantize and dequantize into the form that
// calibration gives a float model. Invariant: no stored integer that the model
// means is changed: ops are moved across conversions only where they move
// elements or pick the largest.
//
//===----------------------------------------------------------------------===//

#include "QuantizedConstants.h"

#include "qnt/Analysis/Edges.h"
#include "qnt/Prepare/Passes.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::qnt {
#define GEN_PASS_DEF_QNTKEEPQUANTIZATION
#include "qnt/Prepare/Passes.h.inc"
} // namespace mlir::qnt

using namespace mlir;
using namespace mlir::qnt;

//===----------------------------------------------------------------------===//
// Ops on stored integers
//===----------------------------------------------------------------------===//

/// How many leading operands of an op that only moves elements are data; 0 for
/// other ops.
static unsigned countMoved(Operation *op) {
  if (!op || op->getNumResults() != 1)
    return 0;
  if (isa<tosa::ConcatOp>(op))
    return op->getNumOperands();
  return isa<tosa::TransposeOp, tosa::ReshapeOp, tosa::SliceOp, tosa::ReverseOp,
             tosa::TileOp, tosa::MaxPool2dOp>(op)
             ? 1
             : 0;
}

/// The type if it is complete and per tensor, of at most 16 bits: such numbers
/// survive a dequantize and a quantize.
static QuantizedType perTensorType(Value value) {
  QuantizedType type = getCompleteType(value);
  return type && isa<IntegerType>(type.getStorage()) &&
                 type.getStorageWidth() <= 16 && type.getPerTensorParams()
             ? type
             : QuantizedType();
}

/// quantize(op(dequantize(operands)...)), the given op on real numbers.
static Value buildOnFloats(PatternRewriter &rewriter, Operation *op,
                           ArrayRef<Value> quantized, QuantizedType type) {
  Location loc = op->getLoc();
  auto typed = [&](Value value, Type element) {
    return cast<RankedTensorType>(value.getType()).clone(element);
  };
  SmallVector<Value> operands(op->getOperands());
  for (auto [i, value] : llvm::enumerate(quantized))
    operands[i] = DequantizeOp::create(
        rewriter, loc, typed(value, type.getExpressed()), value);
  Operation *moved = rewriter.create(
      loc, op->getName().getIdentifier(), operands,
      Type(typed(op->getResult(0), type.getExpressed())), op->getAttrs());
  return QuantizeOp::create(rewriter, loc, typed(op->getResult(0), type),
                            moved->getResult(0));
}

namespace {
/// cast(move(i)) -> quantize(move(dequantize(cast(i)))).
struct LiftBeforeCast : OpRewritePattern<StorageCastOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(StorageCastOp op,
                                PatternRewriter &rewriter) const override {
    QuantizedType type = perTensorType(op.getResult());
    Operation *move = op.getInput().getDefiningOp();
    unsigned moved = countMoved(move);
    if (!type || !moved)
      return rewriter.notifyMatchFailure(op, "nothing moves integers into it");
    SmallVector<Value> quantized;
    for (Value operand : move->getOperands().take_front(moved))
      quantized.push_back(StorageCastOp::create(
          rewriter, op.getLoc(),
          cast<RankedTensorType>(operand.getType()).clone(type), operand));
    rewriter.replaceOp(op, buildOnFloats(rewriter, move, quantized, type));
    return success();
  }
};

/// move(cast(q)) -> cast(quantize(move(dequantize(q)))).
struct LiftBehindCast : RewritePattern {
  LiftBehindCast(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    unsigned moved = countMoved(op);
    QuantizedType type;
    SmallVector<Value> quantized;
    for (Value operand : op->getOperands().take_front(moved)) {
      auto cast = operand.getDefiningOp<StorageCastOp>();
      QuantizedType own =
          cast ? perTensorType(cast.getInput()) : QuantizedType();
      if (!own || (type && own != type))
        return rewriter.notifyMatchFailure(op, "operands are no integers of "
                                               "one scheme");
      type = own;
      quantized.push_back(cast.getInput());
    }
    if (!type)
      return rewriter.notifyMatchFailure(op, "no op that moves integers");
    Value stored = buildOnFloats(rewriter, op, quantized, type);
    rewriter.replaceOpWithNewOp<StorageCastOp>(op, op->getResult(0).getType(),
                                               stored);
    return success();
  }
};

/// fake_quant(x) -> dequantize(quantize(x)).
struct SplitFakeQuant : OpRewritePattern<FakeQuantOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(FakeQuantOp op,
                                PatternRewriter &rewriter) const override {
    auto type = cast<RankedTensorType>(op.getType());
    Value stored = QuantizeOp::create(
        rewriter, op.getLoc(),
        type.clone(cast<mlir::qnt::QuantizedType>(op.getTarget())),
        op.getInput());
    rewriter.replaceOpWithNewOp<DequantizeOp>(op, type, stored);
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Stored constants
//===----------------------------------------------------------------------===//

/// reshape(stored constant) -> stored constant, per tensor.
struct ReshapeStored : OpRewritePattern<tosa::ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tosa::ReshapeOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<StoredConstant> stored = getStoredConstant(op.getInput1());
    auto type = dyn_cast<RankedTensorType>(op.getType());
    if (!stored || !type || !type.hasStaticShape())
      return rewriter.notifyMatchFailure(op, "operand is no stored constant");
    std::optional<StoredConstant> reshaped =
        reshapeStored(*stored, type.getShape());
    if (!reshaped)
      return rewriter.notifyMatchFailure(op, "the axis of its scales is lost");
    rewriter.replaceOp(op, buildStored(rewriter, op.getLoc(), *reshaped));
    return success();
  }
};

/// Stored constants of less than 8 bits -> the same numbers in bytes.
struct WidenStored : OpRewritePattern<DequantizeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(DequantizeOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<StoredConstant> stored = getStoredConstant(op.getResult());
    if (!stored || stored->type.getStorageWidth() >= 8)
      return rewriter.notifyMatchFailure(op, "no stored constant of less than "
                                             "8 bits");
    QuantizedType type = stored->type;
    bool isSigned = type.isSigned();
    stored->integers =
        cast<DenseIntElementsAttr>(stored->integers)
            .mapValues(rewriter.getI8Type(), [isSigned](const APInt &value) {
              return isSigned ? value.sext(8) : value.zext(8);
            });
    // Unsigned numbers of 7 bits are signed bytes too.
    stored->type = QuantizedType::get(
        getContext(), rewriter.getI8Type(), type.getStorageMin(),
        type.getStorageMax(), type.getExpressed(), type.getScheme());
    rewriter.replaceOp(op, buildStored(rewriter, op.getLoc(), *stored));
    return success();
  }
};

/// add(convolution without bias, stored i32 row) -> convolution with bias; a
/// reshape may stand between.
struct StoredRowToBias : OpRewritePattern<tosa::AddOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tosa::AddOp op,
                                PatternRewriter &rewriter) const override {
    for (unsigned row : {1u, 0u}) {
      std::optional<StoredConstant> stored =
          getStoredConstant(op->getOperand(row));
      Value sum = op->getOperand(1 - row);
      if (!stored || stored->type.getStorageWidth() != 32 ||
          sum.getType() != op.getType())
        continue;
      auto reshape = sum.getDefiningOp<tosa::ReshapeOp>();
      if (reshape && !reshape->hasOneUse())
        continue;
      Value result = reshape ? reshape.getInput1() : sum;
      auto convolution = result.getDefiningOp<tosa::Conv2DOp>();
      if (!convolution || !result.hasOneUse() ||
          shapeOf(result).back() != shapeOf(sum).back() ||
          !isZero(convolution.getBias()))
        continue;
      int64_t channels = shapeOf(result).back();
      std::optional<StoredConstant> bias = reshapeStored(*stored, {channels});
      if (!bias)
        continue;
      rewriter.setInsertionPoint(convolution);
      Value value = buildStored(rewriter, op.getLoc(), *bias);
      rewriter.modifyOpInPlace(
          convolution, [&] { convolution.getBiasMutable().assign(value); });
      rewriter.replaceOp(op, sum);
      return success();
    }
    return rewriter.notifyMatchFailure(op, "no stored row behind a "
                                           "convolution");
  }

  static bool isZero(Value value) {
    DenseElementsAttr constant = getFloatConstant(value);
    return constant && constant.isSplat() &&
           constant.getSplatValue<APFloat>().isZero();
  }
};

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

class QntKeepQuantization
    : public mlir::qnt::impl::QntKeepQuantizationBase<QntKeepQuantization> {
public:
  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    set.add<LiftBeforeCast, LiftBehindCast, SplitFakeQuant, ReshapeStored,
            StoredRowToBias, WidenStored>(context);
    StorageCastOp::getCanonicalizationPatterns(set, context);
    patterns = std::move(set);
    return success();
  }

  void runOnOperation() override {
    if (failed(applyPatternsGreedily(getOperation(), patterns)))
      return signalPassFailure();
    getOperation()->walk([&](QuantizeOp op) {
      if (op->hasAttr(kGivenAttr) || !getCompleteType(op.getResult()))
        return;
      op->setAttr(kGivenAttr, UnitAttr::get(&getContext()));
      ++numGiven;
    });
  }

private:
  FrozenRewritePatternSet patterns;
};
} // namespace
