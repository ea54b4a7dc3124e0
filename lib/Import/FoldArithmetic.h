//===- FoldArithmetic.h - elementwise arithmetic on the host ----*- C++ -*-===//
//
// Numbers on host tensors: what shape arithmetic in exported graphs uses.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_FOLDARITHMETIC_H
#define QNT_LIB_IMPORT_FOLDARITHMETIC_H

#include "NodeImporter.h"

namespace mlir::qnt::onnx_import {

using FoldFn = FailureOr<HostTensor> (*)(NodeImporter &);

/// Elementwise ops; inputs are constants.
FailureOr<HostTensor> foldBinary(NodeImporter &n);
FailureOr<HostTensor> foldUnary(NodeImporter &n);
FailureOr<HostTensor> foldWhere(NodeImporter &n);
FailureOr<HostTensor> foldExpand(NodeImporter &n);
FailureOr<HostTensor> foldCast(NodeImporter &n);
FailureOr<HostTensor> foldReduce(NodeImporter &n);

} // namespace mlir::qnt::onnx_import

#endif // QNT_LIB_IMPORT_FOLDARITHMETIC_H
