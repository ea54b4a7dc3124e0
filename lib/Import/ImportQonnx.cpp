//===- ImportQonnx.cpp - Quant, BipolarQuant, Trunc -----------------------===//
//
// The quantizers of QONNX (also Brevitas), which give real numbers on a grid.
// A Quant that rounds to nearest with an even zero point is a quantize and a
// dequantize of at most 8 bits; all others are arithmetic on floats.
//
//===----------------------------------------------------------------------===//

#include "Elementwise.h"
#include "OpTable.h"
#include "Quantization.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/StringExtras.h"

#include <cmath>

namespace mlir::qnt::onnx_import {

using RoundFn = Value (*)(OpBuilder &, Location, Value);

template <typename OpTy>
static Value roundBy(OpBuilder &b, Location loc, Value x) {
  return OpTy::create(b, loc, x);
}

/// The rounding of a `rounding_mode`; null for an unknown one.
static RoundFn roundingOf(StringRef mode) {
  std::string upper = mode.upper();
  if (upper == "ROUND" || upper == "HALF_EVEN")
    return roundBy<math::RoundEvenOp>;
  if (upper == "CEIL")
    return roundBy<math::CeilOp>;
  if (upper == "FLOOR")
    return roundBy<math::FloorOp>;
  if (upper == "ROUND_TO_ZERO" || upper == "DOWN")
    return roundBy<math::TruncOp>;
  return nullptr;
}

static Value number(OpBuilder &b, Location loc, double value) {
  return arith::ConstantOp::create(
      b, loc, b.getF32FloatAttr(static_cast<float>(value)));
}

/// The one number of a constant input.
static FailureOr<double> numberOf(NodeImporter &n, unsigned i, StringRef what) {
  const HostTensor *constant = n.constantOf(i);
  if (!constant || constant->size() != 1)
    return n.unsupported(what + " is not a constant number");
  return constant->at(0);
}

//===----------------------------------------------------------------------===//
// Quant
//===----------------------------------------------------------------------===//

namespace {
struct Quant {
  double bits, low, high;
  StringRef mode;
};
} // namespace

static FailureOr<Quant> readQuant(NodeImporter &n) {
  FailureOr<double> bits = numberOf(n, 3, "the bit width");
  if (failed(bits))
    return failure();
  if (!(*bits >= 1.0) || *bits > 32.0)
    return n.unsupported("a bit width outside of 1 to 32");
  bool isSigned = n.getInt("signed", 1) != 0;
  bool narrow = n.getInt("narrow", 0) != 0;
  Quant quant{*bits, 0.0, std::exp2(*bits) - 1.0,
              n.getString("rounding_mode", "ROUND")};
  if (isSigned) {
    quant.high = std::exp2(*bits - 1.0) - 1.0;
    quant.low = -std::exp2(*bits - 1.0) + (narrow ? 1.0 : 0.0);
  } else if (narrow) {
    quant.high -= 1.0;
  }
  if (!roundingOf(quant.mode))
    return n.unsupported("rounding_mode '" + quant.mode + "'");
  return quant;
}

/// As parameters of stored bytes; nothing where the result would differ.
static std::optional<QuantSpec> storedSpec(NodeImporter &n,
                                           const Quant &quant) {
  HostTensorRef scale = n.floatConstantOf(1), zero = n.floatConstantOf(2);
  bool nearest = roundingOf(quant.mode) == roundingOf("ROUND");
  if (!scale || !zero || zero->size() != 1 || !nearest || quant.bits > 8.0 ||
      quant.bits != std::floor(quant.bits))
    return std::nullopt;
  // x / scale + zero is rounded as a whole: an odd zero point turns ties.
  double zeroPoint = zero->at(0);
  if (zeroPoint < quant.low || zeroPoint > quant.high ||
      std::fmod(zeroPoint, 2.0) != 0.0)
    return std::nullopt;
  QuantSpec spec;
  spec.elem = quant.low < 0.0 ? Elem::Int8 : Elem::UInt8;
  spec.range = {static_cast<int64_t>(quant.low),
                static_cast<int64_t>(quant.high)};
  for (float value : scale->floats())
    if (!std::isfinite(value) || !(value > 0.0f))
      return std::nullopt;
  spec.scales.assign(scale->floats().begin(), scale->floats().end());
  spec.zeroPoints.assign(spec.scales.size(), static_cast<int64_t>(zeroPoint));
  if (scale->size() == 1)
    return spec;
  int64_t skip = n.rankOf(0) - scale->rank();
  for (auto [i, dim] : llvm::enumerate(scale->shape))
    if (dim == scale->size() && skip >= 0 && n.shapeOf(0)[skip + i] == dim) {
      spec.axis = skip + static_cast<int64_t>(i);
      return spec;
    }
  return std::nullopt;
}

static LogicalResult buildStoredQuant(NodeImporter &n, const QuantSpec &spec) {
  FailureOr<OnnxValue> stored = OnnxValue();
  if (HostTensorRef constant = n.floatConstantOf(0)) {
    if (failed(n.takeElements(constant->size())))
      return failure();
    stored = OnnxValue(HostTensorRef(
        std::make_shared<HostTensor>(quantizeHost(*constant, spec))));
  } else {
    FailureOr<Value> real = n.valueOf(0);
    if (failed(real))
      return failure();
    stored = quantize(n, *real, spec);
  }
  if (failed(stored))
    return failure();
  FailureOr<OnnxValue> result = dequantize(n, *stored, spec);
  if (failed(result))
    return failure();
  n.setResult(0, *result);
  return success();
}

LogicalResult buildQonnxQuant(NodeImporter &n) {
  FailureOr<Quant> quant = readQuant(n);
  if (failed(quant))
    return failure();
  if (std::optional<QuantSpec> spec = storedSpec(n, *quant))
    return buildStoredQuant(n, *spec);
  FailureOr<Value> x = n.valueOf(0), scale = n.valueOf(1), zero = n.valueOf(2);
  if (failed(x) || failed(scale) || failed(zero))
    return failure();
  RoundFn round = roundingOf(quant->mode);
  FailureOr<Value> result = genericElementwise(
      n, {*x, *scale, *zero}, n.builder.getF32Type(),
      [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
        Value q = arith::DivFOp::create(b, loc, v[0], v[1]);
        q = arith::AddFOp::create(b, loc, q, v[2]);
        q = arith::MaximumFOp::create(b, loc, q, number(b, loc, quant->low));
        q = arith::MinimumFOp::create(b, loc, q, number(b, loc, quant->high));
        q = round(b, loc, q);
        q = arith::SubFOp::create(b, loc, q, v[2]);
        return arith::MulFOp::create(b, loc, q, v[1]);
      });
  if (failed(result))
    return failure();
  n.setResult(0, *result);
  return success();
}

//===----------------------------------------------------------------------===//
// BipolarQuant, Trunc
//===----------------------------------------------------------------------===//

LogicalResult buildBipolarQuant(NodeImporter &n) {
  FailureOr<Value> x = n.valueOf(0), scale = n.valueOf(1);
  if (failed(x) || failed(scale))
    return failure();
  FailureOr<Value> result = genericElementwise(
      n, {*x, *scale}, n.builder.getF32Type(),
      [](OpBuilder &b, Location loc, ValueRange v) -> Value {
        Value isPositive = arith::CmpFOp::create(
            b, loc, arith::CmpFPredicate::OGE, v[0], number(b, loc, 0.0));
        return arith::SelectOp::create(b, loc, isPositive, v[1],
                                       arith::NegFOp::create(b, loc, v[1]));
      });
  if (failed(result))
    return failure();
  n.setResult(0, *result);
  return success();
}

LogicalResult buildQonnxTrunc(NodeImporter &n) {
  FailureOr<double> in = numberOf(n, 3, "the input bit width");
  FailureOr<double> out = numberOf(n, 4, "the output bit width");
  if (failed(in) || failed(out))
    return failure();
  StringRef mode = n.getString("rounding_mode", "FLOOR");
  RoundFn round = roundingOf(mode);
  if (!round || *out > *in || *in > 32.0)
    return n.unsupported("rounding_mode '" + mode +
                         "', or more bits than "
                         "before");
  FailureOr<Value> x = n.valueOf(0), scale = n.valueOf(1), zero = n.valueOf(2);
  if (failed(x) || failed(scale) || failed(zero))
    return failure();
  double lost = std::exp2(*out - *in);
  FailureOr<Value> result = genericElementwise(
      n, {*x, *scale, *zero}, n.builder.getF32Type(),
      [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
        Value q = arith::DivFOp::create(b, loc, v[0], v[1]);
        q = arith::AddFOp::create(b, loc, q, v[2]);
        q = math::RoundEvenOp::create(b, loc, q);
        q = arith::MulFOp::create(b, loc, q, number(b, loc, lost));
        q = round(b, loc, q);
        q = arith::SubFOp::create(b, loc, q, v[2]);
        return arith::MulFOp::create(b, loc, q, v[1]);
      });
  if (failed(result))
    return failure();
  n.setResult(0, *result);
  return success();
}

} // namespace mlir::qnt::onnx_import
