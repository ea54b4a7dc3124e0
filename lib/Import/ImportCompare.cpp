//===- ImportCompare.cpp - comparison and logic ---------------------------===//
//
// Ops whose result is bool, and those that combine bits. Inputs are of any
// type that ONNX allows, and of one type.
//
//===----------------------------------------------------------------------===//

#include "Elementwise.h"
#include "OpTable.h"
#include "ScalarMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include <limits>

namespace mlir::qnt::onnx_import {

/// Both inputs, in their own type.
static FailureOr<SmallVector<Value, 2>> readPair(NodeImporter &n) {
  if (n.elemOf(0) != n.elemOf(1))
    return n.invalid("the inputs are of different types, " +
                     elementTypeName(n.elemOf(0)) + " and " +
                     elementTypeName(n.elemOf(1)));
  FailureOr<Value> a = n.anyValueOf(0), b = n.anyValueOf(1);
  if (failed(a) || failed(b))
    return failure();
  return SmallVector<Value, 2>{*a, *b};
}

LogicalResult buildCompare(NodeImporter &n) {
  FailureOr<SmallVector<Value, 2>> pair = readPair(n);
  if (failed(pair))
    return failure();
  StringRef op = n.node.op_type();
  // a > b is b < a.
  if (op.starts_with("Greater"))
    std::swap((*pair)[0], (*pair)[1]);
  Relation relation = op == "Equal"             ? Relation::Equal
                      : op.ends_with("OrEqual") ? Relation::LessOrEqual
                                                : Relation::Less;
  FailureOr<Value> result = genericElementwise(
      n, *pair, n.irType(Elem::Bool),
      [&](OpBuilder &builder, Location loc, ValueRange args) {
        return ScalarMath(builder, loc, n.elemOf(0))
            .compare(relation, args[0], args[1]);
      });
  if (failed(result))
    return failure();
  n.setResult(0, *result, Elem::Bool);
  return success();
}

LogicalResult buildBitwise(NodeImporter &n) {
  StringRef op = n.node.op_type();
  bool logic = !op.consume_front("Bitwise");
  if (n.isFloat(0) || n.isBool(0) != logic)
    return n.invalid("the op does not take " + elementTypeName(n.elemOf(0)));
  FailureOr<SmallVector<Value, 2>> pair = readPair(n);
  if (failed(pair))
    return failure();
  FailureOr<Value> result = genericElementwise(
      n, *pair, n.irType(n.elemOf(0)),
      [&](OpBuilder &builder, Location loc, ValueRange args) {
        ScalarMath m(builder, loc, n.elemOf(0));
        if (op == "And")
          return m.bitAnd(args[0], args[1]);
        if (op == "Or")
          return m.bitOr(args[0], args[1]);
        return m.bitXor(args[0], args[1]);
      });
  if (failed(result))
    return failure();
  n.setResult(0, *result, n.elemOf(0));
  return success();
}

LogicalResult buildBitwiseNot(NodeImporter &n) {
  bool logic = n.node.op_type() == "Not";
  if (n.isFloat(0) || n.isBool(0) != logic)
    return n.invalid("the op does not take " + elementTypeName(n.elemOf(0)));
  FailureOr<Value> x = n.anyValueOf(0);
  if (failed(x))
    return failure();
  FailureOr<Value> result = genericElementwise(
      n, *x, n.irType(n.elemOf(0)),
      [&](OpBuilder &builder, Location loc, ValueRange args) {
        ScalarMath m(builder, loc, n.elemOf(0));
        return m.bitXor(args[0], m.allOnes());
      });
  if (failed(result))
    return failure();
  n.setResult(0, *result, n.elemOf(0));
  return success();
}

LogicalResult buildBitShift(NodeImporter &n) {
  StringRef direction = n.getString("direction", "");
  if (direction != "LEFT" && direction != "RIGHT")
    return n.invalid("attribute 'direction' is '" + direction +
                     "', expected LEFT or RIGHT");
  if (!n.isInteger(0))
    return n.invalid("the op does not take " + elementTypeName(n.elemOf(0)));
  FailureOr<SmallVector<Value, 2>> pair = readPair(n);
  if (failed(pair))
    return failure();
  FailureOr<Value> result = genericElementwise(
      n, *pair, n.irType(n.elemOf(0)),
      [&](OpBuilder &builder, Location loc, ValueRange args) {
        return ScalarMath(builder, loc, n.elemOf(0))
            .shift(args[0], args[1], direction == "LEFT");
      });
  if (failed(result))
    return failure();
  n.setResult(0, *result, n.elemOf(0));
  return success();
}

LogicalResult buildIsSpecial(NodeImporter &n) {
  if (!n.isFloat(0))
    return n.invalid("the op does not take " + elementTypeName(n.elemOf(0)));
  FailureOr<Value> x = n.anyValueOf(0);
  if (failed(x))
    return failure();
  bool nan = n.node.op_type() == "IsNaN";
  bool negative = n.getInt("detect_negative", 1) != 0;
  bool positive = n.getInt("detect_positive", 1) != 0;
  FailureOr<Value> result = genericElementwise(
      n, *x, n.irType(Elem::Bool),
      [&](OpBuilder &builder, Location loc, ValueRange args) -> Value {
        if (nan)
          return arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::UNO,
                                       args[0], args[0]);
        ScalarMath m(builder, loc, n.elemOf(0));
        auto equals = [&](double value) {
          return m.compare(Relation::Equal, args[0], m.constant(value));
        };
        constexpr double infinity = std::numeric_limits<double>::infinity();
        Value found = ScalarMath(builder, loc, Elem::Bool).constant(0);
        if (negative)
          found = arith::OrIOp::create(builder, loc, found, equals(-infinity));
        if (positive)
          found = arith::OrIOp::create(builder, loc, found, equals(infinity));
        return found;
      });
  if (failed(result))
    return failure();
  n.setResult(0, *result, Elem::Bool);
  return success();
}

} // namespace mlir::qnt::onnx_import
