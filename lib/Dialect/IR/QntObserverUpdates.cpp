//===- QntObserverUpdates.cpp - native updates of observers ---------------===//
//
// The code that folds one sample into a state. All observers share one pass
// that finds the extremes and whether every value is finite, in vectors; the
// histogram adds a pass over the values. No update writes anything but the
// count if a value is not finite. Temporaries are memref.alloc without dealloc,
// as bufferization leaves them.
//
//===----------------------------------------------------------------------===//

#include "ObserverState.h"
#include "qnt/Dialect/IR/Qnt.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

#include <limits>

using namespace mlir;
using namespace mlir::qnt;

static constexpr int64_t kLanes = 16;
static constexpr int32_t kExponentMask = 0x7f800000;

namespace {
/// What one pass over a sample finds.
struct Sample {
  Value min, max;
  /// i1
  Value isFinite;
};

/// Accumulators of that pass, scalars or vectors. `bits` is the largest
/// magnitude as an integer, which NaN and infinities win.
struct Extremes {
  Value min, max, bits;
  SmallVector<Value> list() const { return {min, max, bits}; }
  static Extremes from(ValueRange values) {
    return {values[0], values[1], values[2]};
  }
};

/// Builds updates over one state and one buffer of values.
class UpdateBuilder {
public:
  UpdateBuilder(OpBuilder &builder, Location loc, Value values, Value state)
      : b(loc, builder), state(state) {
    flat = flatten(values);
    count = cast<MemRefType>(flat.getType()).getNumElements();
  }

  ImplicitLocOpBuilder &builder() { return b; }
  int64_t getCount() const { return count; }

  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  }
  Value real(double value) {
    return arith::ConstantOp::create(b, b.getF64FloatAttr(value));
  }
  Value load(unsigned word) {
    return memref::LoadOp::create(b, state, index(word));
  }
  void store(Value value, unsigned word) {
    memref::StoreOp::create(b, value, state, index(word));
  }
  Value compare(arith::CmpFPredicate predicate, Value x, Value y) {
    return arith::CmpFOp::create(b, predicate, x, y);
  }
  /// Compare and select is one vector instruction everywhere.
  Value smaller(Value x, Value y) {
    return arith::SelectOp::create(b, compare(arith::CmpFPredicate::OLT, x, y),
                                   x, y);
  }
  Value larger(Value x, Value y) {
    return arith::SelectOp::create(b, compare(arith::CmpFPredicate::OGT, x, y),
                                   x, y);
  }

  Sample scan();
  /// count += n if all values are finite, else NaN.
  void updateCount(const Sample &sample, unsigned word);
  void updateExtremes(const Sample &sample, unsigned min, unsigned max);
  void ifTrue(Value condition, function_ref<void()> body);
  void loop(int64_t size, function_ref<void(Value)> body);

  ImplicitLocOpBuilder b;
  Value state, flat;
  int64_t count;

private:
  Value flatten(Value values);
  Extremes accumulate(const Extremes &sums, Value value);
  Extremes scanVectors();
};
} // namespace

/// The values as one contiguous row.
Value UpdateBuilder::flatten(Value values) {
  auto type = cast<MemRefType>(values.getType());
  if (!type.getLayout().isIdentity()) {
    auto dense = MemRefType::get(type.getShape(), type.getElementType());
    Value copy = memref::AllocOp::create(b, dense);
    memref::CopyOp::create(b, values, copy);
    values = copy;
    type = dense;
  }
  int64_t size = type.getNumElements();
  auto row = MemRefType::get({size}, type.getElementType());
  if (type == row)
    return values;
  return memref::ReinterpretCastOp::create(b, row, values, /*offset=*/0,
                                           ArrayRef<int64_t>{size},
                                           ArrayRef<int64_t>{1});
}

void UpdateBuilder::loop(int64_t size, function_ref<void(Value)> body) {
  auto op = scf::ForOp::create(b, index(0), index(size), index(1));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(op.getBody());
  body(op.getInductionVar());
}

