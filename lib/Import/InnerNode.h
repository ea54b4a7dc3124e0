//===- InnerNode.h - an op in terms of another ------------------*- C++ -*-===//
//
// A quantized op is a float op between conversions. Its builder asks for the
// float op through here, under the name and operator set that the float op's
// builder knows; whatever that refuses, the quantized op refuses in the same
// words.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_INNERNODE_H
#define QNT_LIB_IMPORT_INNERNODE_H

#include "NodeImporter.h"

namespace mlir::qnt::onnx_import {

/// Result 0 of the op `op` of the default domain, on other inputs but with the
/// attributes of `n`. An input that is not known stands for an absent one.
/// `opset` 0 is that of the model.
FailureOr<OnnxValue> buildInner(NodeImporter &n, StringRef op,
                                MutableArrayRef<OnnxValue> inputs,
                                int64_t opset = 0);

} // namespace mlir::qnt::onnx_import

#endif // QNT_LIB_IMPORT_INNERNODE_H
