//===- GraphImporter.h - an ONNX graph to one function ----------*- C++ -*-===//
//
// Reads the interface of the model's graph, builds the function and leaves the
// nodes to GraphScope. Unsupported nodes are reported together at the end.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_GRAPHIMPORTER_H
#define QNT_LIB_IMPORT_GRAPHIMPORTER_H

#include "GraphScope.h"

#include "qnt/Import/Onnx.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::qnt::onnx_import {

class GraphImporter {
public:
  GraphImporter(ModuleOp module, const onnx::ModelProto &model, Location file,
                const OnnxImportOptions &options, StringRef externalDir,
                int64_t fileBytes);

  /// Builds `@functionName`; diagnostics are emitted on failure.
  LogicalResult run(StringRef functionName);

private:
  struct Input {
    std::string name;
    Elem elem;
    Shape shape;
  };

  LogicalResult readOpset();
  LogicalResult readFunctions();
  LogicalResult checkOverrides();
  LogicalResult readInputs();
  LogicalResult readInput(const onnx::ValueInfoProto &info);
  FailureOr<int64_t> readDim(const onnx::ValueInfoProto &info, int index);
  void startFunction(StringRef functionName);
  LogicalResult reportUnsupported();
  FailureOr<Value> finishOutput(const onnx::ValueInfoProto &output,
                                OnnxValue *value, Elem elem);
  LogicalResult finishFunction();
  InFlightDiagnostic error() { return emitError(file); }

  ModuleOp module;
  const onnx::ModelProto &model;
  const onnx::GraphProto &graph;
  Location file;
  const OnnxImportOptions &options;
  ImportState state;
  GraphScope root;
  func::FuncOp function;
  std::vector<Input> inputs;
};

} // namespace mlir::qnt::onnx_import

#endif // QNT_LIB_IMPORT_GRAPHIMPORTER_H