void UpdateBuilder::ifTrue(Value condition, function_ref<void()> body) {
  auto op = scf::IfOp::create(b, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(op.thenBlock());
  body();
}

/// `value` and the sums are floats, or vectors of them.
Extremes UpdateBuilder::accumulate(const Extremes &sums, Value value) {
  Type integer = b.getI32Type();
  auto vector = dyn_cast<VectorType>(value.getType());
  Type bitsType = vector ? Type(vector.clone(integer)) : integer;
  TypedAttr mask = b.getI32IntegerAttr(0x7fffffff);
  if (vector)
    mask = DenseElementsAttr::get(cast<VectorType>(bitsType), mask);
  Value bits = vector ? Value(vector::BitCastOp::create(b, bitsType, value))
                      : Value(arith::BitcastOp::create(b, bitsType, value));
  bits = arith::AndIOp::create(b, bits, arith::ConstantOp::create(b, mask));
  return {smaller(value, sums.min), larger(value, sums.max),
          arith::MaxUIOp::create(b, sums.bits, bits)};
}

/// Whole vectors first, reduced to scalars.
Extremes UpdateBuilder::scanVectors() {
  auto type = VectorType::get({kLanes}, b.getF32Type());
  auto integers = VectorType::get({kLanes}, b.getI32Type());
  float infinity = std::numeric_limits<float>::infinity();
  auto constant = [&](TypedAttr value) -> Value {
    return arith::ConstantOp::create(b, value);
  };
  SmallVector<Value> init = {
      constant(DenseElementsAttr::get(type, infinity)),
      constant(DenseElementsAttr::get(type, -infinity)),
      constant(DenseElementsAttr::get(integers, int32_t(0)))};
  auto op = scf::ForOp::create(b, index(0), index(count / kLanes * kLanes),
                               index(kLanes), init);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(op.getBody());
    Value values = vector::LoadOp::create(b, type, flat, op.getInductionVar());
    scf::YieldOp::create(
        b, accumulate(Extremes::from(op.getRegionIterArgs()), values).list());
  }
  auto reduce = [&](vector::CombiningKind kind, unsigned result) -> Value {
    return vector::ReductionOp::create(b, kind, op.getResult(result));
  };
  return {reduce(vector::CombiningKind::MINNUMF, 0),
          reduce(vector::CombiningKind::MAXNUMF, 1),
          reduce(vector::CombiningKind::MAXUI, 2)};
}

Sample UpdateBuilder::scan() {
  Extremes whole = scanVectors();
  auto rest = scf::ForOp::create(b, index(count / kLanes * kLanes),
                                 index(count), index(1), whole.list());
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(rest.getBody());
    Value value = memref::LoadOp::create(b, flat, rest.getInductionVar());
    scf::YieldOp::create(
        b, accumulate(Extremes::from(rest.getRegionIterArgs()), value).list());
  }
  Extremes found = Extremes::from(rest.getResults());
  Value limit =
      arith::ConstantOp::create(b, b.getI32IntegerAttr(kExponentMask));
  return {
      arith::ExtFOp::create(b, b.getF64Type(), found.min),
      arith::ExtFOp::create(b, b.getF64Type(), found.max),
      arith::CmpIOp::create(b, arith::CmpIPredicate::ult, found.bits, limit)};
}

void UpdateBuilder::updateCount(const Sample &sample, unsigned word) {
  Value sum = arith::AddFOp::create(b, load(word), real(count));
  Value poison = real(std::numeric_limits<double>::quiet_NaN());
  store(arith::SelectOp::create(b, sample.isFinite, sum, poison), word);
}

void UpdateBuilder::updateExtremes(const Sample &sample, unsigned min,
                                   unsigned max) {
  store(smaller(sample.min, load(min)), min);
  store(larger(sample.max, load(max)), max);
}

//===----------------------------------------------------------------------===//
// MinMaxAttr, MovingAverageAttr
//===----------------------------------------------------------------------===//

void MinMaxAttr::buildUpdate(OpBuilder &builder, Location loc, Value values,
                             Value state) const {
  UpdateBuilder update(builder, loc, values, state);
  Sample sample = update.scan();
  update.updateCount(sample, MinMaxState::count);
  update.ifTrue(sample.isFinite, [&] {
    update.updateExtremes(sample, MinMaxState::min, MinMaxState::max);
  });
}

