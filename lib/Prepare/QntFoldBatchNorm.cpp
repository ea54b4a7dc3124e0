//===- QntFoldBatchNorm.cpp - per-channel arithmetic into convolutions ----===//
//
// conv(x, w, b) * s + t  ->  conv(x, w * s, b * s + t), and the like in front
// of a convolution. The value of the model changes by float rounding only: all
// products are computed in double and rounded once.
//
//===----------------------------------------------------------------------===//

#include "ConstantUtils.h"

#include "qnt/Prepare/Passes.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::qnt {
#define GEN_PASS_DEF_QNTFOLDBATCHNORM
#include "qnt/Prepare/Passes.h.inc"
} // namespace mlir::qnt

using namespace mlir;
using namespace mlir::qnt;

//===----------------------------------------------------------------------===//
// Constants per channel
//===----------------------------------------------------------------------===//

/// One value per channel (the last dimension) of a value that broadcasts to
/// `shape` and varies along that dimension only.
static std::optional<SmallVector<double>> perChannel(Value value,
                                                     ArrayRef<int64_t> shape) {
  DenseElementsAttr constant = getFloatConstant(value);
  if (!constant)
    return std::nullopt;
  int64_t channels = shape.back();
  ArrayRef<int64_t> own = constant.getType().getShape();
  if (constant.isSplat() || constant.getNumElements() == 1) {
    if (static_cast<int64_t>(own.size()) > static_cast<int64_t>(shape.size()))
      return std::nullopt;
    // A splat must not be what broadcasts the other operand.
    for (auto [a, b] : llvm::zip(llvm::reverse(own), llvm::reverse(shape)))
      if (a != 1 && a != b)
        return std::nullopt;
    return SmallVector<double>(channels, *constant.value_begin<float>());
  }
  if (own.empty() || own.back() != channels ||
      constant.getNumElements() != channels)
    return std::nullopt;
  return llvm::to_vector(llvm::map_range(constant.getValues<float>(),
                                         [](float v) { return double(v); }));
}

/// What an elementwise op does to each channel of one operand.
struct ChannelAffine {
  Value operand;
  SmallVector<double> factors; // empty: 1
  SmallVector<double> terms;   // empty: 0
};

static std::optional<ChannelAffine> matchAffine(Operation *op) {
  if (op->getNumOperands() < 2 || op->getNumResults() != 1)
    return std::nullopt;
  auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  if (!type || type.getRank() == 0 || !type.getElementType().isF32())
    return std::nullopt;
  bool isSub = isa<tosa::SubOp>(op);
  for (unsigned constant : {1u, 0u}) {
    Value operand = op->getOperand(1 - constant);
    auto values = perChannel(op->getOperand(constant), type.getShape());
    if (!values || operand.getType() != type)
      continue;
    ChannelAffine affine{operand, {}, {}};
    if (isa<tosa::MulOp>(op)) {
      affine.factors = *values;
    } else if (isa<tosa::AddOp>(op)) {
      affine.terms = *values;
    } else if (isSub) {
      affine.terms = *values;
      if (constant == 1)
        for (double &term : affine.terms)
          term = -term;
      else
        affine.factors.assign(values->size(), -1.0);
    } else {
      return std::nullopt;
    }
    return affine;
  }
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Convolutions
//===----------------------------------------------------------------------===//

/// The channel that an element of the weights makes, and the one it reads.
struct WeightLayout {
  SmallVector<int64_t> shape;
  bool depthwise; // [kh, kw, C, M] against [O, kh, kw, I]

  int64_t output(int64_t i) const {
    return depthwise ? i % (shape[2] * shape[3])
                     : i / (shape[1] * shape[2] * shape[3]);
  }
  int64_t input(int64_t i) const {
    return depthwise ? i / shape[3] % shape[2] : i % shape[3];
  }
};

static DenseElementsAttr roundTo(DenseElementsAttr like,
                                 ArrayRef<double> values) {
  SmallVector<float> rounded;
  for (double value : values)
    rounded.push_back(static_cast<float>(value));
  return DenseElementsAttr::get(like.getType(), ArrayRef<float>(rounded));
}

static SmallVector<double> toDoubles(DenseElementsAttr values) {
  return llvm::to_vector(llvm::map_range(values.getValues<float>(),
                                         [](float v) { return double(v); }));
}

/// Weights and bias of a convolution, if both are float constants and the op
/// multiplies floats without zero points.
template <typename ConvOp> struct ConvParameters {
  DenseElementsAttr weights;
  DenseElementsAttr bias;
  WeightLayout layout;

  static std::optional<ConvParameters> get(ConvOp op) {
    ConvParameters p{
        getFloatConstant(op.getWeight()), getFloatConstant(op.getBias()), {}};
    auto type = dyn_cast<RankedTensorType>(op.getType());
    if (!p.weights || !p.bias || !type || type.isDynamicDim(3) ||
        !type.getElementType().isF32())
      return std::nullopt;
    p.layout = {llvm::to_vector(p.weights.getType().getShape()),
                std::is_same_v<ConvOp, tosa::DepthwiseConv2DOp>};
    return p;
  }

  /// Replaces the operands by constants at the op.
  void assign(ConvOp op, ArrayRef<double> newWeights, ArrayRef<double> newBias,
              DenseElementsAttr biasLike, PatternRewriter &rewriter) const {
    rewriter.setInsertionPoint(op);
    Value w = makeConstant(rewriter, op.getWeight().getLoc(),
                           roundTo(weights, newWeights));
    Value b = makeConstant(rewriter, op.getBias().getLoc(),
                           roundTo(biasLike, newBias));
    rewriter.modifyOpInPlace(op, [&] {
      op.getWeightMutable().assign(w);
      op.getBiasMutable().assign(b);
    });
  }
};

/// The bias with one value per channel; tosa allows a single one for all.
static DenseElementsAttr expandBias(DenseElementsAttr bias, int64_t channels) {
  if (bias.getNumElements() == channels)
    return bias;
  auto type = RankedTensorType::get({channels}, bias.getElementType());
  return DenseElementsAttr::get(type, *bias.value_begin<float>());
}

namespace {

/// Counts what the patterns folded.
struct FoldCounter {
  int64_t folded = 0;
};

/// An affine op on the result of a convolution, possibly behind a reshape that
/// keeps the channels last.
template <typename ConvOp> struct FoldAfterConv : RewritePattern {
  FoldAfterConv(MLIRContext *context, FoldCounter &counter)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context),
        counter(counter) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!isa<tosa::MulOp, tosa::AddOp, tosa::SubOp>(op))
      return rewriter.notifyMatchFailure(op, "not an affine op");
    auto affine = matchAffine(op);
    if (!affine)
      return rewriter.notifyMatchFailure(op, "no constant per channel");
    Value value = affine->operand;
    auto reshape = value.getDefiningOp<tosa::ReshapeOp>();
    if (reshape) {
      auto from = dyn_cast<RankedTensorType>(reshape.getInput1().getType());
      if (!from || from.getRank() == 0 || !reshape->hasOneUse() ||
          from.getShape().back() != shapeOf(value).back())
        return rewriter.notifyMatchFailure(op, "reshape moves the channels");
      value = reshape.getInput1();
    }
    auto conv = value.getDefiningOp<ConvOp>();
    if (!conv || !conv->hasOneUse())
      return rewriter.notifyMatchFailure(op, "operand is not a convolution of "
                                             "one use");
    auto parameters = ConvParameters<ConvOp>::get(conv);
    if (!parameters)
      return rewriter.notifyMatchFailure(op, "weights are not constants");
    scale(conv, *parameters, *affine, rewriter);
    rewriter.replaceOp(op, affine->operand);
    ++counter.folded;
    return success();
  }

  static void scale(ConvOp conv, const ConvParameters<ConvOp> &parameters,
                    const ChannelAffine &affine, PatternRewriter &rewriter) {
    int64_t channels = shapeOf(conv).back();
    DenseElementsAttr oldBias = expandBias(parameters.bias, channels);
    SmallVector<double> weights = toDoubles(parameters.weights);
    SmallVector<double> bias = toDoubles(oldBias);
    for (int64_t c = 0; c < channels; ++c) {
      bias[c] *= affine.factors.empty() ? 1.0 : affine.factors[c];
      bias[c] += affine.terms.empty() ? 0.0 : affine.terms[c];
    }
    if (!affine.factors.empty())
      for (auto [i, weight] : llvm::enumerate(weights))
        weight *= affine.factors[parameters.layout.output(i)];
    parameters.assign(conv, weights, bias, oldBias, rewriter);
  }

  FoldCounter &counter;
};

