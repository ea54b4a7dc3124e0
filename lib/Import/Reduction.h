//===- Reduction.h - reductions over any element type -----------*- C++ -*-===//
//
// A linalg.generic that folds some dimensions, for element types and functions
// that tosa has no reduction for.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_REDUCTION_H
#define QNT_LIB_IMPORT_REDUCTION_H

#include "NodeImporter.h"

#include "llvm/ADT/STLFunctionalExtras.h"

namespace mlir::qnt::onnx_import {

/// The next accumulator from an element and the accumulator.
using CombineFn =
    llvm::function_ref<Value(OpBuilder &, Location, Value, Value)>;

/// Folds the axes, which stay with size 1, starting from `identity`. The result
/// has the identity's type.
FailureOr<Value> genericReduce(NodeImporter &n, Value x, ArrayRef<int64_t> axes,
                               Value identity, CombineFn combine);

/// Sorted axes of a reduction, and whether there is nothing to reduce.
struct ReduceAxes {
  Shape axes;
  bool keepDims;
};
FailureOr<ReduceAxes> readReduceAxes(NodeImporter &n);

} // namespace mlir::qnt::onnx_import

#endif // QNT_LIB_IMPORT_REDUCTION_H
