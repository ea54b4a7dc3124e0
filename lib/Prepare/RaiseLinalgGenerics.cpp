//===- RaiseLinalgGenerics.cpp - arithmetic written as linalg.generic -----===//
//
// Raised is what tosa has an op for: bodies of one operation or of nothing but
// extrema, and sums and maxima along dimensions. Longer bodies of one operand
// stay: as a whole they are one table.
//
//===----------------------------------------------------------------------===//

#include "RaiseLinalg.h"

#include "ConstantUtils.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cfloat>

using namespace mlir;
using namespace mlir::qnt;
using namespace mlir::qnt::raise;
using linalg::GenericOp;

static bool isStaticF32(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.hasStaticShape() && type.getElementType().isF32();
}

/// The input with a dimension per loop; null unless its dimensions come in the
/// order of the loops and are as long as they or 1.
static Value alignInput(OpBuilder &builder, GenericOp op, OpOperand *operand) {
  AffineMap map = op.getMatchingIndexingMap(operand);
  SmallVector<int64_t> shape(op.getNumLoops(), 1);
  int64_t last = -1;
  for (auto [result, size] :
       llvm::zip_equal(map.getResults(), shapeOf(operand->get()))) {
    if (auto constant = dyn_cast<AffineConstantExpr>(result)) {
      if (size != 1 || constant.getValue() != 0)
        return {};
      continue;
    }
    auto dim = dyn_cast<AffineDimExpr>(result);
    if (!dim || static_cast<int64_t>(dim.getPosition()) <= last)
      return {};
    last = dim.getPosition();
    shape[last] = size;
  }
  return reshape(builder, operand->get(), shape);
}

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

namespace {
enum class Extremum { None, Max, Min };

/// One operation of a body that tosa has an op for.
struct Step {
  Operation *op;
  Extremum extremum = Extremum::None;
  Value lhs, rhs;
};
} // namespace

/// select(compare(a, b), a, b) as a maximum or minimum.
static Step matchSelect(arith::SelectOp select) {
  auto compare = select.getCondition().getDefiningOp<arith::CmpFOp>();
  Step step{select, Extremum::None, select.getTrueValue(),
            select.getFalseValue()};
  if (!compare)
    return step;
  using Predicate = arith::CmpFPredicate;
  bool isGreater = llvm::is_contained(
      {Predicate::OGT, Predicate::OGE, Predicate::UGT, Predicate::UGE},
      compare.getPredicate());
  bool isLess = llvm::is_contained(
      {Predicate::OLT, Predicate::OLE, Predicate::ULT, Predicate::ULE},
      compare.getPredicate());
  auto isSame = [](Value a, Value b) {
    return a == b || (getFill(a) && getFill(a) == getFill(b));
  };
  bool isStraight =
      isSame(compare.getLhs(), step.lhs) && isSame(compare.getRhs(), step.rhs);
  bool isCrossed =
      isSame(compare.getLhs(), step.rhs) && isSame(compare.getRhs(), step.lhs);
  if ((isStraight && isGreater) || (isCrossed && isLess))
    step.extremum = Extremum::Max;
  if ((isStraight && isLess) || (isCrossed && isGreater))
    step.extremum = Extremum::Min;
  return step;
}

/// The steps of a body; nothing if there is an operation that tosa lacks, or
/// more than one that is no extremum.
static std::optional<SmallVector<Step>> readBody(GenericOp op) {
  SmallVector<Step> steps;
  unsigned numOthers = 0;
  for (Operation &inner : op.getBody()->without_terminator()) {
    if (isa<arith::CmpFOp>(inner) &&
        llvm::all_of(inner.getUsers(), llvm::IsaPred<arith::SelectOp>))
      continue;
    if (inner.hasTrait<OpTrait::ConstantLike>())
      continue;
    Step step{&inner};
    if (auto select = dyn_cast<arith::SelectOp>(inner)) {
      step = matchSelect(select);
      if (step.extremum == Extremum::None)
        return std::nullopt;
    } else if (isa<arith::MaximumFOp, arith::MinimumFOp>(inner)) {
      step = {&inner,
              isa<arith::MaximumFOp>(inner) ? Extremum::Max : Extremum::Min,
              inner.getOperand(0), inner.getOperand(1)};
    } else if (isa<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp,
                   arith::NegFOp, math::AbsFOp, math::CeilOp, math::FloorOp,
                   math::ExpOp, math::LogOp, math::TanhOp, math::ErfOp,
                   math::RsqrtOp>(inner)) {
      ++numOthers;
    } else {
      return std::nullopt;
    }
    steps.push_back(step);
  }
  if (steps.empty() || numOthers > 1 || (numOthers == 1 && steps.size() > 1))
    return std::nullopt;
  return steps;
}

