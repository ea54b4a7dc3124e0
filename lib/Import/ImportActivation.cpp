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
/// its decomposition, and the attributes if they have other names than alpha
/// and beta.
struct Activation {
  const char *onnxName;
  const char *name;
  float alpha;
  float beta;
  BodyFn body;
  const char *alphaName = "alpha";
  const char *betaName = "beta";
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

/// beta * (x < 0 ? alpha * (exp(x) - 1) : x)
static FailureOr<Value> selu(NodeImporter &n, Value x, Parameters p) {
  FailureOr<Value> v = elu(n, x, p);
  return failed(v) ? v : emitScale(n, *v, p.beta);
}

/// x < 0 ? alpha * (exp(x / alpha) - 1) : x
static FailureOr<Value> celu(NodeImporter &n, Value x, Parameters p) {
  if (p.alpha == 0.0f)
    return n.invalid("attribute 'alpha' is 0");
  return joinHalves(n, x, [&](Value v) -> FailureOr<Value> {
    FailureOr<Value> scaled = emitScale(n, v, 1.0f / p.alpha);
    if (failed(scaled))
      return failure();
    Value exp = tosa::ExpOp::create(n.builder, n.loc, v.getType(), *scaled);
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

/// x * sigmoid(alpha * x)
static FailureOr<Value> silu(NodeImporter &n, Value x, Parameters p) {
  FailureOr<Value> v = x;
  if (p.alpha != 1.0f && failed(v = emitScale(n, x, p.alpha)))
    return failure();
  return emitMul(n, x,
                 tosa::SigmoidOp::create(n.builder, n.loc, x.getType(), *v));
}

static FailureOr<Value> mish(NodeImporter &n, Value x, Parameters p) {
  FailureOr<Value> v = softplus(n, x, p);
  if (failed(v))
    return failure();
  return emitMul(n, x, tosa::TanhOp::create(n.builder, n.loc, x.getType(), *v));
}

/// x / (1 + |x|)
static FailureOr<Value> softsign(NodeImporter &n, Value x, Parameters) {
  Value abs = tosa::AbsOp::create(n.builder, n.loc, x.getType(), x);
  FailureOr<Value> sum = emitShift(n, abs, 1.0f);
  return failed(sum) ? sum : emitMul(n, x, emitReciprocal(n, *sum));
}

/// a > b ? yes : no
static FailureOr<Value> selectGreater(NodeImporter &n, Value a, Value b,
                                      Value yes, Value no) {
  auto type = cast<RankedTensorType>(yes.getType());
  Value greater = tosa::GreaterOp::create(
      n.builder, n.loc, type.clone(n.builder.getI1Type()), a, b);
  return tosa::SelectOp::create(n.builder, n.loc, type, greater, yes, no)
      .getResult();
}

/// x > alpha ? x : 0
static FailureOr<Value> thresholdedRelu(NodeImporter &n, Value x,
                                        Parameters p) {
  int64_t rank = shapeOf(x).size();
  FailureOr<Value> limit = n.splat(rank, p.alpha);
  FailureOr<Value> zero = n.splat(rank, 0.0f);
  if (failed(limit) || failed(zero))
    return failure();
  return selectGreater(n, x, *limit, x, *zero);
}

/// x < -alpha ? x + beta : x > alpha ? x - beta : 0
static FailureOr<Value> shrink(NodeImporter &n, Value x, Parameters p) {
  int64_t rank = shapeOf(x).size();
  FailureOr<Value> high = n.splat(rank, p.alpha);
  FailureOr<Value> low = n.splat(rank, -p.alpha);
  FailureOr<Value> zero = n.splat(rank, 0.0f);
  FailureOr<Value> less = emitShift(n, x, -p.beta);
  FailureOr<Value> more = emitShift(n, x, p.beta);
  if (failed(high) || failed(low) || failed(zero) || failed(less) ||
      failed(more))
    return failure();
  FailureOr<Value> inner = selectGreater(n, x, *high, *less, *zero);
  return failed(inner) ? inner : selectGreater(n, *low, x, *more, *inner);
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
    {"Celu", "celu", 1.0f, kNone, celu},
    {"Elu", "elu", 1.0f, kNone, elu},
    {"Gelu", "gelu", kNone, kNone, gelu},
    {"Gelu", "gelu-tanh", kNone, kNone, geluTanh},
    {"HardSigmoid", "hardsigmoid", 0.2f, 0.5f, hardSigmoid},
    {"HardSwish", "hardswish", kNone, kNone, hardSwish},
    {"LeakyRelu", "leaky_relu", 0.01f, kNone, leakyRelu},
    {"Mish", "mish", kNone, kNone, mish},
    {"Selu", "selu", 1.67326319217681884765625f, 1.05070102214813232421875f,
     selu, "alpha", "gamma"},
    {"Shrink", "shrink", 0.5f, 0.0f, shrink, "lambd", "bias"},
    {"Softplus", "softplus", kNone, kNone, softplus},
    {"Softsign", "softsign", kNone, kNone, softsign},
    {"SwiGLU", "silu", 1.0f, kNone, silu},
    {"Swish", "silu", 1.0f, kNone, silu},
    {"ThresholdedRelu", "thresholded_relu", 1.0f, kNone, thresholdedRelu},
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

/// The composite of the node's function, over its first input.
static FailureOr<Value> emitActivation(NodeImporter &n) {
  FailureOr<Value> x = n.valueOf(0);
  if (failed(x))
    return failure();
  const Activation &row = findActivation(n);
  Parameters p{n.getFloat(row.alphaName, row.alpha),
               n.getFloat(row.betaName, row.beta)};
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
  return emitComposite(
      n, row.name, *x, x->getType(), attributes,
      [&](ValueRange args) { return row.body(n, args[0], p); });
}

LogicalResult buildActivation(NodeImporter &n) {
  FailureOr<Value> result = emitActivation(n);
  if (failed(result))
    return failure();
  n.setResult(0, *result);
  return success();
}

FailureOr<Value> emitSilu(NodeImporter &n, Value x) {
  return emitComposite(
      n, "silu", x, x.getType(), configFloat(n, "alpha", 1.0),
      [&](ValueRange args) { return silu(n, args[0], {1.0f, 0.0f}); });
}

/// silu(a) * b
LogicalResult buildSwiGlu(NodeImporter &n) {
  if (n.shapeOf(0) != n.shapeOf(1))
    return n.invalid("the shapes of the inputs differ");
  FailureOr<Value> gate = emitActivation(n);
  FailureOr<Value> linear = n.valueOf(1);
  if (failed(gate) || failed(linear))
    return failure();
  FailureOr<Value> result = emitMul(n, *gate, *linear);
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
  // Until 6, a slope of rank 1 is one per channel.
  if (n.opset < 7 && n.rankOf(1) == 1 && n.rankOf(0) > 2) {
    Shape perChannel(n.rankOf(0) - 1, 1);
    perChannel[0] = n.shapeOf(1)[0];
    if (failed(slope = n.reshape(*slope, perChannel)))
      return failure();
  }
  FailureOr<Shape> shape = broadcastShapes(n, n.shapeOf(0), shapeOf(*slope));
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
