//===- TensorReader.h - tensors of the file to host constants ---*- C++ -*-===//
//
// Decodes TensorProto in all its encodings: typed fields, raw bytes and
// external files. Every size is checked before memory is taken, so the memory
// used is bounded by the bytes that are really there.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_TENSORREADER_H
#define QNT_LIB_IMPORT_TENSORREADER_H

#include "HostTensor.h"
#include "OnnxProto.h"

#include <string>

namespace mlir::qnt::onnx_import {

/// Decodes `proto`; on failure returns null and sets `error` to what is wrong
/// with the tensor, without naming it. External files are looked up in
/// `externalDir`.
HostTensorRef readTensor(const onnx::TensorProto &proto, StringRef externalDir,
                         std::string &error);

/// The dense form of a sparse tensor of at most `maxElements` elements.
HostTensorRef readSparse(const onnx::SparseTensorProto &proto,
                         StringRef externalDir, int64_t maxElements,
                         std::string &error);

} // namespace mlir::qnt::onnx_import

#endif // QNT_LIB_IMPORT_TENSORREADER_H
