//===- GraphListing.cpp - nodes of a graph, supported or not --------------===//
//
// What the importer does where nodes are to be listed rather than refused. A
// node that is not supported leaves a hole: its operands become results of the
// function, so that what computes them stays, and its results become arguments
// where the file declares their shape.
//
//===----------------------------------------------------------------------===//

#include "GraphScope.h"

#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::onnx_import {

/// The op, with the domain unless it is the default one.
static std::string kindOf(const onnx::NodeProto &node) {
  if (node.domain().empty() || node.domain() == "ai.onnx")
    return node.op_type();
  return node.domain() + "." + node.op_type();
}

void GraphScope::listNode(const onnx::NodeProto &node,
                          ArrayRef<OnnxValue *> operands, bool inputsKnown,
                          StringRef problem) {
  OnnxNode entry{nameOf(node).str(), kindOf(node), OnnxNode::State::imported,
                 problem.str()};
  std::string blocker;
  for (const std::string &input : node.input())
    if (blocker.empty() && blockers.count(input))
      blocker = blockers[input];
  if (!problem.empty()) {
    entry.state = OnnxNode::State::unsupported;
    blocker = entry.name;
  } else if (!inputsKnown) {
    entry.state = OnnxNode::State::blocked;
    entry.reason = "needs a shape that is not known, since '" + blocker +
                   "' is not supported";
  }
  if (entry.state == OnnxNode::State::imported)
    entry.reason = whereItWent(node);
  if (entry.state != OnnxNode::State::imported) {
    keepOperands(operands);
    makePlaceholders(node);
    for (const std::string &output : node.output())
      if (!values[output].isKnown())
        blockers[output] = blocker;
  }
  state.listing->push_back(std::move(entry));
}

/// What a node that leaves no op of its own became, if the importer knows.
std::string GraphScope::whereItWent(const onnx::NodeProto &node) {
  if (state.functions.find(node) ||
      llvm::any_of(node.attribute(),
                   [](const auto &attr) { return attr.has_g(); }))
    return "its nodes are written out";
  bool isKnown = llvm::all_of(node.output(), [&](const std::string &output) {
    return output.empty() || values[output].constant ||
           values[output].sequence || !values[output].isKnown();
  });
  return isKnown ? "computed at compile time" : "";
}

void GraphScope::listUnused() {
  SmallVector<bool> used(graph.node_size(), false);
  for (int index : order)
    used[index] = true;
  for (int i = 0; i < graph.node_size(); ++i)
    if (!used[i])
      state.listing->push_back({nameOf(graph.node(i)).str(),
                                kindOf(graph.node(i)), OnnxNode::State::unused,
                                "no output of the graph needs it"});
}

void GraphScope::keepOperands(ArrayRef<OnnxValue *> operands) {
  for (OnnxValue *operand : operands)
    if (operand && operand->value && !operand->constant)
      state.kept.insert(operand->value);
}

std::optional<RankedTensorType> GraphScope::declaredType(StringRef name,
                                                         Elem &elem) {
  for (const onnx::ValueInfoProto &info : graph.value_info()) {
    if (info.name() != name || !info.type().has_tensor_type() ||
        !info.type().tensor_type().has_shape())
      continue;
    std::optional<Elem> declared =
        elemFromOnnx(info.type().tensor_type().elem_type());
    Shape shape;
    for (const auto &dim : info.type().tensor_type().shape().dim())
      shape.push_back(dim.has_dim_value() ? dim.dim_value() : -1);
    std::optional<int64_t> count = countElements(shape);
    if (!declared || !count || *count == 0 ||
        static_cast<int64_t>(shape.size()) > kMaxRank)
      return std::nullopt;
    elem = *declared;
    return RankedTensorType::get(shape,
                                 irType(state.builder.getContext(), elem));
  }
  return std::nullopt;
}

void GraphScope::makePlaceholders(const onnx::NodeProto &node) {
  for (const std::string &output : node.output()) {
    Elem elem;
    std::optional<RankedTensorType> type = declaredType(output, elem);
    if (output.empty() || !type || values[output].isKnown())
      continue;
    unsigned index = state.function.getNumArguments();
    Location loc =
        NameLoc::get(state.builder.getStringAttr(output), state.file);
    NamedAttribute name = state.builder.getNamedAttr(
        "qnt.name", state.builder.getStringAttr(output));
    if (succeeded(state.function.insertArgument(
            index, *type, state.builder.getDictionaryAttr(name), loc)))
      values[output] = OnnxValue(state.function.getArgument(index), elem);
  }
}

} // namespace mlir::qnt::onnx_import
