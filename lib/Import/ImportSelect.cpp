//===- ImportSelect.cpp - choices among elements --------------------------===//
//
// Where, Hardmax, NonZero and Unique. The size of a result is a compile-time
// matter here, so the last two take constants only.
//
//===----------------------------------------------------------------------===//

#include "AxisMap.h"
#include "Emit.h"
#include "HostMove.h"
#include "Indexing.h"
#include "OpTable.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/FormatVariadic.h"

#include <cstring>
#include <numeric>

namespace mlir::qnt::onnx_import {

//===----------------------------------------------------------------------===//
// Where
//===----------------------------------------------------------------------===//

static LogicalResult whereHost(NodeImporter &n, ArrayRef<int64_t> shape) {
  if (failed(n.takeElements(4 * *countElements(shape))))
    return failure();
  HostTensor pick = broadcastHost(*n.constantOf(0), shape);
  HostTensor x = broadcastHost(*n.constantOf(1), shape);
  HostTensor y = broadcastHost(*n.constantOf(2), shape);
  size_t width = storedBytes(x.elem);
  for (int64_t i = 0, e = pick.size(); i < e; ++i)
    if (!pick.intAt(i))
      std::memcpy(&x.bytes[i * width], &y.bytes[i * width], width);
  n.setResult(0, std::move(x));
  return success();
}

LogicalResult buildWhere(NodeImporter &n) {
  if (!n.isBool(0) || n.elemOf(1) != n.elemOf(2))
    return n.invalid("the condition is not bool, or the two choices differ in "
                     "type");
  FailureOr<Shape> shape = broadcastShapes(n, n.shapeOf(1), n.shapeOf(2));
  if (failed(shape) ||
      failed(shape = broadcastShapes(n, *shape, n.shapeOf(0))) ||
      failed(checkShape(n, *shape)))
    return failure();
  if (n.constantOf(0) && n.constantOf(1) && n.constantOf(2) &&
      n.hasBudget(4 * *countElements(*shape)))
    return whereHost(n, *shape);
  if (*countElements(*shape) == 0) {
    n.setResult(0, HostTensor::zeros(*shape, n.elemOf(1)));
    return success();
  }
  SmallVector<Value, 3> operands;
  for (unsigned i = 0; i < 3; ++i) {
    Shape own(n.shapeOf(i));
    own.insert(own.begin(), shape->size() - own.size(), 1);
    FailureOr<OnnxValue> source = sourceAs(n, i, own);
    FailureOr<Value> value =
        failed(source) ? FailureOr<Value>(failure()) : materialize(n, *source);
    if (failed(value))
      return failure();
    operands.push_back(*value);
  }
  FailureOr<RankedTensorType> type =
      n.tensorType(*shape, n.irType(n.elemOf(1)));
  if (failed(type))
    return failure();
  Value result = tosa::SelectOp::create(n.builder, n.loc, *type, operands[0],
                                        operands[1], operands[2]);
  n.setResult(0, result, n.elemOf(1));
  return success();
}

//===----------------------------------------------------------------------===//
// Hardmax
//===----------------------------------------------------------------------===//

/// 1 at the first of the largest elements along the axis, else 0. Until opset
/// 12 all dimensions from the axis on are one.
LogicalResult buildHardmax(NodeImporter &n) {
  Shape shape(n.shapeOf(0)), inner = shape;
  int64_t otherwise = n.opset < 13 ? 1 : -1;
  FailureOr<int64_t> axis =
      n.normalizeAxis(n.getInt("axis", otherwise), shape.size());
  FailureOr<Value> x = n.tosaValueOf(0);
  if (failed(axis) || failed(x))
    return failure();
  if (n.opset < 13)
    inner = {*countElements(ArrayRef(shape).take_front(*axis)),
             *countElements(ArrayRef(shape).drop_front(*axis))};
  int64_t along = n.opset < 13 ? 1 : *axis;
  if (failed(x = n.reshape(*x, inner)))
    return failure();
  Shape rest = inner;
  rest.erase(rest.begin() + along);
  auto listType = RankedTensorType::get(rest, n.builder.getI32Type());
  Value largest = tosa::ArgMaxOp::create(n.builder, n.loc, listType, *x,
                                         n.builder.getI32IntegerAttr(along));
  Value result = generate(
      n, cast<RankedTensorType>(x->getType()),
      [&](OpBuilder &b, ValueRange index) {
        SmallVector<Value> place(index);
        place.erase(place.begin() + along);
        Value hot = arith::IndexCastOp::create(
            b, n.loc, b.getIndexType(), elementAt(b, n.loc, largest, place));
        Value isHot = arith::CmpIOp::create(b, n.loc, arith::CmpIPredicate::eq,
                                            hot, index[along]);
        Type type = elementTypeOf(*x);
        Value one = arith::ConstantOp::create(b, n.loc, b.getOneAttr(type));
        Value zero = arith::ConstantOp::create(b, n.loc, b.getZeroAttr(type));
        return arith::SelectOp::create(b, n.loc, isHot, one, zero);
      });
  FailureOr<Value> shaped = n.reshape(result, shape);
  if (failed(shaped))
    return failure();
  n.setResult(0, *shaped);
  return success();
}

//===----------------------------------------------------------------------===//
// NonZero
//===----------------------------------------------------------------------===//

static LogicalResult dependsOnData(NodeImporter &n) {
  return n.unsupported("the size of the result depends on input 0, which is "
                       "not known at compile time");
}

LogicalResult buildNonZero(NodeImporter &n) {
  const HostTensor *x = n.constantOf(0);
  if (!x)
    return dependsOnData(n);
  SmallVector<int64_t> found;
  for (int64_t i = 0, e = x->size(); i < e; ++i)
    if (x->at(i) != 0)
      found.push_back(i);
  // A scalar counts as a list of one.
  Shape shape = x->shape.empty() ? Shape{1} : x->shape;
  Shape strides = stridesOf(shape);
  int64_t rank = shape.size(), count = found.size();
  if (failed(n.takeElements(rank * count)))
    return failure();
  HostTensor result = HostTensor::zeros({rank, count}, Elem::Int64);
  for (int64_t k = 0; k < count; ++k)
    for (int64_t d = 0; d < rank; ++d)
      result.setInt(d * count + k, found[k] / strides[d] % shape[d]);
  n.setResult(0, std::move(result));
  return success();
}

//===----------------------------------------------------------------------===//
// Unique
//===----------------------------------------------------------------------===//

namespace {
/// Slices of a constant along an axis, by their place.
struct Slices {
  const HostTensor &x;
  int64_t before, dim, after;