namespace {
/// Builds tosa ops for the steps of a body.
class BodyBuilder {
public:
  BodyBuilder(OpBuilder &builder, GenericOp op, ArrayRef<Value> inputs)
      : builder(builder), op(op), loc(op.getLoc()),
        type(cast<RankedTensorType>(op->getResult(0).getType())) {
    for (auto [argument, input] :
         llvm::zip(op.getBody()->getArguments(), inputs))
      values[argument] = input;
  }

  Value build(ArrayRef<Step> steps) {
    for (const Step &step : steps) {
      Value result = step.extremum == Extremum::None ? buildArithmetic(step.op)
                                                     : buildExtremum(step);
      if (!result)
        return {};
      values[step.op->getResult(0)] = result;
    }
    auto yield = cast<linalg::YieldOp>(op.getBody()->getTerminator());
    return values.lookup(yield.getOperand(0));
  }

private:
  /// The tensor of a scalar of the body.
  Value get(Value scalar) {
    if (Value found = values.lookup(scalar))
      return found;
    std::optional<double> constant = getFill(scalar);
    if (!constant)
      return {};
    SmallVector<int64_t> ones(type.getRank(), 1);
    return makeFloats(builder, loc, ones, *constant);
  }

  Value buildExtremum(const Step &step) {
    Value lhs = step.lhs, rhs = step.rhs;
    if (getFill(lhs) && !values.lookup(lhs))
      std::swap(lhs, rhs);
    Value variable = get(lhs);
    if (!variable)
      return {};
    bool isMax = step.extremum == Extremum::Max;
    std::optional<double> bound =
        values.lookup(rhs) ? std::nullopt : getFill(rhs);
    if (bound && variable.getType() == type)
      return tosa::ClampOp::create(
          builder, loc, type, variable,
          builder.getF32FloatAttr(isMax ? *bound : -FLT_MAX),
          builder.getF32FloatAttr(isMax ? FLT_MAX : *bound));
    Value other = get(rhs);
    if (!other)
      return {};
    if (isMax)
      return tosa::MaximumOp::create(builder, loc, type, variable, other);
    return tosa::MinimumOp::create(builder, loc, type, variable, other);
  }

  Value buildArithmetic(Operation *inner) {
    SmallVector<Value> operands;
    for (Value operand : inner->getOperands()) {
      operands.push_back(get(operand));
      if (!operands.back())
        return {};
    }
    if (operands.size() == 1)
      return buildUnary(inner, operands[0]);
    std::optional<double> constant = getFill(inner->getOperand(1));
    if (values.lookup(inner->getOperand(1)))
      constant = std::nullopt;
    bool isScaled = constant && operands[0].getType() == type;
    if (isa<arith::DivFOp>(inner)) {
      if (!isScaled || *constant == 0)
        return {};
      return scale(builder, loc, operands[0], 1.0 / *constant);
    }
    if (isa<arith::MulFOp>(inner)) {
      if (isScaled)
        return scale(builder, loc, operands[0], *constant);
      Value shift = makeConstant(
          builder, loc,
          DenseElementsAttr::get(
              RankedTensorType::get({1}, builder.getI8Type()), int8_t(0)));
      return tosa::MulOp::create(builder, loc, type, operands[0], operands[1],
                                 shift);
    }
    if (isa<arith::AddFOp>(inner))
      return tosa::AddOp::create(builder, loc, type, operands[0], operands[1]);
    return tosa::SubOp::create(builder, loc, type, operands[0], operands[1]);
  }

