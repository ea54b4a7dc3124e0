//===- ScalarMath.cpp - arithmetic on scalars of any element type ---------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "ScalarMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace mlir::qnt::onnx_import {

Value ScalarMath::constant(double value) {
  Type own = type();
  if (isa<FloatType>(own))
    return arith::ConstantOp::create(builder, loc,
                                     builder.getFloatAttr(own, value));
  APInt bits(own.getIntOrFloatBitWidth(), static_cast<int64_t>(value),
             /*isSigned=*/true, /*implicitTrunc=*/true);
  return arith::ConstantOp::create(builder, loc, IntegerAttr::get(own, bits));
}

Value ScalarMath::allOnes() { return constant(-1); }

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

Value ScalarMath::add(Value a, Value b) {
  if (isFloat())
    return arith::AddFOp::create(builder, loc, a, b);
  return arith::AddIOp::create(builder, loc, a, b);
}

Value ScalarMath::sub(Value a, Value b) {
  if (isFloat())
    return arith::SubFOp::create(builder, loc, a, b);
  return arith::SubIOp::create(builder, loc, a, b);
}

Value ScalarMath::mul(Value a, Value b) {
  if (isFloat())
    return arith::MulFOp::create(builder, loc, a, b);
  return arith::MulIOp::create(builder, loc, a, b);
}

/// 1 where dividing by `b` would trap: at zero, and at the least integer by -1,
/// whose quotient wraps to the dividend.
Value ScalarMath::safeDivisor(Value a, Value b) {
  Value bad = compare(Relation::Equal, b, constant(0));
  if (!isUnsigned()) {
    unsigned bits = type().getIntOrFloatBitWidth();
    Value least = arith::ConstantOp::create(
        builder, loc, IntegerAttr::get(type(), APInt::getSignedMinValue(bits)));
    Value wraps =
        arith::AndIOp::create(builder, loc, compare(Relation::Equal, a, least),
                              compare(Relation::Equal, b, allOnes()));
    bad = arith::OrIOp::create(builder, loc, bad, wraps);
  }
  return select(bad, constant(1), b);
}

Value ScalarMath::div(Value a, Value b) {
  if (isFloat())
    return arith::DivFOp::create(builder, loc, a, b);
  b = safeDivisor(a, b);
  if (isUnsigned())
    return arith::DivUIOp::create(builder, loc, a, b);
  return arith::DivSIOp::create(builder, loc, a, b);
}

Value ScalarMath::remainder(Value a, Value b) {
  b = safeDivisor(a, b);
  if (isUnsigned())
    return arith::RemUIOp::create(builder, loc, a, b);
  return arith::RemSIOp::create(builder, loc, a, b);
}

Value ScalarMath::fmod(Value a, Value b) {
  if (isFloat())
    return arith::RemFOp::create(builder, loc, a, b);
  return remainder(a, b);
}

Value ScalarMath::mod(Value a, Value b) {
  if (isUnsigned())
    return remainder(a, b);
  Value rest = fmod(a, b);
  Value zero = constant(0);
  Value restNegative = compare(Relation::Less, rest, zero);
  Value divisorNegative = compare(Relation::Less, b, zero);
  Value differs = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne,
                                        restNegative, divisorNegative);
  Value isZero = compare(Relation::Equal, rest, zero);
  return select(isZero, rest, select(differs, add(rest, b), rest));
}

Value ScalarMath::max(Value a, Value b) {
  if (isFloat())
    return arith::MaximumFOp::create(builder, loc, a, b);
  if (isUnsigned())
    return arith::MaxUIOp::create(builder, loc, a, b);
  return arith::MaxSIOp::create(builder, loc, a, b);
}

Value ScalarMath::min(Value a, Value b) {
  if (isFloat())
    return arith::MinimumFOp::create(builder, loc, a, b);
  if (isUnsigned())
    return arith::MinUIOp::create(builder, loc, a, b);
  return arith::MinSIOp::create(builder, loc, a, b);
}

