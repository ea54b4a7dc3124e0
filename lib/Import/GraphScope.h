//===- GraphScope.h - the names of one ONNX graph ---------------*- C++ -*-===//
//
// A graph while it is being imported: the model's own, a branch, the body of a
// loop, or an inlined function. Names that a graph does not define are looked
// up in the graph around it. Nodes are walked in topological order, and only
// those that an output needs. Unsupported nodes do not stop the walk: they are
// collected in the state that all graphs of a model share.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_GRAPHSCOPE_H
#define QNT_LIB_IMPORT_GRAPHSCOPE_H

#include "Functions.h"
#include "OpTable.h"

#include "qnt/Import/Onnx.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace mlir::qnt::onnx_import {

/// What the graphs of one model share.
struct ImportState {
  Location file;
  StringRef externalDir;
  OpBuilder builder;
  ElementBudget budget;
  /// How many more nodes may be imported: bodies of loops and functions count
  /// each time they are written out.
  int64_t nodesLeft;
  FunctionTable functions;
  /// One line per node that cannot be imported, in order.
  std::vector<std::string> problems;
  /// Where nodes are listed rather than refused, or null; then what unsupported
  /// nodes read.
  std::vector<OnnxNode> *listing = nullptr;
  func::FuncOp function = {};
  llvm::SetVector<Value> kept = {};
  bool padDetections = false;
};

class GraphScope : public SubgraphImporter {
public:
  GraphScope(ImportState &state, const onnx::GraphProto &graph, int64_t opset,
             GraphScope *parent = nullptr, unsigned depth = 0)
      : opset(opset), state(state), graph(graph), parent(parent), depth(depth) {
  }

  /// The version of the default operator set.
  int64_t opset;

  /// Indexes what the graph defines; diagnoses names that are defined twice.
  LogicalResult indexNames();
  bool hasInitializer(StringRef name) const {
    return initializers.count(name) != 0;
  }
  /// A value that comes from outside. It may be given after `sortNodes`, but
  /// its name has to be declared before.
  void declare(StringRef name) { inputNames.insert(name); }
  void define(StringRef name, OnnxValue value) {
    declare(name);
    values[name] = std::move(value);
  }
  LogicalResult sortNodes();
  LogicalResult importNodes();
  // GraphListing.cpp
  void listUnused();
  /// The value of a name; unknown if its producer is not supported, null if an
  /// initializer could not be read.
  OnnxValue *lookUp(StringRef name);

  FailureOr<SmallVector<OnnxValue>>
  importSubgraph(const onnx::GraphProto &body, ArrayRef<OnnxValue> inputs,
                 std::optional<int64_t> opset = std::nullopt) override;

private:
  LogicalResult readSparseInitializers();
  LogicalResult markLive(SmallVectorImpl<bool> &live);
  LogicalResult needName(StringRef name, Location user,
                         SmallVectorImpl<bool> &live,
                         SmallVectorImpl<int> &work);
  LogicalResult reportCycle(ArrayRef<bool> live, ArrayRef<bool> done);
  /// The names that a node reads, those of its graphs included.
  SmallVector<StringRef> namesReadBy(const onnx::NodeProto &node) const;
  bool knows(StringRef name) const;

  LogicalResult importNode(const onnx::NodeProto &node);
  LogicalResult buildNode(NodeImporter &n, bool inputsKnown);
  LogicalResult buildCall(NodeImporter &n, const onnx::FunctionProto &function);
  void takeResults(NodeImporter &n, bool complain);
  void addUnsupported(const onnx::NodeProto &node, StringRef reason);
  bool isListed() const { return state.listing && depth == 0; }
  // GraphListing.cpp
  void listNode(const onnx::NodeProto &node, ArrayRef<OnnxValue *> operands,
                bool inputsKnown, StringRef problem);
  std::string whereItWent(const onnx::NodeProto &node);
  void keepOperands(ArrayRef<OnnxValue *> operands);
  void makePlaceholders(const onnx::NodeProto &node);
  std::optional<RankedTensorType> declaredType(StringRef name, Elem &elem);
  FailureOr<SmallVector<OnnxValue>> finish();
  OnnxValue *readInitializer(StringRef name, const onnx::TensorProto &tensor);
  Location locationOf(const onnx::NodeProto &node);
  InFlightDiagnostic error() { return emitError(state.file); }

  ImportState &state;
  const onnx::GraphProto &graph;
  GraphScope *parent;
  unsigned depth;

  llvm::StringMap<const onnx::TensorProto *> initializers;
  llvm::StringSet<> inputNames;
  /// The node that makes a value.
  llvm::StringMap<int> producers;
  /// Names that live nodes or the graph's outputs read.
  llvm::StringSet<> needed;
  std::vector<int> order;
  llvm::StringMap<OnnxValue> values;
  /// In a listing: why a name has no value.
  llvm::StringMap<std::string> blockers;
};

/// The name diagnostics use for a node: its own, else its first output's.
StringRef nameOf(const onnx::NodeProto &node);

} // namespace mlir::qnt::onnx_import

#endif // QNT_LIB_IMPORT_GRAPHSCOPE_H
