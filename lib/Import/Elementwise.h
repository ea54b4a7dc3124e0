//===- Elementwise.h - elementwise ops over any element type ----*- C++ -*-===//
//
// What tosa has no op for, or not for that element type, becomes a
// linalg.generic whose operands broadcast as in numpy. The body sees scalars.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_ELEMENTWISE_H
#define QNT_LIB_IMPORT_ELEMENTWISE_H

#include "NodeImporter.h"

#include "llvm/ADT/STLFunctionalExtras.h"

namespace mlir::qnt::onnx_import {

/// Builds one element of the result from one of each operand.
using ScalarFn = llvm::function_ref<Value(OpBuilder &, Location, ValueRange)>;

/// A tensor of `elem` of the shape that the operands broadcast to.
FailureOr<Value> genericElementwise(NodeImporter &n, ValueRange operands,
                                    Type elem, ScalarFn body);

/// A tensor of that shape from `operands` that are indexed as `maps` say, one
/// map from the indices of the result for each operand.
FailureOr<Value> genericMap(NodeImporter &n, ValueRange operands,
                            ArrayRef<AffineMap> maps, ArrayRef<int64_t> shape,
                            Type elem, ScalarFn body);

} // namespace mlir::qnt::onnx_import

#endif // QNT_LIB_IMPORT_ELEMENTWISE_H
