//===- TfliteGraph.h - a TFLite graph to one function -----------*- C++ -*-===//
//
// Walks the live ops of a graph in file order, which is the order of execution,
// and builds the function. Every quantized value is followed by its quantize
// and dequantize, so ops see reals. Unsupported ops do not stop the walk: they
// are collected and reported together at its end.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_TFLITE_TFLITEGRAPH_H
#define QNT_LIB_IMPORT_TFLITE_TFLITEGRAPH_H

#include "OpTable.h"

#include "qnt/Import/Tflite.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringSet.h"

namespace mlir::qnt::tflite_import {

class TfliteGraph {
public:
  TfliteGraph(ModuleOp module, const TfliteFile &model, Location file,
              const TfliteImportOptions &options, int64_t fileBytes);

  /// Builds `@functionName` from the first graph; diagnostics are emitted on
  /// failure.
  LogicalResult run(StringRef functionName);

private:
  /// One graph that is being walked: the main one, or a branch inside it.
  struct Scope {
    const GraphInfo &graph;
    std::vector<TfliteValue> values;
    SmallVector<OpInfo> ops;
    /// Positions of branches from the main graph on, to refuse recursion.
    SmallVector<size_t> path;

    explicit Scope(const GraphInfo &graph)
        : graph(graph), values(graph.tensors.size()) {}
  };

  LogicalResult readInputs();
  LogicalResult checkOverrides();
  LogicalResult checkOrder(const Scope &scope);
  LogicalResult readConstants(Scope &scope);
  LogicalResult walk(Scope &scope);
  LogicalResult importOp(Scope &scope, const OpInfo &op);
  LogicalResult buildOp(OpImporter &o);
  LogicalResult importIf(Scope &scope, const OpInfo &op);
  void setResults(Scope &scope, OpImporter &o);
  /// Stores `value` as the tensor says, and reads it back.
  TfliteValue quantized(Location loc, const TensorInfo &tensor,
                        OnnxValue value);
  void startFunction(StringRef functionName, Scope &scope);
  FailureOr<Value> finishOutput(TfliteValue &value, StringRef name);
  LogicalResult finishFunction(Scope &scope);

  Location locationOf(const Scope &scope, const OpInfo &op);
  InFlightDiagnostic error() { return emitError(file); }
  void addProblem(const Scope &scope, const OpInfo &op, StringRef reason);
  LogicalResult reportProblems();

  ModuleOp module;
  const TfliteFile &model;
  const GraphInfo &graph;
  Location file;
  const TfliteImportOptions &options;
  OpBuilder builder;
  onnx_import::ElementBudget budget;
  func::FuncOp function;
  std::vector<Shape> inputShapes;
  /// One line per op that cannot be imported, in order.
  std::vector<std::string> problems;
  bool anyQuantized = false;
};

/// The ops of a graph that its outputs need, in file order, with convolutions
/// between blocks joined into one op.
SmallVector<OpInfo> collectOps(const GraphInfo &graph);

} // namespace mlir::qnt::tflite_import

#endif // QNT_LIB_IMPORT_TFLITE_TFLITEGRAPH_H
