//===- HostMove.h - what ops that move elements share -----------*- C++ -*-===//
//
// Checks of indices and shapes, and the elements of host constants picked by
// flat index. A function that returns no failure expects checked arguments.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_HOSTMOVE_H
#define QNT_LIB_IMPORT_HOSTMOVE_H

#include "NodeImporter.h"

namespace mlir::qnt::onnx_import {

/// Fails unless input `input` holds integers and, if it is a constant, element
/// `i` is an index of an axis of `dimOf(i)`; negative ones count from the end.
LogicalResult checkIndices(NodeImporter &n, unsigned input,
                           llvm::function_ref<int64_t(int64_t)> dimOf);

/// Fails unless a tensor of indices fits the data: the same rank, and beside
/// `axis` no dimension larger.
LogicalResult checkSameBeside(NodeImporter &n, ArrayRef<int64_t> data,
                              ArrayRef<int64_t> indices, int64_t axis);

/// The shape, if a tensor can have it; it may be empty.
FailureOr<Shape> checkShape(NodeImporter &n, Shape shape);

/// A negative index counted from the end.
inline int64_t wrapIndex(int64_t index, int64_t dim) {
  return index < 0 ? index + dim : index;
}

/// The flat index of the leading dimensions.
int64_t flatten(ArrayRef<int64_t> index, ArrayRef<int64_t> strides);

/// `source` of every index of `shape`, in row-major order.
std::vector<int64_t>
flatIndices(ArrayRef<int64_t> shape,
            llvm::function_ref<int64_t(ArrayRef<int64_t>)> source);

/// The tensor of `shape` with element `i` taken from `flat[i]` of `x`, or, if
/// that is negative, the one element of `fill` (zero if null).
HostTensor pickOrFill(const HostTensor &x, ArrayRef<int64_t> shape,
                      ArrayRef<int64_t> flat, const HostTensor *fill);

/// The elements of `tensor` repeated to fill `shape`, which it broadcasts to.
HostTensor broadcastHost(const HostTensor &tensor, ArrayRef<int64_t> shape);

/// Sets result `i` to the picked elements of the constant input 0, within the
/// budget.
LogicalResult setPicked(NodeImporter &n, unsigned i, ArrayRef<int64_t> shape,
                        llvm::function_ref<int64_t(ArrayRef<int64_t>)> source);

} // namespace mlir::qnt::onnx_import

#endif // QNT_LIB_IMPORT_HOSTMOVE_H
