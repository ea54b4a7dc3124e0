//===- GraphMaker.cpp - an op as a graph of others ------------------------===//
//
// See the header. Names are numbered, so they never clash.
//
//===----------------------------------------------------------------------===//

#include "GraphMaker.h"

#include "OpTable.h"

namespace mlir::qnt::onnx_import {

onnx::AttributeProto intAttr(StringRef name, int64_t value) {
  onnx::AttributeProto attr;
  attr.set_name(name.str());
  attr.set_type(onnx::AttributeProto::INT);
  attr.set_i(value);
  return attr;
}

onnx::AttributeProto floatAttr(StringRef name, float value) {
  onnx::AttributeProto attr;
  attr.set_name(name.str());
  attr.set_type(onnx::AttributeProto::FLOAT);
  attr.set_f(value);
  return attr;
}

onnx::AttributeProto intsAttr(StringRef name, ArrayRef<int64_t> values) {
  onnx::AttributeProto attr;
  attr.set_name(name.str());
  attr.set_type(onnx::AttributeProto::INTS);
  for (int64_t value : values)
    attr.add_ints(value);
  return attr;
}

onnx::AttributeProto stringAttr(StringRef name, StringRef value) {
  onnx::AttributeProto attr;
  attr.set_name(name.str());
  attr.set_type(onnx::AttributeProto::STRING);
  attr.set_s(value.str());
  return attr;
}

GraphMaker::GraphMaker(NodeImporter &n) : n(n) {
  graph.set_name(n.node.op_type());
  for (unsigned i = 0; i < n.numInputs(); ++i)
    if (n.hasInput(i))
      graph.add_input()->set_name("in" + std::to_string(i));
}

GraphMaker::Name GraphMaker::input(unsigned i) const {
  return n.hasInput(i) ? "in" + std::to_string(i) : "";
}

GraphMaker::Name GraphMaker::fresh() { return "v" + std::to_string(count++); }

GraphMaker::Name GraphMaker::output(const Name &first, unsigned i) const {
  return first + ":" + std::to_string(i);
}

GraphMaker::Name GraphMaker::add(StringRef op, ArrayRef<Name> inputs,
                                 ArrayRef<onnx::AttributeProto> attributes,
                                 unsigned outputs) {
  onnx::NodeProto *node = graph.add_node();
  node->set_op_type(op.str());
  node->set_name(n.node.name());
  for (const Name &input : inputs)
    node->add_input(input);
  Name first = fresh();
  node->add_output(first);
  for (unsigned i = 1; i < outputs; ++i)
    node->add_output(output(first, i));
  for (const onnx::AttributeProto &attribute : attributes)
    *node->add_attribute() = attribute;
  return first;
}

GraphMaker::Name GraphMaker::ints(ArrayRef<int64_t> values) {
  onnx::TensorProto *tensor = graph.add_initializer();
  tensor->set_name(fresh());
  tensor->set_data_type(onnx::TensorProto::INT64);
  tensor->add_dims(values.size());
  for (int64_t value : values)
    tensor->add_int64_data(value);
  return tensor->name();
}

GraphMaker::Name GraphMaker::scalar(int64_t value) {
  Name name = ints({value});
  graph.mutable_initializer(graph.initializer_size() - 1)->clear_dims();
  return name;
}

GraphMaker::Name GraphMaker::number(double value) {
  onnx::TensorProto *tensor = graph.add_initializer();
  tensor->set_name(fresh());
  tensor->set_data_type(onnx::TensorProto::FLOAT);
  tensor->add_float_data(static_cast<float>(value));
  Name name = tensor->name();
  Elem elem = n.elemOf(0);
  if (elem == Elem::Float || !isFloat(elem))
    return name;
  return add("Cast", {name}, {intAttr("to", static_cast<int64_t>(elem))});
}

GraphMaker::Name GraphMaker::reshape(const Name &x, ArrayRef<int64_t> shape) {
  return add("Reshape", {x, ints(shape)});
}

GraphMaker::Name GraphMaker::transpose(const Name &x, ArrayRef<int64_t> perm) {
  return add("Transpose", {x}, {intsAttr("perm", perm)});
}

GraphMaker::Name GraphMaker::slice(const Name &x, int64_t axis, int64_t start,
                                   int64_t end, int64_t step) {
  return add("Slice", {x, ints({start}), ints({end}), ints({axis}),
                       ints({step})});
}

GraphMaker::Name GraphMaker::concat(ArrayRef<Name> parts, int64_t axis) {
  return add("Concat", parts, {intAttr("axis", axis)});
}

LogicalResult GraphMaker::build(ArrayRef<Name> outputs) {
  SmallVector<unsigned> wanted;
  for (int i = 0; i < n.node.output_size(); ++i) {
    if (n.node.output(i).empty() || i >= static_cast<int>(outputs.size()) ||
        outputs[i].empty())
      continue;
    graph.add_output()->set_name(outputs[i]);
    wanted.push_back(i);
  }
  SmallVector<OnnxValue> inputs;
  for (unsigned i = 0; i < n.numInputs(); ++i)
    if (n.hasInput(i))
      inputs.push_back(n.inputValue(i));
  FailureOr<SmallVector<OnnxValue>> results =
      n.subgraphs->importSubgraph(graph, inputs, kNewestOpset);
  if (failed(results))
    return n.reported();
  for (auto [i, value] : llvm::zip(wanted, *results))
    if (value.isKnown())
      n.setResult(i, value);
  return success();
}

} // namespace mlir::qnt::onnx_import