void MovingAverageAttr::buildUpdate(OpBuilder &builder, Location loc,
                                    Value values, Value state) const {
  UpdateBuilder update(builder, loc, values, state);
  ImplicitLocOpBuilder &b = update.b;
  Sample sample = update.scan();
  update.updateCount(sample, AverageState::count);
  update.ifTrue(sample.isFinite, [&] {
    Value samples = update.load(AverageState::samples);
    Value isFirst =
        update.compare(arith::CmpFPredicate::OEQ, samples, update.real(0.0));
    Value momentum = arith::SelectOp::create(b, isFirst, update.real(1.0),
                                             update.real(getMomentum()));
    auto average = [&](Value value, unsigned word) {
      Value old = update.load(word);
      Value step = arith::SubFOp::create(b, value, old);
      step = arith::MulFOp::create(b, momentum, step);
      update.store(arith::AddFOp::create(b, old, step), word);
    };
    average(sample.min, AverageState::averageMin);
    average(sample.max, AverageState::averageMax);
    update.updateExtremes(sample, AverageState::min, AverageState::max);
    update.store(arith::AddFOp::create(b, samples, update.real(1.0)),
                 AverageState::samples);
  });
}

//===----------------------------------------------------------------------===//
// PercentileAttr
//===----------------------------------------------------------------------===//

/// 2^(exponent of the larger magnitude + 1), at least 2^minExponent.
static Value buildReach(UpdateBuilder &update, Value min, Value max) {
  ImplicitLocOpBuilder &b = update.b;
  auto integer = [&](int64_t value) -> Value {
    return arith::ConstantOp::create(b, b.getI64IntegerAttr(value));
  };
  Value largest =
      update.larger(math::AbsFOp::create(b, min), math::AbsFOp::create(b, max));
  Value bits = arith::BitcastOp::create(b, b.getI64Type(), largest);
  Value exponent = arith::ShRUIOp::create(b, bits, integer(52));
  exponent = arith::AddIOp::create(b, exponent, integer(1));
  exponent = arith::MaxSIOp::create(
      b, exponent, integer(1023 + HistogramState::minExponent));
  bits = arith::ShLIOp::create(b, exponent, integer(52));
  return arith::BitcastOp::create(b, b.getF64Type(), bits);
}

/// Sorts the bins of [low, high] into bins over [newLow, newHigh].
static void buildRebin(UpdateBuilder &update, Value low, Value high,
                       Value newLow, Value newHigh) {
  ImplicitLocOpBuilder &b = update.b;
  constexpr int64_t bins = HistogramState::numBins;
  Value sums =
      memref::AllocOp::create(b, MemRefType::get({bins}, b.getF64Type()));
  update.loop(bins, [&](Value i) {
    memref::StoreOp::create(b, update.real(0.0), sums, i);
  });
  auto span = [&](Value from, Value to) -> Value {
    return arith::SubFOp::create(b, to, from);
  };
  Value width = arith::DivFOp::create(b, span(low, high), update.real(bins));
  Value scale =
      arith::DivFOp::create(b, update.real(bins), span(newLow, newHigh));
  auto word = [&](Value i) -> Value {
    return arith::AddIOp::create(b, i, update.index(HistogramState::bins));
  };
  update.loop(bins, [&](Value i) {
    Value position = arith::UIToFPOp::create(
        b, b.getF64Type(), arith::IndexCastOp::create(b, b.getI64Type(), i));
    position = arith::AddFOp::create(b, position, update.real(0.5));
    Value center = arith::AddFOp::create(
        b, low, arith::MulFOp::create(b, position, width));
    Value target = arith::MulFOp::create(
        b, arith::SubFOp::create(b, center, newLow), scale);
    Value at = arith::IndexCastOp::create(
        b, b.getIndexType(),
        arith::FPToSIOp::create(b, b.getI64Type(), target));
    Value value = memref::LoadOp::create(b, update.state, word(i));
    Value sum = memref::LoadOp::create(b, sums, at);
    memref::StoreOp::create(b, arith::AddFOp::create(b, sum, value), sums, at);
  });
  update.loop(bins, [&](Value i) {
    Value sum = memref::LoadOp::create(b, sums, i);
    memref::StoreOp::create(b, sum, update.state, word(i));
  });
}

