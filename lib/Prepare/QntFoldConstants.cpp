//===- QntFoldConstants.cpp - arithmetic on constants, padding ------------===//
//
// Computes f32 elementwise ops on constants as the target would, in float, and
// moves explicit padding into the op that pads for itself. Nothing else is
// rounded differently afterwards.
//
//===----------------------------------------------------------------------===//

#include "ConstantUtils.h"

#include "qnt/Prepare/Passes.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cfloat>
#include <cmath>

namespace mlir::qnt {
#define GEN_PASS_DEF_QNTFOLDCONSTANTS
#include "qnt/Prepare/Passes.h.inc"
} // namespace mlir::qnt

using namespace mlir;
using namespace mlir::qnt;

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

/// The value of an elementwise op on scalars, or nothing for other ops.
static std::optional<float> evaluate(Operation *op, float a, float b) {
  return llvm::TypeSwitch<Operation *, std::optional<float>>(op)
      .Case([&](tosa::AddOp) { return a + b; })
      .Case([&](tosa::SubOp) { return a - b; })
      .Case([&](tosa::MulOp) { return a * b; })
      .Case([&](tosa::MaximumOp) { return std::max(a, b); })
      .Case([&](tosa::MinimumOp) { return std::min(a, b); })
      .Case([&](tosa::PowOp) { return std::pow(a, b); })
      .Case([&](tosa::AbsOp) { return std::fabs(a); })
      .Case([&](tosa::NegateOp) { return -a; })
      .Case([&](tosa::ExpOp) { return std::exp(a); })
      .Case([&](tosa::LogOp) { return std::log(a); })
      .Case([&](tosa::TanhOp) { return std::tanh(a); })
      .Case([&](tosa::ErfOp) { return std::erf(a); })
      .Case([&](tosa::FloorOp) { return std::floor(a); })
      .Case([&](tosa::CeilOp) { return std::ceil(a); })
      .Case([&](tosa::ReciprocalOp) { return 1.0f / a; })
      .Case([&](tosa::RsqrtOp) { return 1.0f / std::sqrt(a); })
      .Case([&](tosa::SigmoidOp) { return 1.0f / (1.0f + std::exp(-a)); })
      .Case([&](tosa::ClampOp clamp) {
        auto low = cast<FloatAttr>(clamp.getMinVal()).getValueAsDouble();
        auto high = cast<FloatAttr>(clamp.getMaxVal()).getValueAsDouble();
        return std::clamp(a, float(low), float(high));
      })
      .Default([](Operation *) { return std::nullopt; });
}

/// Reads a constant of equal rank as if it had the shape `to`.
struct BroadcastReader {
  SmallVector<float> values;
  SmallVector<int64_t> strides;

  BroadcastReader(DenseElementsAttr constant, ArrayRef<int64_t> to)
      : values(constant.getValues<float>()), strides(to.size(), 0) {
    ArrayRef<int64_t> own = constant.getType().getShape();
    int64_t stride = 1;
    for (int64_t d = static_cast<int64_t>(to.size()) - 1; d >= 0; --d) {
      strides[d] = own[d] == 1 ? 0 : stride;
      stride *= own[d];
    }
  }
  float at(ArrayRef<int64_t> index) const {
    int64_t flat = 0;
    for (auto [i, stride] : llvm::zip(index, strides))
      flat += i * stride;
    return values[flat];
  }
};

