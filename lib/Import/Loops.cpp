//===- Loops.cpp - ops without a tosa form, as loops over scalars ---------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "Loops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::qnt::onnx_import {

//===----------------------------------------------------------------------===//
// Formulas
//===----------------------------------------------------------------------===//

Scalar Scalar::like(double constant) const {
  Type type = value.getType();
  TypedAttr attr;
  if (isa<FloatType>(type))
    attr = FloatAttr::get(type, constant);
  else
    attr = IntegerAttr::get(type, static_cast<int64_t>(constant));
  return with(arith::ConstantOp::create(*builder, loc, attr));
}

template <typename FloatOp, typename IntOp>
static Scalar binary(Scalar a, Scalar b) {
  if (a.isFloat())
    return a.with(FloatOp::create(*a.builder, a.loc, a.value, b.value));
  return a.with(IntOp::create(*a.builder, a.loc, a.value, b.value));
}

static Scalar compare(Scalar a, Scalar b, arith::CmpFPredicate floats,
                      arith::CmpIPredicate ints) {
  if (a.isFloat())
    return a.with(
        arith::CmpFOp::create(*a.builder, a.loc, floats, a.value, b.value));
  return a.with(
      arith::CmpIOp::create(*a.builder, a.loc, ints, a.value, b.value));
}

Scalar operator+(Scalar a, Scalar b) {
  return binary<arith::AddFOp, arith::AddIOp>(a, b);
}
Scalar operator-(Scalar a, Scalar b) {
  return binary<arith::SubFOp, arith::SubIOp>(a, b);
}
Scalar operator*(Scalar a, Scalar b) {
  return binary<arith::MulFOp, arith::MulIOp>(a, b);
}
Scalar operator/(Scalar a, Scalar b) {
  return binary<arith::DivFOp, arith::DivSIOp>(a, b);
}
Scalar operator%(Scalar a, Scalar b) {
  return binary<arith::RemFOp, arith::RemSIOp>(a, b);
}
Scalar operator<(Scalar a, Scalar b) {
  return compare(a, b, arith::CmpFPredicate::OLT, arith::CmpIPredicate::slt);
}
Scalar operator<=(Scalar a, Scalar b) {
  return compare(a, b, arith::CmpFPredicate::OLE, arith::CmpIPredicate::sle);
}
Scalar operator==(Scalar a, Scalar b) {
  return compare(a, b, arith::CmpFPredicate::OEQ, arith::CmpIPredicate::eq);
}
Scalar operator&(Scalar a, Scalar b) {
  return a.with(arith::AndIOp::create(*a.builder, a.loc, a.value, b.value));
}
Scalar operator|(Scalar a, Scalar b) {
  return a.with(arith::OrIOp::create(*a.builder, a.loc, a.value, b.value));
}

Scalar select(Scalar condition, Scalar yes, Scalar no) {
  return yes.with(arith::SelectOp::create(
      *yes.builder, yes.loc, condition.value, yes.value, no.value));
}
Scalar minOf(Scalar a, Scalar b) {
  return binary<arith::MinNumFOp, arith::MinSIOp>(a, b);
}
Scalar maxOf(Scalar a, Scalar b) {
  return binary<arith::MaxNumFOp, arith::MaxSIOp>(a, b);
}

template <typename OpTy> static Scalar unary(Scalar x) {
  return x.with(OpTy::create(*x.builder, x.loc, x.value));
}

Scalar floorOf(Scalar x) { return unary<math::FloorOp>(x); }
Scalar ceilOf(Scalar x) { return unary<math::CeilOp>(x); }
Scalar roundEvenOf(Scalar x) { return unary<math::RoundEvenOp>(x); }
Scalar absOf(Scalar x) { return unary<math::AbsFOp>(x); }
Scalar sqrtOf(Scalar x) { return unary<math::SqrtOp>(x); }

Scalar expOf(Scalar x) { return unary<math::ExpOp>(x); }
Scalar logOf(Scalar x) { return unary<math::LogOp>(x); }

Scalar powerOf(Scalar x, double p) {
  x = absOf(x);
  if (p == 1.0)
    return x;
  if (p == 2.0)
    return x * x;
  if (p == 0.5)
    return sqrtOf(x);
  // Zero goes to minus infinity and back.
  return expOf(logOf(x) * p);
}

Scalar toInteger(Scalar index, Type type) {
  if (index.type() == type)
    return index;
  return index.with(
      arith::IndexCastOp::create(*index.builder, index.loc, type, index.value));
}

Scalar toIndex(Scalar integer) {
  return toInteger(integer, integer.builder->getIndexType());
}

Scalar toFloat(Scalar integer) {
  if (isa<IndexType>(integer.type()))
    integer = toInteger(integer, integer.builder->getI64Type());
  return integer.with(arith::SIToFPOp::create(*integer.builder, integer.loc,
                                              integer.builder->getF32Type(),
                                              integer.value));
}

Scalar toDouble(Scalar x) {
  return x.with(arith::ExtFOp::create(*x.builder, x.loc,
                                      x.builder->getF64Type(), x.value));
}

Scalar toSingle(Scalar x) {
  return x.with(arith::TruncFOp::create(*x.builder, x.loc,
                                        x.builder->getF32Type(), x.value));
}

