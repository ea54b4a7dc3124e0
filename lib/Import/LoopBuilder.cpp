//===- LoopBuilder.cpp - loops over elements ------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "LoopBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::qnt::onnx_import {

SmallVector<Value> LoopBuilder::loop(Value begin, Value end, ValueRange carried,
                                     Body body) {
  auto loop =
      scf::ForOp::create(builder, loc, begin, end, index(1), carried,
                         [&](OpBuilder &, Location, Value i, ValueRange args) {
                           scf::YieldOp::create(builder, loc, body(i, args));
                         });
  return loop.getResults();
}

SmallVector<Value> LoopBuilder::when(Value condition, Branch then,
                                     Branch otherwise) {
  auto choice = scf::IfOp::create(
      builder, loc, condition,
      [&](OpBuilder &, Location) {
        scf::YieldOp::create(builder, loc, then());
      },
      [&](OpBuilder &, Location) {
        scf::YieldOp::create(builder, loc, otherwise());
      });
  return choice.getResults();
}

Value LoopBuilder::index(int64_t value) {
  return arith::ConstantIndexOp::create(builder, loc, value);
}

Value LoopBuilder::number(Type type, double value) {
  if (isa<FloatType>(type))
    return arith::ConstantOp::create(builder, loc,
                                     builder.getFloatAttr(type, value));
  return arith::ConstantOp::create(
      builder, loc, builder.getIntegerAttr(type, static_cast<int64_t>(value)));
}

Value LoopBuilder::empty(ArrayRef<int64_t> shape, Type elem) {
  return tensor::EmptyOp::create(builder, loc, shape, elem);
}

Value LoopBuilder::filled(ArrayRef<int64_t> shape, Type elem, double value) {
  return linalg::FillOp::create(builder, loc, number(elem, value),
                                empty(shape, elem))
      .getResult(0);
}

Value LoopBuilder::extract(Value tensor, ValueRange indices) {
  return tensor::ExtractOp::create(builder, loc, tensor, indices);
}

Value LoopBuilder::insert(Value scalar, Value tensor, ValueRange indices) {
  return tensor::InsertOp::create(builder, loc, scalar, tensor, indices);
}

//===----------------------------------------------------------------------===//
// Scalars
//===----------------------------------------------------------------------===//

Value LoopBuilder::add(Value a, Value b) {
  if (isa<FloatType>(a.getType()))
    return arith::AddFOp::create(builder, loc, a, b);
  return arith::AddIOp::create(builder, loc, a, b);
}

Value LoopBuilder::sub(Value a, Value b) {
  if (isa<FloatType>(a.getType()))
    return arith::SubFOp::create(builder, loc, a, b);
  return arith::SubIOp::create(builder, loc, a, b);
}

Value LoopBuilder::mul(Value a, Value b) {
  if (isa<FloatType>(a.getType()))
    return arith::MulFOp::create(builder, loc, a, b);
  return arith::MulIOp::create(builder, loc, a, b);
}

Value LoopBuilder::less(Value a, Value b, bool isUnsigned) {
  if (isa<FloatType>(a.getType()))
    return arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OLT, a, b);
  return arith::CmpIOp::create(
      builder, loc,
      isUnsigned ? arith::CmpIPredicate::ult : arith::CmpIPredicate::slt, a, b);
}

Value LoopBuilder::equal(Value a, Value b) {
  if (isa<FloatType>(a.getType()))
    return arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OEQ, a, b);
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, a, b);
}

Value LoopBuilder::both(Value a, Value b) {
  return arith::AndIOp::create(builder, loc, a, b);
}

Value LoopBuilder::either(Value a, Value b) {
  return arith::OrIOp::create(builder, loc, a, b);
}

Value LoopBuilder::select(Value condition, Value a, Value b) {
  return arith::SelectOp::create(builder, loc, condition, a, b);
}

Value LoopBuilder::castIndex(Value value, Type type) {
  return arith::IndexCastOp::create(builder, loc, type, value);
}

Shape splitAround(ArrayRef<int64_t> shape, int64_t axis) {
  return {*countElements(shape.take_front(axis)), shape[axis],
          *countElements(shape.drop_front(axis + 1))};
}

} // namespace mlir::qnt::onnx_import