/// bins[floor(x * scale) - floor(low * scale)] += 1: products with powers of
/// two are exact, so bins have exact borders.
static void buildCounting(UpdateBuilder &update, Value low, Value high) {
  ImplicitLocOpBuilder &b = update.b;
  Value bins = update.real(HistogramState::numBins);
  Value scale =
      arith::DivFOp::create(b, bins, arith::SubFOp::create(b, high, low));
  Value first = arith::FPToSIOp::create(b, b.getI32Type(),
                                        arith::MulFOp::create(b, low, scale));
  Value narrow = arith::TruncFOp::create(b, b.getF32Type(), scale);
  Value base =
      arith::ConstantOp::create(b, b.getI32IntegerAttr(HistogramState::bins));
  Value offset = arith::SubIOp::create(b, base, first);
  update.loop(update.count, [&](Value i) {
    Value value = memref::LoadOp::create(b, update.flat, i);
    Value scaled =
        math::FloorOp::create(b, arith::MulFOp::create(b, value, narrow));
    Value bin = arith::AddIOp::create(
        b, arith::FPToSIOp::create(b, b.getI32Type(), scaled), offset);
    Value at = arith::IndexCastOp::create(b, b.getIndexType(), bin);
    Value sum = memref::LoadOp::create(b, update.state, at);
    memref::StoreOp::create(b, arith::AddFOp::create(b, sum, update.real(1.0)),
                            update.state, at);
  });
}

void PercentileAttr::buildUpdate(OpBuilder &builder, Location loc, Value values,
                                 Value state) const {
  UpdateBuilder update(builder, loc, values, state);
  ImplicitLocOpBuilder &b = update.b;
  Sample sample = update.scan();
  Value before = update.load(HistogramState::count);
  update.updateCount(sample, HistogramState::count);
  update.ifTrue(sample.isFinite, [&] {
    update.updateExtremes(sample, HistogramState::min, HistogramState::max);
    Value min = update.load(HistogramState::min);
    Value max = update.load(HistogramState::max);
    Value low = update.load(HistogramState::low);
    Value high = update.load(HistogramState::high);
    Value reach = buildReach(update, min, max);
    Value zero = update.real(0.0);
    Value newLow = arith::SelectOp::create(
        b, update.compare(arith::CmpFPredicate::OLT, min, zero),
        arith::NegFOp::create(b, reach), zero);
    Value newHigh = arith::SelectOp::create(
        b, update.compare(arith::CmpFPredicate::OLT, max, zero), zero, reach);
    Value moved = arith::OrIOp::create(
        b, update.compare(arith::CmpFPredicate::ONE, low, newLow),
        update.compare(arith::CmpFPredicate::ONE, high, newHigh));
    Value hasBins = update.compare(arith::CmpFPredicate::ONE, before, zero);
    update.ifTrue(arith::AndIOp::create(b, moved, hasBins),
                  [&] { buildRebin(update, low, high, newLow, newHigh); });
    update.store(newLow, HistogramState::low);
    update.store(newHigh, HistogramState::high);
    buildCounting(update, newLow, newHigh);
  });
}

//===----------------------------------------------------------------------===//
// ChannelMeansAttr
//===----------------------------------------------------------------------===//

void ChannelMeansAttr::buildUpdate(OpBuilder &builder, Location loc,
                                   Value values, Value state) const {
  int64_t inner = getInner().getStateSize(), channels = getChannels();
  auto part = [&](int64_t offset, int64_t size) -> Value {
    return memref::SubViewOp::create(
        builder, loc, state,
        ArrayRef<OpFoldResult>{builder.getIndexAttr(offset)},
        ArrayRef<OpFoldResult>{builder.getIndexAttr(size)},
        ArrayRef<OpFoldResult>{builder.getIndexAttr(1)});
  };
  getInner().buildUpdate(builder, loc, values, part(0, inner));
  UpdateBuilder update(builder, loc, values, part(inner, 1 + channels));
  ImplicitLocOpBuilder &b = update.b;
  int64_t rows = update.getCount() / channels;
  update.store(arith::AddFOp::create(b, update.load(0), update.real(rows)), 0);
  update.loop(rows, [&](Value row) {
    Value first = arith::MulIOp::create(b, row, update.index(channels));
    update.loop(channels, [&](Value channel) {
      Value at = arith::AddIOp::create(b, first, channel);
      Value value = memref::LoadOp::create(b, update.flat, at);
      value = arith::ExtFOp::create(b, b.getF64Type(), value);
      Value word = arith::AddIOp::create(b, channel, update.index(1));
      Value sum = memref::LoadOp::create(b, update.state, word);
      memref::StoreOp::create(b, arith::AddFOp::create(b, sum, value),
                              update.state, word);
    });
  });
}
