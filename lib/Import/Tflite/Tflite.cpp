//===- Tflite.cpp - read a TFLite model -----------------------------------===//
//
// The entry points: verifies the flatbuffer, has the graph imported and
// verifies the module. Nothing of flatbuffers outlives a call.
//
//===----------------------------------------------------------------------===//

#include "qnt/Import/Tflite.h"

#include "TfliteGraph.h"

#include "qnt/Dialect/IR/Qnt.h"

#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"

namespace mlir::qnt {

using namespace tflite_import;

bool looksLikeTflite(llvm::MemoryBufferRef buffer) {
  return buffer.getBufferIdentifier().ends_with(".tflite") ||
         buffer.getBuffer()
             .drop_front(std::min<size_t>(4, buffer.getBufferSize()))
             .starts_with("TFL3");
}

/// A C identifier like the stem of the path; never empty.
static std::string chooseName(llvm::MemoryBufferRef buffer,
                              const TfliteImportOptions &options) {
  StringRef text = options.functionName;
  if (text.empty())
    text = llvm::sys::path::stem(buffer.getBufferIdentifier());
  std::string name;
  for (char c : text)
    name += llvm::isAlnum(c) ? c : '_';
  if (name.empty() || llvm::isDigit(name.front()))
    name = "model_" + name;
  return name == "model_" ? "model" : name;
}

OwningOpRef<ModuleOp> importTflite(MLIRContext *context,
                                   llvm::MemoryBufferRef buffer,
                                   const TfliteImportOptions &options) {
  onnx_import::loadImportDialects(context);
  Location file =
      FileLineColLoc::get(context, buffer.getBufferIdentifier(), 0, 0);
  std::string error;
  std::unique_ptr<TfliteFile> model =
      TfliteFile::open(buffer.getBuffer(), error);
  if (!model) {
    emitError(file) << error;
    return nullptr;
  }
  OwningOpRef<ModuleOp> module = ModuleOp::create(file);
  auto digest =
      llvm::SHA256::hash(llvm::arrayRefFromStringRef(buffer.getBuffer()));
  (*module)->setAttr("qnt.model_sha256",
                     StringAttr::get(context, llvm::toHex(digest, true)));
  TfliteGraph graph(*module, *model, file, options, buffer.getBufferSize());
  if (failed(graph.run(chooseName(buffer, options))) || failed(verify(*module)))
    return nullptr;
  return module;
}

} // namespace mlir::qnt
