//===- Requantize.cpp - emit the end of every integer kernel --------------===//
//
// The rescale of N9 as straight-line code. fp32-rne multiplies in float and
// rounds by the conversion instruction of the target; the tflite modes multiply
// in 64 bits, where the high words of the products usually suffice. Invariant:
// no conversion from float to integer ever sees a value outside int32.
//
//===----------------------------------------------------------------------===//

#include "qnt/Codegen/Requantize.h"
#include "KernelBuilder.h"
#include "qnt/Numerics/Multiplier.h"

#include "llvm/ADT/bit.h"

using namespace mlir;
using namespace mlir::qnt;

static ::qnt::num::Rounding numericsMode(Rounding rounding) {
  switch (rounding) {
  case Rounding::Fp32Rne:
    return ::qnt::num::Rounding::Fp32Rne;
  case Rounding::TfliteDouble:
    return ::qnt::num::Rounding::TfliteDouble;
  case Rounding::TfliteSingle:
    return ::qnt::num::Rounding::TfliteSingle;
  }
  llvm_unreachable("unknown rounding mode");
}

RescaleWords mlir::qnt::getRescaleWords(double multiplier, Rounding rounding) {
  if (rounding == Rounding::Fp32Rne)
    return {llvm::bit_cast<int32_t>(static_cast<float>(multiplier)), 0};
  ::qnt::num::FixedMultiplier fixed =
      ::qnt::num::quantizeMultiplier(multiplier, numericsMode(rounding));
  // Zero times anything is zero at every shift; this one suits all paths.
  if (fixed.mantissa == 0)
    return {0, 33};
  return {fixed.mantissa, 31 - fixed.exponent};
}

//===----------------------------------------------------------------------===//
// Traits
//===----------------------------------------------------------------------===//

RescaleTraits RescaleTraits::get(const RescaleSpec &spec) {
  int64_t low = spec.accMin - spec.inputZp, high = spec.accMax - spec.inputZp;
  int64_t largest = std::max(std::abs(low), std::abs(high));
  RescaleTraits traits;
  traits.plainSubtract = low >= INT32_MIN && high <= INT32_MAX;
  if (spec.rounding == Rounding::Fp32Rne) {
    // Leaves room for the roundings of the conversion and of the product.
    constexpr double limit = 2147480000.0;
    traits.productFitsInt32 = llvm::all_of(spec.multipliers, [&](double m) {
      return double(largest) * double(float(m)) < limit;
    });
    return traits;
  }
  traits.highWordsSuffice =
      traits.plainSubtract && largest < (int64_t(1) << 30) &&
      llvm::all_of(
          spec.multipliers,
          [&](double m) {
            return getRescaleWords(m, spec.rounding).shift >= 33;
          });
  return traits;
}

std::string RescaleTraits::key() const {
  return llvm::formatv("{0}{1}{2}", plainSubtract, productFitsInt32,
                       highWordsSuffice)
      .str();
}

//===----------------------------------------------------------------------===//
// Small pieces
//===----------------------------------------------------------------------===//

/// `type` with its element type replaced, scalar or vector.
static Type withElement(Type type, Type element) {
  if (VectorType vector = dyn_cast<VectorType>(type))
    return vector.clone(element);
  return element;
}

static Value intConstant(ImplicitLocOpBuilder &b, Type type, int64_t value) {
  TypedAttr attr;
  if (VectorType vector = dyn_cast<VectorType>(type)) {
    APInt bits(vector.getElementTypeBitWidth(), value, /*isSigned=*/true);
    attr = DenseElementsAttr::get(vector, bits);
  } else {
    attr = b.getIntegerAttr(type, value);
  }
  return arith::ConstantOp::create(b, attr);
}

static Value floatConstant(ImplicitLocOpBuilder &b, Type type, float value) {
  TypedAttr attr;
  if (VectorType vector = dyn_cast<VectorType>(type))
    attr = DenseElementsAttr::get(vector, APFloat(value));
  else
    attr = b.getF32FloatAttr(value);
  return arith::ConstantOp::create(b, attr);
}

