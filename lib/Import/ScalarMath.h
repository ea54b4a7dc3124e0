//===- ScalarMath.h - arithmetic on scalars of any element type -*- C++ -*-===//
//
// What the bodies of generic elementwise ops are made of. Integer arithmetic
// wraps, nothing traps: a division by zero gives the dividend, a shift by the
// width or more shifts all bits out, a float that an integer cannot hold
// saturates at 32 or 64 bits.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_SCALARMATH_H
#define QNT_LIB_IMPORT_SCALARMATH_H

#include "ElementType.h"

#include "mlir/IR/Builders.h"

namespace mlir::qnt::onnx_import {

enum class Relation { Equal, Less, LessOrEqual };

/// Operands and results are of `irType(elem)` unless said otherwise.
class ScalarMath {
public:
  ScalarMath(OpBuilder &builder, Location loc, Elem elem)
      : builder(builder), loc(loc), elem(elem) {}

  /// Integers are truncated to the width.
  Value constant(double value);
  Value allOnes();

  Value add(Value a, Value b);
  Value sub(Value a, Value b);
  Value mul(Value a, Value b);
  Value div(Value a, Value b);
  /// The remainder with the sign of the dividend, as in C.
  Value fmod(Value a, Value b);
  /// The remainder with the sign of the divisor, as in Python.
  Value mod(Value a, Value b);
  /// NaN wins.
  Value max(Value a, Value b);
  Value min(Value a, Value b);
  /// Integers only; a negative exponent truncates.
  Value ipow(Value base, Value exponent);
  Value abs(Value a);
  Value neg(Value a);
  Value sign(Value a);

  Value bitAnd(Value a, Value b);
  Value bitOr(Value a, Value b);
  Value bitXor(Value a, Value b);
  Value shift(Value a, Value amount, bool left);

  /// i1; false where a NaN is compared.
  Value compare(Relation relation, Value a, Value b);
  Value select(Value condition, Value yes, Value no);

  /// The value of this element type as one of another; floats are truncated to
  /// integers, anything is compared with zero for bool, float16 and bfloat16
  /// are rounded to.
  Value castTo(Value a, Elem to);

private:
  bool isFloat() const { return onnx_import::isFloat(elem); }
  bool isUnsigned() const { return onnx_import::isUnsigned(elem); }
  Type type() const { return irType(builder.getContext(), elem); }
  Value safeDivisor(Value a, Value b);
  Value remainder(Value a, Value b);
  Value floatToInt(Value a, Elem to);
  Value roundTo(Value a, Elem to);
  Value intToFloat(Value a, Elem to);

  OpBuilder &builder;
  Location loc;
  Elem elem;
};

} // namespace mlir::qnt::onnx_import

#endif // QNT_LIB_IMPORT_SCALARMATH_H
