//===- Tflite.h - read a TFLite model --------------------------*- C++ -*-===//
//
// The public face of the TFLite importer. A model becomes a module with one
// public function: float tosa (and qnt.composite) with quantize and dequantize
// around every op whose tensors are stored integers. Any malformed file ends in
// a diagnostic.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_IMPORT_TFLITE_H
#define QNT_IMPORT_TFLITE_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Support/LLVM.h"
#include "llvm/Support/MemoryBuffer.h"

#include <string>
#include <utility>

namespace mlir::qnt {

/// How to read a model where the file leaves a choice.
struct TfliteImportOptions {
  /// Shapes of inputs by name; they win over what the file says.
  SmallVector<std::pair<std::string, SmallVector<int64_t>>> inputShapes;
  /// Name of the function; empty: the stem of the file name, made a C
  /// identifier.
  std::string functionName;
};

/// True if the name ends in `.tflite` or the content carries the identifier of
/// the format.
bool looksLikeTflite(llvm::MemoryBufferRef buffer);

/// Imports the model in `buffer`, whose identifier is its path. Emits
/// diagnostics and returns null on failure.
OwningOpRef<ModuleOp> importTflite(MLIRContext *context,
                                   llvm::MemoryBufferRef buffer,
                                   const TfliteImportOptions &options = {});

} // namespace mlir::qnt

#endif // QNT_IMPORT_TFLITE_H
