//===- Import.cpp - a model of any form to a module -----------------------===//
//
// The content decides the form, so that bytes without a name work as well. An
// option that the form does not know is refused.
//
//===----------------------------------------------------------------------===//

#include "qnt/Api/Import.h"
#include "qnt/Import/Onnx.h"
#include "qnt/Import/Tflite.h"
#include "qnt/Support/ModuleInput.h"

#include "mlir/Parser/Parser.h"

using namespace mlir;
using namespace mlir::qnt;

static OwningOpRef<ModuleOp> importMlir(MLIRContext *context,
                                        llvm::MemoryBufferRef buffer,
                                        const LoadOptions &options,
                                        llvm::SourceMgr &sources) {
  Location file =
      FileLineColLoc::get(context, buffer.getBufferIdentifier(), 0, 0);
  for (auto [given, what] :
       {std::pair(!options.inputShapes.empty(), "shapes of the inputs"),
        std::pair(!options.externalDataDir.empty(), "external data"),
        std::pair(!options.name.empty(), "a name")})
    if (given) {
      emitError(file, "the model is MLIR, which does not take ") << what;
      return nullptr;
    }
  if (buffer.getBufferSize() == 0) {
    emitError(file, "file is empty");
    return nullptr;
  }
  if (!options.isTrusted)
    if (llvm::Error error =
            checkModuleInput(buffer, context->getDialectRegistry())) {
      emitError(file) << llvm::toString(std::move(error));
      return nullptr;
    }
  sources.AddNewSourceBuffer(
      llvm::MemoryBuffer::getMemBufferCopy(buffer.getBuffer(),
                                           buffer.getBufferIdentifier()),
      SMLoc());
  return parseSourceFile<ModuleOp>(sources, ParserConfig(context));
}

OwningOpRef<ModuleOp> qnt::importModel(MLIRContext *context,
                                       llvm::MemoryBufferRef buffer,
                                       const LoadOptions &options,
                                       llvm::SourceMgr &sources) {
  bool isTflite = looksLikeTflite(buffer);
  if (!isTflite && !looksLikeOnnx(buffer))
    return importMlir(context, buffer, options, sources);
  OnnxImportOptions import;
  import.externalDataDir = options.externalDataDir;
  import.functionName = options.name;
  std::string error;
  if (failed(
          parseInputShapes(options.inputShapes, import.inputShapes, error))) {
    emitError(UnknownLoc::get(context), "input shapes: ") << error;
    return nullptr;
  }
  if (!isTflite)
    return importOnnx(context, buffer, import);
  if (!options.externalDataDir.empty()) {
    emitError(FileLineColLoc::get(context, buffer.getBufferIdentifier(), 0, 0),
              "the model is TFLite, which does not take external data");
    return nullptr;
  }
  return importTflite(context, buffer,
                      {std::move(import.inputShapes), options.name});
}

FailureOr<FunctionOpInterface> qnt::findEntry(ModuleOp module, StringRef name) {
  if (!name.empty()) {
    auto function = dyn_cast_or_null<FunctionOpInterface>(
        SymbolTable::lookupSymbolIn(module, name));
    if (function && !function.isExternal())
      return function;
    return module.emitError("no function '") << name << "' with a body";
  }
  FunctionOpInterface found;
  for (auto function : module.getOps<FunctionOpInterface>()) {
    if (function.isExternal() || !function.isPublic())
      continue;
    if (found)
      return module.emitError("several public functions (")
             << found.getName() << ", " << function.getName()
             << ", ...); name one as the entry";
    found = function;
  }
  if (!found)
    return module.emitError("no public function to run");
  return found;
}
