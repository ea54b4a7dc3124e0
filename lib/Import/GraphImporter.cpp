//===- GraphImporter.cpp - an ONNX graph to one function ------------------===//
//
// See the header. What the nodes of the graph become is made by GraphScope.
//
//===----------------------------------------------------------------------===//

#include "GraphImporter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace mlir::qnt::onnx_import {

/// How many constant elements a model may give rise to: a floor for shape
/// arithmetic and masks, and some copies of its weights.
static int64_t elementBudget(int64_t fileBytes) {
  constexpr int64_t floor = 1 << 22;
  return floor + 4 * fileBytes;
}

/// How many nodes may be imported: a floor for loops that are written out, and
/// more than the file can hold.
static int64_t nodeBudget(int64_t fileBytes) {
  constexpr int64_t floor = 1 << 17;
  return floor + fileBytes / 4;
}

GraphImporter::GraphImporter(ModuleOp module, const onnx::ModelProto &model,
                             Location file, const OnnxImportOptions &options,
                             StringRef externalDir, int64_t fileBytes)
    : module(module), model(model), graph(model.graph()), file(file),
      options(options), state{file,
                              externalDir,
                              OpBuilder(module.getContext()),
                              {elementBudget(fileBytes)},
                              nodeBudget(fileBytes),
                              {},
                              {}},
      root(state, graph, /*opset=*/1) {
  state.listing = options.listing;
  state.padDetections = options.padDetections;
}

LogicalResult GraphImporter::run(StringRef functionName) {
  if (failed(readOpset()) || failed(readFunctions()) ||
      failed(root.indexNames()) || failed(readInputs()) ||
      failed(root.sortNodes()))
    return failure();
  startFunction(functionName);
  if (failed(root.importNodes()))
    return failure();
  if (options.listing)
    root.listUnused();
  else if (!state.problems.empty())
    return reportUnsupported();
  return finishFunction();
}

LogicalResult GraphImporter::readFunctions() {
  std::string duplicate;
  if (state.functions.add(model, duplicate))
    return success();
  return error() << "function '" << duplicate << "' is defined twice";
}

LogicalResult GraphImporter::reportUnsupported() {
  std::string text;
  for (const std::string &problem : state.problems)
    text += (text.empty() ? "" : "; ") + problem;
  size_t count = state.problems.size();
  return error() << count << " unsupported node" << (count == 1 ? "" : "s")
                 << ": " << text;
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
  OpBuilder &builder = state.builder;
  MLIRContext *context = builder.getContext();
  SmallVector<Type> types;
  for (const Input &input : inputs)
    types.push_back(
        RankedTensorType::get(input.shape, signatureType(context, input.elem)));
  builder.setInsertionPointToEnd(module.getBody());
  function = func::FuncOp::create(builder, file, functionName,
                                  builder.getFunctionType(types, {}));
  state.function = function;
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
    // Nothing is known better than a tensor without elements.
    if (llvm::is_contained(input.shape, 0))
      root.define(input.name,
                  OnnxValue(std::make_shared<HostTensor>(
                      HostTensor::zeros(input.shape, input.elem))));
    else
      root.define(input.name, OnnxValue(value, input.elem));
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
  if (value->sequence)
    return error() << "output '" << output.name()
                   << "' is a sequence; only tensors are supported";
  static const onnx::NodeProto noNode;
  NodeImporter n(noNode, root.opset, state.builder, file, {&value, 1},
                 state.budget, state.externalDir);
  FailureOr<Value> result = n.anyValueOf(0);
  if (failed(result))
    return error() << "output '" << output.name()
                   << "' cannot be computed: " << n.getReason();
  return convertAtBorder(state.builder, file, *result, elem,
                         signatureType(module.getContext(), elem));
}

LogicalResult GraphImporter::finishFunction() {
  OpBuilder &builder = state.builder;
  SmallVector<Value> results;
  SmallVector<Type> types;
  SmallVector<Elem> elems;
  for (const onnx::ValueInfoProto &output : graph.output()) {
    OnnxValue *value = root.lookUp(output.name());
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
  for (Value value : state.kept) {
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