/// An affine op that only feeds a convolution. A term needs windows that are
/// never padded.
template <typename ConvOp> struct FoldBeforeConv : OpRewritePattern<ConvOp> {
  FoldBeforeConv(MLIRContext *context, FoldCounter &counter)
      : OpRewritePattern<ConvOp>(context), counter(counter) {}

  LogicalResult matchAndRewrite(ConvOp conv,
                                PatternRewriter &rewriter) const override {
    Operation *op = conv.getInput().getDefiningOp();
    if (!op || !isa<tosa::MulOp, tosa::AddOp, tosa::SubOp>(op) ||
        !op->hasOneUse())
      return rewriter.notifyMatchFailure(conv, "input is not an affine op of "
                                               "one use");
    auto affine = matchAffine(op);
    auto parameters = ConvParameters<ConvOp>::get(conv);
    if (!affine || !parameters)
      return rewriter.notifyMatchFailure(conv, "an operand is not constant");
    bool pads = llvm::any_of(conv.getPad(), [](int64_t p) { return p != 0; });
    if (pads && !affine->terms.empty())
      return rewriter.notifyMatchFailure(conv, "padding lacks the term");
    const WeightLayout &layout = parameters->layout;
    DenseElementsAttr oldBias =
        expandBias(parameters->bias, shapeOf(conv).back());
    SmallVector<double> weights = toDoubles(parameters->weights);
    SmallVector<double> bias = toDoubles(oldBias);
    for (auto [i, weight] : llvm::enumerate(weights)) {
      if (!affine->terms.empty())
        bias[layout.output(i)] += weight * affine->terms[layout.input(i)];
      if (!affine->factors.empty())
        weight *= affine->factors[layout.input(i)];
    }
    parameters->assign(conv, weights, bias, oldBias, rewriter);
    rewriter.modifyOpInPlace(
        conv, [&] { conv.getInputMutable().assign(affine->operand); });
    rewriter.eraseOp(op);
    ++counter.folded;
    return success();
  }

  FoldCounter &counter;
};

class QntFoldBatchNorm
    : public mlir::qnt::impl::QntFoldBatchNormBase<QntFoldBatchNorm> {
public:
  void runOnOperation() override {
    FoldCounter counter;
    RewritePatternSet patterns(&getContext());
    patterns.add<FoldAfterConv<tosa::Conv2DOp>,
                 FoldAfterConv<tosa::DepthwiseConv2DOp>,
                 FoldBeforeConv<tosa::Conv2DOp>,
                 FoldBeforeConv<tosa::DepthwiseConv2DOp>>(&getContext(),
                                                          counter);
    GreedyRewriteConfig config;
    config.enableFolding(false);
    if (failed(
            applyPatternsGreedily(getOperation(), std::move(patterns), config)))
      return signalPassFailure();
    numFolded += counter.folded;
  }
};

} // namespace
