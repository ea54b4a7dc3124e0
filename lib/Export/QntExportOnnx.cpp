//===- QntExportOnnx.cpp - write a model as ONNX --------------------------===//
//
// Finds the function and the opset, has the graph exported, and writes the file
// whole or not at all.
//
//===----------------------------------------------------------------------===//

#include "GraphExporter.h"
#include "qnt/Export/Passes.h"
#include "qnt/Support/OutputFiles.h"

namespace mlir::qnt {
#define GEN_PASS_DEF_QNTEXPORTONNX
#include "qnt/Export/Passes.h.inc"
} // namespace mlir::qnt

using namespace mlir;
using namespace mlir::qnt;
using namespace mlir::qnt::onnx_export;

/// What the types need: 21 knows 4 and 16 bits and blocks.
static int64_t chooseOpset(func::FuncOp function) {
  int64_t opset = 13;
  function.walk([&](Operation *op) {
    for (Value value : op->getResults()) {
      auto shaped = dyn_cast<ShapedType>(value.getType());
      auto type = shaped ? dyn_cast<qnt::QuantizedType>(shaped.getElementType())
                         : qnt::QuantizedType();
      if (!type)
        continue;
      unsigned width = type.getStorageWidth();
      if ((width != 8 && width != 32) || isa<PerBlockAttr>(type.getScheme()))
        opset = 21;
    }
  });
  return opset;
}

static FailureOr<func::FuncOp> findFunction(ModuleOp module) {
  func::FuncOp found;
  for (auto function : module.getOps<func::FuncOp>()) {
    if (!function.isPublic() || function.isDeclaration())
      continue;
    if (found)
      return module.emitError("expected one public function to export, found "
                              "'")
             << found.getName() << "' and '" << function.getName() << "'";
    found = function;
  }
  if (!found)
    return module.emitError("expected a public function to export");
  return found;
}

namespace {
struct QntExportOnnxPass : qnt::impl::QntExportOnnxBase<QntExportOnnxPass> {
  using QntExportOnnxBase::QntExportOnnxBase;

  void runOnOperation() override {
    if (failed(exportModule()))
      signalPassFailure();
    markAllAnalysesPreserved();
  }

private:
  LogicalResult exportModule();
};
} // namespace

LogicalResult QntExportOnnxPass::exportModule() {
  ModuleOp module = getOperation();
  if (file.empty())
    return module.emitError("expected file to name the model");
  FailureOr<func::FuncOp> function = findFunction(module);
  if (failed(function))
    return failure();
  onnx::ModelProto model;
  int64_t opset = chooseOpset(*function);
  // The version of the format that came with the opset.
  model.set_ir_version(opset >= 21 ? 10 : 7);
  model.set_producer_name("quant-opt");
  auto *import = model.add_opset_import();
  import->set_domain("");
  import->set_version(opset);
  model.mutable_graph()->set_name(function->getName().str());
  OnnxGraph graph(*model.mutable_graph(), opset);
  if (failed(GraphExporter(graph).run(*function)))
    return failure();
  std::string bytes;
  if (!model.SerializeToString(&bytes))
    return module.emitError("the model is larger than the 2 GiB that an ONNX "
                            "file holds");
  numNodes += model.graph().node_size();
  numInitializers += model.graph().initializer_size();
  OutputFiles files;
  llvm::Error error = files.add(file, bytes);
  if (!error)
    error = files.commit();
  if (error)
    return module.emitError() << llvm::toString(std::move(error));
  return success();
}