static Value subtractInputZp(ImplicitLocOpBuilder &b, Value acc,
                             const RescaleSpec &spec,
                             const RescaleTraits &traits) {
  if (spec.inputZp == 0)
    return acc;
  Value zp = intConstant(b, acc.getType(), spec.inputZp);
  if (traits.plainSubtract)
    return arith::SubIOp::create(b, acc, zp);
  return callIntrinsic(b, acc.getType(), "llvm.ssub.sat", {acc, zp});
}

/// max(x, low), then min(x, high).
static Value clampInt(ImplicitLocOpBuilder &b, Value x, int64_t low,
                      int64_t high) {
  x = arith::MaxSIOp::create(b, x, intConstant(b, x.getType(), low));
  return arith::MinSIOp::create(b, x, intConstant(b, x.getType(), high));
}

/// Compares and selects, which becomes one instruction where there is one and
/// needs no fmaxf where there is none.
static Value clampFloat(ImplicitLocOpBuilder &b, Value x, float low,
                        float high) {
  Value least = floatConstant(b, x.getType(), low);
  Value above = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, x, least);
  x = arith::SelectOp::create(b, above, x, least);
  Value most = floatConstant(b, x.getType(), high);
  Value below = arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, x, most);
  return arith::SelectOp::create(b, below, x, most);
}

//===----------------------------------------------------------------------===//
// fp32-rne (N5)
//===----------------------------------------------------------------------===//

/// fcvtns rounds to even and saturates by itself.
static Value convertAArch64(ImplicitLocOpBuilder &b, Value x) {
  constexpr StringLiteral name = "llvm.aarch64.neon.fcvtns";
  VectorType type = dyn_cast<VectorType>(x.getType());
  if (!type)
    return callIntrinsic(b, b.getI32Type(), name, {x});
  return forEachPart(b, x, std::min<int64_t>(4, type.getNumElements()),
                     [&](Value part) {
                       Type ints = withElement(part.getType(), b.getI32Type());
                       return callIntrinsic(b, ints, name, {part});
                     });
}

/// Adding 1.5 * 2^23 leaves the rounded integer in the low mantissa bits, for
/// |x| < 2^22: default rounding, no conversion instruction.
static Value convertByAddition(ImplicitLocOpBuilder &b, Value x) {
  constexpr float magic = 12582912.0f;
  Type intType = withElement(x.getType(), b.getI32Type());
  Value sum = arith::AddFOp::create(b, x, floatConstant(b, x.getType(), magic));
  Value bits = isa<VectorType>(intType)
                   ? vector::BitCastOp::create(b, intType, sum).getResult()
                   : arith::BitcastOp::create(b, intType, sum).getResult();
  return arith::SubIOp::create(
      b, bits, intConstant(b, intType, llvm::bit_cast<int32_t>(magic)));
}

/// To an integer; beyond the bounds, which are raised by `early`, to some
/// integer on the same side.
static Value emitRound(ImplicitLocOpBuilder &b, Value x, int32_t early,
                       const RescaleSpec &spec, const RescaleTraits &traits,
                       const KernelTarget &target) {
  if (target.arch == Arch::AArch64 && early == 0)
    return convertAArch64(b, x);
  bool byIntrinsic = target.arch == Arch::X86;
  // The bounds are integers, so clamping first changes no result.
  if (!byIntrinsic || !traits.productFitsInt32 || early != 0)
    x = clampFloat(b, x, float(spec.min - spec.outputZp + early),
                   float(spec.max - spec.outputZp + early));
  if (target.arch == Arch::AArch64)
    return convertAArch64(b, x);
  if (!byIntrinsic)
    return convertByAddition(b, x);
  return callIntrinsic(b, withElement(x.getType(), b.getI32Type()),
                       "llvm.lrint", {x});
}

static Value emitScaleFloat(ImplicitLocOpBuilder &b, Value acc,
                            RescaleOperands operands, const RescaleSpec &spec,
                            const RescaleTraits &traits,
                            const KernelTarget &target) {
  Type floatType = withElement(acc.getType(), b.getF32Type());
  Value x = arith::SIToFPOp::create(b, floatType, acc);
  x = arith::MulFOp::create(b, x, operands.multiplier);
  // N67: the zero point that is added early is taken off again behind.
  int32_t early = spec.earlyZp ? spec.outputZp + *spec.earlyZp : 0;
  if (spec.earlyZp)
    x = arith::AddFOp::create(b, x,
                              floatConstant(b, x.getType(), float(early)));
  Value y = emitRound(b, x, early, spec, traits, target);
  if (early == 0)
    return y;
  return arith::SubIOp::create(b, y, intConstant(b, y.getType(), early));
}

