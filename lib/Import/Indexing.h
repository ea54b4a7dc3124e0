//===- Indexing.h - elements by computed indices ----------------*- C++ -*-===//
//
// What tosa cannot say about moving elements: a result computed from its own
// indices, and writes at indices that are known at run time only. An index that
// comes from a tensor never reaches memory unchecked: reads are clamped to the
// axis, and writes outside of it do nothing.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_INDEXING_H
#define QNT_LIB_IMPORT_INDEXING_H

#include "NodeImporter.h"

namespace mlir::qnt::onnx_import {

/// An index of a tensor: safe to use, and whether it was inside of the axis.
struct SafeIndex {
  Value index;
  Value inside;
};

/// Turns an element of an index tensor into an index of an axis of `dim`;
/// negative ones count from the end, the rest is clamped.
SafeIndex makeSafe(OpBuilder &builder, Location loc, Value raw, int64_t dim);

/// The same without the flag.
Value clampIndex(OpBuilder &builder, Location loc, Value raw, int64_t dim);

/// A tensor whose elements are computed from their indices.
Value generate(NodeImporter &n, RankedTensorType type,
               llvm::function_ref<Value(OpBuilder &, ValueRange)> body);

/// `into`, changed by every index of `shape` in row-major order: the body takes
/// the index and the tensor as it is, and gives what it becomes.
Value walkIndices(
    NodeImporter &n, ArrayRef<int64_t> shape, Value into,
    llvm::function_ref<Value(OpBuilder &, ValueRange, Value)> body);

/// The element of a tensor at an index.
Value elementAt(OpBuilder &builder, Location loc, Value tensor,
                ValueRange index);

/// The part of `x` along `axis` that a list of known indices names.
FailureOr<Value> emitTake(NodeImporter &n, Value x, int64_t axis,
                          ArrayRef<int64_t> indices);

/// The same by a tensor of indices, whose shape takes the place of the axis.
FailureOr<Value> emitGather(NodeImporter &n, Value x, int64_t axis,
                            Value indices);

} // namespace mlir::qnt::onnx_import

#endif // QNT_LIB_IMPORT_INDEXING_H
