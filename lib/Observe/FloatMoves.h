//===- FloatMoves.h - where 8 bits gain nothing ----------------*- C++ -*-===//
//
// A step of qnt-insert-observers.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_OBSERVE_FLOATMOVES_H
#define QNT_LIB_OBSERVE_FLOATMOVES_H

namespace mlir {
class Operation;
} // namespace mlir

namespace mlir::qnt::observe {

/// Marks moves among ops without an integer form as excluded; returns how many.
unsigned excludeFloatMoves(Operation *root);

/// Marks arithmetic whose users are all float and whose operands are not all
/// integer (a residual in front of a normalization) as excluded; returns how
/// many.
unsigned excludeBetweenFloats(Operation *root);

/// Marks joins, sums and products of tensors behind the last op with weights,
/// and what follows them, as excluded; returns how many.
unsigned excludeTails(Operation *root);

/// Marks a softmax, the product of two activations that it weighs and what
/// lies between (scaling, mask) as excluded; returns how many.
unsigned excludeScores(Operation *root);

} // namespace mlir::qnt::observe

#endif // QNT_LIB_OBSERVE_FLOATMOVES_H
