//===- GraphImporter.cpp - an ONNX graph to one function ------------------===//
//
// See the header. No recursion: liveness and order are computed with explicit
// work lists, since files may be deeper than any stack.
//
//===----------------------------------------------------------------------===//

#include "GraphImporter.h"
#include "TensorReader.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/PriorityQueue.h"
#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::onnx_import {

/// How many constant elements a model may give rise to: a floor for shape
/// arithmetic and masks, and some copies of its weights.
static int64_t elementBudget(int64_t fileBytes) {
  constexpr int64_t floor = 1 << 22;
  return floor + 4 * fileBytes;
}

GraphImporter::GraphImporter(ModuleOp module, const onnx::ModelProto &model,
                             Location file, const OnnxImportOptions &options,
                             StringRef externalDir, int64_t fileBytes)
    : module(module), model(model), graph(model.graph()), file(file),
      options(options), externalDir(externalDir), builder(module.getContext()),
      budget{elementBudget(fileBytes)} {}

LogicalResult GraphImporter::run(StringRef functionName) {
  if (failed(readOpset()) || failed(indexNames()) || failed(readInputs()) ||
      failed(sortNodes()))
    return failure();
  startFunction(functionName);
  for (int index : order)
    if (failed(importNode(graph.node(index))))
      return failure();
  if (options.listing)
    listUnused();
  else if (!problems.empty())
    return reportUnsupported();
  return finishFunction();
}

StringRef nameOf(const onnx::NodeProto &node) {
  if (!node.name().empty())
    return node.name();
  return node.output_size() > 0 ? StringRef(node.output(0)) : StringRef();
}

Location GraphImporter::locationOf(const onnx::NodeProto &node) {
  StringRef name = nameOf(node);
  if (name.empty())
    return file;
  return NameLoc::get(builder.getStringAttr(name), file);
}

//===----------------------------------------------------------------------===//
// Order
//===----------------------------------------------------------------------===//

LogicalResult GraphImporter::markLive(SmallVectorImpl<bool> &live) {
  llvm::StringSet<> inputNames;
  for (const Input &input : inputs)
    inputNames.insert(input.name);
  SmallVector<int> work;
  auto need = [&](StringRef name, Location user) -> LogicalResult {
    if (name.empty() || !needed.insert(name).second)
      return success();
    auto producer = producers.find(name);
    if (producer == producers.end()) {
      if (inputNames.contains(name) || initializers.count(name))
        return success();
      return emitError(user) << "value '" << name << "' is not defined";
    }
    if (!live[producer->second]) {
      live[producer->second] = true;
      work.push_back(producer->second);
    }
    return success();
  };
  for (const onnx::ValueInfoProto &output : graph.output()) {
    if (output.name().empty())
      return error() << "a graph output has no name";
    if (failed(need(output.name(), file)))
      return failure();
  }
  while (!work.empty()) {
    const onnx::NodeProto &node = graph.node(work.pop_back_val());
    for (const std::string &input : node.input())
      if (failed(need(input, locationOf(node))))
        return failure();
  }
  return success();
}

