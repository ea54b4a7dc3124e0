//===- ImportOrder.cpp - ArgMax, ArgMin, TopK, CumSum, CumProd ------------===//
//
// Ops whose result depends on the order of elements along one axis. Tensors are
// seen as [outer, size, inner] around it. Positions are int64; of equal
// elements the first comes first, unless the node asks for the last.
//
//===----------------------------------------------------------------------===//

#include "LoopBuilder.h"
#include "OpTable.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::onnx_import {

/// The value in its own type, as [outer, size, inner].
static FailureOr<Value> splitInput(NodeImporter &n, int64_t axis) {
  FailureOr<Value> x = n.tosaValueOf(0);
  if (failed(x))
    return failure();
  return n.reshape(*x, splitAround(n.shapeOf(0), axis));
}

/// True if `a` precedes `b` in the order that puts the wanted element first.
static Value precedes(LoopBuilder &loops, Value a, Value b, bool largest,
                      bool isUnsigned) {
  return largest ? loops.less(b, a, isUnsigned) : loops.less(a, b, isUnsigned);
}

//===----------------------------------------------------------------------===//
// ArgMax, ArgMin
//===----------------------------------------------------------------------===//

/// Walks the axis with the best element so far and its position.
static Value emitArgLoop(NodeImporter &n, Value x, bool largest, bool last) {
  LoopBuilder loops(n);
  bool isUnsigned = n.isUnsigned(0) || n.isBool(0);
  Shape shape(shapeOf(x));
  Type i64 = n.builder.getI64Type();
  Value result = loops.empty({shape[0], shape[2]}, i64);
  return loops.loop(shape[0], result, [&](Value o, ValueRange outer) {
    return loops.loop(shape[2], outer, [&](Value in, ValueRange inner) {
      Value zero = loops.index(0);
      Value first = loops.extract(x, {o, zero, in});
      SmallVector<Value> best = loops.loop(
          loops.index(1), loops.index(shape[1]), {first, zero},
          [&](Value i, ValueRange carried) -> SmallVector<Value> {
            Value element = loops.extract(x, {o, i, in});
            Value better =
                precedes(loops, element, carried[0], largest, isUnsigned);
            if (last)
              better = loops.either(better, loops.equal(element, carried[0]));
            return {loops.select(better, element, carried[0]),
                    loops.select(better, i, carried[1])};
          });
      Value position = loops.castIndex(best[1], i64);
      return SmallVector<Value>{loops.insert(position, inner[0], {o, in})};
    });
  })[0];
}

/// tosa.argmax, which can be quantized, and its result as int64.
static FailureOr<Value> emitArgMax(NodeImporter &n, Value x) {
  Shape shape{shapeOf(x)[0], shapeOf(x)[2]};
  FailureOr<RankedTensorType> narrow =
      n.tensorType(shape, n.builder.getI32Type());
  FailureOr<RankedTensorType> wide =
      n.tensorType(shape, n.builder.getI64Type());
  if (failed(narrow) || failed(wide))
    return failure();
  Value index = tosa::ArgMaxOp::create(n.builder, n.loc, *narrow, x,
                                       n.builder.getI32IntegerAttr(1));
  return arith::ExtSIOp::create(n.builder, n.loc, *wide, index).getResult();
}

LogicalResult buildArg(NodeImporter &n) {
  bool largest = n.node.op_type() == "ArgMax";
  bool last = n.getInt("select_last_index", 0) != 0;
  FailureOr<int64_t> axis = n.normalizeAxis(n.getInt("axis", 0), n.rankOf(0));
  if (failed(axis))
    return failure();
  FailureOr<Value> x = splitInput(n, *axis);
  if (failed(x))
    return failure();
  FailureOr<Value> result;
  if (largest && !last && elementTypeOf(*x).isF32())
    result = emitArgMax(n, *x);
  else
    result = emitArgLoop(n, *x, largest, last);
  Shape shape(n.shapeOf(0));
  if (n.getInt("keepdims", 1) != 0)
    shape[*axis] = 1;
  else
    shape.erase(shape.begin() + *axis);
  if (failed(result) || failed(result = n.reshape(*result, shape)))
    return failure();
  n.setResult(0, *result, Elem::Int64);
  return success();
}

//===----------------------------------------------------------------------===//
// TopK
//===----------------------------------------------------------------------===//

namespace {
/// Chooses the elements of one row one after the other: the next is the first,
/// in the wanted order, of those behind the last chosen. No element is marked,
/// so a row costs k * size steps and no memory.
struct TopKLoops {
  LoopBuilder loops;
  Value x;
  Shape shape;
  int64_t k;
  bool largest, isUnsigned;

  Value isBefore(Value a, Value i, Value b, Value j) {
    Value tie = loops.both(loops.equal(a, b), loops.less(i, j));
    return loops.either(precedes(loops, a, b, largest, isUnsigned), tie);
  }

  /// The element and position that follow what was chosen last.
  SmallVector<Value> next(Value o, Value in, Value p, Value lastElement,
                          Value lastIndex) {
    Value none = loops.index(-1);
    Value isFirst = loops.equal(p, loops.index(0));
    return loops.loop(
        shape[1], {lastElement, none},
        [&](Value i, ValueRange best) -> SmallVector<Value> {
          Value element = loops.extract(x, {o, i, in});
          Value open = loops.either(
              isFirst, isBefore(lastElement, lastIndex, element, i));
          Value better = loops.either(loops.equal(best[1], none),
                                      isBefore(element, i, best[0], best[1]));
          Value take = loops.both(open, better);
          return {loops.select(take, element, best[0]),
                  loops.select(take, i, best[1])};
        });
  }

