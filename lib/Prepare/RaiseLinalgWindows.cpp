//===- RaiseLinalgWindows.cpp - convolutions, pools, products -------------===//
//
// Channels go last, between transposes that qnt-sink-transposes removes; a
// tensor.pad in front becomes the window's own padding; the initial value of
// the sum becomes the bias where it is one.
//
//===----------------------------------------------------------------------===//

#include "RaiseLinalg.h"

#include "ConstantUtils.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <cfloat>

using namespace mlir;
using namespace mlir::qnt;
using namespace mlir::qnt::raise;

namespace {
/// A window over height and width, with what is taken in of a pad before it.
struct Window {
  Value input;
  SmallVector<int64_t> pad = {0, 0, 0, 0};
  SmallVector<int64_t> stride, dilation, kernel;
};
} // namespace

static SmallVector<int64_t> toInts(DenseIntElementsAttr values) {
  return llvm::to_vector(values.getValues<int64_t>());
}

/// The pad before `value`, if it pads dimensions 2 and 3 with a constant for
/// which `isNeutral` holds.
template <typename NeutralFn>
static void takePad(Window &window, NeutralFn isNeutral) {
  auto pad = window.input.getDefiningOp<tensor::PadOp>();
  if (!pad)
    return;
  Value constant = pad.getConstantPaddingValue();
  std::optional<double> value = constant ? getFill(constant) : std::nullopt;
  ArrayRef<int64_t> low = pad.getStaticLow(), high = pad.getStaticHigh();
  if (!value || !isNeutral(*value) || low.size() != 4 || low[0] || low[1] ||
      high[0] || high[1])
    return;
  for (unsigned i : {2, 3})
    if (low[i] < 0 || high[i] < 0)
      return;
  window.input = pad.getSource();
  window.pad = {low[2], high[2], low[3], high[3]};
}

/// tosa wants windows to end where the input does: what is left over is taken
/// from the padding behind. False if there is too little of it.
static bool fitPad(Window &window, ArrayRef<int64_t> size) {
  for (unsigned i : {0, 1}) {
    int64_t span = (window.kernel[i] - 1) * window.dilation[i] + 1;
    int64_t rest =
        (size[i] + window.pad[2 * i] + window.pad[2 * i + 1] - span) %
        window.stride[i];
    if (rest > window.pad[2 * i + 1])
      return false;
    window.pad[2 * i + 1] -= rest;
  }
  return true;
}

/// The vector that is broadcast along dimension 1 to make `init`, if it is.
static Value findBias(Value init) {
  if (auto broadcast = init.getDefiningOp<linalg::BroadcastOp>()) {
    auto type = cast<RankedTensorType>(broadcast.getInput().getType());
    return type.getRank() == 1 &&
                   broadcast.getDimensions() == ArrayRef<int64_t>{0, 2, 3}
               ? broadcast.getInput()
               : Value();
  }
  auto generic = init.getDefiningOp<linalg::GenericOp>();
  if (!generic || generic.getNumDpsInputs() != 1 ||
      generic.getNumResults() != 1 ||
      generic.getNumParallelLoops() != generic.getNumLoops())
    return {};
  auto yield = cast<linalg::YieldOp>(generic.getBody()->getTerminator());
  AffineMap map = generic.getMatchingIndexingMap(generic.getDpsInputOperand(0));
  bool isVector = map.getNumResults() == 1 && map.isProjectedPermutation() &&
                  map.getDimPosition(0) == 1;
  return isVector && yield.getOperand(0) == generic.getBody()->getArgument(0)
             ? generic.getDpsInputOperand(0)->get()
             : Value();
}

static bool isF32(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.hasStaticShape() && type.getElementType().isF32();
}

