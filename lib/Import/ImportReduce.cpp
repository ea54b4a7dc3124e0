//===- ImportReduce.cpp - reductions --------------------------------------===//
//
// Every Reduce op is what happens to an element, how elements are folded, and
// what happens to the total. Floats take the reductions of tosa, which can be
// quantized; integers and booleans a linalg.generic. A reduction over no
// element is a constant.
//
//===----------------------------------------------------------------------===//

#include "Elementwise.h"
#include "OpTable.h"
#include "Reduction.h"
#include "ValueMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <cfloat>
#include <cmath>
#include <limits>

namespace mlir::qnt::onnx_import {

namespace {

enum class Fold { Sum, Product, Maximum, Minimum };
enum class Before { None, Magnitude, Square, Exponential };
enum class After { None, Average, Root, Logarithm };

struct ReduceRow {
  const char *op;
  Before before;
  Fold fold;
  After after;
};

} // namespace

static const ReduceRow reduceTable[] = {
    {"ReduceL1", Before::Magnitude, Fold::Sum, After::None},
    {"ReduceL2", Before::Square, Fold::Sum, After::Root},
    {"ReduceLogSum", Before::None, Fold::Sum, After::Logarithm},
    {"ReduceLogSumExp", Before::Exponential, Fold::Sum, After::Logarithm},
    {"ReduceMax", Before::None, Fold::Maximum, After::None},
    {"ReduceMean", Before::None, Fold::Sum, After::Average},
    {"ReduceMin", Before::None, Fold::Minimum, After::None},
    {"ReduceProd", Before::None, Fold::Product, After::None},
    {"ReduceSum", Before::None, Fold::Sum, After::None},
    {"ReduceSumSquare", Before::Square, Fold::Sum, After::None},
};

static const ReduceRow &rowOf(NodeImporter &n) {
  StringRef op = n.node.op_type();
  return *llvm::find_if(reduceTable,
                        [&](const ReduceRow &row) { return op == row.op; });
}

//===----------------------------------------------------------------------===//
// Axes
//===----------------------------------------------------------------------===//

FailureOr<ReduceAxes> readReduceAxes(NodeImporter &n) {
  int64_t sinceInput = n.node.op_type() == "ReduceSum" ? 13 : 18;
  FailureOr<Shape> axes = readAxes(n, 1, n.rankOf(0), sinceInput);
  if (failed(axes))
    return failure();
  if (axes->empty() && n.getInt("noop_with_empty_axes", 0) == 0)
    for (int64_t i = 0; i < n.rankOf(0); ++i)
      axes->push_back(i);
  return ReduceAxes{*axes, n.getInt("keepdims", 1) != 0};
}

/// The shape of the result; `keep` leaves the axes with size 1.
static Shape reducedShape(ArrayRef<int64_t> shape, ArrayRef<int64_t> axes,
                          bool keep) {
  Shape result;
  for (auto [i, dim] : llvm::enumerate(shape)) {
    if (!llvm::is_contained(axes, static_cast<int64_t>(i)))
      result.push_back(dim);
    else if (keep)
      result.push_back(1);
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Floats
//===----------------------------------------------------------------------===//

static Value foldFloats(ValueMath &math, Fold fold, Value x,
                        ArrayRef<int64_t> axes) {
  for (int64_t axis : axes) {
    switch (fold) {
    case Fold::Sum:
      x = math.reduceSum(x, axis);
      break;
    case Fold::Product:
      x = math.reduceProduct(x, axis);
      break;
    case Fold::Maximum:
      x = math.reduceMax(x, axis);
      break;
    case Fold::Minimum:
      x = math.reduceMin(x, axis);
      break;
    }
  }
  return x;
}

/// max + log(sum(exp(x - max))), which does not overflow.
static Value logSumExp(ValueMath &math, Value x, ArrayRef<int64_t> axes) {
  // Where all are -inf, a finite maximum keeps their difference defined.
  Value max = math.maximum(foldFloats(math, Fold::Maximum, x, axes),
                           math.splat(shapeOf(x).size(), -FLT_MAX));
  Value sum = foldFloats(math, Fold::Sum, math.exp(math.sub(x, max)), axes);
  return math.add(max, math.log(sum));
}

static Value reduceFloats(NodeImporter &n, const ReduceRow &row, Value x,
                          ArrayRef<int64_t> axes) {
  ValueMath math(n);
  if (row.before == Before::Exponential)
    return logSumExp(math, x, axes);
  if (row.before == Before::Magnitude)
    x = math.abs(x);
  else if (row.before == Before::Square)
    x = math.square(x);
  int64_t count = 1;
  for (int64_t axis : axes)
    count *= shapeOf(x)[axis];
  x = foldFloats(math, row.fold, x, axes);
  switch (row.after) {
  case After::None:
    return x;
  case After::Average:
    return math.scale(x, 1.0 / static_cast<double>(count));
  case After::Root:
    return math.sqrt(x);
  case After::Logarithm:
    return math.log(x);
  }
  llvm_unreachable("all functions are handled");
}

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

FailureOr<Value> genericReduce(NodeImporter &n, Value x, ArrayRef<int64_t> axes,
                               Value identity, CombineFn combine) {
  OpBuilder &b = n.builder;
  Shape kept = reducedShape(shapeOf(x), axes, /*keep=*/false);
  size_t rank = shapeOf(x).size();
  SmallVector<AffineExpr> indices;
  SmallVector<utils::IteratorType> loops;
  for (size_t i = 0; i < rank; ++i) {
    bool folds = llvm::is_contained(axes, static_cast<int64_t>(i));
    loops.push_back(folds ? utils::IteratorType::reduction
                          : utils::IteratorType::parallel);
    if (!folds)
      indices.push_back(b.getAffineDimExpr(i));
  }
  FailureOr<RankedTensorType> type = n.tensorType(kept, identity.getType());
  if (failed(type))
    return failure();
  Value empty = tensor::EmptyOp::create(b, n.loc, kept, type->getElementType());
  Value init = linalg::FillOp::create(b, n.loc, identity, empty).getResult(0);
  AffineMap from = b.getMultiDimIdentityMap(rank);
  AffineMap to = AffineMap::get(rank, 0, indices, b.getContext());
  auto generic = linalg::GenericOp::create(
      b, n.loc, TypeRange(*type), x, init, {from, to}, loops,
      [&](OpBuilder &inner, Location loc, ValueRange scalars) {
        Value next = combine(inner, loc, scalars[0], scalars[1]);
        linalg::YieldOp::create(inner, loc, next);
      });
  return n.reshape(generic.getResult(0),
                   reducedShape(shapeOf(x), axes, /*keep=*/true));
}

/// What the fold of no element gives, as the element type's bits.
static int64_t identityOf(Fold fold, Elem elem) {
  unsigned bits = elem == Elem::Bool ? 1 : bitsOf(elem);
  bool isUnsignedType = elem == Elem::Bool || isUnsigned(elem);
  APInt least =
      isUnsignedType ? APInt::getZero(bits) : APInt::getSignedMinValue(bits);
  APInt greatest =
      isUnsignedType ? APInt::getAllOnes(bits) : APInt::getSignedMaxValue(bits);
  switch (fold) {
  case Fold::Sum:
    return 0;
  case Fold::Product:
    return 1;
  case Fold::Maximum:
    return least.getSExtValue();
  case Fold::Minimum:
    return greatest.getSExtValue();
  }
  llvm_unreachable("all folds are handled");
}

static Value combineIntegers(OpBuilder &b, Location loc, const ReduceRow &row,
                             Elem elem, Value x, Value total) {
  bool isUnsignedType = elem == Elem::Bool || isUnsigned(elem);
  if (row.before == Before::Square) {
    x = arith::MulIOp::create(b, loc, x, x);
  } else if (row.before == Before::Magnitude && !isUnsignedType) {
    Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(x.getType()));
    Value negative = arith::SubIOp::create(b, loc, zero, x);
    x = arith::MaxSIOp::create(b, loc, x, negative);
  }
  switch (row.fold) {
  case Fold::Sum:
    return arith::AddIOp::create(b, loc, x, total);
  case Fold::Product:
    return arith::MulIOp::create(b, loc, x, total);
  case Fold::Maximum:
    return isUnsignedType
               ? arith::MaxUIOp::create(b, loc, x, total).getResult()
               : arith::MaxSIOp::create(b, loc, x, total).getResult();
  case Fold::Minimum:
    return isUnsignedType
               ? arith::MinUIOp::create(b, loc, x, total).getResult()
               : arith::MinSIOp::create(b, loc, x, total).getResult();
  }
  llvm_unreachable("all folds are handled");
}

/// Each element divided by `count`, towards zero.
static FailureOr<Value> divideIntegers(NodeImporter &n, Value x, int64_t count,
                                       Elem elem) {
  return genericElementwise(
      n, x, elementTypeOf(x), [&](OpBuilder &b, Location loc, ValueRange in) {
        Value by = arith::ConstantOp::create(
            b, loc, b.getIntegerAttr(in[0].getType(), count));
        return isUnsigned(elem)
                   ? arith::DivUIOp::create(b, loc, in[0], by).getResult()
                   : arith::DivSIOp::create(b, loc, in[0], by).getResult();
      });
}

/// Between integers and f32, by value.
static FailureOr<Value> convertElements(NodeImporter &n, Value x, Type to,
                                        Elem elem) {
  bool isUnsignedType = isUnsigned(elem);
  return genericElementwise(
      n, x, to, [&](OpBuilder &b, Location loc, ValueRange in) -> Value {
        if (isa<FloatType>(to))
          return isUnsignedType
                     ? arith::UIToFPOp::create(b, loc, to, in[0]).getResult()
                     : arith::SIToFPOp::create(b, loc, to, in[0]).getResult();
        return isUnsignedType
                   ? arith::FPToUIOp::create(b, loc, to, in[0]).getResult()
                   : arith::FPToSIOp::create(b, loc, to, in[0]).getResult();
      });
}

static FailureOr<Value> reduceIntegers(NodeImporter &n, const ReduceRow &row,
                                       Value x, ArrayRef<int64_t> axes) {
  Elem elem = n.elemOf(0);
  Type type = elementTypeOf(x);
  if (row.after == After::Root || row.after == After::Logarithm) {
    FailureOr<Value> real = convertElements(n, x, n.builder.getF32Type(), elem);
    if (failed(real))
      return failure();
    Value result = reduceFloats(n, row, *real, axes);
    if (!result)
      return failure();
    return convertElements(n, result, type, elem);
  }
  Value identity = arith::ConstantOp::create(
      n.builder, n.loc,
      n.builder.getIntegerAttr(type, identityOf(row.fold, elem)));
  FailureOr<Value> total =
      genericReduce(n, x, axes, identity,
                    [&](OpBuilder &b, Location loc, Value element, Value sum) {
                      return combineIntegers(b, loc, row, elem, element, sum);
                    });
  if (failed(total) || row.after != After::Average)
    return total;
  int64_t count = 1;
  for (int64_t axis : axes)
    count *= shapeOf(x)[axis];
  return divideIntegers(n, *total, count, elem);
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

/// The result over no element at all.
static FailureOr<HostTensor>
reduceNothing(NodeImporter &n, const ReduceRow &row, ArrayRef<int64_t> shape) {
  std::optional<int64_t> count = countElements(shape);
  if (!count || failed(n.takeElements(*count)))
    return n.invalid("a result of impossible shape " + formatShape(shape));
  Elem elem = n.elemOf(0);
  HostTensor result = HostTensor::zeros(shape, elem);
  constexpr double infinity = std::numeric_limits<double>::infinity();
  double value = 0.0;
  if (row.fold == Fold::Product)
    value = 1.0;
  else if (row.fold == Fold::Maximum || row.after == After::Logarithm)
    value = -infinity;
  else if (row.fold == Fold::Minimum)
    value = infinity;
  else if (row.after == After::Average)
    value = std::numeric_limits<double>::quiet_NaN();
  for (int64_t i = 0; i < *count; ++i) {
    if (isFloat(elem))
      result.set(i, value);
    else
      result.setInt(i, identityOf(row.fold, elem));
  }
  return result;
}

/// The mean over height and width is a global average pool.
static bool isGlobalPool(NodeImporter &n, ArrayRef<int64_t> axes) {
  return n.node.op_type() == "ReduceMean" && n.isFloat(0) && n.rankOf(0) == 4 &&
         axes == ArrayRef<int64_t>{2, 3};
}

LogicalResult buildReduce(NodeImporter &n) {
  const ReduceRow &row = rowOf(n);
  FailureOr<ReduceAxes> reduce = readReduceAxes(n);
  if (failed(reduce))
    return failure();
  ArrayRef<int64_t> axes = reduce->axes;
  Shape shape = reducedShape(n.shapeOf(0), axes, reduce->keepDims);
  if (llvm::is_contained(n.shapeOf(0), 0)) {
    FailureOr<HostTensor> result = reduceNothing(n, row, shape);
    if (failed(result))
      return failure();
    n.setResult(0, std::move(*result));
    return success();
  }
  FailureOr<Value> x = n.tosaValueOf(0), result;
  if (failed(x))
    return failure();
  if (isGlobalPool(n, axes)) {
    if (failed(buildGlobalAveragePool(n)))
      return failure();
    result = n.getResults()[0].value;
  } else if (n.isFloat(0)) {
    if (Value value = reduceFloats(n, row, *x, axes))
      result = value;
  } else {
    result = reduceIntegers(n, row, *x, axes);
  }
  if (failed(result) || failed(result = n.reshape(*result, shape)))
    return failure();
  n.setResult(0, *result, n.elemOf(0));
  return success();
}

} // namespace mlir::qnt::onnx_import
