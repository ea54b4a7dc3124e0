//===- ImportGather.cpp - reads at given indices --------------------------===//
//
// Gather and its kin. Indices known at compile time are checked here and, where
// they stay within an axis, become slices; others are clamped at run time, so
// that no read leaves the tensor.
//
//===----------------------------------------------------------------------===//

#include "AxisMap.h"
#include "HostMove.h"
#include "Indexing.h"
#include "OpTable.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::onnx_import {

//===----------------------------------------------------------------------===//
// Gather
//===----------------------------------------------------------------------===//

/// Indices that are known: an axis map, and the shape of the indices in place
/// of the axis.
static LogicalResult gatherKnown(NodeImporter &n, int64_t axis,
                                 ArrayRef<int64_t> shape) {
  std::vector<int64_t> indices = n.constantOf(1)->toInts();
  int64_t dim = n.shapeOf(0)[axis];
  for (int64_t &index : indices)
    index += index < 0 ? dim : 0;
  AxisMap map = wholeMap(n.shapeOf(0));
  map[axis] = AxisRuns::ofIndices(indices);
  FailureOr<OnnxValue> x = sourceOf(n, 0);
  return failed(x) ? failure() : setMappedAs(n, 0, *x, map, shape);
}

LogicalResult buildGather(NodeImporter &n) {
  ArrayRef<int64_t> from = n.shapeOf(0), list = n.shapeOf(1);
  FailureOr<int64_t> axis = n.normalizeAxis(n.getInt("axis", 0), from.size());
  if (failed(axis) ||
      failed(checkIndices(n, 1, [&](int64_t) { return from[*axis]; })))
    return failure();
  Shape wanted(from.take_front(*axis));
  wanted.append(list.begin(), list.end());
  wanted.append(from.begin() + *axis + 1, from.end());
  FailureOr<Shape> shape = checkShape(n, wanted);
  if (failed(shape))
    return failure();
  if (n.constantOf(1))
    return gatherKnown(n, *axis, *shape);
  FailureOr<Value> x = n.anyValueOf(0), indices = n.anyValueOf(1);
  if (failed(x) || failed(indices))
    return failure();
  FailureOr<Value> result = emitGather(n, *x, *axis, *indices);
  if (failed(result))
    return failure();
  n.setResult(0, *result, n.elemOf(0));
  return success();
}

//===----------------------------------------------------------------------===//
// GatherElements
//===----------------------------------------------------------------------===//

LogicalResult buildGatherElements(NodeImporter &n) {
  Shape from(n.shapeOf(0)), shape(n.shapeOf(1));
  FailureOr<int64_t> axis = n.normalizeAxis(n.getInt("axis", 0), from.size());
  if (failed(axis) || failed(checkSameBeside(n, from, shape, *axis)) ||
      failed(checkIndices(n, 1, [&](int64_t) { return from[*axis]; })))
    return failure();
  if (n.constantOf(0) && n.constantOf(1)) {
    Shape strides = stridesOf(from), listStrides = stridesOf(shape);
    return setPicked(n, 0, shape, [&](ArrayRef<int64_t> index) {
      int64_t source = 0;
      for (size_t d = 0; d < index.size(); ++d)
        if (static_cast<int64_t>(d) != *axis)
          source += index[d] * strides[d];
      int64_t place = n.constantOf(1)->intAt(flatten(index, listStrides));
      return source + wrapIndex(place, from[*axis]) * strides[*axis];
    });
  }
  FailureOr<Value> x = n.anyValueOf(0), indices = n.anyValueOf(1);
  if (failed(x) || failed(indices))
    return failure();
  FailureOr<RankedTensorType> type = n.tensorType(shape, elementTypeOf(*x));
  if (failed(type))
    return failure();
  Value result = generate(n, *type, [&](OpBuilder &b, ValueRange index) {
    SmallVector<Value> place(index);
    Value raw = elementAt(b, n.loc, *indices, index);
    place[*axis] = clampIndex(b, n.loc, raw, from[*axis]);
    return elementAt(b, n.loc, *x, place);
  });
  n.setResult(0, result, n.elemOf(0));
  return success();
}