  int64_t flat(int64_t slice, int64_t k) const {
    return (k / after * dim + slice) * after + k % after;
  }
  /// -1, 0 or 1 as slice `a` is less than, equal to or greater than `b`. NaN is
  /// the greatest and equals itself.
  int compare(int64_t a, int64_t b) const {
    for (int64_t k = 0; k < before * after; ++k) {
      int order = compareElements(flat(a, k), flat(b, k));
      if (order != 0)
        return order;
    }
    return 0;
  }

private:
  int compareElements(int64_t i, int64_t j) const {
    if (!x.isFloat()) {
      int64_t a = x.intAt(i), b = x.intAt(j);
      return a < b ? -1 : a > b;
    }
    double a = x.at(i), b = x.at(j);
    if (a != a || b != b)
      return (a != a) - (b != b);
    return a < b ? -1 : a > b;
  }
};
} // namespace

static HostTensor int64List(ArrayRef<int64_t> values) {
  return HostTensor::ofInts({static_cast<int64_t>(values.size())}, values);
}

LogicalResult buildUnique(NodeImporter &n) {
  const HostTensor *x = n.constantOf(0);
  if (!x)
    return dependsOnData(n);
  Shape shape = x->shape;
  FailureOr<int64_t> axis = 0;
  if (n.hasAttr("axis"))
    axis = n.normalizeAxis(n.getInt("axis", 0), shape.size());
  else
    shape = {x->size()};
  if (failed(axis) || failed(n.takeElements(5 * x->size())))
    return failure();
  Slices slices{*x, *countElements(ArrayRef(shape).take_front(*axis)),
                shape[*axis],
                *countElements(ArrayRef(shape).drop_front(*axis + 1))};
  std::vector<int64_t> order(slices.dim);
  std::iota(order.begin(), order.end(), 0);
  llvm::sort(order, [&](int64_t a, int64_t b) {
    int relation = slices.compare(a, b);
    return relation != 0 ? relation < 0 : a < b;
  });
  // Groups of equal slices, each by the first of them.
  SmallVector<int64_t> first, counts, group(slices.dim, 0);
  for (size_t i = 0; i < order.size(); ++i) {
    if (i == 0 || slices.compare(order[i - 1], order[i]) != 0) {
      first.push_back(order[i]);
      counts.push_back(0);
    }
    group[order[i]] = first.size() - 1;
    ++counts.back();
  }
  SmallVector<int64_t> ranks(first.size());
  std::iota(ranks.begin(), ranks.end(), 0);
  if (n.getInt("sorted", 1) == 0)
    llvm::sort(ranks,
               [&](int64_t a, int64_t b) { return first[a] < first[b]; });
  SmallVector<int64_t> places(first.size()), outFirst, outCounts, inverse;
  for (auto [to, from] : llvm::enumerate(ranks)) {
    places[from] = to;
    outFirst.push_back(first[from]);
    outCounts.push_back(counts[from]);
  }
  for (int64_t from : group)
    inverse.push_back(places[from]);
  AxisMap map = wholeMap(shape);
  map[*axis] = AxisRuns::ofIndices(outFirst);
  FailureOr<OnnxValue> source = sourceAs(n, 0, shape);
  if (failed(source) || failed(setMapped(n, 0, *source, map)))
    return failure();
  n.setResult(1, int64List(outFirst));
  n.setResult(2, int64List(inverse));
  n.setResult(3, int64List(outCounts));
  return success();
}

} // namespace mlir::qnt::onnx_import
