//===- ImportArithmetic.cpp - arithmetic on integers and float64 ----------===//
//
// What tosa computes in float32 only has its other types here, and the ops that
// tosa lacks. Ops of two inputs fold from the left where there are more.
//
//===----------------------------------------------------------------------===//

#include "Elementwise.h"
#include "OpTable.h"
#include "ScalarMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::onnx_import {

bool isSingle(NodeImporter &n) {
  for (unsigned i = 0; i < n.numInputs(); ++i)
    if (n.hasInput(i) && (!n.isFloat(i) || n.elemOf(i) == Elem::Double))
      return false;
  return true;
}

using BinaryMethod = Value (ScalarMath::*)(Value, Value);

static BinaryMethod binaryMethod(StringRef op, bool fmod) {
  return llvm::StringSwitch<BinaryMethod>(op)
      .Cases({"Add", "Sum"}, &ScalarMath::add)
      .Case("Sub", &ScalarMath::sub)
      .Case("Mul", &ScalarMath::mul)
      .Case("Div", &ScalarMath::div)
      .Case("Max", &ScalarMath::max)
      .Case("Min", &ScalarMath::min)
      .Case("Mod", fmod ? &ScalarMath::fmod : &ScalarMath::mod)
      .Default(nullptr);
}

LogicalResult buildGenericBinary(NodeImporter &n) {
  Elem elem = n.elemOf(0);
  if (elem == Elem::Bool)
    return n.invalid("the op does not take bool");
  bool fmod = n.getInt("fmod", 0) != 0;
  BinaryMethod method = binaryMethod(n.node.op_type(), fmod);
  FailureOr<Value> result = n.anyValueOf(0);
  for (unsigned i = 1; i < n.numInputs() && succeeded(result); ++i) {
    if (n.elemOf(i) != elem)
      return n.invalid("the inputs are of different types, " +
                       elementTypeName(elem) + " and " +
                       elementTypeName(n.elemOf(i)));
    FailureOr<Value> operand = n.anyValueOf(i);
    if (failed(operand))
      return failure();
    result = genericElementwise(
        n, {*result, *operand}, n.irType(elem),
        [&](OpBuilder &builder, Location loc, ValueRange args) {
          ScalarMath m(builder, loc, elem);
          return (m.*method)(args[0], args[1]);
        });
  }
  if (failed(result))
    return failure();
  n.setResult(0, *result, elem);
  return success();
}

/// One element of Abs, Neg, Sign, Relu, Ceil, Floor, Round, Sqrt.
static Value emitScalarUnary(StringRef op, Elem elem, OpBuilder &builder,
                             Location loc, Value x) {
  ScalarMath m(builder, loc, elem);
  if (op == "Abs")
    return m.abs(x);
  if (op == "Neg")
    return m.neg(x);
  if (op == "Sign")
    return m.sign(x);
  if (op == "Relu")
    return isUnsigned(elem) ? x : m.max(x, m.constant(0));
  if (op == "Ceil")
    return math::CeilOp::create(builder, loc, x);
  if (op == "Floor")
    return math::FloorOp::create(builder, loc, x);
  if (op == "Reciprocal")
    return m.div(m.constant(1), x);
  if (op == "Round")
    return math::RoundEvenOp::create(builder, loc, x);
  return math::SqrtOp::create(builder, loc, x);
}

bool isGenericUnary(NodeImporter &n) {
  StringRef op = n.node.op_type();
  if (op == "Round" || op == "Sign")
    return true;
  if (n.elemOf(0) == Elem::Double)
    return llvm::is_contained(
        {"Abs", "Neg", "Relu", "Ceil", "Floor", "Reciprocal", "Sqrt"}, op);
  return n.isInteger(0) && llvm::is_contained({"Abs", "Neg", "Relu"}, op);
}

LogicalResult buildGenericUnary(NodeImporter &n) {
  Elem elem = n.elemOf(0);
  if (n.node.op_type() == "Round" && !isFloat(elem))
    return n.invalid("the op does not take " + elementTypeName(elem));
  FailureOr<Value> x = n.anyValueOf(0);
  if (failed(x))
    return failure();
  FailureOr<Value> result = genericElementwise(
      n, *x, n.irType(elem),
      [&](OpBuilder &builder, Location loc, ValueRange args) {
        return emitScalarUnary(n.node.op_type(), elem, builder, loc, args[0]);
      });
  if (failed(result))
    return failure();
  n.setResult(0, *result, elem);
  return success();
}

/// base ^ exponent where a constant exponent or float32 does not make it
/// simpler. Floats raise to float, integers to integers; mixed types meet in
/// float, or in double where integers of 32 bits or more take part.
LogicalResult buildGenericPow(NodeImporter &n) {
  Elem elem = n.elemOf(0), power = n.elemOf(1);
  if (elem == Elem::Bool || power == Elem::Bool)
    return n.invalid("the op does not take bool");
  FailureOr<Value> base = n.anyValueOf(0), exponent = n.anyValueOf(1);
  if (failed(base) || failed(exponent))
    return failure();
  bool integers = isInteger(elem) && isInteger(power);
  auto needsDouble = [](Elem e) {
    return e == Elem::Double || (isInteger(e) && bitsOf(e) >= 32);
  };
  // The base says how exact the result has to be.
  Elem wide = needsDouble(elem) || (!isFloat(elem) && needsDouble(power))
                  ? Elem::Double
                  : Elem::Float;
  FailureOr<Value> result = genericElementwise(
      n, {*base, *exponent}, n.irType(elem),
      [&](OpBuilder &builder, Location loc, ValueRange args) {
        ScalarMath from(builder, loc, elem), to(builder, loc, power);
        if (integers)
          return from.ipow(args[0], to.castTo(args[1], elem));
        Value value = math::PowFOp::create(
            builder, loc, from.castTo(args[0], wide), to.castTo(args[1], wide));
        return ScalarMath(builder, loc, wide).castTo(value, elem);
      });
  if (failed(result))
    return failure();
  n.setResult(0, *result, elem);
  return success();
}

/// Clip whose bounds are known at run time only, or that are integers.
LogicalResult buildGenericClip(NodeImporter &n) {
  Elem elem = n.elemOf(0);
  FailureOr<Value> result = n.anyValueOf(0);
  BinaryMethod methods[] = {&ScalarMath::max, &ScalarMath::min};
  for (unsigned i = 1; i < 3 && succeeded(result); ++i) {
    if (!n.hasInput(i))
      continue;
    std::optional<int64_t> count = countElements(n.shapeOf(i));
    if (n.elemOf(i) != elem || !count || *count != 1)
      return n.invalid(llvm::formatv("input {0} is not a scalar of {1}", i,
                                     elementTypeName(elem)));
    FailureOr<Value> bound = n.anyValueOf(i);
    if (failed(bound) || failed(bound = n.reshape(*bound, {})))
      return failure();
    result = genericElementwise(
        n, {*result, *bound}, n.irType(elem),
        [&](OpBuilder &builder, Location loc, ValueRange args) {
          ScalarMath m(builder, loc, elem);
          return (m.*methods[i - 1])(args[0], args[1]);
        });
  }
  if (failed(result))
    return failure();
  n.setResult(0, *result, elem);
  return success();
}

LogicalResult buildRandom(NodeImporter &n) {
  return n.unsupported("random numbers differ from run to run; pass them as an "
                       "input of the model");
}

} // namespace mlir::qnt::onnx_import