namespace {

struct FoldCounter {
  int64_t folded = 0;
};

struct FoldElementwise : RewritePattern {
  FoldElementwise(MLIRContext *context, int64_t maxElements,
                  FoldCounter &counter)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context),
        maxElements(maxElements), counter(counter) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (op->getNumResults() != 1 || !evaluate(op, 1.0f, 1.0f))
      return rewriter.notifyMatchFailure(op, "op is not evaluated here");
    auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
    if (!type || !type.getElementType().isF32() || !type.hasStaticShape() ||
        type.getNumElements() > maxElements)
      return rewriter.notifyMatchFailure(op, "result is no small f32 tensor");
    // Shifts and zero points are not what the op is computed from.
    bool binary = isa<tosa::AddOp, tosa::SubOp, tosa::MulOp, tosa::MaximumOp,
                      tosa::MinimumOp, tosa::PowOp>(op);
    SmallVector<BroadcastReader, 2> operands;
    for (Value operand : op->getOperands().take_front(binary ? 2 : 1)) {
      DenseElementsAttr constant = getFloatConstant(operand);
      if (!constant || constant.getType().getRank() != type.getRank())
        return rewriter.notifyMatchFailure(op, "an operand is not constant");
      operands.emplace_back(constant, type.getShape());
    }
    SmallVector<float> results;
    SmallVector<int64_t> index(type.getRank(), 0);
    for (int64_t i = 0; i < type.getNumElements(); ++i) {
      float value =
          *evaluate(op, operands.front().at(index), operands.back().at(index));
      if (!std::isfinite(value))
        return rewriter.notifyMatchFailure(op, "a result is not finite");
      results.push_back(value);
      for (int64_t d = type.getRank() - 1; d >= 0; --d) {
        if (++index[d] < type.getDimSize(d))
          break;
        index[d] = 0;
      }
    }
    rewriter.replaceOp(op, makeConstant(rewriter, op->getLoc(),
                                        DenseElementsAttr::get(
                                            type, ArrayRef<float>(results))));
    ++counter.folded;
    return success();
  }

  int64_t maxElements;
  FoldCounter &counter;
};

//===----------------------------------------------------------------------===//
// Reshapes
//===----------------------------------------------------------------------===//

/// reshape(reshape(x)) -> reshape(x), reshape(const) -> const
struct FoldReshape : OpRewritePattern<tosa::ReshapeOp> {
  FoldReshape(MLIRContext *context, FoldCounter &counter)
      : OpRewritePattern(context), counter(counter) {}

  LogicalResult matchAndRewrite(tosa::ReshapeOp op,
                                PatternRewriter &rewriter) const override {
    auto type = dyn_cast<RankedTensorType>(op.getType());
    if (!type || !type.hasStaticShape())
      return rewriter.notifyMatchFailure(op, "shape is not static");
    if (op.getInput1().getType() == type) {
      rewriter.replaceOp(op, op.getInput1());
    } else if (DenseElementsAttr constant = getConstant(op.getInput1())) {
      rewriter.replaceOp(
          op, makeConstant(rewriter, op.getLoc(), constant.reshape(type)));
    } else if (auto inner = op.getInput1().getDefiningOp<tosa::ReshapeOp>()) {
      rewriter.modifyOpInPlace(
          op, [&] { op.getInput1Mutable().assign(inner.getInput1()); });
    } else {
      return rewriter.notifyMatchFailure(op, "operand is no reshape");
    }
    ++counter.folded;
    return success();
  }

  FoldCounter &counter;
};

/// clamp(reshape(x)) -> reshape(clamp(x)), and so for any function of single
/// elements: what follows a convolution then touches it.
struct SinkReshape : RewritePattern {
  SinkReshape(MLIRContext *context, FoldCounter &counter)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context),
        counter(counter) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!op->hasTrait<OpTrait::tosa::TosaElementwiseOperator>() ||
        op->getNumOperands() != 1 || op->getNumResults() != 1)
      return rewriter.notifyMatchFailure(op, "not a function of one tensor");
    auto reshape = op->getOperand(0).getDefiningOp<tosa::ReshapeOp>();
    auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
    if (!reshape || !reshape->hasOneUse() || !type)
      return rewriter.notifyMatchFailure(op, "operand is no reshape of one "
                                             "use");
    Value source = reshape.getInput1();
    auto sourceType = dyn_cast<RankedTensorType>(source.getType());
    if (!sourceType)
      return rewriter.notifyMatchFailure(op, "source is not ranked");
    Operation *moved = rewriter.create(
        op->getLoc(), op->getName().getIdentifier(), source,
        RankedTensorType::get(sourceType.getShape(), type.getElementType()),
        op->getAttrs());
    rewriter.replaceOpWithNewOp<tosa::ReshapeOp>(op, type, moved->getResult(0),
                                                 reshape.getShape());
    ++counter.folded;
    return success();
  }

  FoldCounter &counter;
};

//===----------------------------------------------------------------------===//
// Padding
//===----------------------------------------------------------------------===//

