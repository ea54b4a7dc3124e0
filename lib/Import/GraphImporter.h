//===- GraphImporter.h - an ONNX graph to one function ----------*- C++ -*-===//
//
// Walks the live nodes of a graph in topological order and builds the function.
// Nodes that no output needs are never looked at. Unsupported nodes do not stop
// the walk: they are collected and reported together at its end.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_GRAPHIMPORTER_H
#define QNT_LIB_IMPORT_GRAPHIMPORTER_H

#include "OpTable.h"

#include "qnt/Import/Onnx.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

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
  LogicalResult indexNames();
  LogicalResult indexNodes();
  LogicalResult checkOverrides();
  LogicalResult readInputs();
  LogicalResult readInput(const onnx::ValueInfoProto &info);
  FailureOr<int64_t> readDim(const onnx::ValueInfoProto &info, int index);
  LogicalResult sortNodes();
  LogicalResult markLive(SmallVectorImpl<bool> &live);
  LogicalResult reportCycle(ArrayRef<bool> live, ArrayRef<bool> done);
  void startFunction(StringRef functionName);
  LogicalResult importNode(const onnx::NodeProto &node);
  LogicalResult buildNode(NodeImporter &n, bool inputsKnown);
  void checkOutputsMade(NodeImporter &n);
  LogicalResult reportUnsupported();
  // GraphListing.cpp
  void listNode(const onnx::NodeProto &node, ArrayRef<OnnxValue *> operands,
                bool inputsKnown, StringRef problem);
  void listUnused();
  void keepOperands(ArrayRef<OnnxValue *> operands);
  void makePlaceholders(const onnx::NodeProto &node);
  std::optional<RankedTensorType> declaredType(StringRef name, Elem &elem);
  FailureOr<Value> finishOutput(const onnx::ValueInfoProto &output,
                                OnnxValue *value, Elem elem);
  LogicalResult finishFunction();

  OnnxValue *lookUp(StringRef name);
  OnnxValue *readInitializer(StringRef name, const onnx::TensorProto &tensor);
  Location locationOf(const onnx::NodeProto &node);
  InFlightDiagnostic error() { return emitError(file); }
  void addUnsupported(const onnx::NodeProto &node, StringRef reason);

  ModuleOp module;
  const onnx::ModelProto &model;
  const onnx::GraphProto &graph;
  Location file;
  const OnnxImportOptions &options;
  StringRef externalDir;
  OpBuilder builder;
  ElementBudget budget;
  int64_t opset = 1;
  func::FuncOp function;

  std::vector<Input> inputs;
  llvm::StringMap<const onnx::TensorProto *> initializers;
  /// The node that makes a value.
  llvm::StringMap<int> producers;
  /// Names that live nodes or the graph's outputs read.
  llvm::StringSet<> needed;
  std::vector<int> order;
  llvm::StringMap<OnnxValue> values;
  /// One line per node that cannot be imported, in order.
  std::vector<std::string> problems;
  /// In a listing: what unsupported nodes read, and where a name comes from.
  llvm::SetVector<Value> kept;
  llvm::StringMap<std::string> blockers;
};

/// The name diagnostics use for a node: its own, else its first output's.
StringRef nameOf(const onnx::NodeProto &node);

} // namespace mlir::qnt::onnx_import

#endif // QNT_LIB_IMPORT_GRAPHIMPORTER_H
