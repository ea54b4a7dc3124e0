//===- Import.h - a model of any form to a module --------------*- C++ -*-===//
//
// Which importer reads a file, and which function of a module is meant.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_API_IMPORT_H
#define QNT_API_IMPORT_H

#include "qnt/Api/Model.h"

namespace mlir::qnt {

/// Reads ONNX, TFLite, MLIR text or bytecode. Emits diagnostics and returns
/// null on failure; text is registered with `sources`.
OwningOpRef<ModuleOp> importModel(MLIRContext *context,
                                  llvm::MemoryBufferRef buffer,
                                  const LoadOptions &options,
                                  llvm::SourceMgr &sources);

/// The function `name`, or without a name the only public one with a body.
/// Emits a diagnostic on failure.
FailureOr<FunctionOpInterface> findEntry(ModuleOp module, StringRef name);

} // namespace mlir::qnt

#endif // QNT_API_IMPORT_H
