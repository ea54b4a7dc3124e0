//===- Onnx.cpp - read an ONNX model --------------------------------------===//
//
// The entry points: reads the file, parses the message, has the graph imported
// and verifies the module. Nothing of protobuf outlives a call.
//
//===----------------------------------------------------------------------===//

#include "qnt/Import/Onnx.h"

#include "BatchAxis.h"
#include "GraphImporter.h"

#include "qnt/Dialect/IR/Qnt.h"

#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

namespace mlir::qnt {

using namespace onnx_import;

LogicalResult parseInputShapes(
    StringRef text,
    SmallVectorImpl<std::pair<std::string, SmallVector<int64_t>>> &shapes,
    std::string &error) {
  SmallVector<StringRef> entries;
  text.split(entries, ',', -1, /*KeepEmpty=*/false);
  for (StringRef entry : entries) {
    // Names may hold colons themselves (`input:0`): the last one separates.
    auto [name, dims] = entry.rsplit(':');
    if (name.empty() || dims.empty()) {
      error = llvm::formatv("expected NAME:DIMxDIM..., found '{0}'", entry);
      return failure();
    }
    SmallVector<StringRef> parts;
    dims.split(parts, 'x');
    SmallVector<int64_t> shape;
    for (StringRef part : parts) {
      int64_t dim;
      if (part.getAsInteger(10, dim) || dim < 1 || dim > kMaxDim) {
        error = llvm::formatv("expected a positive size in '{0}', found '{1}'",
                              entry, part);
        return failure();
      }
      shape.push_back(dim);
    }
    shapes.emplace_back(name.str(), std::move(shape));
  }
  return success();
}

bool looksLikeOnnx(llvm::MemoryBufferRef buffer) {
  if (buffer.getBufferIdentifier().ends_with(".onnx"))
    return true;
  // Field 1, the IR version, as a small varint: what every exporter writes
  // first, and not a character of MLIR text or its bytecode.
  StringRef bytes = buffer.getBuffer();
  return bytes.size() > 2 && bytes[0] == 0x08 && bytes[1] > 0 && bytes[1] < 64;
}

/// Parses the message; emits a diagnostic that tells damage from another
/// format.
static LogicalResult parseModel(Location file, StringRef bytes,
                                onnx::ModelProto &model) {
  if (bytes.empty())
    return emitError(file) << "file is empty";
  if (bytes.size() > static_cast<size_t>(INT32_MAX))
    return emitError(file) << "file is larger than the 2 GiB that protobuf "
                              "reads; store the weights as external data";
  google::protobuf::io::ArrayInputStream array(bytes.data(), bytes.size());
  google::protobuf::io::CodedInputStream stream(&array);
  bool parsed = model.MergePartialFromCodedStream(&stream) &&
                stream.ConsumedEntireMessage();
  bool startsLikeModel = model.has_ir_version() && model.ir_version() > 0;
  if (parsed && startsLikeModel && model.has_graph())
    return success();
  if (!startsLikeModel)
    return emitError(file) << "not an onnx model";
  if (parsed)
    return emitError(file) << "the onnx model holds no graph";
  return emitError(file) << "the onnx model is truncated or damaged";
}

/// A C identifier like the text; never empty.
static std::string toIdentifier(StringRef text) {
  std::string name;
  for (char c : text)
    name += llvm::isAlnum(c) ? c : '_';
  if (name.empty() || llvm::isDigit(name.front()))
    name = "model_" + name;
  return name == "model_" ? "model" : name;
}

static std::string chooseName(llvm::MemoryBufferRef buffer,
                              const onnx::GraphProto &graph,
                              const OnnxImportOptions &options) {
  if (!options.functionName.empty())
    return toIdentifier(options.functionName);
  StringRef stem = llvm::sys::path::stem(buffer.getBufferIdentifier());
  if (buffer.getBufferIdentifier().ends_with(".onnx"))
    return toIdentifier(stem);
  return toIdentifier(graph.name());
}

/// Imports the model for a batch and follows its samples.
static LogicalResult checkAnyBatch(MLIRContext *context,
                                   llvm::MemoryBufferRef buffer,
                                   OnnxImportOptions options) {
  options.anyBatch = false;
  options.leadingSize = kProbeBatch;
  options.listing = nullptr;
  OwningOpRef<ModuleOp> batch;
  {
    // What it remarks, the import proper will say again.
    ScopedDiagnosticHandler quiet(context, [](Diagnostic &diagnostic) {
      return success(diagnostic.getSeverity() == DiagnosticSeverity::Remark);
    });
    batch = importOnnx(context, buffer, options);
  }
  return batch ? checkBatchAxis(*batch->getOps<func::FuncOp>().begin())
               : failure();
}

OwningOpRef<ModuleOp> importOnnx(MLIRContext *context,
                                 llvm::MemoryBufferRef buffer,
                                 const OnnxImportOptions &options) {
  loadImportDialects(context);
  if (options.anyBatch && failed(checkAnyBatch(context, buffer, options)))
    return nullptr;
  StringRef path = buffer.getBufferIdentifier();
  Location file = FileLineColLoc::get(context, path, 0, 0);
  onnx::ModelProto model;
  if (failed(parseModel(file, buffer.getBuffer(), model)))
    return nullptr;
  std::string externalDir = options.externalDataDir;
  if (externalDir.empty())
    externalDir = llvm::sys::path::parent_path(path).str();

  OwningOpRef<ModuleOp> module = ModuleOp::create(file);
  auto digest =
      llvm::SHA256::hash(llvm::arrayRefFromStringRef(buffer.getBuffer()));
  (*module)->setAttr("qnt.model_sha256",
                     StringAttr::get(context, llvm::toHex(digest, true)));
  if (options.anyBatch)
    (*module)->setAttr("qnt.any_batch", UnitAttr::get(context));
  GraphImporter importer(*module, model, file, options, externalDir,
                         buffer.getBufferSize());
  if (failed(importer.run(chooseName(buffer, model.graph(), options))))
    return nullptr;
  if (failed(verify(*module)))
    return nullptr;
  return module;
}

OwningOpRef<ModuleOp> importOnnxFile(MLIRContext *context, StringRef path,
                                     const OnnxImportOptions &options) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!buffer) {
    emitError(FileLineColLoc::get(context, path, 0, 0))
        << "cannot open file: " << buffer.getError().message();
    return nullptr;
  }
  return importOnnx(context, **buffer, options);
}

} // namespace mlir::qnt