//===----------------------------------------------------------------------===//
// GatherND
//===----------------------------------------------------------------------===//

namespace {
/// How the tuples of GatherND address the data.
struct TupleGather {
  int64_t batch;
  /// Dimensions of the result that come from the indices.
  int64_t lead;
  /// Length of a tuple.
  int64_t depth;
  Shape shape;
};
} // namespace

static FailureOr<TupleGather> readTuples(NodeImporter &n) {
  ArrayRef<int64_t> from = n.shapeOf(0), list = n.shapeOf(1);
  int64_t batch = n.getInt("batch_dims", 0);
  if (list.empty() || from.empty())
    return n.invalid("data or indices are scalars");
  int64_t limit = std::min(from.size(), list.size());
  if (batch < 0 || batch >= limit ||
      from.take_front(batch) != list.take_front(batch))
    return n.invalid(
        llvm::formatv("{0} batch dimensions do not fit shapes {1} and {2}",
                      batch, formatShape(from), formatShape(list)));
  int64_t depth = list.back();
  if (depth < 1 || depth > static_cast<int64_t>(from.size()) - batch)
    return n.invalid(llvm::formatv("tuples of {0} indices do not fit shape {1}",
                                   depth, formatShape(from)));
  Shape shape(list.drop_back());
  shape.append(from.begin() + batch + depth, from.end());
  if (failed(checkShape(n, shape)))
    return failure();
  return TupleGather{batch, static_cast<int64_t>(list.size()) - 1, depth,
                     shape};
}

/// GatherND of constants.
static LogicalResult pickTuples(NodeImporter &n, const TupleGather &t) {
  const HostTensor &list = *n.constantOf(1);
  Shape from(n.shapeOf(0)), strides = stridesOf(from);
  Shape listStrides = stridesOf(list.shape);
  return setPicked(n, 0, t.shape, [&](ArrayRef<int64_t> index) {
    int64_t source = flatten(index.take_front(t.batch), strides);
    int64_t tuple = flatten(index.take_front(t.lead), listStrides);
    for (int64_t k = 0; k < t.depth; ++k)
      source += wrapIndex(list.intAt(tuple + k), from[t.batch + k]) *
                strides[t.batch + k];
    for (size_t d = t.lead; d < index.size(); ++d)
      source += index[d] * strides[t.batch + t.depth + d - t.lead];
    return source;
  });
}

LogicalResult buildGatherND(NodeImporter &n) {
  FailureOr<TupleGather> t = readTuples(n);
  if (failed(t))
    return failure();
  Shape from(n.shapeOf(0));
  auto dimOf = [&](int64_t i) { return from[t->batch + i % t->depth]; };
  if (failed(checkIndices(n, 1, dimOf)))
    return failure();
  if (n.constantOf(0) && n.constantOf(1))
    return pickTuples(n, *t);
  FailureOr<Value> x = n.anyValueOf(0), indices = n.anyValueOf(1);
  if (failed(x) || failed(indices))
    return failure();
  FailureOr<RankedTensorType> type = n.tensorType(t->shape, elementTypeOf(*x));
  if (failed(type))
    return failure();
  Value result = generate(n, *type, [&](OpBuilder &b, ValueRange index) {
    SmallVector<Value> place(index.take_front(t->batch));
    SmallVector<Value> tuple(index.take_front(t->lead));
    tuple.push_back({});
    for (int64_t k = 0; k < t->depth; ++k) {
      tuple.back() = arith::ConstantIndexOp::create(b, n.loc, k);
      Value raw = elementAt(b, n.loc, *indices, tuple);
      place.push_back(clampIndex(b, n.loc, raw, from[t->batch + k]));
    }
    place.append(index.begin() + t->lead, index.end());
    return elementAt(b, n.loc, *x, place);
  });
  n.setResult(0, result, n.elemOf(0));
  return success();
}

} // namespace mlir::qnt::onnx_import