  Value buildUnary(Operation *inner, Value x) {
    if (x.getType() != type)
      return {};
    return llvm::TypeSwitch<Operation *, Value>(inner)
        .Case<math::AbsFOp>(
            [&](auto) { return tosa::AbsOp::create(builder, loc, type, x); })
        .Case<math::CeilOp>(
            [&](auto) { return tosa::CeilOp::create(builder, loc, type, x); })
        .Case<math::FloorOp>(
            [&](auto) { return tosa::FloorOp::create(builder, loc, type, x); })
        .Case<math::ExpOp>(
            [&](auto) { return tosa::ExpOp::create(builder, loc, type, x); })
        .Case<math::LogOp>(
            [&](auto) { return tosa::LogOp::create(builder, loc, type, x); })
        .Case<math::TanhOp>(
            [&](auto) { return tosa::TanhOp::create(builder, loc, type, x); })
        .Case<math::ErfOp>(
            [&](auto) { return tosa::ErfOp::create(builder, loc, type, x); })
        .Case<math::RsqrtOp>(
            [&](auto) { return tosa::RsqrtOp::create(builder, loc, type, x); })
        .Case<arith::NegFOp>([&](auto) { return scale(builder, loc, x, -1.0); })
        .Default([](auto) { return Value(); });
  }

