//===- GraphScope.cpp - the names of one ONNX graph -----------------------===//
//
// See the header. Liveness and order are computed with explicit work lists,
// since files may be deeper than any stack; graphs inside of graphs are counted
// and refused beyond a depth.
//
//===----------------------------------------------------------------------===//

#include "GraphScope.h"

#include "TensorReader.h"

#include "llvm/Support/FormatVariadic.h"

#include <queue>

namespace mlir::qnt::onnx_import {

/// Graphs within graphs and functions within functions.
static constexpr unsigned kMaxDepth = 48;

StringRef nameOf(const onnx::NodeProto &node) {
  if (!node.name().empty())
    return node.name();
  return node.output_size() > 0 ? StringRef(node.output(0)) : StringRef();
}

Location GraphScope::locationOf(const onnx::NodeProto &node) {
  StringRef name = nameOf(node);
  if (name.empty())
    return state.file;
  return NameLoc::get(state.builder.getStringAttr(name), state.file);
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

LogicalResult GraphScope::indexNames() {
  for (const onnx::TensorProto &tensor : graph.initializer()) {
    if (tensor.name().empty())
      return error() << "an initializer has no name";
    if (!initializers.try_emplace(tensor.name(), &tensor).second)
      return error() << "initializer '" << tensor.name() << "' appears twice";
  }
  if (failed(readSparseInitializers()))
    return failure();
  llvm::StringSet<> names;
  for (const onnx::ValueInfoProto &info : graph.input()) {
    if (info.name().empty())
      return error() << "a graph input has no name";
    if (!names.insert(info.name()).second)
      return error() << "graph input '" << info.name() << "' appears twice";
  }
  if (graph.output_size() == 0)
    return error() << "the graph has no output";
  for (int i = 0; i < graph.node_size(); ++i) {
    for (const std::string &output : graph.node(i).output()) {
      if (output.empty())
        continue;
      if (names.contains(output) || hasInitializer(output) ||
          !producers.try_emplace(output, i).second)
        return emitError(locationOf(graph.node(i)))
               << "value '" << output << "' is defined twice";
    }
  }
  return success();
}

/// Sparse initializers are made dense at once, as far as the budget goes.
LogicalResult GraphScope::readSparseInitializers() {
  for (const onnx::SparseTensorProto &sparse : graph.sparse_initializer()) {
    const std::string &name = sparse.values().name();
    if (name.empty())
      return error() << "an initializer has no name";
    if (!initializers.try_emplace(name, &sparse.values()).second)
      return error() << "initializer '" << name << "' appears twice";
    std::string reason;
    HostTensorRef dense =
        readSparse(sparse, state.externalDir, state.budget.left, reason);
    if (!dense)
      return error() << "initializer '" << name << "' " << reason;
    state.budget.take(dense->size());
    values[name] = OnnxValue(std::move(dense));
  }
  return success();
}

bool GraphScope::knows(StringRef name) const {
  for (const GraphScope *scope = this; scope; scope = scope->parent)
    if (scope->inputNames.contains(name) || scope->hasInitializer(name) ||
        scope->producers.count(name))
      return true;
  return false;
}

namespace {
/// A graph inside of a node, with what it defines.
struct InnerGraph {
  const onnx::GraphProto *graph;
  int around;
  llvm::StringSet<> defined;
};
} // namespace

static llvm::StringSet<> namesDefinedBy(const onnx::GraphProto &graph) {
  llvm::StringSet<> names;
  for (const onnx::ValueInfoProto &info : graph.input())
    names.insert(info.name());
  for (const onnx::TensorProto &tensor : graph.initializer())
    names.insert(tensor.name());
  for (const onnx::SparseTensorProto &tensor : graph.sparse_initializer())
    names.insert(tensor.values().name());
  for (const onnx::NodeProto &node : graph.node())
    for (const std::string &output : node.output())
      names.insert(output);
  return names;
}

SmallVector<StringRef>
GraphScope::namesReadBy(const onnx::NodeProto &node) const {
  SmallVector<StringRef> names(node.input().begin(), node.input().end());
  std::vector<InnerGraph> inner;
  auto addGraphs = [&](const onnx::NodeProto &of, int around) {
    for (const onnx::AttributeProto &attr : of.attribute())
      if (attr.has_g())
        inner.push_back({&attr.g(), around, namesDefinedBy(attr.g())});
  };
  addGraphs(node, -1);
  for (size_t i = 0; i < inner.size(); ++i) {
    auto read = [&](StringRef name) {
      for (int at = i; at >= 0; at = inner[at].around)
        if (inner[at].defined.contains(name))
          return;
      // What nobody defines is diagnosed where it is read.
      if (!name.empty() && knows(name))
        names.push_back(name);
    };
    const onnx::GraphProto &graph = *inner[i].graph;
    for (const onnx::NodeProto &child : graph.node()) {
      for (const std::string &name : child.input())
        read(name);
      addGraphs(child, static_cast<int>(i));
    }
    for (const onnx::ValueInfoProto &output : graph.output())
      read(output.name());
  }
  return names;
}

//===----------------------------------------------------------------------===//
// Order
//===----------------------------------------------------------------------===//

LogicalResult GraphScope::needName(StringRef name, Location user,
                                   SmallVectorImpl<bool> &live,
                                   SmallVectorImpl<int> &work) {
  if (name.empty() || !needed.insert(name).second)
    return success();
  auto producer = producers.find(name);
  if (producer == producers.end()) {
    if (knows(name))
      return success();
    return emitError(user) << "value '" << name << "' is not defined";
  }
  if (!live[producer->second]) {
    live[producer->second] = true;
    work.push_back(producer->second);
  }
  return success();
}

LogicalResult GraphScope::markLive(SmallVectorImpl<bool> &live) {
  SmallVector<int> work;
  for (const onnx::ValueInfoProto &output : graph.output()) {
    if (output.name().empty())
      return error() << "a graph output has no name";
    if (failed(needName(output.name(), state.file, live, work)))
      return failure();
  }
  while (!work.empty()) {
    const onnx::NodeProto &node = graph.node(work.pop_back_val());
    for (StringRef input : namesReadBy(node))
      if (failed(needName(input, locationOf(node), live, work)))
        return failure();
  }
  return success();
}

LogicalResult GraphScope::sortNodes() {
  SmallVector<bool> live(graph.node_size(), false);
  if (failed(markLive(live)))
    return failure();
  std::vector<SmallVector<int, 2>> users(graph.node_size());
  SmallVector<int> missing(graph.node_size(), 0);
  int liveCount = 0;
  // The least index first: nodes keep the order of the file where it is one.
  std::priority_queue<int, std::vector<int>, std::greater<int>> ready;
  for (int i = 0; i < graph.node_size(); ++i) {
    if (!live[i])
      continue;
    ++liveCount;
    for (StringRef input : namesReadBy(graph.node(i))) {
      auto producer = producers.find(input);
      if (producer == producers.end())
        continue;
      users[producer->second].push_back(i);
      ++missing[i];
    }
    if (missing[i] == 0)
      ready.push(i);
  }
  SmallVector<bool> done(graph.node_size(), false);
  while (!ready.empty()) {
    int next = ready.top();
    ready.pop();
    done[next] = true;
    order.push_back(next);
    for (int user : users[next])
      if (--missing[user] == 0)
        ready.push(user);
  }
  if (static_cast<int>(order.size()) != liveCount)
    return reportCycle(live, done);
  return success();
}

/// Walks back from a node that never became ready until one repeats.
LogicalResult GraphScope::reportCycle(ArrayRef<bool> live,
                                      ArrayRef<bool> done) {
  int at = 0;
  while (!live[at] || done[at])
    ++at;
  llvm::SmallDenseSet<int> seen;
  while (seen.insert(at).second) {
    for (StringRef input : namesReadBy(graph.node(at))) {
      auto producer = producers.find(input);
      if (producer != producers.end() && !done[producer->second]) {
        at = producer->second;
        break;
      }
    }
  }
  const onnx::NodeProto &node = graph.node(at);
  return emitError(locationOf(node))
         << "node '" << nameOf(node) << "' (" << node.op_type()
         << ") depends on its own result";
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

OnnxValue *GraphScope::lookUp(StringRef name) {
  if (name.empty())
    return nullptr;
  for (GraphScope *scope = this; scope; scope = scope->parent) {
    auto found = scope->values.find(name);
    if (found != scope->values.end())
      return &found->second;
    auto tensor = scope->initializers.find(name);
    if (tensor != scope->initializers.end())
      return scope->readInitializer(name, *tensor->second);
    if (scope->producers.count(name))
      break;
  }
  // Made by a node that is not supported.
  return &values[name];
}

OnnxValue *GraphScope::readInitializer(StringRef name,
                                       const onnx::TensorProto &tensor) {
  std::string reason;
  HostTensorRef constant = readTensor(tensor, state.externalDir, reason);
  if (!constant) {
    error() << "initializer '" << name << "' " << reason;
    return nullptr;
  }
  OnnxValue &value = values[name];
  value = OnnxValue(std::move(constant));
  // External weights are as much the model's as those in the file. A body that
  // is written out many times reads its own each time, which counts once.
  if (!parent)
    state.budget.left += 4 * value.constant->size();
  return &value;
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

LogicalResult GraphScope::importNodes() {
  for (int index : order) {
    const onnx::NodeProto &node = graph.node(index);
    if (--state.nodesLeft < 0)
      return emitError(locationOf(node))
             << "the loops and functions of the model write out to more nodes "
                "than its size accounts for";
    if (failed(importNode(node)))
      return failure();
  }
  return success();
}

LogicalResult GraphScope::importNode(const onnx::NodeProto &node) {
  SmallVector<OnnxValue *> operands;
  bool inputsKnown = true;
  for (const std::string &name : node.input()) {
    OnnxValue *operand = lookUp(name);
    if (!operand && !name.empty())
      return failure();
    operands.push_back(operand);
    inputsKnown &= !operand || operand->isKnown();
  }
  // An optional input that is left out may be spelt as an empty name.
  while (!operands.empty() && !operands.back())
    operands.pop_back();
  NodeImporter n(node, opset, state.builder, locationOf(node), operands,
                 state.budget, state.externalDir);
  n.subgraphs = this;
  n.padDetections = state.padDetections;
  size_t problemsBefore = state.problems.size();
  if (failed(buildNode(n, inputsKnown))) {
    if (n.wasReported())
      return failure();
    if (n.isInvalid())
      return emitError(n.loc) << "node '" << nameOf(node) << "' ("
                              << node.op_type() << "): " << n.getReason();
    addUnsupported(node, n.getReason());
    if (isListed())
      listNode(node, operands, inputsKnown, n.getReason());
    return success();
  }
  // A graph inside of the node may have told already what is missing.
  if (inputsKnown)
    takeResults(n, state.problems.size() == problemsBefore);
  if (isListed())
    listNode(node, operands, inputsKnown,
             state.problems.size() > problemsBefore ? state.problems.back()
                                                    : "");
  return success();
}

LogicalResult GraphScope::buildNode(NodeImporter &n, bool inputsKnown) {
  const onnx::NodeProto &node = n.node;
  if (const onnx::FunctionProto *function = state.functions.find(node))
    return inputsKnown ? buildCall(n, *function) : success();
  bool isDefault = node.domain().empty() || node.domain() == "ai.onnx";
  bool knownName;
  const OpRow *row =
      findOp(isDefault ? node.op_type() : node.domain() + "." + node.op_type(),
             isDefault ? opset : kNewestOpset, knownName);
  if (!row && !isDefault && !isKnownDomain(node.domain()))
    return n.unsupported("ops of domain '" + node.domain() +
                         "' are not supported");
  if (!row && knownName)
    return n.unsupported(llvm::formatv(
        "the op is not supported in operator set version {0}", opset));
  if (!row)
    return n.unsupported("the op is not supported");
  if (failed(checkNode(n, *row)))
    return failure();
  if (!inputsKnown)
    return success();
  if (failed(foldNode(n)))
    return failure();
  if (n.getResults().front().isKnown())
    return success();
  if (!row->build)
    return n.unsupported(
        "the op is supported only on values known at compile time");
  return row->build(n);
}

void GraphScope::takeResults(NodeImporter &n, bool complain) {
  for (auto [i, name] : llvm::enumerate(n.node.output())) {
    if (name.empty())
      continue;
    const OnnxValue &result = n.getResults()[i];
    if (result.isKnown())
      values[name] = result;
    else if (complain && needed.contains(name))
      addUnsupported(n.node,
                     llvm::formatv("output {0} is not supported", i).str());
  }
}

void GraphScope::addUnsupported(const onnx::NodeProto &node, StringRef reason) {
  std::string problem =
      llvm::formatv("{0} '{1}': {2}", node.op_type(), nameOf(node), reason);
  // A body that is written out many times has its problems once.
  if (!parent || !llvm::is_contained(state.problems, problem))
    state.problems.push_back(problem);
}

//===----------------------------------------------------------------------===//
// Graphs inside
//===----------------------------------------------------------------------===//

FailureOr<SmallVector<OnnxValue>> GraphScope::finish() {
  if (failed(sortNodes()) || failed(importNodes()))
    return failure();
  SmallVector<OnnxValue> results;
  for (const onnx::ValueInfoProto &output : graph.output()) {
    OnnxValue *value = lookUp(output.name());
    if (!value)
      return failure();
    results.push_back(*value);
  }
  return results;
}

FailureOr<SmallVector<OnnxValue>>
GraphScope::importSubgraph(const onnx::GraphProto &body,
                           ArrayRef<OnnxValue> inputs,
                           std::optional<int64_t> version) {
  if (depth + 1 > kMaxDepth)
    return error() << "graphs lie within graphs more than " << kMaxDepth
                   << " deep";
  if (body.input_size() != static_cast<int>(inputs.size()))
    return error() << "a graph inside of a node has " << body.input_size()
                   << " inputs, expected " << inputs.size();
  GraphScope inner(state, body, version.value_or(opset), this, depth + 1);
  if (failed(inner.indexNames()))
    return failure();
  for (auto [info, value] : llvm::zip(body.input(), inputs))
    inner.define(info.name(), value);
  return inner.finish();
}

/// The version of the default operator set that a function is written in.
static int64_t opsetOf(const onnx::FunctionProto &function, int64_t otherwise) {
  for (const onnx::OperatorSetIdProto &set : function.opset_import())
    if (set.domain().empty() || set.domain() == "ai.onnx")
      return set.version();
  return otherwise;
}

LogicalResult GraphScope::buildCall(NodeImporter &n,
                                    const onnx::FunctionProto &function) {
  const onnx::NodeProto &call = n.node;
  if (call.input_size() > function.input_size() ||
      call.output_size() > function.output_size())
    return n.invalid("has more inputs or outputs than its function");
  if (depth + 1 > kMaxDepth)
    return n.invalid(llvm::formatv(
        "functions call functions more than {0} deep", kMaxDepth));
  // Copying the function counts like the nodes that its bytes could be.
  state.nodesLeft -= static_cast<int64_t>(function.ByteSizeLong() / 64);
  if (state.nodesLeft < 0)
    return n.invalid("the functions of the model write out to more nodes than "
                     "its size accounts for");
  onnx::GraphProto body = expandFunction(function, call);
  GraphScope inner(state, body, opsetOf(function, opset), nullptr, depth + 1);
  if (inner.opset < 1 || inner.opset > kNewestOpset)
    return n.unsupported(llvm::formatv(
        "its function is written in operator set version {0}", inner.opset));
  if (failed(inner.indexNames()))
    return n.reported();
  for (int i = 0; i < function.input_size(); ++i) {
    if (n.hasInput(i))
      inner.define(function.input(i), n.inputValue(i));
    else
      inner.declare(function.input(i));
  }
  FailureOr<SmallVector<OnnxValue>> results = inner.finish();
  if (failed(results))
    return n.reported();
  for (auto [i, value] : llvm::enumerate(*results))
    if (value.isKnown())
      n.setResult(i, value);
  return success();
}

} // namespace mlir::qnt::onnx_import
