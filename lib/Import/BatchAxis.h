//===- BatchAxis.h - do samples of a batch stay apart? ----------*- C++ -*-===//
//
// Follows the leading dimension of all inputs through a function that was
// imported for a batch of many samples. Only if each sample goes its own way is
// a loop over code for one sample the same as the model on a batch.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_BATCHAXIS_H
#define QNT_LIB_IMPORT_BATCHAXIS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::qnt::onnx_import {

/// The size of the batch that models are followed with: a prime that no
/// dimension of a model is likely to be a multiple of.
constexpr int64_t kProbeBatch = 97;

/// Emits an error that names the first op which mixes samples, or which cannot
/// be followed.
LogicalResult checkBatchAxis(func::FuncOp function);

} // namespace mlir::qnt::onnx_import

#endif // QNT_LIB_IMPORT_BATCHAXIS_H
