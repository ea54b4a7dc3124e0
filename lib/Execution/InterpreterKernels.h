//===- InterpreterKernels.h - one op of the interpreter --------*- C++ -*-===//
//
// Private to Execution: how the interpreter gets from an op to a function on
// tensors.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_EXECUTION_INTERPRETERKERNELS_H
#define QNT_LIB_EXECUTION_INTERPRETERKERNELS_H

#include "mlir/IR/Operation.h"
#include "qnt/Execution/Tensor.h"

#include <functional>

namespace mlir::qnt {

/// Computes the results of one op; outputs are allocated by the caller.
using TensorKernel = std::function<void(ArrayRef<const Tensor *> inputs,
                                        MutableArrayRef<Tensor> outputs)>;

/// The reference kernel of an op; nothing if it has none. Fails, with a
/// diagnostic, if the op has one but not for these types or attributes.
FailureOr<std::optional<TensorKernel>> makeTensorKernel(Operation *op);

} // namespace mlir::qnt

#endif // QNT_LIB_EXECUTION_INTERPRETERKERNELS_H
