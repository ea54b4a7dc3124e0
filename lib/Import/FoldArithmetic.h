//===- FoldArithmetic.h - arithmetic on the host ----------------*- C++ -*-===//
//
// The arithmetic that exporters leave between shapes, on constants of every
// element type. Each function expects all of its inputs to be constants.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_FOLDARITHMETIC_H
#define QNT_LIB_IMPORT_FOLDARITHMETIC_H

#include "NodeImporter.h"

namespace mlir::qnt::onnx_import {

using FoldFn = FailureOr<HostTensor> (*)(NodeImporter &);

FailureOr<HostTensor> foldBinary(NodeImporter &n);
FailureOr<HostTensor> foldUnary(NodeImporter &n);
FailureOr<HostTensor> foldCast(NodeImporter &n);
FailureOr<HostTensor> foldClip(NodeImporter &n);
// FoldReduce.cpp
FailureOr<HostTensor> foldReduce(NodeImporter &n);
FailureOr<HostTensor> foldCumSum(NodeImporter &n);

} // namespace mlir::qnt::onnx_import

#endif // QNT_LIB_IMPORT_FOLDARITHMETIC_H
