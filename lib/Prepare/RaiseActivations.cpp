//===- RaiseActivations.cpp - activations spelt as products ---------------===//
//
//   x * sigmoid(a x)                                    silu
//   x * tanh(softplus(x))                               mish
//   0.5 x (1 + erf(x / sqrt 2)), in any order           gelu
//   0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))   gelu-tanh
//   x * clamp(x + 3, 0, 6) / 6, x * hardsigmoid(x)      hardswish
//
//===----------------------------------------------------------------------===//

#include "ConstantUtils.h"
#include "RaisePatterns.h"

#include "qnt/Dialect/IR/Qnt.h"

#include "mlir/Dialect/Tosa/IR/TosaOps.h"

#include <cmath>

namespace mlir::qnt {

std::optional<float> getSplat(Value value) {
  DenseElementsAttr constant = getFloatConstant(value);
  if (!constant || !constant.isSplat())
    return std::nullopt;
  return constant.getSplatValue<float>();
}

bool isSplat(Value value, double expected) {
  std::optional<float> splat = getSplat(value);
  return splat && std::fabs(*splat - expected) <= 1e-4 * std::fabs(expected);
}

/// The single input of a composite of that name.
static Value compositeInput(Value value, StringRef name) {
  auto op = value ? value.getDefiningOp<CompositeOp>() : CompositeOp();
  return op && op.getName() == name && op.getInputs().size() == 1
             ? op.getInputs()[0]
             : Value();
}

template <typename OpTy> static Value operandOf(Value value) {
  auto op = value ? value.getDefiningOp<OpTy>() : OpTy();
  return op ? op->getOperand(0) : Value();
}

/// x of x^3.
static Value cubed(Value value) {
  auto [base, exponent] = operandsOf<tosa::PowOp>(value);
  if (base && isSplat(exponent, 3.0))
    return base;
  auto [a, b] = operandsOf<tosa::MulOp>(value);
  for (auto [x, square] : {std::pair(a, b), std::pair(b, a)}) {
    auto [c, d] = operandsOf<tosa::MulOp>(square);
    if (c && c == d && c == x)
      return x;
  }
  return {};
}

/// x of x + 0.044715 x^3.
static Value tanhPolynomial(Value value) {
  auto [a, b] = operandsOf<tosa::AddOp>(value);
  for (auto [x, term] : {std::pair(a, b), std::pair(b, a)})
    if (x && cubed(besideSplat<tosa::MulOp>(term, 0.044715)) == x)
      return x;
  return {};
}

/// x of 1 + erf(x / sqrt 2) or 1 + tanh(...), and which.
static std::pair<Value, StringRef> matchGate(Value value) {
  Value inner = besideSplat<tosa::AddOp>(value, 1.0);
  if (Value scaled = operandOf<tosa::ErfOp>(inner))
    return {besideSplat<tosa::MulOp>(scaled, M_SQRT1_2), "gelu"};
  if (Value scaled = operandOf<tosa::TanhOp>(inner))
    return {tanhPolynomial(besideSplat<tosa::MulOp>(scaled, std::sqrt(M_2_PI))),
            "gelu-tanh"};
  return {};
}

/// 0.5, x and the gate in either association.
static std::optional<RaiseMatch> matchGelu(Value a, Value b) {
  auto result =
      [](Value x,
         std::pair<Value, StringRef> gate) -> std::optional<RaiseMatch> {
    if (!x || gate.first != x)
      return std::nullopt;
    return RaiseMatch{gate.second, {x}, {}};
  };
  if (isSplat(b, 0.5)) {
    auto [c, d] = operandsOf<tosa::MulOp>(a);
    if (auto match = result(c, matchGate(d)))
      return match;
    return result(d, matchGate(c));
  }
  if (auto match = result(besideSplat<tosa::MulOp>(a, 0.5), matchGate(b)))
    return match;
  return result(a, matchGate(besideSplat<tosa::MulOp>(b, 0.5)));
}

/// x * gate(x).
static std::optional<RaiseMatch> matchSelfGate(Value x, Value gate) {
  Builder builder(x.getContext());
  auto alpha = [&](double value) {
    return builder.getNamedAttr("alpha", builder.getF64FloatAttr(value));
  };
  if (Value argument = operandOf<tosa::SigmoidOp>(gate)) {
    if (argument == x)
      return RaiseMatch{"silu", {x}, {alpha(1.0)}};
    auto [a, b] = operandsOf<tosa::MulOp>(argument);
    std::optional<float> factor = a ? getSplat(a == x ? b : a) : std::nullopt;
    if (factor && (a == x || b == x))
      return RaiseMatch{"silu", {x}, {alpha(*factor)}};
  }
  if (Value argument = operandOf<tosa::TanhOp>(gate))
    if (compositeInput(argument, "softplus") == x)
      return RaiseMatch{"mish", {x}, {}};
  if (compositeInput(gate, "hardsigmoid") == x) {
    DictionaryAttr config = gate.getDefiningOp<CompositeOp>().getConfigAttr();
    auto slope = config ? config.getAs<FloatAttr>("alpha") : FloatAttr();
    auto offset = config ? config.getAs<FloatAttr>("beta") : FloatAttr();
    if (slope && offset &&
        std::fabs(slope.getValueAsDouble() - 1.0 / 6.0) < 1e-4 &&
        offset.getValueAsDouble() == 0.5)
      return RaiseMatch{"hardswish", {x}, {}};
  }
  return std::nullopt;
}

/// x of clamp(x + 3, 0, 6).
static Value shiftedClamp(Value value) {
  auto clamp = value ? value.getDefiningOp<tosa::ClampOp>() : tosa::ClampOp();
  if (!clamp)
    return {};
  auto low = dyn_cast<FloatAttr>(clamp.getMinVal());
  auto high = dyn_cast<FloatAttr>(clamp.getMaxVal());
  if (!low || !high || low.getValueAsDouble() != 0.0 ||
      high.getValueAsDouble() != 6.0)
    return {};
  return besideSplat<tosa::AddOp>(clamp.getInput(), 3.0);
}

/// A sixth, x and clamp(x + 3, 0, 6) in either association.
static std::optional<RaiseMatch> matchHardSwish(Value a, Value b) {
  constexpr double sixth = 1.0 / 6.0;
  auto result = [](Value x, Value clamped) -> std::optional<RaiseMatch> {
    if (!x || shiftedClamp(clamped) != x)
      return std::nullopt;
    return RaiseMatch{"hardswish", {x}, {}};
  };
  if (isSplat(b, sixth)) {
    auto [c, d] = operandsOf<tosa::MulOp>(a);
    if (auto match = result(c, d))
      return match;
    return result(d, c);
  }
  return result(a, besideSplat<tosa::MulOp>(b, sixth));
}

std::optional<RaiseMatch> matchActivation(Operation *root) {
  auto mul = dyn_cast<tosa::MulOp>(root);
  if (!mul || !cast<ShapedType>(mul.getType()).getElementType().isF32())
    return std::nullopt;
  Value a = mul.getInput1(), b = mul.getInput2();
  for (auto [x, y] : {std::pair(a, b), std::pair(b, a)}) {
    std::optional<RaiseMatch> match = matchSelfGate(x, y);
    if (!match)
      match = matchGelu(x, y);
    if (!match)
      match = matchHardSwish(x, y);
    if (match && match->inputs[0].getType() == mul.getType())
      return match;
  }
  return std::nullopt;
}

} // namespace mlir::qnt