namespace {

/// Both kinds of convolution with channels second.
template <typename OpT> struct RaiseConv : OpRewritePattern<OpT> {
  using OpRewritePattern<OpT>::OpRewritePattern;
  static constexpr bool kIsDepthwise =
      std::is_same_v<OpT, linalg::DepthwiseConv2DNchwChwOp>;

  LogicalResult matchAndRewrite(OpT op,
                                PatternRewriter &rewriter) const override {
    if (op->getNumResults() != 1 || !isF32(op->getResult(0)) ||
        !isF32(op.getInputs()[0]) || !isF32(op.getInputs()[1]))
      return rewriter.notifyMatchFailure(op, "no f32 tensors of static shape");
    Location loc = op.getLoc();
    Value filter = op.getInputs()[1], init = op.getOutputs()[0];
    Window window{op.getInputs()[0],
                  {0, 0, 0, 0},
                  toInts(op.getStrides()),
                  toInts(op.getDilations()),
                  SmallVector<int64_t>(shapeOf(filter).take_back(2))};
    takePad(window, [](double value) { return value == 0; });
    if (!fitPad(window, shapeOf(window.input).take_back(2)))
      return rewriter.notifyMatchFailure(op, "windows end before the input");
    SmallVector<int64_t> shape(shapeOf(op->getResult(0)));
    Value bias = findBias(init);
    bool isAdded = !bias && getFill(init) != 0.0;
    if (!bias)
      bias = makeFloats(rewriter, loc, {shape[1]}, 0);
    Value nhwc = transpose(rewriter, window.input, {0, 2, 3, 1});
    auto type = RankedTensorType::get({shape[0], shape[2], shape[3], shape[1]},
                                      rewriter.getF32Type());
    Value conv = makeConv(rewriter, loc, type, nhwc, filter, bias, window);
    Value result = transpose(rewriter, conv, {0, 3, 1, 2});
    if (isAdded)
      result =
          tosa::AddOp::create(rewriter, loc, result.getType(), result, init);
    rewriter.replaceOp(op, result);
    return success();
  }

  static Value makeConv(OpBuilder &builder, Location loc, Type type, Value nhwc,
                        Value filter, Value bias, const Window &window) {
    Value zero = makeFloats(builder, loc, {1}, 0);
    if constexpr (kIsDepthwise) {
      ArrayRef<int64_t> dims = shapeOf(filter);
      Value hwc = transpose(builder, filter, {1, 2, 0});
      Value weights = reshape(builder, hwc, {dims[1], dims[2], dims[0], 1});
      return tosa::DepthwiseConv2DOp::create(
          builder, loc, type, nhwc, weights, bias, zero, zero, window.pad,
          window.stride, window.dilation, builder.getF32Type());
    } else {
      Value weights = transpose(builder, filter, {0, 2, 3, 1});
      return tosa::Conv2DOp::create(builder, loc, type, nhwc, weights, bias,
                                    zero, zero, window.pad, window.stride,
                                    window.dilation, builder.getF32Type());
    }
  }
};

/// Maxima, and sums as averages times their number.
template <typename OpT> struct RaisePool : OpRewritePattern<OpT> {
  using OpRewritePattern<OpT>::OpRewritePattern;
  static constexpr bool kIsMax = std::is_same_v<OpT, linalg::PoolingNchwMaxOp>;

  LogicalResult matchAndRewrite(OpT op,
                                PatternRewriter &rewriter) const override {
    if (op->getNumResults() != 1 || !isF32(op->getResult(0)) ||
        !isF32(op.getInputs()[0]))
      return rewriter.notifyMatchFailure(op, "no f32 tensors of static shape");
    std::optional<double> start = getFill(op.getOutputs()[0]);
    auto isLowest = [](double value) { return value <= -FLT_MAX; };
    if (!start || (kIsMax ? !isLowest(*start) : *start != 0))
      return rewriter.notifyMatchFailure(op, "starts from another value");
    Location loc = op.getLoc();
    Window window{op.getInputs()[0],
                  {0, 0, 0, 0},
                  toInts(op.getStrides()),
                  toInts(op.getDilations()),
                  SmallVector<int64_t>(shapeOf(op.getInputs()[1]))};
    if (llvm::any_of(window.dilation, [](int64_t d) { return d != 1; }))
      return rewriter.notifyMatchFailure(op, "its window has holes");
    // An average leaves padding out, so a pad before a sum stays.
    if (kIsMax)
      takePad(window, isLowest);
    if (!fitPad(window, shapeOf(window.input).take_back(2)))
      return rewriter.notifyMatchFailure(op, "windows end before the input");
    ArrayRef<int64_t> shape = shapeOf(op->getResult(0));
    auto type = RankedTensorType::get({shape[0], shape[2], shape[3], shape[1]},
                                      rewriter.getF32Type());
    Value nhwc = transpose(rewriter, window.input, {0, 2, 3, 1});
    Value pool;
    if constexpr (kIsMax) {
      pool = tosa::MaxPool2dOp::create(rewriter, loc, type, nhwc, window.kernel,
                                       window.stride, window.pad);
    } else {
      Value zero = makeFloats(rewriter, loc, {1}, 0);
      pool = tosa::AvgPool2dOp::create(rewriter, loc, type, nhwc, zero, zero,
                                       window.kernel, window.stride, window.pad,
                                       rewriter.getF32Type());
    }
    Value result = transpose(rewriter, pool, {0, 3, 1, 2});
    if (!kIsMax)
      result = scale(rewriter, loc, result,
                     double(window.kernel[0] * window.kernel[1]));
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// True for constants, and what is made of them alone by moving elements.
static bool isConstant(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (getConstant(value))
      return true;
    if (!isa<tosa::TransposeOp, tosa::ReshapeOp, linalg::TransposeOp,
             tensor::CollapseShapeOp, tensor::ExpandShapeOp>(op))
      return false;
    value = op->getOperand(0);
  }
  return false;
}

/// Products of matrices: constant weights make a convolution of one point.
struct RaiseMatmul : OpRewritePattern<linalg::MatmulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::MatmulOp op,
                                PatternRewriter &rewriter) const override {
    if (op->getNumResults() != 1 || !isF32(op->getResult(0)) ||
        !isF32(op.getInputs()[0]) || !isF32(op.getInputs()[1]))
      return rewriter.notifyMatchFailure(op, "no f32 tensors of static shape");
    if (op.hasUserDefinedMaps())
      return rewriter.notifyMatchFailure(op, "has maps of its own");
    Location loc = op.getLoc();
    Value a = op.getInputs()[0], b = op.getInputs()[1];
    int64_t rows = shapeOf(a)[0], depth = shapeOf(a)[1],
            columns = shapeOf(b)[1];
    Value zero = makeFloats(rewriter, loc, {1}, 0), product;
    if (isConstant(b)) {
      Value weights = reshape(rewriter, transpose(rewriter, b, {1, 0}),
                              {columns, 1, 1, depth});
      auto type =
          RankedTensorType::get({rows, 1, 1, columns}, rewriter.getF32Type());
      product = tosa::Conv2DOp::create(
          rewriter, loc, type, reshape(rewriter, a, {rows, 1, 1, depth}),
          weights, makeFloats(rewriter, loc, {columns}, 0), zero, zero,
          ArrayRef<int64_t>{0, 0, 0, 0}, ArrayRef<int64_t>{1, 1},
          ArrayRef<int64_t>{1, 1}, rewriter.getF32Type());
    } else {
      auto type =
          RankedTensorType::get({1, rows, columns}, rewriter.getF32Type());
      product = tosa::MatMulOp::create(
          rewriter, loc, type, reshape(rewriter, a, {1, rows, depth}),
          reshape(rewriter, b, {1, depth, columns}), zero, zero);
    }
    Value result = reshape(rewriter, product, {rows, columns});
    if (getFill(op.getOutputs()[0]) != 0.0)
      result = tosa::AddOp::create(rewriter, loc, result.getType(), result,
                                   op.getOutputs()[0]);
    rewriter.replaceOp(op, result);
    return success();
  }
};

