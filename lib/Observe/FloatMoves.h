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

/// Marks joins, sums and products of tensors behind the last op with weights,
/// and what follows them, as excluded; returns how many.
unsigned excludeTails(Operation *root);

} // namespace mlir::qnt::observe

#endif // QNT_LIB_OBSERVE_FLOATMOVES_H