  SmallVector<Value> row(Value o, Value in, ValueRange results) {
    Value zero = loops.index(0);
    Value first = loops.extract(x, {o, zero, in});
    SmallVector<Value> carried(results);
    carried.push_back(first);
    carried.push_back(zero);
    SmallVector<Value> end = loops.loop(
        k, carried, [&](Value p, ValueRange args) -> SmallVector<Value> {
          SmallVector<Value> chosen = next(o, in, p, args[2], args[3]);
          // Elements that no order holds (NaN) leave the first in place.
          Value index =
              loops.select(loops.less(chosen[1], zero), zero, chosen[1]);
          Type i64 = cast<RankedTensorType>(args[1].getType()).getElementType();
          return {
              loops.insert(chosen[0], args[0], {o, p, in}),
              loops.insert(loops.castIndex(index, i64), args[1], {o, p, in}),
              chosen[0], index};
        });
    end.resize(2);
    return end;
  }

  SmallVector<Value> all(Type elem, Type i64) {
    Shape result{shape[0], k, shape[2]};
    SmallVector<Value> inits{loops.empty(result, elem),
                             loops.empty(result, i64)};
    return loops.loop(shape[0], inits, [&](Value o, ValueRange outer) {
      return loops.loop(shape[2], outer, [&](Value in, ValueRange inner) {
        return row(o, in, inner);
      });
    });
  }
};
} // namespace

static FailureOr<int64_t> readTopKCount(NodeImporter &n, int64_t size) {
  int64_t k = n.getInt("k", 0);
  if (n.opset >= 10) {
    FailureOr<Shape> given = n.intsOf(1, "k");
    if (failed(given))
      return failure();
    if (given->size() != 1)
      return n.invalid(llvm::formatv("k has {0} entries", given->size()));
    k = given->front();
  }
  if (k < 1 || k > size)
    return n.invalid(llvm::formatv("k is {0}, expected 1 to {1}", k, size));
  return k;
}

LogicalResult buildTopK(NodeImporter &n) {
  FailureOr<int64_t> axis = n.normalizeAxis(n.getInt("axis", -1), n.rankOf(0));
  if (failed(axis))
    return failure();
  FailureOr<int64_t> k = readTopKCount(n, n.shapeOf(0)[*axis]);
  FailureOr<Value> x = splitInput(n, *axis);
  if (failed(k) || failed(x))
    return failure();
  bool isUnsigned = n.isUnsigned(0) || n.isBool(0);
  TopKLoops topK{
      LoopBuilder(n), *x, Shape(shapeOf(*x)), *k, n.getInt("largest", 1) != 0,
      isUnsigned};
  SmallVector<Value> results =
      topK.all(elementTypeOf(*x), n.builder.getI64Type());
  Shape shape(n.shapeOf(0));
  shape[*axis] = *k;
  FailureOr<Value> values = n.reshape(results[0], shape);
  FailureOr<Value> indices = n.reshape(results[1], shape);
  if (failed(values) || failed(indices))
    return failure();
  n.setResult(0, *values, n.elemOf(0));
  n.setResult(1, *indices, Elem::Int64);
  return success();
}

//===----------------------------------------------------------------------===//
// CumSum, CumProd
//===----------------------------------------------------------------------===//

LogicalResult buildCumulative(NodeImporter &n) {
  bool isSum = n.node.op_type() == "CumSum";
  bool exclusive = n.getInt("exclusive", 0) != 0;
  bool reverse = n.getInt("reverse", 0) != 0;
  FailureOr<Shape> given = n.intsOf(1, "axis");
  if (failed(given))
    return failure();
  if (given->size() != 1)
    return n.invalid(llvm::formatv("axis has {0} entries", given->size()));
  FailureOr<int64_t> axis = n.normalizeAxis(given->front(), n.rankOf(0));
  if (failed(axis))
    return failure();
  FailureOr<Value> x = splitInput(n, *axis);
  if (failed(x))
    return failure();
  LoopBuilder loops(n);
  Shape shape(shapeOf(*x));
  Type type = elementTypeOf(*x);
  Value identity = loops.number(type, isSum ? 0.0 : 1.0);
  Value result = loops.empty(shape, type);
  result = loops.loop(shape[0], result, [&](Value o, ValueRange outer) {
    return loops.loop(shape[2], outer, [&](Value in, ValueRange inner) {
      SmallVector<Value> end = loops.loop(
          shape[1], {inner[0], identity},
          [&](Value i, ValueRange carried) -> SmallVector<Value> {
            if (reverse)
              i = loops.sub(loops.index(shape[1] - 1), i);
            Value element = loops.extract(*x, {o, i, in});
            Value total = isSum ? loops.add(carried[1], element)
                                : loops.mul(carried[1], element);
            Value written = exclusive ? carried[1] : total;
            return {loops.insert(written, carried[0], {o, i, in}), total};
          });
      return SmallVector<Value>{end[0]};
    });
  })[0];
  FailureOr<Value> shaped = n.reshape(result, n.shapeOf(0));
  if (failed(shaped))
    return failure();
  n.setResult(0, *shaped, n.elemOf(0));
  return success();
}

} // namespace mlir::qnt::onnx_import