Scalar truncateToIndex(Scalar x) {
  return toIndex(x.with(arith::FPToSIOp::create(
      *x.builder, x.loc, x.builder->getI64Type(), x.value)));
}

Scalar at(Value tensor, ArrayRef<Scalar> indices) {
  const Scalar &first = indices.front();
  SmallVector<Value> values;
  for (const Scalar &index : indices)
    values.push_back(index.value);
  return first.with(
      tensor::ExtractOp::create(*first.builder, first.loc, tensor, values));
}

Scalar atOr(Value tensor, ArrayRef<Scalar> indices, Scalar inside,
            double otherwise) {
  Scalars safe;
  for (auto [index, size] : llvm::zip_equal(indices, shapeOf(tensor)))
    safe.push_back(clampOf(index, 0, size - 1));
  Scalar element = at(tensor, safe);
  return select(inside, element, element.like(otherwise));
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

Scalars loop(Scalar count, ArrayRef<Scalar> init, LoopFn body) {
  OpBuilder &builder = *count.builder;
  SmallVector<Value> values;
  for (const Scalar &value : init)
    values.push_back(value.value);
  Value zero = count.like(0).value, one = count.like(1).value;
  auto op = scf::ForOp::create(
      builder, count.loc, zero, count.value, one, values,
      [&](OpBuilder &inner, Location loc, Value i, ValueRange carried) {
        OpBuilder::InsertionGuard guard(builder);
        builder.restoreInsertionPoint(inner.saveInsertionPoint());
        Scalars arguments;
        for (Value value : carried)
          arguments.push_back(count.with(value));
        SmallVector<Value> results;
        for (const Scalar &value : body(count.with(i), arguments))
          results.push_back(value.value);
        scf::YieldOp::create(builder, loc, results);
      });
  Scalars results;
  for (Value value : op.getResults())
    results.push_back(count.with(value));
  return results;
}

static Scalars loopsFrom(ArrayRef<int64_t> counts, Scalars &indices,
                         ArrayRef<Scalar> init, LoopsFn body) {
  if (counts.empty())
    return body(indices, init);
  const Scalar &first = init.front();
  Value count =
      arith::ConstantIndexOp::create(*first.builder, first.loc, counts.front());
  return loop(first.with(count), init, [&](Scalar i, ArrayRef<Scalar> carried) {
    indices.push_back(i);
    Scalars results = loopsFrom(counts.drop_front(), indices, carried, body);
    indices.pop_back();
    return results;
  });
}

Scalars loops(ArrayRef<int64_t> counts, ArrayRef<Scalar> init, LoopsFn body) {
  Scalars indices;
  return loopsFrom(counts, indices, init, body);
}

Scalar loops(ArrayRef<int64_t> counts, Scalar init,
             llvm::function_ref<Scalar(ArrayRef<Scalar>, Scalar)> body) {
  return loops(
      counts, ArrayRef(init),
      [&](ArrayRef<Scalar> indices, ArrayRef<Scalar> carried) -> Scalars {
        return {body(indices, carried[0])};
      })[0];
}

FailureOr<SmallVector<Value>>
emitLoops(NodeImporter &n, ArrayRef<int64_t> shape, TypeRange elements,
          llvm::function_ref<Scalars(ArrayRef<Scalar>)> body) {
  FailureOr<RankedTensorType> type = n.tensorType(shape);
  if (failed(type))
    return failure();
  SmallVector<Value> empty;
  SmallVector<Type> types;
  for (Type element : elements) {
    empty.push_back(tensor::EmptyOp::create(n.builder, n.loc, shape, element));
    types.push_back(empty.back().getType());
  }
  SmallVector<AffineMap> maps(elements.size(),
                              n.builder.getMultiDimIdentityMap(shape.size()));
  SmallVector<utils::IteratorType> parallel(shape.size(),
                                            utils::IteratorType::parallel);
  auto op = linalg::GenericOp::create(
      n.builder, n.loc, types, ValueRange(), empty, maps, parallel,
      [&](OpBuilder &inner, Location loc, ValueRange) {
        OpBuilder::InsertionGuard guard(n.builder);
        n.builder.restoreInsertionPoint(inner.saveInsertionPoint());
        Scalars indices;
        for (size_t i = 0; i < shape.size(); ++i)
          indices.emplace_back(n.builder, loc,
                               linalg::IndexOp::create(n.builder, loc, i));
        SmallVector<Value> results;
        for (const Scalar &value : body(indices))
          results.push_back(value.value);
        linalg::YieldOp::create(n.builder, loc, results);
      });
  return SmallVector<Value>(op.getResults());
}

FailureOr<Value> emitLoops(NodeImporter &n, ArrayRef<int64_t> shape,
                           Type element,
                           llvm::function_ref<Scalar(ArrayRef<Scalar>)> body) {
  FailureOr<SmallVector<Value>> values = emitLoops(
      n, shape, TypeRange(element),
      [&](ArrayRef<Scalar> indices) -> Scalars { return {body(indices)}; });
  if (failed(values))
    return failure();
  return values->front();
}

} // namespace mlir::qnt::onnx_import
