//===- Emit.h - elementwise tosa and composites -----------------*- C++ -*-===//
//
// Small builders that several op kinds share. Operands of binary ones have the
// same rank and broadcast; `alignRanks` brings them there.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_EMIT_H
#define QNT_LIB_IMPORT_EMIT_H

#include "NodeImporter.h"

#include "llvm/ADT/STLFunctionalExtras.h"

namespace mlir::qnt::onnx_import {

/// The shape that two shapes of one rank broadcast to.
Shape broadcastSameRank(ArrayRef<int64_t> a, ArrayRef<int64_t> b);

/// Prepends dimensions of size 1 to the operand of lesser rank.
LogicalResult alignRanks(NodeImporter &n, Value &a, Value &b);

FailureOr<Value> emitAdd(NodeImporter &n, Value a, Value b);
FailureOr<Value> emitSub(NodeImporter &n, Value a, Value b);
FailureOr<Value> emitMul(NodeImporter &n, Value a, Value b);
FailureOr<Value> emitMaximum(NodeImporter &n, Value a, Value b);
FailureOr<Value> emitMinimum(NodeImporter &n, Value a, Value b);
/// value * factor and value + term, by a scalar.
FailureOr<Value> emitScale(NodeImporter &n, Value value, float factor);
FailureOr<Value> emitShift(NodeImporter &n, Value value, float term);
Value emitReciprocal(NodeImporter &n, Value value);
/// value * 0.5 * (1 + erf(value / sqrt 2)) and the like need -value too.
FailureOr<Value> emitNegate(NodeImporter &n, Value value);

/// 1 / sqrt(value)
Value emitRsqrt(NodeImporter &n, Value value);
/// tosa has no square root: a composite says it by two reciprocals.
FailureOr<Value> emitSqrt(NodeImporter &n, Value value);

/// Reductions; the dimensions stay, of size 1.
FailureOr<Value> emitReduceSum(NodeImporter &n, Value value, int64_t axis);
FailureOr<Value> emitReduceMax(NodeImporter &n, Value value, int64_t axis);
/// The mean over several dimensions.
FailureOr<Value> emitMean(NodeImporter &n, Value value, ArrayRef<int64_t> axes);

/// A configuration entry of a composite.
NamedAttribute configInt(NodeImporter &n, StringRef name, int64_t value);
NamedAttribute configFloat(NodeImporter &n, StringRef name, double value);
NamedAttribute configString(NodeImporter &n, StringRef name, StringRef value);

/// A named function whose decomposition `body` builds from its arguments.
FailureOr<Value>
emitComposite(NodeImporter &n, StringRef name, ValueRange inputs, Type result,
              ArrayRef<NamedAttribute> attributes,
              llvm::function_ref<FailureOr<Value>(ValueRange)> body);
/// With several results.
FailureOr<SmallVector<Value>> emitComposite(
    NodeImporter &n, StringRef name, ValueRange inputs, TypeRange results,
    ArrayRef<NamedAttribute> attributes,
    llvm::function_ref<FailureOr<SmallVector<Value>>(ValueRange)> body);

/// The same with as many results as the body returns.
FailureOr<SmallVector<Value>> emitComposite(
    NodeImporter &n, StringRef name, ValueRange inputs, DictionaryAttr config,
    llvm::function_ref<FailureOr<SmallVector<Value>>(ValueRange)> body);

} // namespace mlir::qnt::onnx_import

#endif // QNT_LIB_IMPORT_EMIT_H
