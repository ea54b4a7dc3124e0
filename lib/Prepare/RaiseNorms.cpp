//===- RaiseNorms.cpp - normalizations spelt out --------------------------===//
//
//   d = x - mean(x); d / sqrt(mean(d^2) + eps) * gamma + beta    layer_norm
//   x / sqrt(mean(x^2) + eps) * gamma                            rms_norm
//
// over the last dimension; gamma and beta are constants, and beta, or both of
// layer_norm, may be missing.
//
//===----------------------------------------------------------------------===//

#include "ConstantUtils.h"
#include "RaisePatterns.h"

#include "qnt/Dialect/IR/Qnt.h"

#include "mlir/Dialect/Tosa/IR/TosaOps.h"

#include <cmath>

namespace mlir::qnt {

/// What the mean over the last dimension is taken of.
static Value averaged(Value value) {
  auto [a, b] = operandsOf<tosa::MulOp>(value);
  for (auto [sum, factor] : {std::pair(a, b), std::pair(b, a)}) {
    auto reduce =
        sum ? sum.getDefiningOp<tosa::ReduceSumOp>() : tosa::ReduceSumOp();
    if (!reduce)
      continue;
    ArrayRef<int64_t> shape = shapeOf(reduce.getInput());
    if (reduce.getAxis() + 1 == shape.size() &&
        isSplat(factor, 1.0 / shape.back()))
      return reduce.getInput();
  }
  return {};
}

/// x of x - mean(x).
static Value centred(Value value) {
  auto [x, mean] = operandsOf<tosa::SubOp>(value);
  return x && averaged(mean) == x ? x : Value();
}

/// v of 1 / sqrt(v), by a reciprocal of the composite or at once.
static Value inverseRoot(Value value) {
  if (auto op = value.getDefiningOp<tosa::RsqrtOp>())
    return op->getOperand(0);
  auto reciprocal = value.getDefiningOp<tosa::ReciprocalOp>();
  auto root = reciprocal
                  ? reciprocal->getOperand(0).getDefiningOp<CompositeOp>()
                  : CompositeOp();
  return root && root.getName() == "sqrt" && root.getInputs().size() == 1
             ? root.getInputs()[0]
             : Value();
}

namespace {
struct Normalized {
  StringRef name;
  Value x;
  double epsilon;
};
} // namespace

/// `value` as data times 1 / sqrt(mean(data^2) + epsilon).
static std::optional<Normalized> matchNormalized(Value value) {
  auto [a, b] = operandsOf<tosa::MulOp>(value);
  for (auto [data, inverse] : {std::pair(a, b), std::pair(b, a)}) {
    Value sum = data ? inverseRoot(inverse) : Value();
    auto [c, d] = operandsOf<tosa::AddOp>(sum);
    for (auto [mean, term] : {std::pair(c, d), std::pair(d, c)}) {
      std::optional<float> epsilon = mean ? getSplat(term) : std::nullopt;
      if (!epsilon)
        continue;
      auto [e, f] = operandsOf<tosa::MulOp>(averaged(mean));
      if (!e || e != f)
        continue;
      Value x = centred(data);
      // The difference may be spelt out twice.
      if (x && (e == data || centred(e) == x))
        return Normalized{"layer_norm", x, *epsilon};
      if (e == data)
        return Normalized{"rms_norm", data, *epsilon};
    }
  }
  return std::nullopt;
}

/// The operand of a commutative op besides a constant, and the constant.
template <typename OpTy>
static std::pair<Value, Value> besideConstant(Value value) {
  auto [a, b] = operandsOf<OpTy>(value);
  if (a && getFloatConstant(b))
    return {a, b};
  if (a && getFloatConstant(a))
    return {b, a};
  return {};
}

std::optional<RaiseMatch> matchNorm(Operation *root) {
  if (!isa<tosa::AddOp, tosa::MulOp>(root))
    return std::nullopt;
  auto type = cast<ShapedType>(root->getResult(0).getType());
  if (!type.getElementType().isF32())
    return std::nullopt;
  auto [scaled, beta] = besideConstant<tosa::AddOp>(root->getResult(0));
  Value product = scaled ? scaled : root->getResult(0);
  auto [data, gamma] = besideConstant<tosa::MulOp>(product);
  std::optional<Normalized> norm;
  if (data)
    norm = matchNormalized(data);
  // Nothing but the normalization.
  if (!norm && isa<tosa::MulOp>(root)) {
    gamma = Value();
    norm = matchNormalized(product);
  }
  if (!norm || norm->x.getType() != type)
    return std::nullopt;
  bool rms = norm->name == "rms_norm";
  if (rms && (!gamma || beta))
    return std::nullopt;
  RaiseMatch match{norm->name, {norm->x}, {}};
  if (gamma)
    match.inputs.push_back(gamma);
  if (beta)
    match.inputs.push_back(beta);
  Builder builder(root->getContext());
  match.config.push_back(builder.getNamedAttr(
      "axis", builder.getI64IntegerAttr(type.getRank() - 1)));
  match.config.push_back(
      builder.getNamedAttr("epsilon", builder.getF64FloatAttr(norm->epsilon)));
  return match;
}

} // namespace mlir::qnt
