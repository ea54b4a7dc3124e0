//===- Pow2Dialect.cpp - a scheme and an observer -------------------------===//
//
// Implements the two attribute interfaces. Scales made from the observer's
// range are powers of two exactly: the range is 127 steps of one.
//
//===----------------------------------------------------------------------===//

#include "Pow2.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;
using namespace pow2;

#include "Pow2Dialect.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "Pow2Attrs.cpp.inc"

void Pow2Dialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "Pow2Attrs.cpp.inc"
      >();
}

//===----------------------------------------------------------------------===//
// ScaleAttr
//===----------------------------------------------------------------------===//

LogicalResult ScaleAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                int32_t exponent) {
  if (exponent < -126 || exponent > 127)
    return emitError() << "expected an exponent from -126 to 127, found "
                       << exponent;
  return success();
}

bool ScaleAttr::isComplete() const { return true; }

LogicalResult
ScaleAttr::verifyScheme(function_ref<InFlightDiagnostic()> emitError,
                        ShapedType, Type storage) const {
  if (!storage.isSignlessInteger() && !storage.isSignedInteger())
    return emitError() << "#pow2.scale has zero point 0 and needs signed "
                          "storage, found "
                       << storage;
  return success();
}

SmallVector<float> ScaleAttr::getScaleValues() const {
  return {std::ldexp(1.0f, getExponent())};
}
SmallVector<int32_t> ScaleAttr::getZeroPointValues() const { return {0}; }
std::optional<int64_t> ScaleAttr::getQuantizedAxis() const {
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// AbsMaxAttr
//===----------------------------------------------------------------------===//

namespace {
enum Word : int64_t { Max, Count, Size };
} // namespace

StringRef AbsMaxAttr::getObserverName() const { return "pow2.abs_max"; }
int64_t AbsMaxAttr::getStateSize() const { return Word::Size; }

void AbsMaxAttr::initState(MutableArrayRef<double> state) const {
  state[Word::Max] = state[Word::Count] = 0.0;
}

/// max = max(max, |x|) for each x; count += n, or NaN where max is not finite.
void AbsMaxAttr::buildUpdate(OpBuilder &builder, Location loc, Value values,
                             Value state) const {
  ImplicitLocOpBuilder b(loc, builder);
  auto index = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(b, value);
  };
  auto type = cast<MemRefType>(values.getType());
  SmallVector<Value> lower(type.getRank(), index(0)), upper;
  SmallVector<Value> steps(type.getRank(), index(1));
  for (int64_t size : type.getShape())
    upper.push_back(index(size));
  Value start = memref::LoadOp::create(b, state, index(Word::Max));
  auto nest = scf::buildLoopNest(
      b, loc, lower, upper, steps, start,
      [&](OpBuilder &inner, Location, ValueRange at, ValueRange sums) {
        ImplicitLocOpBuilder b(loc, inner);
        Value x = memref::LoadOp::create(b, values, at);
        x = arith::ExtFOp::create(b, b.getF64Type(), x);
        Value negated = arith::NegFOp::create(b, x);
        Value magnitude = arith::MaximumFOp::create(b, x, negated);
        Value max = arith::MaximumFOp::create(b, sums.front(), magnitude);
        return scf::ValueVector{max};
      });
  Value max = nest.results.front();
  memref::StoreOp::create(b, max, state, index(Word::Max));
  Value count = memref::LoadOp::create(b, state, index(Word::Count));
  Value more = arith::ConstantOp::create(
      b, b.getF64FloatAttr(static_cast<double>(type.getNumElements())));
  // Infinity - infinity and NaN - NaN are NaN, all else is 0.
  Value zero = arith::SubFOp::create(b, max, max);
  count = arith::AddFOp::create(b, count, more);
  count = arith::AddFOp::create(b, count, zero);
  memref::StoreOp::create(b, count, state, index(Word::Count));
}

void AbsMaxAttr::mergeState(MutableArrayRef<double> state,
                            ArrayRef<double> other) const {
  state[Word::Max] = std::max(state[Word::Max], other[Word::Max]);
  state[Word::Count] += other[Word::Count];
}

std::optional<qnt::ObservedRange>
AbsMaxAttr::finishState(ArrayRef<double> state) const {
  if (state[Word::Count] == 0)
    return std::nullopt;
  double max = state[Word::Max];
  if (max == 0)
    return qnt::ObservedRange{{0, 0}, {0, 0}, state[Word::Count]};
  double bound = 127 * std::exp2(std::ceil(std::log2(max / 127)));
  return qnt::ObservedRange{{-bound, bound}, {-max, max}, state[Word::Count]};
}
