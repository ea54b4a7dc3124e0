//===- ImportGenerate.cpp - tensors made from indices ---------------------===//
//
// ConstantOfShape, Range, EyeLike, OneHot, Trilu and ReverseSequence: each
// element follows from where it stands. What is known at compile time becomes a
// constant.
//
//===----------------------------------------------------------------------===//

#include "AxisMap.h"
#include "HostMove.h"
#include "Indexing.h"
#include "OpTable.h"
#include "TensorReader.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

namespace mlir::qnt::onnx_import {

static Value indexOf(OpBuilder &b, Location loc, int64_t value) {
  return arith::ConstantIndexOp::create(b, loc, value);
}

static Value compare(OpBuilder &b, Location loc, arith::CmpIPredicate relation,
                     Value x, Value y) {
  return arith::CmpIOp::create(b, loc, relation, x, y);
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

LogicalResult buildConstantOfShape(NodeImporter &n) {
  FailureOr<Shape> given = n.intsOf(0, "shape");
  FailureOr<Shape> shape =
      failed(given) ? FailureOr<Shape>(failure()) : checkShape(n, *given);
  if (failed(shape))
    return failure();
  HostTensorRef fill =
      std::make_shared<HostTensor>(HostTensor::ofFloats({}, {0.0f}));
  if (n.hasAttr("value")) {
    std::string error;
    fill = readTensor(n.findAttr("value")->t(), n.externalDir, error);
    if (!fill)
      return n.invalid("attribute 'value' " + error);
    if (fill->size() != 1)
      return n.invalid("attribute 'value' is not one element");
  }
  Shape ones(shape->size(), 1);
  OnnxValue source(std::make_shared<HostTensor>(reshapeHost(*fill, ones)));
  return setExpanded(n, 0, source, *shape);
}

LogicalResult buildRange(NodeImporter &n) {
  for (unsigned i = 0; i < 3; ++i) {
    if (!n.constantOf(i))
      return n.unsupported("the size of the result depends on input " +
                           Twine(i) + ", which is not known at compile time");
    if (n.constantOf(i)->size() != 1 || n.elemOf(i) != n.elemOf(0))
      return n.invalid("start, limit and delta are not one number each of one "
                       "type");
  }
  const HostTensor &start = *n.constantOf(0), &delta = *n.constantOf(2);
  double from = start.at(0), step = delta.at(0);
  double count = std::ceil((n.constantOf(1)->at(0) - from) / step);
  if (step == 0 || std::isnan(count))
    return n.invalid("the step is zero or a bound is not a number");
  if (count > static_cast<double>(kMaxDim))
    return n.invalid("the range has more elements than a dimension can have");
  int64_t size = count > 0 ? static_cast<int64_t>(count) : 0;
  if (failed(n.takeElements(size)))
    return failure();
  HostTensor result = HostTensor::zeros({size}, start.elem);
  for (int64_t i = 0; i < size; ++i) {
    if (start.isFloat())
      result.set(i, from + i * step);
    else
      result.setInt(
          i, static_cast<int64_t>(static_cast<uint64_t>(start.intAt(0)) +
                                  static_cast<uint64_t>(i) *
                                      static_cast<uint64_t>(delta.intAt(0))));
  }
  n.setResult(0, std::move(result));
  return success();
}

LogicalResult buildEyeLike(NodeImporter &n) {
  Shape shape(n.shapeOf(0));
  if (shape.size() != 2)
    return n.invalid("the input is not a matrix");
  std::optional<Elem> elem = n.elemOf(0);
  if (n.hasAttr("dtype"))
    elem = elemFromOnnx(n.getInt("dtype", 0));
  if (!elem)
    return n.unsupported("element type " +
                         elementTypeName(n.getInt("dtype", 0)));
  if (failed(n.takeElements(*countElements(shape))))
    return failure();
  HostTensor result = HostTensor::zeros(shape, *elem);
  int64_t k = std::clamp(n.getInt("k", 0), -kMaxDim, kMaxDim);
  for (int64_t row = 0; row < shape[0]; ++row)
    if (row + k >= 0 && row + k < shape[1])
      result.setInt(row * shape[1] + row + k, 1);
  n.setResult(0, std::move(result));
  return success();
}

//===----------------------------------------------------------------------===//
// OneHot
//===----------------------------------------------------------------------===//

/// A number of indices, whatever its type, as an index.
static Value toIndex(OpBuilder &b, Location loc, Value raw, Elem elem) {
  if (isFloat(elem))
    raw = arith::FPToSIOp::create(b, loc, b.getI64Type(), raw);
  if (isUnsigned(elem))
    return arith::IndexCastUIOp::create(b, loc, b.getIndexType(), raw);
  return arith::IndexCastOp::create(b, loc, b.getIndexType(), raw);
}

LogicalResult buildOneHot(NodeImporter &n) {
  const HostTensor *depthInput = n.constantOf(1);
  if (!depthInput)
    return n.unsupported("the depth is not known at compile time");
  if (depthInput->size() != 1 || *countElements(n.shapeOf(2)) != 2)
    return n.invalid("the depth is not one number, or there are not two "
                     "values");
  int64_t depth = depthInput->intAt(0), rank = n.rankOf(0);
  FailureOr<int64_t> axis = n.normalizeAxis(n.getInt("axis", -1), rank + 1);
  if (failed(axis))
    return failure();
  if (depth < 0 || depth > kMaxDim)
    return n.invalid(llvm::formatv("the depth is {0}", depth));
  Shape wanted(n.shapeOf(0));
  wanted.insert(wanted.begin() + *axis, depth);
  FailureOr<Shape> shape = checkShape(n, wanted);
  if (failed(shape))
    return failure();
  auto without = [&](auto index) {
    index.erase(index.begin() + *axis);
    return index;
  };
  if (n.constantOf(0) && n.constantOf(2) &&
      n.hasBudget(*countElements(*shape))) {
    const HostTensor &indices = *n.constantOf(0);
    Shape strides = stridesOf(indices.shape);
    if (failed(n.takeElements(*countElements(*shape))))
      return failure();
    auto flat = flatIndices(*shape, [&](ArrayRef<int64_t> index) -> int64_t {
      int64_t hot = indices.intAt(flatten(without(Shape(index)), strides));
      return wrapIndex(hot, depth) == index[*axis];
    });
    n.setResult(0, pickHost(*n.constantOf(2), *shape, flat));
    return success();
  }
  FailureOr<RankedTensorType> type =
      n.tensorType(*shape, n.irType(n.elemOf(2)));
  FailureOr<Value> indices = n.anyValueOf(0), values = n.anyValueOf(2);
  if (failed(type) || failed(indices) || failed(values))
    return failure();
  Value result = generate(n, *type, [&](OpBuilder &b, ValueRange index) {
    Value raw =
        elementAt(b, n.loc, *indices, without(SmallVector<Value>(index)));
    Value hot = toIndex(b, n.loc, raw, n.elemOf(0));
    Value fromEnd =
        arith::AddIOp::create(b, n.loc, hot, indexOf(b, n.loc, depth));
    Value negative =
        compare(b, n.loc, arith::CmpIPredicate::slt, hot, indexOf(b, n.loc, 0));
    hot = arith::SelectOp::create(b, n.loc, negative, fromEnd, hot);
    Value isHot =
        compare(b, n.loc, arith::CmpIPredicate::eq, hot, index[*axis]);
    Value off = elementAt(b, n.loc, *values, indexOf(b, n.loc, 0));
    Value on = elementAt(b, n.loc, *values, indexOf(b, n.loc, 1));
    return arith::SelectOp::create(b, n.loc, isHot, on, off);
  });
  n.setResult(0, result, n.elemOf(2));
  return success();
}

//===----------------------------------------------------------------------===//
// Trilu
//===----------------------------------------------------------------------===//

LogicalResult buildTrilu(NodeImporter &n) {
  Shape shape(n.shapeOf(0));
  size_t rank = shape.size();
  if (rank < 2)
    return n.invalid("the input has fewer than two dimensions");
  if (n.hasInput(1) && *countElements(n.shapeOf(1)) != 1)
    return n.invalid("input 'k' is not one number");
  bool upper = n.getInt("upper", 1) != 0;
  bool known = !n.hasInput(1) || n.constantOf(1);
  int64_t k = n.constantOf(1) ? n.constantOf(1)->intAt(0) : 0;
  k = std::clamp(k, -kMaxDim, kMaxDim);
  if (n.constantOf(0) && known) {
    if (failed(n.takeElements(*countElements(shape))))
      return failure();
    Shape strides = stridesOf(shape);
    auto flat = flatIndices(shape, [&](ArrayRef<int64_t> index) {
      int64_t off = index[rank - 1] - index[rank - 2];
      return (upper ? off >= k : off <= k) ? flatten(index, strides) : -1;
    });
    n.setResult(0, pickOrFill(*n.constantOf(0), shape, flat, nullptr));
    return success();
  }
  FailureOr<Value> x = n.anyValueOf(0);
  FailureOr<Value> runtimeK =
      known ? FailureOr<Value>(Value()) : n.anyValueOf(1);
  if (failed(x) || failed(runtimeK) ||
      (!known && failed(runtimeK = n.reshape(*runtimeK, {1}))))
    return failure();
  Value result = generate(
      n, cast<RankedTensorType>(x->getType()),
      [&](OpBuilder &b, ValueRange index) {
        Value diagonal = indexOf(b, n.loc, k);
        if (!known)
          diagonal = toIndex(
              b, n.loc, elementAt(b, n.loc, *runtimeK, indexOf(b, n.loc, 0)),
              n.elemOf(1));
        Value off =
            arith::SubIOp::create(b, n.loc, index[rank - 1], index[rank - 2]);
        Value kept = compare(b, n.loc,
                             upper ? arith::CmpIPredicate::sge
                                   : arith::CmpIPredicate::sle,
                             off, diagonal);
        Value zero = arith::ConstantOp::create(
            b, n.loc, b.getZeroAttr(elementTypeOf(*x)));
        return arith::SelectOp::create(b, n.loc, kept,
                                       elementAt(b, n.loc, *x, index), zero);
      });
  n.setResult(0, result, n.elemOf(0));
  return success();
}

//===----------------------------------------------------------------------===//
// ReverseSequence
//===----------------------------------------------------------------------===//

LogicalResult buildReverseSequence(NodeImporter &n) {
  Shape shape(n.shapeOf(0));
  int64_t batch = n.getInt("batch_axis", 1), time = n.getInt("time_axis", 0);
  if (shape.size() < 2 || batch + time != 1 || batch * time != 0)
    return n.invalid("batch and time are not the first two dimensions");
  if (n.shapeOf(1) != ArrayRef<int64_t>{shape[batch]} || !n.isInteger(1))
    return n.invalid("there is not one length per sequence");
  if (const HostTensor *lengths = n.constantOf(1))
    for (int64_t length : lengths->toInts())
      if (length < 0 || length > shape[time])
        return n.invalid(
            llvm::formatv("length {0} is outside of {1}", length, shape[time]));
  if (n.constantOf(0) && n.constantOf(1)) {
    Shape strides = stridesOf(shape);
    return setPicked(n, 0, shape, [&](ArrayRef<int64_t> index) {
      Shape place(index);
      int64_t length = n.constantOf(1)->intAt(index[batch]);
      if (place[time] < length)
        place[time] = length - 1 - place[time];
      return flatten(place, strides);
    });
  }
  FailureOr<Value> x = n.anyValueOf(0), lengths = n.anyValueOf(1);
  if (failed(x) || failed(lengths))
    return failure();
  Value result = generate(
      n, cast<RankedTensorType>(x->getType()),
      [&](OpBuilder &b, ValueRange index) {
        Value raw = elementAt(b, n.loc, *lengths, index[batch]);
        Value length = toIndex(b, n.loc, raw, n.elemOf(1));
        // Lengths outside of the axis are taken as its size.
        length = arith::MinUIOp::create(b, n.loc, length,
                                        indexOf(b, n.loc, shape[time]));
        Value last =
            arith::SubIOp::create(b, n.loc, length, indexOf(b, n.loc, 1));
        Value mirrored = arith::SubIOp::create(b, n.loc, last, index[time]);
        Value within =
            compare(b, n.loc, arith::CmpIPredicate::slt, index[time], length);
        SmallVector<Value> place(index);
        place[time] =
            arith::SelectOp::create(b, n.loc, within, mirrored, index[time]);
        return elementAt(b, n.loc, *x, place);
      });
  n.setResult(0, result, n.elemOf(0));
  return success();
}

} // namespace mlir::qnt::onnx_import
