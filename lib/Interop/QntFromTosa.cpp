//===- QntFromTosa.cpp - integer tosa to the forms that have kernels ------===//
//
// Invariant: the integers stay the same. A multiplier of tosa, `m * 2^-shift`,
// is a float64 exactly, and rule N4 gives the same fixed-point form back; what
// would round otherwise is left alone.
//
//===----------------------------------------------------------------------===//

#include "qnt/Dialect/IR/Qnt.h"
#include "qnt/Interop/Passes.h"
#include "qnt/Numerics/Multiplier.h"

#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#include <cmath>

namespace mlir::qnt {
#define GEN_PASS_DEF_QNTFROMTOSA
#include "qnt/Interop/Passes.h.inc"
} // namespace mlir::qnt

using namespace mlir;
using namespace mlir::qnt;
namespace num = ::qnt::num;

static std::optional<SmallVector<int64_t>> getInts(Value value) {
  DenseIntElementsAttr values;
  if (!matchPattern(value, m_Constant(&values)))
    return std::nullopt;
  SmallVector<int64_t> result;
  for (const APInt &element : values.getValues<APInt>())
    result.push_back(element.getSExtValue());
  return result;
}

/// The rounding that gives the integers of the op; nothing if none does.
static std::optional<Rounding> getRounding(tosa::RescaleOp op,
                                           ArrayRef<int64_t> multipliers) {
  if (op.getRoundingMode() != tosa::RoundingMode::DOUBLE_ROUND)
    return Rounding::TfliteSingle;
  // The first of the two roundings is at a fixed place of the product, so the
  // multiplier may not be shifted.
  bool isNormal = llvm::all_of(multipliers,
                               [](int64_t m) { return m >= int64_t(1) << 30; });
  return op.getScale32() && isNormal
             ? std::optional<Rounding>(Rounding::TfliteDouble)
             : std::nullopt;
}

namespace {

/// From sums to bytes, with a clamp behind it.
struct RescalePattern : OpRewritePattern<tosa::RescaleOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tosa::RescaleOp op,
                                PatternRewriter &rewriter) const override {
    auto from = dyn_cast<RankedTensorType>(op.getInput().getType());
    auto to = dyn_cast<RankedTensorType>(op.getType());
    if (!from || !to || !from.getElementType().isInteger(32) ||
        !to.getElementType().isInteger(8) || op.getInputUnsigned() ||
        op.getOutputUnsigned())
      return rewriter.notifyMatchFailure(op, "not from i32 to signed i8");
    auto multipliers = getInts(op.getMultiplier());
    auto shifts = getInts(op.getShift());
    auto inputZero = getInts(op.getInputZp());
    auto outputZero = getInts(op.getOutputZp());
    if (!multipliers || !shifts || !inputZero || !outputZero ||
        multipliers->size() != shifts->size())
      return rewriter.notifyMatchFailure(op, "its parameters are no constants");
    if (multipliers->size() > 1 &&
        (from.getRank() == 0 ||
         from.getShape().back() != int64_t(multipliers->size())))
      return rewriter.notifyMatchFailure(op, "not a multiplier per channel");
    std::optional<Rounding> rounding = getRounding(op, *multipliers);
    if (!rounding)
      return rewriter.notifyMatchFailure(op, "rounds at another place");
    SmallVector<double> reals;
    for (auto [multiplier, shift] : llvm::zip_equal(*multipliers, *shifts)) {
      double real = std::ldexp(double(multiplier), -int(shift));
      num::FixedMultiplier fixed =
          num::quantizeMultiplier(real, *rounding == Rounding::TfliteSingle
                                            ? num::Rounding::TfliteSingle
                                            : num::Rounding::TfliteDouble);
      if (multiplier <= 0 || num::toDouble(fixed) != real)
        return rewriter.notifyMatchFailure(op, "multiplier out of range");
      reals.push_back(real);
    }
    auto [min, max, last] = takeClamp(op);
    auto rescale = RescaleOp::create(
        rewriter, op.getLoc(), to, op.getInput(), reals,
        static_cast<int32_t>(inputZero->front()),
        static_cast<int32_t>(outputZero->front()), min, max, *rounding);
    rewriter.replaceOp(last, rescale.getResult());
    return success();
  }

private:
  /// Bounds, and the op whose result they apply to.
  static std::tuple<int32_t, int32_t, Operation *>
  takeClamp(tosa::RescaleOp op) {
    auto clamp = op->hasOneUse() ? dyn_cast<tosa::ClampOp>(*op->user_begin())
                                 : tosa::ClampOp();
    auto low = clamp ? dyn_cast<IntegerAttr>(clamp.getMinVal()) : IntegerAttr();
    auto high =
        clamp ? dyn_cast<IntegerAttr>(clamp.getMaxVal()) : IntegerAttr();
    if (!low || !high || low.getInt() > high.getInt())
      return {-128, 127, op};
    return {int32_t(low.getInt()), int32_t(high.getInt()), clamp};
  }
};

struct TablePattern : OpRewritePattern<tosa::TableOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tosa::TableOp op,
                                PatternRewriter &rewriter) const override {
    auto entries = getInts(op.getTable());
    if (!entries || entries->size() != 256 ||
        !getElementTypeOrSelf(op.getInput1()).isInteger(8) ||
        !getElementTypeOrSelf(op.getType()).isInteger(8))
      return rewriter.notifyMatchFailure(op, "no constant table of 256 bytes");
    SmallVector<int8_t> table(entries->begin(), entries->end());
    rewriter.replaceOpWithNewOp<mlir::qnt::TableOp>(
        op, op.getType(), op.getInput1(), rewriter.getDenseI8ArrayAttr(table));
    return success();
  }
};

struct QntFromTosaPass : mlir::qnt::impl::QntFromTosaBase<QntFromTosaPass> {
  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    set.add<RescalePattern, TablePattern>(context);
    patterns = std::move(set);
    return success();
  }

  void runOnOperation() override {
    unsigned before = count();
    if (before == 0)
      return markAllAnalysesPreserved();
    if (failed(applyPatternsGreedily(getOperation(), patterns)))
      return signalPassFailure();
    numConverted += before - count();
  }

private:
  unsigned count() {
    unsigned found = 0;
    getOperation()->walk([&](Operation *op) {
      found += isa<tosa::RescaleOp, tosa::TableOp>(op);
    });
    return found;
  }

  FrozenRewritePatternSet patterns;
};
} // namespace