//===----------------------------------------------------------------------===//
// tflite-double (N6) and tflite-single (N7)
//===----------------------------------------------------------------------===//

/// The high words of doubled ? 2 * a * b + 2^31 : a * b, by products of even
/// and odd lanes: one widening multiply each on x86, and no lane crossing.
static Value highWordsEvenOdd(ImplicitLocOpBuilder &b, Value x, Value y,
                              bool doubled) {
  VectorType type = cast<VectorType>(x.getType());
  int64_t n = type.getNumElements();
  VectorType wide = VectorType::get(n / 2, b.getI64Type());
  Value c32 = intConstant(b, wide, 32);
  auto half = [&](Value v, bool odd) -> Value {
    Value w = vector::BitCastOp::create(b, wide, v);
    if (!odd)
      w = arith::ShLIOp::create(b, w, c32);
    return arith::ShRSIOp::create(b, w, c32);
  };
  Value parts[2];
  for (bool odd : {false, true}) {
    Value p = arith::MulIOp::create(b, half(x, odd), half(y, odd));
    if (doubled) {
      p = arith::AddIOp::create(b, p, p);
      p = arith::AddIOp::create(b, p, intConstant(b, wide, int64_t(1) << 31));
    }
    parts[odd] = vector::BitCastOp::create(b, type, p);
  }
  SmallVector<int64_t> mask;
  for (int64_t i = 0; i < n; ++i)
    mask.push_back(i % 2 == 0 ? i + 1 : n + i);
  return vector::ShuffleOp::create(b, parts[0], parts[1], mask);
}

/// As `highWordsEvenOdd`, in portable form.
static Value highWordsExtended(ImplicitLocOpBuilder &b, Value x, Value y,
                               bool doubled) {
  Type wide = withElement(x.getType(), b.getI64Type());
  Value p = arith::MulIOp::create(b, arith::ExtSIOp::create(b, wide, x),
                                  arith::ExtSIOp::create(b, wide, y));
  if (doubled) {
    p = arith::AddIOp::create(b, p, p);
    p = arith::AddIOp::create(b, p, intConstant(b, wide, int64_t(1) << 31));
  }
  p = arith::ShRSIOp::create(b, p, intConstant(b, wide, 32));
  return arith::TruncIOp::create(b, x.getType(), p);
}

/// Both modes where `highWordsSuffice`: for a shift s >= 33 the low word of the
/// product cannot change the result, so the rounding shift is one of 32 bits.
static Value emitScaleHighWords(ImplicitLocOpBuilder &b, Value acc,
                                RescaleOperands operands, bool doubled,
                                const KernelTarget &target) {
  Type type = acc.getType();
  VectorType vector = dyn_cast<VectorType>(type);
  bool evenOdd =
      target.arch == Arch::X86 && vector && vector.getNumElements() % 4 == 0;
  Value high = evenOdd
                   ? highWordsEvenOdd(b, acc, operands.multiplier, doubled)
                   : highWordsExtended(b, acc, operands.multiplier, doubled);
  Value one = intConstant(b, type, 1);
  Value right = arith::SubIOp::create(b, operands.shift,
                                      intConstant(b, type, doubled ? 31 : 32));
  Value half =
      arith::ShLIOp::create(b, one, arith::SubIOp::create(b, right, one));
  Value sum = arith::AddIOp::create(b, high, half);
  // Ties away from zero: one less for negative values.
  if (doubled)
    sum = arith::AddIOp::create(
        b, sum, arith::ShRSIOp::create(b, high, intConstant(b, type, 31)));
  return arith::ShRSIOp::create(b, sum, right);
}

