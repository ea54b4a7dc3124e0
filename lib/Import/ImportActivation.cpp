//===- ImportActivation.cpp - activations without a tosa op ---------------===//
//
// Each becomes a qnt.composite with the name that Numerics knows the function
// by, so later stages can tabulate it; the region says it in tosa.
//
//===----------------------------------------------------------------------===//

#include "Emit.h"
#include "OpTable.h"

#include <cfloat>
#include <cmath>

namespace mlir::qnt::onnx_import {

namespace {
struct Parameters {
  float alpha = 0.0f;
  float beta = 0.0f;
};
using BodyFn = FailureOr<Value> (*)(NodeImporter &, Value, Parameters);

/// How one op is spelt: the composite, its defaults (NaN: not an attribute),
/// and its decomposition.
struct Activation {
  const char *onnxName;
  const char *name;
  float alpha;
  float beta;
  BodyFn body;
};
} // namespace

/// clamp(alpha * x + beta, 0, 1)
static FailureOr<Value> hardSigmoid(NodeImporter &n, Value x, Parameters p) {
  FailureOr<Value> v = emitScale(n, x, p.alpha);
  if (failed(v) || failed(v = emitShift(n, *v, p.beta)))
    return failure();
  return n.clamp(*v, 0.0f, 1.0f);
}

/// x * clamp(x / 6 + 0.5, 0, 1)
static FailureOr<Value> hardSwish(NodeImporter &n, Value x, Parameters) {
  FailureOr<Value> gate = hardSigmoid(n, x, {1.0f / 6.0f, 0.5f});
  return failed(gate) ? gate : emitMul(n, x, *gate);
}

/// max(x, 0) + f(min(x, 0)), the shape of leaky relu and elu.
static FailureOr<Value>
joinHalves(NodeImporter &n, Value x,
           llvm::function_ref<FailureOr<Value>(Value)> negativeHalf) {
  FailureOr<Value> positive = n.clamp(x, 0.0f, FLT_MAX);
  FailureOr<Value> negative = n.clamp(x, -FLT_MAX, 0.0f);
  if (failed(positive) || failed(negative) ||
      failed(negative = negativeHalf(*negative)))
    return failure();
  return emitAdd(n, *positive, *negative);
}

static FailureOr<Value> leakyRelu(NodeImporter &n, Value x, Parameters p) {
  return joinHalves(n, x, [&](Value v) { return emitScale(n, v, p.alpha); });
}

static FailureOr<Value> elu(NodeImporter &n, Value x, Parameters p) {
  return joinHalves(n, x, [&](Value v) -> FailureOr<Value> {
    Value exp = tosa::ExpOp::create(n.builder, n.loc, v.getType(), v);
    FailureOr<Value> shifted = emitShift(n, exp, -1.0f);
    return failed(shifted) ? shifted : emitScale(n, *shifted, p.alpha);
  });
}

/// max(x, 0) + log(1 + exp(-|x|)), which does not overflow.
static FailureOr<Value> softplus(NodeImporter &n, Value x, Parameters) {
  Value abs = tosa::AbsOp::create(n.builder, n.loc, x.getType(), x);
  FailureOr<Value> negated = emitNegate(n, abs);
  if (failed(negated))
    return failure();
  Value exp = tosa::ExpOp::create(n.builder, n.loc, x.getType(), *negated);
  FailureOr<Value> sum = emitShift(n, exp, 1.0f);
  FailureOr<Value> positive = n.clamp(x, 0.0f, FLT_MAX);
  if (failed(sum) || failed(positive))
    return failure();
  Value log = tosa::LogOp::create(n.builder, n.loc, x.getType(), *sum);
  return emitAdd(n, *positive, log);
}

/// x * (1 + gate) / 2
static FailureOr<Value> gated(NodeImporter &n, Value x, Value gate) {
  FailureOr<Value> v = emitShift(n, gate, 1.0f);
  if (failed(v) || failed(v = emitScale(n, *v, 0.5f)))
    return failure();
  return emitMul(n, x, *v);
}

static FailureOr<Value> gelu(NodeImporter &n, Value x, Parameters) {
  FailureOr<Value> v = emitScale(n, x, static_cast<float>(M_SQRT1_2));
  if (failed(v))
    return failure();
  Value erf = tosa::ErfOp::create(n.builder, n.loc, x.getType(), *v);
  return gated(n, x, erf);
}

/// tanh(sqrt(2 / pi) * (x + 0.044715 x^3)) as the gate.
static FailureOr<Value> geluTanh(NodeImporter &n, Value x, Parameters) {
  FailureOr<Value> v = emitMul(n, x, x);
  if (failed(v) || failed(v = emitScale(n, *v, 0.044715f)) ||
      failed(v = emitShift(n, *v, 1.0f)) || failed(v = emitMul(n, x, *v)) ||
      failed(v = emitScale(n, *v, static_cast<float>(std::sqrt(M_2_PI)))))
    return failure();
  Value tanh = tosa::TanhOp::create(n.builder, n.loc, x.getType(), *v);
  return gated(n, x, tanh);
}

static constexpr float kNone = NAN;

static const Activation activations[] = {
    {"Elu", "elu", 1.0f, kNone, elu},
    {"Gelu", "gelu", kNone, kNone, gelu},
    {"Gelu", "gelu-tanh", kNone, kNone, geluTanh},
    {"HardSigmoid", "hardsigmoid", 0.2f, 0.5f, hardSigmoid},
    {"HardSwish", "hardswish", kNone, kNone, hardSwish},
    {"LeakyRelu", "leaky_relu", 0.01f, kNone, leakyRelu},
    {"Softplus", "softplus", kNone, kNone, softplus},
};

/// The row for the node; the approximation of Gelu picks between two.
static const Activation &findActivation(NodeImporter &n) {
  StringRef wanted = n.getString("approximate", "none") == "tanh"
                         ? StringRef("gelu-tanh")
                         : StringRef();
  const Activation *found = nullptr;
  for (const Activation &row : activations)
    if (n.node.op_type() == row.onnxName && (!found || wanted == row.name))
      found = &row;
  return *found;
}

LogicalResult buildActivation(NodeImporter &n) {
  FailureOr<Value> x = n.valueOf(0);
  if (failed(x))
    return failure();
  const Activation &row = findActivation(n);
  Parameters p{n.getFloat("alpha", row.alpha), n.getFloat("beta", row.beta)};
  SmallVector<NamedAttribute> attributes;
  auto keep = [&](StringRef name, float value, float otherwise) {
    if (!std::isnan(otherwise))
      attributes.push_back(
          n.builder.getNamedAttr(name, n.builder.getF64FloatAttr(value)));
  };
  if ((!std::isnan(row.alpha) && !std::isfinite(p.alpha)) ||
      (!std::isnan(row.beta) && !std::isfinite(p.beta)))
    return n.invalid("a parameter is not finite");
  keep("alpha", p.alpha, row.alpha);
  keep("beta", p.beta, row.beta);
  FailureOr<Value> result =
      emitComposite(n, row.name, *x, x->getType(), attributes,
                    [&](ValueRange args) { return row.body(n, args[0], p); });
  if (failed(result))
    return failure();
  n.setResult(0, *result);
  return success();
}

LogicalResult buildPRelu(NodeImporter &n) {
  FailureOr<Value> x = n.valueOf(0);
  FailureOr<Value> slope = n.valueOf(1);
  if (failed(x) || failed(slope))
    return failure();
  FailureOr<Shape> shape = broadcastShapes(n, n.shapeOf(0), n.shapeOf(1));
  if (failed(shape))
    return failure();
  if (ArrayRef(*shape) != n.shapeOf(0))
    return n.invalid("the slope has more dimensions than the input");
  Value a = *x, b = *slope;
  if (failed(alignRanks(n, a, b)))
    return failure();
  FailureOr<Value> result =
      emitComposite(n, "prelu", {a, b}, a.getType(), {}, [&](ValueRange args) {
        return joinHalves(n, args[0], [&](Value negative) {
          return emitMul(n, negative, args[1]);
        });
      });
  if (failed(result))
    return failure();
  n.setResult(0, *result);
  return success();
}

} // namespace mlir::qnt::onnx_import
