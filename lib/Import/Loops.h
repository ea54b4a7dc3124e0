//===- Loops.h - ops without a tosa form, as loops over scalars -*- C++ -*-===//
//
// Sampling, scattering and odd windows have no tosa op. They become one
// linalg.generic over the elements of the result whose body reads its operands
// with tensor.extract. `Scalar` makes such bodies readable as formulas. Every
// index that reaches `at` has to be within the tensor: bodies clamp what is
// computed from data.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_LOOPS_H
#define QNT_LIB_IMPORT_LOOPS_H

#include "NodeImporter.h"

#include "llvm/ADT/STLFunctionalExtras.h"

namespace mlir::qnt::onnx_import {

/// A float, integer, index or boolean value with the place where what is
/// computed from it goes.
struct Scalar {
  OpBuilder *builder;
  Location loc;
  Value value;

  Scalar(OpBuilder &builder, Location loc, Value value)
      : builder(&builder), loc(loc), value(value) {}
  Type type() const { return value.getType(); }
  bool isFloat() const { return isa<FloatType>(type()); }
  /// A constant of the same type.
  Scalar like(double constant) const;
  Scalar with(Value other) const { return Scalar(*builder, loc, other); }
};

using Scalars = SmallVector<Scalar, 6>;

Scalar operator+(Scalar a, Scalar b);
Scalar operator-(Scalar a, Scalar b);
Scalar operator*(Scalar a, Scalar b);
/// Integers round towards zero.
Scalar operator/(Scalar a, Scalar b);
Scalar operator%(Scalar a, Scalar b);
Scalar operator<(Scalar a, Scalar b);
Scalar operator<=(Scalar a, Scalar b);
Scalar operator==(Scalar a, Scalar b);
inline Scalar operator>(Scalar a, Scalar b) { return b < a; }
inline Scalar operator>=(Scalar a, Scalar b) { return b <= a; }
inline Scalar operator+(Scalar a, double b) { return a + a.like(b); }
inline Scalar operator-(Scalar a, double b) { return a - a.like(b); }
inline Scalar operator*(Scalar a, double b) { return a * a.like(b); }
inline Scalar operator/(Scalar a, double b) { return a / a.like(b); }
inline Scalar operator%(Scalar a, double b) { return a % a.like(b); }
inline Scalar operator<(Scalar a, double b) { return a < a.like(b); }
inline Scalar operator<=(Scalar a, double b) { return a <= a.like(b); }
inline Scalar operator>(Scalar a, double b) { return a > a.like(b); }
inline Scalar operator>=(Scalar a, double b) { return a >= a.like(b); }
inline Scalar operator==(Scalar a, double b) { return a == a.like(b); }
/// Of booleans.
Scalar operator&(Scalar a, Scalar b);
Scalar operator|(Scalar a, Scalar b);

Scalar select(Scalar condition, Scalar yes, Scalar no);
/// Of floats, a NaN loses against a number.
Scalar minOf(Scalar a, Scalar b);
Scalar maxOf(Scalar a, Scalar b);
inline Scalar clampOf(Scalar x, double low, double high) {
  return minOf(maxOf(x, x.like(low)), x.like(high));
}
Scalar floorOf(Scalar x);
Scalar ceilOf(Scalar x);
Scalar roundEvenOf(Scalar x);
Scalar absOf(Scalar x);
Scalar sqrtOf(Scalar x);
Scalar expOf(Scalar x);
Scalar logOf(Scalar x);
/// |x| ^ p
Scalar powerOf(Scalar x, double p);
/// Between index and any integer type, and from integers to f32.
Scalar toIndex(Scalar integer);
Scalar toInteger(Scalar index, Type type);
Scalar toFloat(Scalar integer);
/// Between f32 and f64.
Scalar toDouble(Scalar x);
Scalar toSingle(Scalar x);
/// Truncates a float that is known to be small.
Scalar truncateToIndex(Scalar x);

/// The element of a tensor.
Scalar at(Value tensor, ArrayRef<Scalar> indices);
/// The element if `inside`, else `otherwise`; indices are clamped to `tensor`.
Scalar atOr(Value tensor, ArrayRef<Scalar> indices, Scalar inside,
            double otherwise);

/// value = init; for (i = 0; i < count; ++i) value = body(i, value)
using LoopFn = llvm::function_ref<Scalars(Scalar, ArrayRef<Scalar>)>;
Scalars loop(Scalar count, ArrayRef<Scalar> init, LoopFn body);
/// The same over several counted dimensions, the last innermost.
using LoopsFn = llvm::function_ref<Scalars(ArrayRef<Scalar>, ArrayRef<Scalar>)>;
Scalars loops(ArrayRef<int64_t> counts, ArrayRef<Scalar> init, LoopsFn body);
/// With one carried value.
Scalar loops(ArrayRef<int64_t> counts, Scalar init,
             llvm::function_ref<Scalar(ArrayRef<Scalar>, Scalar)> body);

/// A tensor whose element at `indices` is `body(indices)`.
FailureOr<Value> emitLoops(NodeImporter &n, ArrayRef<int64_t> shape,
                           Type element,
                           llvm::function_ref<Scalar(ArrayRef<Scalar>)> body);
/// Several tensors of one shape.
FailureOr<SmallVector<Value>>
emitLoops(NodeImporter &n, ArrayRef<int64_t> shape, TypeRange elements,
          llvm::function_ref<Scalars(ArrayRef<Scalar>)> body);

} // namespace mlir::qnt::onnx_import

#endif // QNT_LIB_IMPORT_LOOPS_H
