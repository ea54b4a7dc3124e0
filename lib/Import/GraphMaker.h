//===- GraphMaker.h - an op as a graph of others ----------------*- C++ -*-===//
//
// Ops that are made of ops of the default domain are written as such: a small
// ONNX graph in the newest operator set, imported in the place of the node, so
// that every part is built by its own builder. A reason that a part is not
// supported names that part.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_GRAPHMAKER_H
#define QNT_LIB_IMPORT_GRAPHMAKER_H

#include "NodeImporter.h"

namespace mlir::qnt::onnx_import {

onnx::AttributeProto intAttr(StringRef name, int64_t value);
onnx::AttributeProto floatAttr(StringRef name, float value);
onnx::AttributeProto intsAttr(StringRef name, ArrayRef<int64_t> values);
onnx::AttributeProto stringAttr(StringRef name, StringRef value);

class GraphMaker {
public:
  using Name = std::string;

  /// The inputs of the node are inputs of the graph.
  explicit GraphMaker(NodeImporter &n);

  /// The node's input; empty if it is left out.
  Name input(unsigned i) const;
  /// Appends a node and returns its first output; others are `name:i`.
  Name add(StringRef op, ArrayRef<Name> inputs,
           ArrayRef<onnx::AttributeProto> attributes = {},
           unsigned outputs = 1);
  Name output(const Name &first, unsigned i) const;
  /// A vector or a scalar of int64.
  Name ints(ArrayRef<int64_t> values);
  Name scalar(int64_t value);
  /// A scalar of the element type of the node's first input.
  Name number(double value);

  Name reshape(const Name &x, ArrayRef<int64_t> shape);
  Name transpose(const Name &x, ArrayRef<int64_t> perm);
  /// Entries [start, end) of an axis, every `step`-th.
  Name slice(const Name &x, int64_t axis, int64_t start, int64_t end,
             int64_t step = 1);
  Name concat(ArrayRef<Name> parts, int64_t axis);

  /// Imports the graph; its outputs become the results of the node, in order,
  /// where they have a name.
  LogicalResult build(ArrayRef<Name> outputs);

private:
  Name fresh();

  NodeImporter &n;
  onnx::GraphProto graph;
  unsigned count = 0;
};

} // namespace mlir::qnt::onnx_import

#endif // QNT_LIB_IMPORT_GRAPHMAKER_H
