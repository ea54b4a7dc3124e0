//===- OnnxGraph.h - build an ONNX graph ------------------------*- C++ -*-===//
//
// Nodes, initializers and names of one graph. Invariant: every tensor name is
// given once.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_EXPORT_ONNXGRAPH_H
#define QNT_LIB_EXPORT_ONNXGRAPH_H

#include "OnnxProto.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringSet.h"

#include <optional>
#include <string>

namespace mlir::qnt::onnx_export {

/// ONNX's number of an element type; nothing for types that ONNX lacks.
std::optional<int32_t> getOnnxType(Type type);

class OnnxGraph {
public:
  OnnxGraph(onnx::GraphProto &graph, int64_t opset)
      : graph(graph), opset(opset) {}

  int64_t getOpset() const { return opset; }
  onnx::GraphProto &getProto() { return graph; }

  /// A name like the hint that no tensor has yet.
  std::string makeName(StringRef hint);

  /// A node with one result; returns the result's name.
  std::string add(StringRef op, ArrayRef<std::string> inputs, StringRef hint);
  /// The node added last.
  onnx::NodeProto &last() { return *graph.mutable_node(graph.node_size() - 1); }
  void set(StringRef attribute, int64_t value);
  void set(StringRef attribute, ArrayRef<int64_t> values);

  /// An initializer of raw bytes; 4-bit types come one per byte.
  std::string addConstant(StringRef hint, int32_t type, ArrayRef<int64_t> shape,
                          ArrayRef<char> bytes);
  std::string addInts(StringRef hint, ArrayRef<int64_t> values);
  /// A scalar.
  std::string addFloat(StringRef hint, float value);

  /// Gives the result of a node another name wherever it is used; false if no
  /// node makes it.
  bool rename(StringRef from, StringRef to);

private:
  onnx::GraphProto &graph;
  int64_t opset;
  llvm::StringSet<> names;
};

} // namespace mlir::qnt::onnx_export

#endif // QNT_LIB_EXPORT_ONNXGRAPH_H