struct RaiseBatchMatmul : OpRewritePattern<linalg::BatchMatmulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::BatchMatmulOp op,
                                PatternRewriter &rewriter) const override {
    if (op->getNumResults() != 1 || !isF32(op->getResult(0)) ||
        !isF32(op.getInputs()[0]) || !isF32(op.getInputs()[1]))
      return rewriter.notifyMatchFailure(op, "no f32 tensors of static shape");
    if (op.hasUserDefinedMaps())
      return rewriter.notifyMatchFailure(op, "has maps of its own");
    if (getFill(op.getOutputs()[0]) != 0.0)
      return rewriter.notifyMatchFailure(op, "starts from another value");
    Value zero = makeFloats(rewriter, op.getLoc(), {1}, 0);
    rewriter.replaceOpWithNewOp<tosa::MatMulOp>(op, op->getResult(0).getType(),
                                                op.getInputs()[0],
                                                op.getInputs()[1], zero, zero);
    return success();
  }
};
} // namespace

void qnt::populateRaiseWindows(RewritePatternSet &patterns) {
  patterns
      .add<RaiseConv<linalg::Conv2DNchwFchwOp>,
           RaiseConv<linalg::DepthwiseConv2DNchwChwOp>,
           RaisePool<linalg::PoolingNchwMaxOp>,
           RaisePool<linalg::PoolingNchwSumOp>, RaiseMatmul, RaiseBatchMatmul>(
          patterns.getContext());
}
