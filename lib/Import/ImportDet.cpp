//===- ImportDet.cpp - determinants ---------------------------------------===//
//
// Gauss elimination with the largest pivot of each column, on a copy of every
// matrix. A column without a pivot makes the determinant zero, since zero is
// one of its factors.
//
//===----------------------------------------------------------------------===//

#include "LoopBuilder.h"
#include "OpTable.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

namespace mlir::qnt::onnx_import {

namespace {
/// What happens to matrix `o` of a stack [count, size, size].
struct Elimination {
  NodeImporter &n;
  LoopBuilder loops;
  int64_t size;

  Value magnitude(Value x) {
    return math::AbsFOp::create(n.builder, n.loc, x);
  }
  Value divide(Value a, Value b) {
    return arith::DivFOp::create(n.builder, n.loc, a, b);
  }

  /// The row below `k` with the largest element of column `k`.
  Value findPivot(Value stack, Value o, Value k) {
    Value first = magnitude(loops.extract(stack, {o, k, k}));
    return loops.loop(
        k, loops.index(size), {first, k},
        [&](Value i, ValueRange best) -> SmallVector<Value> {
          Value element = magnitude(loops.extract(stack, {o, i, k}));
          Value better = loops.less(best[0], element);
          return {loops.select(better, element, best[0]),
                  loops.select(better, i, best[1])};
        })[1];
  }

  Value swapRows(Value stack, Value o, Value a, Value b) {
    return loops.loop(
        size, stack, [&](Value j, ValueRange carried) -> SmallVector<Value> {
          Value upper = loops.extract(carried[0], {o, a, j});
          Value lower = loops.extract(carried[0], {o, b, j});
          Value once = loops.insert(lower, carried[0], {o, a, j});
          return {loops.insert(upper, once, {o, b, j})};
        })[0];
  }

  /// Subtracts row `k` from those below it so that their column `k` is zero.
  Value clearColumn(Value stack, Value o, Value k, Value pivot) {
    Value zero = loops.number(pivot.getType(), 0.0);
    Value next = loops.add(k, loops.index(1));
    return loops.loop(
        next, loops.index(size), stack,
        [&](Value i, ValueRange outer) -> SmallVector<Value> {
          Value element = loops.extract(outer[0], {o, i, k});
          Value factor = loops.select(loops.equal(pivot, zero), zero,
                                      divide(element, pivot));
          return loops.loop(
              k, loops.index(size), outer,
              [&](Value j, ValueRange inner) -> SmallVector<Value> {
                Value above = loops.extract(inner[0], {o, k, j});
                Value own = loops.extract(inner[0], {o, i, j});
                Value left = loops.sub(own, loops.mul(factor, above));
                return {loops.insert(left, inner[0], {o, i, j})};
              });
        })[0];
  }

  /// The stack with the matrix eliminated, and its determinant.
  SmallVector<Value> run(Value stack, Value o) {
    Value one = loops.number(
        cast<RankedTensorType>(stack.getType()).getElementType(), 1.0);
    Value minusOne = loops.number(one.getType(), -1.0);
    return loops.loop(
        size, {stack, one},
        [&](Value k, ValueRange carried) -> SmallVector<Value> {
          Value row = findPivot(carried[0], o, k);
          Value swapped = swapRows(carried[0], o, k, row);
          Value pivot = loops.extract(swapped, {o, k, k});
          Value sign = loops.select(loops.equal(row, k), one, minusOne);
          return {clearColumn(swapped, o, k, pivot),
                  loops.mul(carried[1], loops.mul(sign, pivot))};
        });
  }
};
} // namespace

LogicalResult buildDet(NodeImporter &n) {
  int64_t rank = n.rankOf(0);
  if (rank < 2 || n.shapeOf(0)[rank - 1] != n.shapeOf(0)[rank - 2])
    return n.invalid("the last two dimensions are no square matrix");
  int64_t size = n.shapeOf(0)[rank - 1];
  Shape batch(n.shapeOf(0).drop_back(2));
  int64_t count = *countElements(batch);
  FailureOr<Value> x = n.valueOf(0);
  if (failed(x) || failed(x = n.reshape(*x, {count, size, size})))
    return failure();
  Elimination elimination{n, LoopBuilder(n), size};
  LoopBuilder &loops = elimination.loops;
  Value results = loops.empty({count}, elementTypeOf(*x));
  results = loops.loop(count, {*x, results},
                       [&](Value o, ValueRange carried) -> SmallVector<Value> {
                         SmallVector<Value> end =
                             elimination.run(carried[0], o);
                         return {end[0],
                                 loops.insert(end[1], carried[1], {o})};
                       })[1];
  FailureOr<Value> shaped = n.reshape(results, batch);
  if (failed(shaped))
    return failure();
  n.setResult(0, *shaped, n.elemOf(0));
  return success();
}

} // namespace mlir::qnt::onnx_import
