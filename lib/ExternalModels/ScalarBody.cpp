//===- ScalarBody.cpp - bodies of linalg ops as real functions ------------===//
//
// See the header. Invariant: an op that is not in the tables makes the whole
// body unknown; nothing is guessed.
//
//===----------------------------------------------------------------------===//

#include "ScalarBody.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::qnt;

using Operands = ArrayRef<double>;

/// Comparison results are 0 and 1; an unordered predicate is true of NaN.
static double compare(arith::CmpFPredicate predicate, double a, double b) {
  using P = arith::CmpFPredicate;
  bool unordered = std::isnan(a) || std::isnan(b);
  switch (predicate) {
  case P::AlwaysFalse:
    return 0;
  case P::AlwaysTrue:
    return 1;
  case P::OEQ:
    return a == b;
  case P::OGT:
    return a > b;
  case P::OGE:
    return a >= b;
  case P::OLT:
    return a < b;
  case P::OLE:
    return a <= b;
  case P::ONE:
    return !unordered && a != b;
  case P::ORD:
    return !unordered;
  case P::UEQ:
    return unordered || a == b;
  case P::UGT:
    return unordered || a > b;
  case P::UGE:
    return unordered || a >= b;
  case P::ULT:
    return unordered || a < b;
  case P::ULE:
    return unordered || a <= b;
  case P::UNE:
    return a != b;
  case P::UNO:
    return unordered;
  }
  return 0;
}

static std::optional<double> evaluateOp(Operation *op, Operands in) {
  using Result = std::optional<double>;
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case([&](arith::AddFOp) { return in[0] + in[1]; })
      .Case([&](arith::SubFOp) { return in[0] - in[1]; })
      .Case([&](arith::MulFOp) { return in[0] * in[1]; })
      .Case([&](arith::DivFOp) { return in[0] / in[1]; })
      .Case([&](arith::NegFOp) { return -in[0]; })
      .Case<arith::MaximumFOp, arith::MaxNumFOp>(
          [&](auto) { return std::max(in[0], in[1]); })
      .Case<arith::MinimumFOp, arith::MinNumFOp>(
          [&](auto) { return std::min(in[0], in[1]); })
      .Case([&](arith::CmpFOp cmp) {
        return compare(cmp.getPredicate(), in[0], in[1]);
      })
      .Case([&](arith::SelectOp) { return in[0] != 0 ? in[1] : in[2]; })
      .Case<arith::ExtFOp, arith::TruncFOp>([&](auto) { return in[0]; })
      .Case([&](math::AbsFOp) { return std::fabs(in[0]); })
      .Case([&](math::CeilOp) { return std::ceil(in[0]); })
      .Case([&](math::CosOp) { return std::cos(in[0]); })
      .Case([&](math::ErfOp) { return std::erf(in[0]); })
      .Case([&](math::ExpOp) { return std::exp(in[0]); })
      .Case([&](math::Exp2Op) { return std::exp2(in[0]); })
      .Case([&](math::ExpM1Op) { return std::expm1(in[0]); })
      .Case([&](math::FloorOp) { return std::floor(in[0]); })
      .Case([&](math::FmaOp) { return in[0] * in[1] + in[2]; })
      .Case([&](math::LogOp) { return std::log(in[0]); })
      .Case([&](math::Log1pOp) { return std::log1p(in[0]); })
      .Case([&](math::Log2Op) { return std::log2(in[0]); })
      .Case([&](math::PowFOp) { return std::pow(in[0], in[1]); })
      .Case(
          [&](math::RoundEvenOp) { return in[0] - std::remainder(in[0], 1.0); })
      .Case([&](math::RsqrtOp) { return 1.0 / std::sqrt(in[0]); })
      .Case([&](math::SinOp) { return std::sin(in[0]); })
      .Case([&](math::SqrtOp) { return std::sqrt(in[0]); })
      .Case([&](math::TanhOp) { return std::tanh(in[0]); })
      .Default(Result());
}

/// The number that a scalar constant holds.
static std::optional<double> constantOf(Value value) {
  FloatAttr number;
  if (!matchPattern(value, m_Constant(&number)))
    return std::nullopt;
  return number.getValueAsDouble();
}