/// A tosa.pad of height and width alone, by a constant.
struct SpatialPad {
  tosa::PadOp op;
  float fill;
  SmallVector<int64_t> amounts; // top, bottom, left, right

  static std::optional<SpatialPad> match(Value value) {
    auto pad = value.getDefiningOp<tosa::PadOp>();
    if (!pad || !pad->hasOneUse() || shapeOf(pad).size() != 4)
      return std::nullopt;
    auto amounts = getShapeConstant(pad.getPadding());
    DenseElementsAttr fill = getFloatConstant(pad.getPadConst());
    if (!amounts || !fill || (*amounts)[0] || (*amounts)[1] || (*amounts)[6] ||
        (*amounts)[7])
      return std::nullopt;
    return SpatialPad{pad, *fill.value_begin<float>(),
                      SmallVector<int64_t>(ArrayRef(*amounts).slice(2, 4))};
  }

  SmallVector<int64_t> plus(ArrayRef<int64_t> pads) const {
    SmallVector<int64_t> sum(amounts);
    for (auto [total, own] : llvm::zip(sum, pads))
      total += own;
    return sum;
  }
};

/// True if the padding never wins a maximum against what a window really sees.
bool neverMaximum(SpatialPad pad) {
  if (pad.fill <= -FLT_MAX)
    return true;
  auto clamp = pad.op.getInput1().getDefiningOp<tosa::ClampOp>();
  if (!clamp)
    return false;
  auto low = dyn_cast<FloatAttr>(clamp.getMinVal());
  return low && low.getValueAsDouble() >= pad.fill;
}

template <typename OpTy> struct AbsorbPad : OpRewritePattern<OpTy> {
  AbsorbPad(MLIRContext *context, FoldCounter &counter)
      : OpRewritePattern<OpTy>(context), counter(counter) {}

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    auto pad = SpatialPad::match(op.getInput());
    if (!pad)
      return rewriter.notifyMatchFailure(op, "input is not padded in space "
                                             "alone");
    SmallVector<int64_t> pads = pad->plus(op.getPad());
    if (!isLegal(op, *pad, pads))
      return rewriter.notifyMatchFailure(op, "the op pads with another value");
    rewriter.modifyOpInPlace(op, [&] {
      op.setPad(pads);
      op.getInputMutable().assign(pad->op.getInput1());
    });
    rewriter.eraseOp(pad->op);
    ++counter.folded;
    return success();
  }

  static bool isLegal(OpTy op, SpatialPad pad, ArrayRef<int64_t> pads) {
    if constexpr (std::is_same_v<OpTy, tosa::MaxPool2dOp>) {
      // Every window has to see a real element, and tosa asks for less padding
      // than kernel.
      ArrayRef<int64_t> kernel = op.getKernel();
      return neverMaximum(pad) && pads[0] < kernel[0] && pads[1] < kernel[0] &&
             pads[2] < kernel[1] && pads[3] < kernel[1];
    } else {
      return pad.fill == 0.0f;
    }
  }

  FoldCounter &counter;
};

class QntFoldConstants
    : public mlir::qnt::impl::QntFoldConstantsBase<QntFoldConstants> {
public:
  using QntFoldConstantsBase::QntFoldConstantsBase;

  LogicalResult initialize(MLIRContext *context) override {
    if (maxElements >= 0)
      return success();
    return emitError(UnknownLoc::get(context))
           << "expected max-elements of at least 0, found "
           << maxElements.getValue();
  }

  void runOnOperation() override {
    FoldCounter counter;
    RewritePatternSet patterns(&getContext());
    patterns.add<FoldElementwise>(&getContext(), maxElements, counter);
    patterns
        .add<FoldReshape, SinkReshape, AbsorbPad<tosa::Conv2DOp>,
             AbsorbPad<tosa::DepthwiseConv2DOp>, AbsorbPad<tosa::MaxPool2dOp>>(
            &getContext(), counter);
    GreedyRewriteConfig config;
    config.enableFolding(false);
    if (failed(
            applyPatternsGreedily(getOperation(), std::move(patterns), config)))
      return signalPassFailure();
    numFolded += counter.folded;
  }
};

} // namespace