LogicalResult GraphImporter::sortNodes() {
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
    for (const std::string &input : graph.node(i).input()) {
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
LogicalResult GraphImporter::reportCycle(ArrayRef<bool> live,
                                         ArrayRef<bool> done) {
  int at = 0;
  while (!live[at] || done[at])
    ++at;
  llvm::SmallDenseSet<int> seen;
  while (seen.insert(at).second) {
    for (const std::string &input : graph.node(at).input()) {
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

OnnxValue *GraphImporter::lookUp(StringRef name) {
  if (name.empty())
    return nullptr;
  auto found = values.find(name);
  if (found != values.end())
    return &found->second;
  auto tensor = initializers.find(name);
  if (tensor != initializers.end())
    return readInitializer(name, *tensor->second);
  // Made by a node that is not supported.
  return &values[name];
}

OnnxValue *GraphImporter::readInitializer(StringRef name,
                                          const onnx::TensorProto &tensor) {
  std::string reason;
  HostTensorRef constant = readTensor(tensor, externalDir, reason);
  if (!constant) {
    error() << "initializer '" << name << "' " << reason;
    return nullptr;
  }
  OnnxValue &value = values[name];
  value = OnnxValue(std::move(constant));
  // External weights are as much the model's as those in the file.
  budget.left += 4 * value.constant->size();
  return &value;
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

LogicalResult GraphImporter::importNode(const onnx::NodeProto &node) {
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
  NodeImporter n(node, opset, builder, locationOf(node), operands, budget,
                 externalDir);
  if (failed(buildNode(n, inputsKnown))) {
    if (n.isInvalid())
      return emitError(n.loc) << "node '" << nameOf(node) << "' ("
                              << node.op_type() << "): " << n.getReason();
    addUnsupported(node, n.getReason());
    if (options.listing)
      listNode(node, operands, inputsKnown, n.getReason());
    return success();
  }
  size_t before = problems.size();
  if (inputsKnown)
    checkOutputsMade(n);
  if (options.listing)
    listNode(node, operands, inputsKnown,
             problems.size() > before ? "an output is not supported" : "");
  return success();
}

LogicalResult GraphImporter::buildNode(NodeImporter &n, bool inputsKnown) {
  const onnx::NodeProto &node = n.node;
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

void GraphImporter::checkOutputsMade(NodeImporter &n) {
  for (auto [i, name] : llvm::enumerate(n.node.output())) {
    if (name.empty())
      continue;
    const OnnxValue &result = n.getResults()[i];
    if (result.isKnown())
      values[name] = result;
    else if (needed.contains(name))
      addUnsupported(n.node,
                     llvm::formatv("output {0} is not supported", i).str());
  }
}

void GraphImporter::addUnsupported(const onnx::NodeProto &node,
                                   StringRef reason) {
  problems.push_back(
      llvm::formatv("{0} '{1}': {2}", node.op_type(), nameOf(node), reason));
}

LogicalResult GraphImporter::reportUnsupported() {
  std::string text;
  for (const std::string &problem : problems)
    text += (text.empty() ? "" : "; ") + problem;
  return error() << problems.size() << " unsupported node"
                 << (problems.size() == 1 ? "" : "s") << ": " << text;
}

//===----------------------------------------------------------------------===//
// Function
//===----------------------------------------------------------------------===//

/// The numpy name in the attributes of an argument or result whose type the IR
/// cannot tell from another; empty for the others.
static StringRef dtypeAttribute(Elem elem) {
  switch (elem) {
  case Elem::Int4:
    return "int4";
  case Elem::UInt4:
    return "uint4";
  case Elem::UInt8:
    return "uint8";
  case Elem::UInt16:
    return "uint16";
  case Elem::UInt32:
    return "uint32";
  case Elem::UInt64:
    return "uint64";
  default:
    return "";
  }
}

/// An argument as the type that the graph computes in, or a result as the type
/// of the signature.
static Value convertAtBorder(OpBuilder &builder, Location loc, Value value,
                             Elem elem, Type to) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getElementType() == to)
    return value;
  bool widens = type.getElementTypeBitWidth() < to.getIntOrFloatBitWidth();
  auto result = type.clone(to);
  if (isFloat(elem) && widens)
    return arith::ExtFOp::create(builder, loc, result, value);
  if (isFloat(elem))
    return arith::TruncFOp::create(builder, loc, result, value);
  if (widens && isUnsigned(elem))
    return arith::ExtUIOp::create(builder, loc, result, value);
  if (widens)
    return arith::ExtSIOp::create(builder, loc, result, value);
  return arith::TruncIOp::create(builder, loc, result, value);
}

void GraphImporter::startFunction(StringRef functionName) {
  MLIRContext *context = builder.getContext();
  SmallVector<Type> types;
  for (const Input &input : inputs)
    types.push_back(
        RankedTensorType::get(input.shape, signatureType(context, input.elem)));
  builder.setInsertionPointToEnd(module.getBody());
  function = func::FuncOp::create(builder, file, functionName,
                                  builder.getFunctionType(types, {}));
  Block *body = function.addEntryBlock();
  builder.setInsertionPointToStart(body);
  for (auto [i, input] : llvm::enumerate(inputs)) {
    function.setArgAttr(i, "qnt.name", builder.getStringAttr(input.name));
    if (StringRef dtype = dtypeAttribute(input.elem); !dtype.empty())
      function.setArgAttr(i, "qnt.dtype", builder.getStringAttr(dtype));
    BlockArgument argument = body->getArgument(i);
    argument.setLoc(NameLoc::get(builder.getStringAttr(input.name), file));
    Value value = convertAtBorder(builder, argument.getLoc(), argument,
                                  input.elem, irType(context, input.elem));
    values[input.name] = OnnxValue(value, input.elem);
  }
}

/// The type that the file declares for an output where it is a float of
/// another width than what was computed, else the type of the value.
static Elem outputElem(const onnx::ValueInfoProto &output, Elem computed) {
  std::optional<Elem> declared =
      elemFromOnnx(output.type().tensor_type().elem_type());
  return declared && isFloat(*declared) && isFloat(computed) ? *declared
                                                             : computed;
}

FailureOr<Value> GraphImporter::finishOutput(const onnx::ValueInfoProto &output,
                                             OnnxValue *value, Elem elem) {
  static const onnx::NodeProto noNode;
  NodeImporter n(noNode, opset, builder, file, {&value, 1}, budget,
                 externalDir);
  FailureOr<Value> result = n.anyValueOf(0);
  if (failed(result))
    return error() << "output '" << output.name()
                   << "' cannot be computed: " << n.getReason();
  return convertAtBorder(builder, file, *result, elem,
                         signatureType(builder.getContext(), elem));
}

LogicalResult GraphImporter::finishFunction() {
  SmallVector<Value> results;
  SmallVector<Type> types;
  SmallVector<Elem> elems;
  for (const onnx::ValueInfoProto &output : graph.output()) {
    OnnxValue *value = lookUp(output.name());
    if (!value)
      return failure();
    if (options.listing && !value->isKnown())
      continue;
    elems.push_back(outputElem(output, value->elem));
    FailureOr<Value> result = finishOutput(output, value, elems.back());
    if (failed(result))
      return failure();
    results.push_back(*result);
    types.push_back(result->getType());
  }
  for (Value value : kept) {
    results.push_back(value);
    types.push_back(value.getType());
  }
  func::ReturnOp::create(builder, file, results);
  function.setType(
      builder.getFunctionType(function.getFunctionType().getInputs(), types));
  if (options.listing)
    return success();
  for (auto [i, output] : llvm::enumerate(graph.output())) {
    function.setResultAttr(i, "qnt.name", builder.getStringAttr(output.name()));
    if (StringRef dtype = dtypeAttribute(elems[i]); !dtype.empty())
      function.setResultAttr(i, "qnt.dtype", builder.getStringAttr(dtype));
  }
  return success();
}

} // namespace mlir::qnt::onnx_import