std::optional<double> models::evaluateBody(Block &body, Operands arguments) {
  llvm::SmallDenseMap<Value, double> values;
  for (auto [argument, value] : llvm::zip(body.getArguments(), arguments))
    values[argument] = value;
  auto lookUp = [&](Value value) -> std::optional<double> {
    auto known = values.find(value);
    return known == values.end() ? constantOf(value)
                                 : std::optional(known->second);
  };
  for (Operation &op : body.without_terminator()) {
    if (op.hasTrait<OpTrait::ConstantLike>())
      continue;
    SmallVector<double> operands;
    for (Value operand : op.getOperands()) {
      std::optional<double> value = lookUp(operand);
      if (!value)
        return std::nullopt;
      operands.push_back(*value);
    }
    std::optional<double> result = evaluateOp(&op, operands);
    if (!result)
      return std::nullopt;
    values[op.getResult(0)] = *result;
  }
  Operation *yield = body.getTerminator();
  if (yield->getNumOperands() != 1)
    return std::nullopt;
  return lookUp(yield->getOperand(0));
}

Operation *models::singleOp(Block &body) {
  auto ops = llvm::make_filter_range(body.without_terminator(), [](auto &op) {
    return !op.template hasTrait<OpTrait::ConstantLike>();
  });
  if (ops.empty() || std::next(ops.begin()) != ops.end())
    return nullptr;
  Operation *op = &*ops.begin();
  Operation *yield = body.getTerminator();
  return yield->getNumOperands() == 1 &&
                 yield->getOperand(0).getDefiningOp() == op
             ? op
             : nullptr;
}

//===----------------------------------------------------------------------===//
// Clamps
//===----------------------------------------------------------------------===//

static std::optional<RealRange> clampOf(Value value, Value argument);

/// max(inner, bound) or min(inner, bound).
static std::optional<RealRange> limit(Value inner, Value bound, bool isMax,
                                      Value argument) {
  std::optional<RealRange> range = clampOf(inner, argument);
  std::optional<double> limit = constantOf(bound);
  if (!range || !limit)
    return std::nullopt;
  return isMax ? RealRange{std::max(range->min, *limit),
                           std::max(range->max, *limit)}
               : RealRange{std::min(range->min, *limit),
                           std::min(range->max, *limit)};
}

/// select(x > c, x, c) is max, select(x < c, x, c) is min, and so on.
static std::optional<RealRange> selectOf(arith::SelectOp select,
                                         Value argument) {
  auto compare = select.getCondition().getDefiningOp<arith::CmpFOp>();
  if (!compare || !constantOf(compare.getRhs()))
    return std::nullopt;
  Value x = compare.getLhs(), c = compare.getRhs();
  auto isBound = [&](Value value) {
    return constantOf(value) == constantOf(c);
  };
  using P = arith::CmpFPredicate;
  P predicate = compare.getPredicate();
  bool isGreater = predicate == P::OGT || predicate == P::OGE ||
                   predicate == P::UGT || predicate == P::UGE;
  bool isLess = predicate == P::OLT || predicate == P::OLE ||
                predicate == P::ULT || predicate == P::ULE;
  if (!isGreater && !isLess)
    return std::nullopt;
  if (select.getTrueValue() == x && isBound(select.getFalseValue()))
    return limit(x, c, isGreater, argument);
  if (select.getFalseValue() == x && isBound(select.getTrueValue()))
    return limit(x, c, isLess, argument);
  return std::nullopt;
}

static std::optional<RealRange> clampOf(Value value, Value argument) {
  constexpr double inf = std::numeric_limits<double>::infinity();
  if (value == argument)
    return RealRange{-inf, inf};
  Operation *op = value.getDefiningOp();
  if (auto select = dyn_cast_or_null<arith::SelectOp>(op))
    return selectOf(select, argument);
  bool isMax = isa_and_nonnull<arith::MaximumFOp, arith::MaxNumFOp>(op);
  bool isMin = isa_and_nonnull<arith::MinimumFOp, arith::MinNumFOp>(op);
  if (!isMax && !isMin)
    return std::nullopt;
  unsigned bound = constantOf(op->getOperand(0)) ? 0 : 1;
  return limit(op->getOperand(1 - bound), op->getOperand(bound), isMax,
               argument);
}

std::optional<RealRange> models::matchClamp(Block &body) {
  Operation *yield = body.getTerminator();
  if (yield->getNumOperands() != 1 ||
      yield->getOperand(0) == body.getArgument(0))
    return std::nullopt;
  return clampOf(yield->getOperand(0), body.getArgument(0));
}
