//===- ImportLayout.h - concatenation of graph values -----------*- C++ -*-===//
//
// What Concat shares with the ops that concatenate the members of a sequence.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_IMPORTLAYOUT_H
#define QNT_LIB_IMPORT_IMPORTLAYOUT_H

#include "AxisMap.h"

namespace mlir::qnt::onnx_import {

/// The parts in a row along `axis`: a constant if all are.
FailureOr<OnnxValue> concatValues(NodeImporter &n, ArrayRef<OnnxValue> parts,
                                  int64_t axis);

} // namespace mlir::qnt::onnx_import

#endif // QNT_LIB_IMPORT_IMPORTLAYOUT_H
