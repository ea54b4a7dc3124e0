//===- ImportScatter.cpp - writes at given indices ------------------------===//
//
// ScatterElements, ScatterND and TensorScatter: a walk over the updates in
// row-major order, so that of several updates of one element the last one wins.
// Indices known at compile time are checked here; of others, those outside of
// the tensor are skipped at run time.
//
//===----------------------------------------------------------------------===//

#include "HostMove.h"
#include "Indexing.h"
#include "OpTable.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

namespace mlir::qnt::onnx_import {

namespace {
enum class Reduction { none, add, mul, max, min };

/// Where update `index` goes: a flat index of the data.
using HostTarget = llvm::function_ref<int64_t(ArrayRef<int64_t> index)>;
/// Where update `index` goes, and whether it is inside (null: it is).
using Target = llvm::function_ref<SmallVector<Value>(
    OpBuilder &b, ValueRange index, Value &inside)>;
} // namespace

static FailureOr<Reduction> readReduction(NodeImporter &n) {
  StringRef name = n.getString("reduction", "none");
  auto reduction = llvm::StringSwitch<std::optional<Reduction>>(name)
                       .Case("none", Reduction::none)
                       .Case("add", Reduction::add)
                       .Case("mul", Reduction::mul)
                       .Case("max", Reduction::max)
                       .Case("min", Reduction::min)
                       .Default(std::nullopt);
  if (!reduction)
    return n.invalid("attribute 'reduction' is '" + name + "'");
  if (*reduction != Reduction::none && n.elemOf(0) == Elem::Bool)
    return n.unsupported("a reduction of bool");
  return *reduction;
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

/// a + b and the like, in the element type of `into`.
static void combineHost(HostTensor &into, int64_t at, const HostTensor &updates,
                        int64_t from, Reduction reduction) {
  auto apply = [&](auto a, auto b) {
    switch (reduction) {
    case Reduction::none:
      return b;
    case Reduction::add:
      return a + b;
    case Reduction::mul:
      return a * b;
    case Reduction::max:
      return a != a || a > b ? a : b;
    case Reduction::min:
      return a != a || a < b ? a : b;
    }
    return b;
  };
  bool wraps = reduction == Reduction::add || reduction == Reduction::mul;
  if (into.isFloat())
    into.set(at, apply(into.at(at), updates.at(from)));
  else if (wraps || into.elem == Elem::UInt64)
    into.setInt(at, static_cast<int64_t>(
                        apply(static_cast<uint64_t>(into.intAt(at)),
                              static_cast<uint64_t>(updates.intAt(from)))));
  else
    into.setInt(at, apply(into.intAt(at), updates.intAt(from)));
}

static LogicalResult scatterHost(NodeImporter &n, Reduction reduction,
                                 HostTarget target) {
  const HostTensor &data = *n.constantOf(0), &updates = *n.constantOf(2);
  if (failed(n.takeElements(data.size())))
    return failure();
  HostTensor result = data;
  std::vector<int64_t> flat = flatIndices(updates.shape, target);
  for (auto [from, at] : llvm::enumerate(flat))
    combineHost(result, at, updates, from, reduction);
  n.setResult(0, std::move(result));
  return success();
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

/// The two combined; of floats, NaN wins over any number.
static Value combine(OpBuilder &b, Location loc, Value old, Value update,
                     Reduction reduction, Elem elem) {
  bool isReal = isFloat(elem), noSign = isUnsigned(elem);
  switch (reduction) {
  case Reduction::none:
    return update;
  case Reduction::add:
    return isReal ? arith::AddFOp::create(b, loc, old, update).getResult()
                  : arith::AddIOp::create(b, loc, old, update).getResult();
  case Reduction::mul:
    return isReal ? arith::MulFOp::create(b, loc, old, update).getResult()
                  : arith::MulIOp::create(b, loc, old, update).getResult();
  case Reduction::max:
    if (isReal)
      return arith::MaximumFOp::create(b, loc, old, update);
    return noSign ? arith::MaxUIOp::create(b, loc, old, update).getResult()
                  : arith::MaxSIOp::create(b, loc, old, update).getResult();
  case Reduction::min:
    if (isReal)
      return arith::MinimumFOp::create(b, loc, old, update);
    return noSign ? arith::MinUIOp::create(b, loc, old, update).getResult()
                  : arith::MinSIOp::create(b, loc, old, update).getResult();
  }
  return update;
}

/// Walks over the updates, the values of input `input`, and writes each where
/// `target` says.
static LogicalResult scatterValues(NodeImporter &n, unsigned input,
                                   Reduction reduction, Target target) {
  FailureOr<Value> data = n.anyValueOf(0), updates = n.anyValueOf(input);
  if (failed(data) || failed(updates))
    return failure();
  Elem elem = n.elemOf(0);
  Shape shape(n.shapeOf(input));
  Value result = walkIndices(
      n, shape, *data, [&](OpBuilder &b, ValueRange index, Value state) {
        Value inside;
        SmallVector<Value> place = target(b, index, inside);
        Value old = elementAt(b, n.loc, state, place);
        Value update = elementAt(b, n.loc, *updates, index);
        Value value = combine(b, n.loc, old, update, reduction, elem);
        if (inside)
          value = arith::SelectOp::create(b, n.loc, inside, value, old);
        return tensor::InsertOp::create(b, n.loc, value, state, place)
            .getResult();
      });
  n.setResult(0, result, n.elemOf(0));
  return success();
}

//===----------------------------------------------------------------------===//
// ScatterElements
//===----------------------------------------------------------------------===//

static LogicalResult checkUpdates(NodeImporter &n, unsigned input,
                                  ArrayRef<int64_t> expected) {
  if (n.shapeOf(input) != expected)
    return n.invalid(llvm::formatv("the updates have shape {0}, expected {1}",
                                   formatShape(n.shapeOf(input)),
                                   formatShape(expected)));
  if (n.elemOf(input) != n.elemOf(0))
    return n.invalid("data and updates are of different types");
  return success();
}

LogicalResult buildScatterElements(NodeImporter &n) {
  Shape data(n.shapeOf(0)), shape(n.shapeOf(1));
  FailureOr<int64_t> axis = n.normalizeAxis(n.getInt("axis", 0), data.size());
  FailureOr<Reduction> reduction = readReduction(n);
  if (failed(axis) || failed(reduction) ||
      failed(checkSameBeside(n, data, shape, *axis)) ||
      failed(checkUpdates(n, 2, shape)) ||
      failed(checkIndices(n, 1, [&](int64_t) { return data[*axis]; })))
    return failure();
  if (n.constantOf(0) && n.constantOf(1) && n.constantOf(2)) {
    Shape strides = stridesOf(data), listStrides = stridesOf(shape);
    return scatterHost(n, *reduction, [&](ArrayRef<int64_t> index) {
      Shape place(index);
      place[*axis] = wrapIndex(
          n.constantOf(1)->intAt(flatten(index, listStrides)), data[*axis]);
      return flatten(place, strides);
    });
  }
  FailureOr<Value> indices = n.anyValueOf(1);
  if (failed(indices))
    return failure();
  return scatterValues(
      n, 2, *reduction, [&](OpBuilder &b, ValueRange index, Value &inside) {
        SmallVector<Value> place(index);
        SafeIndex safe = makeSafe(
            b, n.loc, elementAt(b, n.loc, *indices, index), data[*axis]);
        place[*axis] = safe.index;
        inside = safe.inside;
        return place;
      });
}

//===----------------------------------------------------------------------===//
// ScatterND
//===----------------------------------------------------------------------===//

LogicalResult buildScatterND(NodeImporter &n) {
  Shape data(n.shapeOf(0)), list(n.shapeOf(1));
  FailureOr<Reduction> reduction = readReduction(n);
  if (failed(reduction))
    return failure();
  if (list.empty() || list.back() < 1 ||
      list.back() > static_cast<int64_t>(data.size()))
    return n.invalid(llvm::formatv("indices of shape {0} do not fit data of "
                                   "shape {1}",
                                   formatShape(list), formatShape(data)));
  size_t depth = list.back(), lead = list.size() - 1;
  Shape shape(ArrayRef(list).drop_back());
  shape.append(data.begin() + depth, data.end());
  if (failed(checkUpdates(n, 2, shape)) ||
      failed(checkIndices(n, 1, [&](int64_t i) { return data[i % depth]; })))
    return failure();
  if (n.constantOf(0) && n.constantOf(1) && n.constantOf(2)) {
    Shape strides = stridesOf(data), listStrides = stridesOf(list);
    return scatterHost(n, *reduction, [&](ArrayRef<int64_t> index) {
      Shape place;
      int64_t tuple = flatten(index.take_front(lead), listStrides);
      for (size_t k = 0; k < depth; ++k)
        place.push_back(wrapIndex(n.constantOf(1)->intAt(tuple + k), data[k]));
      place.append(index.begin() + lead, index.end());
      return flatten(place, strides);
    });
  }
  FailureOr<Value> indices = n.anyValueOf(1);
  if (failed(indices))
    return failure();
  return scatterValues(
      n, 2, *reduction, [&](OpBuilder &b, ValueRange index, Value &inside) {
        SmallVector<Value> place, tuple(index.take_front(lead));
        tuple.push_back({});
        for (size_t k = 0; k < depth; ++k) {
          tuple.back() = arith::ConstantIndexOp::create(b, n.loc, k);
          SafeIndex safe =
              makeSafe(b, n.loc, elementAt(b, n.loc, *indices, tuple), data[k]);
          place.push_back(safe.index);
          inside = inside ? arith::AndIOp::create(b, n.loc, inside, safe.inside)
                                .getResult()
                          : safe.inside;
        }
        place.append(index.begin() + lead, index.end());
        return place;
      });
}

//===----------------------------------------------------------------------===//
// TensorScatter
//===----------------------------------------------------------------------===//

/// Where along the sequence axis an update goes: from the start that its batch
/// was given on, around the end if the cache is circular.
static Value cachePosition(OpBuilder &b, Location loc, Value start,
                           Value offset, int64_t dim, bool circular,
                           Value &inside) {
  Value first = arith::IndexCastOp::create(b, loc, b.getIndexType(), start);
  Value position = arith::AddIOp::create(b, loc, first, offset);
  Value size = arith::ConstantIndexOp::create(b, loc, dim);
  if (circular)
    position = arith::RemUIOp::create(b, loc, position, size);
  Value last = arith::ConstantIndexOp::create(b, loc, dim - 1);
  Value safe = arith::MinUIOp::create(b, loc, position, last);
  inside =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, position, safe);
  return safe;
}

LogicalResult buildTensorScatter(NodeImporter &n) {
  Shape cache(n.shapeOf(0)), shape(n.shapeOf(1));
  FailureOr<int64_t> axis = n.normalizeAxis(n.getInt("axis", -2), cache.size());
  StringRef mode = n.getString("mode", "linear");
  if (failed(axis))
    return failure();
  if (mode != "linear" && mode != "circular")
    return n.invalid("attribute 'mode' is '" + mode + "'");
  Shape expected = cache;
  if (shape.size() == cache.size())
    expected[*axis] = shape[*axis];
  if (*axis == 0 || shape != expected || shape[*axis] > cache[*axis])
    return n.invalid(llvm::formatv("an update of shape {0} does not fit a "
                                   "cache of shape {1} along axis {2}",
                                   formatShape(shape), formatShape(cache),
                                   *axis));
  FailureOr<Value> starts;
  if (n.hasInput(2)) {
    if (n.shapeOf(2) != ArrayRef<int64_t>{cache[0]} || !isInteger(n.elemOf(2)))
      return n.invalid("the write indices are not an integer per batch");
    starts = n.anyValueOf(2);
  } else {
    starts = n.constant(HostTensor::zeros(cache[0], Elem::Int64));
  }
  if (failed(starts))
    return failure();
  return scatterValues(n, 1, Reduction::none,
                       [&](OpBuilder &b, ValueRange index, Value &inside) {
                         SmallVector<Value> place(index);
                         Value start = elementAt(b, n.loc, *starts, index[0]);
                         place[*axis] = cachePosition(
                             b, n.loc, start, index[*axis], cache[*axis],
                             mode == "circular", inside);
                         return place;
                       });
}

} // namespace mlir::qnt::onnx_import