/// Squares the base once per bit of the exponent.
Value ScalarMath::ipow(Value base, Value exponent) {
  auto index = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(builder, loc, value);
  };
  Value zero = constant(0), one = constant(1);
  auto loop = scf::ForOp::create(
      builder, loc, index(0), index(type().getIntOrFloatBitWidth()), index(1),
      ValueRange{one, base, exponent},
      [&](OpBuilder &inner, Location loc, Value, ValueRange carried) {
        ScalarMath m(inner, loc, elem);
        Value bit = m.bitAnd(carried[2], m.constant(1));
        Value taken = m.compare(Relation::Equal, bit, m.constant(1));
        Value total =
            m.select(taken, m.mul(carried[0], carried[1]), carried[0]);
        Value squared = m.mul(carried[1], carried[1]);
        Value rest =
            arith::ShRUIOp::create(inner, loc, carried[2], m.constant(1));
        scf::YieldOp::create(inner, loc, ValueRange{total, squared, rest});
      });
  Value power = loop.getResult(0);
  if (isUnsigned())
    return power;
  // base^-n truncated: 1 and -1 keep their power, all else becomes 0.
  Value isUnit =
      arith::OrIOp::create(builder, loc, compare(Relation::Equal, base, one),
                           compare(Relation::Equal, base, allOnes()));
  Value negative = compare(Relation::Less, exponent, zero);
  return select(negative, select(isUnit, power, zero), power);
}

Value ScalarMath::neg(Value a) {
  if (isFloat())
    return arith::NegFOp::create(builder, loc, a);
  return arith::SubIOp::create(builder, loc, constant(0), a);
}

Value ScalarMath::abs(Value a) {
  if (isFloat())
    return math::AbsFOp::create(builder, loc, a);
  if (isUnsigned())
    return a;
  return select(compare(Relation::Less, a, constant(0)), neg(a), a);
}

Value ScalarMath::sign(Value a) {
  Value zero = constant(0);
  Value positive = compare(Relation::Less, zero, a);
  if (isUnsigned())
    return select(positive, constant(1), a);
  Value negative = compare(Relation::Less, a, zero);
  // Zero and NaN stay what they are.
  return select(positive, constant(1), select(negative, constant(-1), a));
}

//===----------------------------------------------------------------------===//
// Bits
//===----------------------------------------------------------------------===//

Value ScalarMath::bitAnd(Value a, Value b) {
  return arith::AndIOp::create(builder, loc, a, b);
}

Value ScalarMath::bitOr(Value a, Value b) {
  return arith::OrIOp::create(builder, loc, a, b);
}

Value ScalarMath::bitXor(Value a, Value b) {
  return arith::XOrIOp::create(builder, loc, a, b);
}

Value ScalarMath::shift(Value a, Value amount, bool left) {
  Value width = constant(type().getIntOrFloatBitWidth());
  Value within = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult,
                                       amount, width);
  Value zero = constant(0);
  if (!left && !isUnsigned()) {
    // The sign fills the bits that become free, all of them in the end.
    Value last = constant(type().getIntOrFloatBitWidth() - 1);
    return arith::ShRSIOp::create(builder, loc, a,
                                  select(within, amount, last));
  }
  Value safe = select(within, amount, zero);
  Value shifted;
  if (left)
    shifted = arith::ShLIOp::create(builder, loc, a, safe);
  else
    shifted = arith::ShRUIOp::create(builder, loc, a, safe);
  return select(within, shifted, zero);
}

//===----------------------------------------------------------------------===//
// Comparison
//===----------------------------------------------------------------------===//

Value ScalarMath::compare(Relation relation, Value a, Value b) {
  if (isFloat()) {
    auto predicate = relation == Relation::Equal  ? arith::CmpFPredicate::OEQ
                     : relation == Relation::Less ? arith::CmpFPredicate::OLT
                                                  : arith::CmpFPredicate::OLE;
    return arith::CmpFOp::create(builder, loc, predicate, a, b);
  }
  bool noSign = isUnsigned() || elem == Elem::Bool;
  auto less = noSign ? arith::CmpIPredicate::ult : arith::CmpIPredicate::slt;
  auto lessOrEqual =
      noSign ? arith::CmpIPredicate::ule : arith::CmpIPredicate::sle;
  auto predicate = relation == Relation::Equal  ? arith::CmpIPredicate::eq
                   : relation == Relation::Less ? less
                                                : lessOrEqual;
  return arith::CmpIOp::create(builder, loc, predicate, a, b);
}