/// Both modes in 64 bits throughout, for every multiplier and accumulator.
static Value emitScaleWide(ImplicitLocOpBuilder &b, Value acc,
                           RescaleOperands operands, const RescaleSpec &spec) {
  Type wide = withElement(acc.getType(), b.getI64Type());
  auto c = [&](int64_t value) { return intConstant(b, wide, value); };
  Value x = arith::ExtSIOp::create(b, wide, acc);
  Value m = arith::ExtSIOp::create(b, wide, operands.multiplier);
  Value shift = arith::ExtUIOp::create(b, wide, operands.shift);
  Value p = arith::MulIOp::create(b, x, m);
  Value first = shift, zero = c(0), one = c(1);
  bool twice = spec.rounding == Rounding::TfliteDouble;
  if (twice)
    first = arith::MinSIOp::create(b, shift, c(31));
  Value half =
      arith::ShLIOp::create(b, one, arith::SubIOp::create(b, first, one));
  Value y = arith::ShRSIOp::create(b, arith::AddIOp::create(b, p, half), first);
  if (twice) {
    Value right = arith::SubIOp::create(b, shift, first);
    // (1 << right) >> 1 is 0 where nothing is left to shift out.
    half = arith::ShRSIOp::create(b, arith::ShLIOp::create(b, one, right), one);
    Value any = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, right, zero);
    Value sign = arith::SelectOp::create(
        b, any, arith::ShRSIOp::create(b, y, c(63)), zero);
    Value sum =
        arith::AddIOp::create(b, arith::AddIOp::create(b, y, half), sign);
    y = arith::ShRSIOp::create(b, sum, right);
  }
  y = clampInt(b, y, spec.min - spec.outputZp, spec.max - spec.outputZp);
  return arith::TruncIOp::create(b, acc.getType(), y);
}

//===----------------------------------------------------------------------===//
// Entry points
//===----------------------------------------------------------------------===//

RescaleOperands mlir::qnt::rescaleConstants(ImplicitLocOpBuilder &b,
                                            const RescaleSpec &spec,
                                            Type accType, int64_t channel) {
  double m = spec.multipliers.size() == 1 ? spec.multipliers.front()
                                          : spec.multipliers[channel];
  if (spec.rounding == Rounding::Fp32Rne)
    return {floatConstant(b, withElement(accType, b.getF32Type()), float(m)),
            nullptr};
  RescaleWords words = getRescaleWords(m, spec.rounding);
  return {intConstant(b, accType, words.multiplier),
          intConstant(b, accType, words.shift)};
}

Value mlir::qnt::emitScale(ImplicitLocOpBuilder &b, Value acc,
                           RescaleOperands operands, const RescaleSpec &spec,
                           const KernelTarget &target) {
  RescaleTraits traits = RescaleTraits::get(spec);
  acc = subtractInputZp(b, acc, spec, traits);
  if (spec.rounding == Rounding::Fp32Rne)
    return emitScaleFloat(b, acc, operands, spec, traits, target);
  if (traits.highWordsSuffice)
    return emitScaleHighWords(b, acc, operands,
                              spec.rounding == Rounding::TfliteDouble, target);
  return emitScaleWide(b, acc, operands, spec);
}

Value mlir::qnt::emitNarrow(ImplicitLocOpBuilder &b, Value scaled,
                            const RescaleSpec &spec,
                            const KernelTarget &target) {
  Value y =
      clampInt(b, scaled, spec.min - spec.outputZp, spec.max - spec.outputZp);
  if (int32_t zp = spec.outputZp + target.storageOffset())
    y = arith::AddIOp::create(b, y, intConstant(b, y.getType(), zp));
  return arith::TruncIOp::create(b, withElement(y.getType(), b.getI8Type()), y);
}

Value mlir::qnt::emitRescale(ImplicitLocOpBuilder &b, Value acc,
                             RescaleOperands operands, const RescaleSpec &spec,
                             const KernelTarget &target) {
  return emitNarrow(b, emitScale(b, acc, operands, spec, target), spec, target);
}

Value mlir::qnt::emitRescale(ImplicitLocOpBuilder &b, Value acc,
                             const RescaleSpec &spec,
                             const KernelTarget &target) {
  return emitRescale(b, acc, rescaleConstants(b, spec, acc.getType()), spec,
                     target);
}
