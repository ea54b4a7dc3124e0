//===- Indexing.cpp - elements by computed indices ------------------------===//
//
// See the header. Bodies are ordinary arith on index; the loops are linalg for
// reads and scf for writes.
//
//===----------------------------------------------------------------------===//

#include "Indexing.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::qnt::onnx_import {

static Value indexConstant(OpBuilder &b, Location loc, int64_t value) {
  return arith::ConstantIndexOp::create(b, loc, value);
}

//===----------------------------------------------------------------------===//
// Indices
//===----------------------------------------------------------------------===//

/// The index with negative ones counted from the end.
static Value fromEnd(OpBuilder &b, Location loc, Value raw, int64_t dim) {
  Value index = arith::IndexCastOp::create(b, loc, b.getIndexType(), raw);
  Value zero = indexConstant(b, loc, 0);
  Value shifted =
      arith::AddIOp::create(b, loc, index, indexConstant(b, loc, dim));
  Value negative =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, index, zero);
  return arith::SelectOp::create(b, loc, negative, shifted, index);
}

static Value clampTo(OpBuilder &b, Location loc, Value index, int64_t dim) {
  Value low = arith::MaxSIOp::create(b, loc, index, indexConstant(b, loc, 0));
  return arith::MinSIOp::create(b, loc, low, indexConstant(b, loc, dim - 1));
}

Value clampIndex(OpBuilder &b, Location loc, Value raw, int64_t dim) {
  return clampTo(b, loc, fromEnd(b, loc, raw, dim), dim);
}

SafeIndex makeSafe(OpBuilder &b, Location loc, Value raw, int64_t dim) {
  Value index = fromEnd(b, loc, raw, dim);
  Value safe = clampTo(b, loc, index, dim);
  Value inside =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, index, safe);
  return {safe, inside};
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

Value elementAt(OpBuilder &b, Location loc, Value tensor, ValueRange index) {
  return tensor::ExtractOp::create(b, loc, tensor, index);
}

Value generate(NodeImporter &n, RankedTensorType type,
               llvm::function_ref<Value(OpBuilder &, ValueRange)> body) {
  OpBuilder &b = n.builder;
  Value init =
      tensor::EmptyOp::create(b, n.loc, type.getShape(), type.getElementType());
  SmallVector<utils::IteratorType> loops(type.getRank(),
                                         utils::IteratorType::parallel);
  AffineMap map = b.getMultiDimIdentityMap(type.getRank());
  return linalg::GenericOp::create(
             b, n.loc, TypeRange{type}, ValueRange{}, ValueRange{init},
             ArrayRef{map}, loops,
             [&](OpBuilder &inner, Location loc, ValueRange) {
               SmallVector<Value> index;
               for (int64_t d = 0; d < type.getRank(); ++d)
                 index.push_back(linalg::IndexOp::create(inner, loc, d));
               linalg::YieldOp::create(inner, loc, body(inner, index));
             })
      .getResult(0);
}

Value walkIndices(
    NodeImporter &n, ArrayRef<int64_t> shape, Value into,
    llvm::function_ref<Value(OpBuilder &, ValueRange, Value)> body) {
  OpBuilder &b = n.builder;
  if (shape.empty())
    return body(b, {}, into);
  SmallVector<Value> low(shape.size(), indexConstant(b, n.loc, 0)),
      step(shape.size(), indexConstant(b, n.loc, 1)), high;
  for (int64_t dim : shape)
    high.push_back(indexConstant(b, n.loc, dim));
  scf::LoopNest nest = scf::buildLoopNest(
      b, n.loc, low, high, step, into,
      [&](OpBuilder &inner, Location, ValueRange index, ValueRange state) {
        return scf::ValueVector{body(inner, index, state.front())};
      });
  return nest.results.front();
}

//===----------------------------------------------------------------------===//
// Gather
//===----------------------------------------------------------------------===//

FailureOr<Value> emitTake(NodeImporter &n, Value x, int64_t axis,
                          ArrayRef<int64_t> indices) {
  FailureOr<Value> list = n.constant(HostTensor::ofInts(
      {static_cast<int64_t>(indices.size())}, indices, Elem::Int32));
  return failed(list) ? list : emitGather(n, x, axis, *list);
}

/// tosa.gather takes a list of indices per batch: what lies before the axis is
/// the batch, and the list is repeated for each.
FailureOr<Value> emitGather(NodeImporter &n, Value x, int64_t axis,
                            Value indices) {
  OpBuilder &b = n.builder;
  ArrayRef<int64_t> from = shapeOf(x), list = shapeOf(indices);
  int64_t dim = from[axis];
  int64_t before = *countElements(from.take_front(axis));
  int64_t after = *countElements(from.drop_front(axis + 1));
  int64_t count = *countElements(list);
  Shape shape(from.take_front(axis));
  shape.append(list.begin(), list.end());
  shape.append(from.begin() + axis + 1, from.end());
  FailureOr<RankedTensorType> type = n.tensorType(shape, elementTypeOf(x));
  FailureOr<Value> source = n.reshape(x, {before, dim, after});
  FailureOr<Value> flat = n.reshape(indices, {count});
  if (failed(type) || failed(source) || failed(flat))
    return failure();
  auto listType = RankedTensorType::get({before, count}, b.getI32Type());
  Value safe = generate(n, listType, [&](OpBuilder &inner, ValueRange index) {
    Value raw = elementAt(inner, n.loc, *flat, index[1]);
    Value position = clampIndex(inner, n.loc, raw, dim);
    return arith::IndexCastOp::create(inner, n.loc, inner.getI32Type(),
                                      position);
  });
  auto gathered = type->clone({before, count, after});
  Value result = tosa::GatherOp::create(b, n.loc, gathered, *source, safe);
  return n.reshape(result, shape);
}

} // namespace mlir::qnt::onnx_import
