//===- Onnx.h - read an ONNX model ----------------------------*- C++ -*-===//
//
// The public face of the ONNX importer. A model becomes a module with one
// public function in float tosa (and qnt.composite), with static shapes that
// the importer infers itself. Any malformed file ends in a diagnostic.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_IMPORT_ONNX_H
#define QNT_IMPORT_ONNX_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Support/LLVM.h"
#include "llvm/Support/MemoryBuffer.h"

#include <string>
#include <utility>

namespace mlir::qnt {

/// One node of a graph, as a listing tells it.
struct OnnxNode {
  enum class State {
    /// Imported; its ops, if it has any, carry the name in their locations.
    imported,
    /// Not supported.
    unsupported,
    /// Supported, but a shape that it needs is not known, since the node that
    /// makes it is not supported.
    blocked,
    /// No output of the graph needs it.
    unused
  };
  std::string name;
  std::string op;
  State state;
  /// Why; if imported, what became of a node without ops, where that is known.
  std::string reason;
};

/// How to read a model where the file leaves a choice.
struct OnnxImportOptions {
  /// Shapes of inputs by name; they win over what the file says, and every
  /// dynamic dimension but the leading one needs one.
  SmallVector<std::pair<std::string, SmallVector<int64_t>>> inputShapes;
  /// The code is to serve batches of any size, sample by sample. Refuses
  /// models whose inputs do not have the batch as their first dimension, or
  /// that mix samples; else the module gets the attribute `qnt.any_batch`.
  bool anyBatch = false;
  /// If not 0, the first dimension of every input without a shape above; it has
  /// to be open or 1 in the file.
  int64_t leadingSize = 0;
  /// Where external weight files lie; empty: beside the model.
  std::string externalDataDir;
  /// Read NonMaxSuppression, with as many rows in its result as there can be
  /// boxes; rows behind the last one are -1. Without it the op is refused.
  bool padDetections = false;
  /// Name of the function; empty: the stem of the file name, made a C
  /// identifier.
  std::string functionName;
  /// Where to list the nodes, in their order. If given, unsupported nodes do
  /// not fail the import: where the file says which shape a result of theirs
  /// has, it becomes an argument of the function, and what they read becomes
  /// results of it.
  std::vector<OnnxNode> *listing = nullptr;
};

/// Parses `x:1x3x224x224,y:1x10` into `shapes`. On failure `error` says what
/// is wrong with which part.
LogicalResult parseInputShapes(
    StringRef text,
    SmallVectorImpl<std::pair<std::string, SmallVector<int64_t>>> &shapes,
    std::string &error);

/// True if the name ends in `.onnx` or the content starts like a serialized
/// ONNX model (and not like MLIR text or bytecode).
bool looksLikeOnnx(llvm::MemoryBufferRef buffer);

/// Imports the model in `buffer`, whose identifier is its path. Emits
/// diagnostics and returns null on failure.
OwningOpRef<ModuleOp> importOnnx(MLIRContext *context,
                                 llvm::MemoryBufferRef buffer,
                                 const OnnxImportOptions &options = {});

/// Imports the model in the file at `path`.
OwningOpRef<ModuleOp> importOnnxFile(MLIRContext *context, StringRef path,
                                     const OnnxImportOptions &options = {});

/// Prints the table of the ops that can be read, as Markdown: operator sets,
/// numbers of inputs, attributes.
void printOnnxOps(raw_ostream &os);

} // namespace mlir::qnt

#endif // QNT_IMPORT_ONNX_H