  OpBuilder &builder;
  GenericOp op;
  Location loc;
  RankedTensorType type;
  DenseMap<Value, Value> values;
};

struct RaiseElementwise : OpRewritePattern<GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(GenericOp op,
                                PatternRewriter &rewriter) const override {
    if (op->getNumResults() != 1 ||
        op.getNumParallelLoops() != op.getNumLoops() || op.getNumLoops() == 0 ||
        !op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isIdentity() ||
        !op.getBody()->getArguments().back().use_empty())
      return rewriter.notifyMatchFailure(op, "not elementwise");
    if (!isStaticF32(op->getResult(0)) ||
        !llvm::all_of(op.getInputs(), isStaticF32))
      return rewriter.notifyMatchFailure(op, "no f32 tensors of static shape");
    std::optional<SmallVector<Step>> steps = readBody(op);
    if (!steps)
      return rewriter.notifyMatchFailure(op, "tosa has no op for its body");
    SmallVector<Value> inputs;
    for (OpOperand *operand : op.getDpsInputOperands()) {
      inputs.push_back(alignInput(rewriter, op, operand));
      if (!inputs.back())
        return rewriter.notifyMatchFailure(op, "an input is permuted");
    }
    Value result = BodyBuilder(rewriter, op, inputs).build(*steps);
    if (!result || result.getType() != op->getResult(0).getType())
      return rewriter.notifyMatchFailure(op, "tosa has no op for its operands");
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// A sum is an average times n, a mean a sum over n: the two cancel out.
struct FoldScales : OpRewritePattern<tosa::MulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tosa::MulOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<double> factor = getFill(op.getInput2());
    auto inner = op.getInput1().getDefiningOp<tosa::MulOp>();
    if (!factor || !inner || !getFill(inner.getInput2()) ||
        inner.getType() != op.getType() ||
        inner.getInput1().getType() != op.getType() ||
        !isStaticF32(op.getResult()))
      return rewriter.notifyMatchFailure(op, "scales no scaled value");
    rewriter.replaceOp(op, scale(rewriter, op.getLoc(), inner, *factor));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

struct RaiseReduction : OpRewritePattern<GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(GenericOp op,
                                PatternRewriter &rewriter) const override {
    if (op->getNumResults() != 1 || op.getNumDpsInputs() != 1 ||
        op.getNumReductionLoops() == 0 ||
        op.getNumReductionLoops() + op.getNumParallelLoops() !=
            op.getNumLoops() ||
        !op.getMatchingIndexingMap(op.getDpsInputOperand(0)).isIdentity())
      return rewriter.notifyMatchFailure(op, "no reduction of one input");
    Value input = op.getDpsInputOperand(0)->get();
    if (!isStaticF32(input) || !isStaticF32(op->getResult(0)))
      return rewriter.notifyMatchFailure(op, "no f32 tensors of static shape");
    Block *body = op.getBody();
    Operation *inner = &body->front();
    auto yield = cast<linalg::YieldOp>(body->getTerminator());
    bool isPlain =
        body->getOperations().size() == 2 && inner->getNumOperands() == 2 &&
        yield.getOperand(0).getDefiningOp() == inner &&
        llvm::is_contained(inner->getOperands(), body->getArgument(0)) &&
        llvm::is_contained(inner->getOperands(), body->getArgument(1));
    bool isSum = isa<arith::AddFOp>(inner);
    if (!isPlain || !(isSum || isa<arith::MaximumFOp>(inner)))
      return rewriter.notifyMatchFailure(op, "neither a sum nor a maximum");
    std::optional<double> start = getFill(op.getDpsInitOperand(0)->get());
    if (!start || (isSum ? *start != 0 : *start > -FLT_MAX))
      return rewriter.notifyMatchFailure(op, "starts from another value");
    if (!keepsOrder(op.getMatchingIndexingMap(op.getDpsInitOperand(0))))
      return rewriter.notifyMatchFailure(op, "permutes its result");
    SmallVector<unsigned> dims;
    op.getReductionDims(dims);
    Value result = isSum ? buildSum(rewriter, op.getLoc(), input, dims)
                         : buildMax(rewriter, op.getLoc(), input, dims);
    rewriter.replaceOp(op,
                       reshape(rewriter, result, shapeOf(op->getResult(0))));
    return success();
  }

private:
  static bool keepsOrder(AffineMap map) {
    int64_t last = -1;
    for (AffineExpr result : map.getResults()) {
      if (isa<AffineConstantExpr>(result))
        continue;
      auto dim = dyn_cast<AffineDimExpr>(result);
      if (!dim || static_cast<int64_t>(dim.getPosition()) <= last)
        return false;
      last = dim.getPosition();
    }
    return true;
  }

  static RankedTensorType reduced(Value value, unsigned dim) {
    auto type = cast<RankedTensorType>(value.getType());
    SmallVector<int64_t> shape(type.getShape());
    shape[dim] = 1;
    return type.clone(shape);
  }

  static Value buildMax(OpBuilder &builder, Location loc, Value value,
                        ArrayRef<unsigned> dims) {
    for (unsigned dim : dims)
      value = tosa::ReduceMaxOp::create(builder, loc, reduced(value, dim),
                                        value, builder.getI32IntegerAttr(dim));
    return value;
  }

  /// Over height and width, a sum is an average pool times their size.
  static Value buildSum(OpBuilder &builder, Location loc, Value value,
                        ArrayRef<unsigned> dims) {
    ArrayRef<int64_t> shape = shapeOf(value);
    if (shape.size() == 4 && dims == ArrayRef<unsigned>{2, 3}) {
      int64_t height = shape[2], width = shape[3];
      auto type = RankedTensorType::get({shape[0], 1, 1, shape[1]},
                                        builder.getF32Type());
      Value zero = makeFloats(builder, loc, {1}, 0);
      Value pool = tosa::AvgPool2dOp::create(
          builder, loc, type, transpose(builder, value, {0, 2, 3, 1}), zero,
          zero, ArrayRef<int64_t>{height, width}, ArrayRef<int64_t>{1, 1},
          ArrayRef<int64_t>{0, 0, 0, 0}, builder.getF32Type());
      return scale(builder, loc, transpose(builder, pool, {0, 3, 1, 2}),
                   double(height * width));
    }
    for (unsigned dim : dims)
      value = tosa::ReduceSumOp::create(builder, loc, reduced(value, dim),
                                        value, builder.getI32IntegerAttr(dim));
    return value;
  }
};
} // namespace

void qnt::populateRaiseGenerics(RewritePatternSet &patterns) {
  patterns.add<FoldScales, RaiseElementwise, RaiseReduction>(
      patterns.getContext());
}