Value ScalarMath::select(Value condition, Value yes, Value no) {
  return arith::SelectOp::create(builder, loc, condition, yes, no);
}

//===----------------------------------------------------------------------===//
// Casts
//===----------------------------------------------------------------------===//

/// float -> f32 that holds a float16 or bfloat16, others as they are.
Value ScalarMath::roundTo(Value a, Elem to) {
  if (to != Elem::Float16 && to != Elem::BFloat16)
    return a;
  Type narrow = signatureType(builder.getContext(), to);
  Value rounded = arith::TruncFOp::create(builder, loc, narrow, a);
  return arith::ExtFOp::create(builder, loc, builder.getF32Type(), rounded);
}

/// Truncates toward zero and saturates at 32 or 64 bits, signed; NaN is 0. Only
/// uint64 takes what is above.
Value ScalarMath::floatToInt(Value a, Elem to) {
  unsigned bits = bitsOf(to);
  unsigned wide = bits < 32 || to == Elem::Int32 ? 32 : 64;
  Type result = builder.getIntegerType(wide);
  const llvm::fltSemantics &format =
      cast<FloatType>(type()).getFloatSemantics();
  auto bound = [&](APInt value, bool isSigned) -> Value {
    APFloat number(format);
    number.convertFromAPInt(value, isSigned, APFloat::rmTowardZero);
    return arith::ConstantOp::create(builder, loc,
                                     builder.getFloatAttr(type(), number));
  };
  Value ordered =
      arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::ORD, a, a);
  Value number = select(ordered, a, constant(0));
  Value low = bound(APInt::getSignedMinValue(wide), true);
  Value high = bound(APInt::getSignedMaxValue(wide), true);
  Value clamped = min(max(number, low), high);
  Value integer = arith::FPToSIOp::create(builder, loc, result, clamped);
  if (to == Elem::UInt64) {
    Value top = bound(APInt::getMaxValue(wide), false);
    Value large = arith::FPToUIOp::create(builder, loc, result,
                                          min(max(number, constant(0)), top));
    integer = select(compare(Relation::Less, high, number), large, integer);
  }
  if (bits < wide)
    integer = arith::TruncIOp::create(builder, loc,
                                      builder.getIntegerType(bits), integer);
  return integer;
}

Value ScalarMath::intToFloat(Value a, Elem to) {
  Type result = irType(builder.getContext(), to);
  bool noSign = isUnsigned() || elem == Elem::Bool;
  Value number;
  if (noSign)
    number = arith::UIToFPOp::create(builder, loc, result, a);
  else
    number = arith::SIToFPOp::create(builder, loc, result, a);
  return roundTo(number, to);
}

Value ScalarMath::castTo(Value a, Elem to) {
  if (to == elem)
    return a;
  Type result = irType(builder.getContext(), to);
  if (to == Elem::Bool) {
    if (isFloat())
      return arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::UNE, a,
                                   constant(0));
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, a,
                                 constant(0));
  }
  if (onnx_import::isFloat(to) && !isFloat())
    return intToFloat(a, to);
  if (onnx_import::isFloat(to)) {
    if (elem == Elem::Double)
      a = arith::TruncFOp::create(builder, loc, result, a);
    else if (to == Elem::Double)
      a = arith::ExtFOp::create(builder, loc, result, a);
    return roundTo(a, to);
  }
  if (isFloat())
    return floatToInt(a, to);
  unsigned from = type().getIntOrFloatBitWidth();
  unsigned width = result.getIntOrFloatBitWidth();
  if (from == width)
    return a;
  if (from > width)
    return arith::TruncIOp::create(builder, loc, result, a);
  if (isUnsigned() || elem == Elem::Bool)
    return arith::ExtUIOp::create(builder, loc, result, a);
  return arith::ExtSIOp::create(builder, loc, result, a);
}

} // namespace mlir::qnt::onnx_import
