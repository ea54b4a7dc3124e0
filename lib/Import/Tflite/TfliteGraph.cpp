//===- TfliteGraph.cpp - a TFLite graph to one function -------------------===//
//
// See the header. A branch of IF is walked where its condition is known at
// import; other control flow is refused by name.
//
//===----------------------------------------------------------------------===//

#include "TfliteGraph.h"

#include "../OpTable.h"

#include "qnt/Dialect/IR/Qnt.h"

#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::tflite_import {

using onnx_import::countElements;
using onnx_import::formatShape;

/// How many constant elements a model may give rise to.
static int64_t elementBudget(int64_t fileBytes) {
  constexpr int64_t floor = 1 << 22;
  return floor + 8 * fileBytes;
}

TfliteGraph::TfliteGraph(ModuleOp module, const TfliteFile &model,
                         Location file, const TfliteImportOptions &options,
                         int64_t fileBytes)
    : module(module), model(model), graph(model.getGraphs().front()),
      file(file), options(options), builder(module.getContext()),
      budget{elementBudget(fileBytes)} {}

LogicalResult TfliteGraph::run(StringRef functionName) {
  if (failed(readInputs()))
    return failure();
  Scope scope(graph);
  scope.path.push_back(0);
  startFunction(functionName, scope);
  if (failed(walk(scope)))
    return failure();
  if (!problems.empty())
    return reportProblems();
  return finishFunction(scope);
}

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

LogicalResult TfliteGraph::checkOverrides() {
  for (const auto &entry : options.inputShapes) {
    if (llvm::is_contained(graph.inputNames, entry.first))
      continue;
    InFlightDiagnostic diag = error()
                              << "input-shapes names '" << entry.first
                              << "', which is not an input of the model";
    std::string names;
    for (const std::string &name : graph.inputNames)
      names += (names.empty() ? "'" : ", '") + name + "'";
    diag.attachNote() << "the inputs are: " << names;
    return diag;
  }
  return success();
}

LogicalResult TfliteGraph::readInputs() {
  if (graph.outputs.empty())
    return error() << "the graph has no output";
  if (failed(checkOverrides()))
    return failure();
  llvm::SmallDenseSet<int32_t> seen;
  for (auto [index, name] : llvm::zip_equal(graph.inputs, graph.inputNames)) {
    const TensorInfo &tensor = graph.tensors[index];
    if (tensor.isConstant || !seen.insert(index).second)
      return error() << "input '" << name << "' is defined twice";
    if (!elemOf(tensor.type))
      return error() << "input '" << name << "' has element type "
                     << typeName(tensor.type) << ", which is not supported";
    Shape shape = tensor.shape;
    for (const auto &entry : options.inputShapes) {
      if (entry.first != name)
        continue;
      if (entry.second.size() != shape.size())
        return error() << "input-shapes gives '" << name << "' rank "
                       << entry.second.size() << ", but the model has rank "
                       << shape.size();
      shape.assign(entry.second.begin(), entry.second.end());
    }
    std::optional<int64_t> count = countElements(shape);
    if (!count || *count == 0)
      return error() << "input '" << name << "' has impossible shape "
                     << formatShape(shape) << "; give one with input-shapes=";
    inputShapes.push_back(std::move(shape));
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

/// True for integers that stand for reals and are computed, not stored.
static bool isQuantizedActivation(const TensorInfo &tensor) {
  return tensor.quant && tensor.quant->isPerTensor() &&
         (tensor.type == schema::ElementType_INT8 ||
          tensor.type == schema::ElementType_UINT8 ||
          tensor.type == schema::ElementType_INT16);
}

TfliteValue TfliteGraph::quantized(Location loc, const TensorInfo &tensor,
                                   OnnxValue value) {
  TfliteValue result;
  result.info = &tensor;
  result.value = value;
  if (!isQuantizedActivation(tensor) || !value.value ||
      !onnx_import::elementTypeOf(value.value).isF32())
    return result;
  anyQuantized = true;
  result.quant = signedQuant(tensor);
  auto type = cast<RankedTensorType>(value.value.getType());
  unsigned bits = onnx_import::bitsOf(*elemOf(tensor.type));
  Type element = quantizedElement(builder.getContext(), bits, *result.quant);
  result.quantized =
      QuantizeOp::create(builder, loc, type.clone(element), value.value);
  result.value = OnnxValue(
      DequantizeOp::create(builder, loc, type, result.quantized).getResult(),
      Elem::Float);
  return result;
}

LogicalResult TfliteGraph::readConstants(Scope &scope) {
  std::vector<bool> used(scope.values.size(), false);
  for (const OpInfo &op : scope.ops)
    for (int32_t input : op.inputs)
      if (input >= 0)
        used[input] = true;
  for (int32_t output : scope.graph.outputs)
    used[output] = true;
  for (auto [i, tensor] : llvm::enumerate(scope.graph.tensors)) {
    TfliteValue &value = scope.values[i];
    if (!value.info)
      value.info = &tensor;
    if (!tensor.isConstant || !used[i] || value.isKnown())
      continue;
    std::string reason;
    HostTensorRef constant = tensor.quant ? signedConstant(tensor, reason)
                                          : readConstant(tensor, reason);
    if (!constant)
      return error() << "tensor '" << tensor.name << "' " << reason;
    if (tensor.quant) {
      value.quant = signedQuant(tensor);
      value.stored = std::move(constant);
    } else {
      value.value = OnnxValue(std::move(constant));
    }
  }
  return success();
}

/// Every input of an op is a constant, an input of the graph or made before.
LogicalResult TfliteGraph::checkOrder(const Scope &scope) {
  std::vector<bool> defined(scope.values.size(), false);
  for (int32_t input : scope.graph.inputs)
    defined[input] = true;
  for (auto [i, tensor] : llvm::enumerate(scope.graph.tensors))
    if (tensor.isConstant || tensor.isVariable)
      defined[i] = true;
  auto check = [&](int32_t index, Location loc) -> LogicalResult {
    if (index < 0 || defined[index])
      return success();
    return emitError(loc) << "tensor '" << scope.graph.tensors[index].name
                          << "' is used before it is made";
  };
  for (const OpInfo &op : scope.ops) {
    for (int32_t input : op.inputs)
      if (failed(check(input, locationOf(scope, op))))
        return failure();
    for (int32_t output : op.outputs)
      defined[output] = true;
  }
  for (int32_t output : scope.graph.outputs)
    if (failed(check(output, file)))
      return failure();
  return success();
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

Location TfliteGraph::locationOf(const Scope &scope, const OpInfo &op) {
  if (op.outputs.empty())
    return file;
  return NameLoc::get(
      builder.getStringAttr(scope.graph.tensors[op.outputs.front()].name),
      file);
}

LogicalResult TfliteGraph::walk(Scope &scope) {
  scope.ops = collectOps(scope.graph);
  if (failed(checkOrder(scope)) || failed(readConstants(scope)))
    return failure();
  for (const OpInfo &op : scope.ops)
    if (failed(importOp(scope, op)))
      return failure();
  return success();
}

LogicalResult TfliteGraph::buildOp(OpImporter &o) {
  const TfliteRow *row = findTfliteOp(o.op.code);
  if (!row)
    return o.unsupported("the op is not supported");
  if (failed(checkOp(o, *row)))
    return failure();
  for (unsigned i = 0; i < o.numInputs(); ++i)
    if (o.hasInput(i) && !o.input(i).isKnown())
      return success();
  return row->build(o);
}

LogicalResult TfliteGraph::importOp(Scope &scope, const OpInfo &op) {
  if (op.code == schema::OpCode_IF)
    return importIf(scope, op);
  const TfliteRow *row = findTfliteOp(op.code);
  SmallVector<TfliteValue *> inputs;
  for (int32_t index : op.inputs)
    inputs.push_back(index < 0 ? nullptr : &scope.values[index]);
  // State that an interpreter keeps: as if left out, it starts from zeros.
  for (TfliteValue *&input : inputs)
    if (input && input->info->isVariable)
      input = nullptr;
  while (!inputs.empty() && !inputs.back())
    inputs.pop_back();
  SmallVector<const TensorInfo *> outputs;
  for (int32_t index : op.outputs)
    outputs.push_back(&scope.graph.tensors[index]);
  OpImporter o(op, row ? row->onnxName : nullptr, builder,
               locationOf(scope, op), inputs, outputs, budget);
  if (failed(buildOp(o))) {
    if (o.isInvalid())
      return emitError(o.loc)
             << "op '"
             << (outputs.empty() ? std::string() : outputs.front()->name)
             << "' (" << op.name() << "): " << o.getReason();
    addProblem(scope, op, o.getReason());
    return success();
  }
  setResults(scope, o);
  return success();
}

void TfliteGraph::setResults(Scope &scope, OpImporter &o) {
  for (auto [index, result] : llvm::zip_equal(o.op.outputs, o.getResults())) {
    const TensorInfo &tensor = scope.graph.tensors[index];
    TfliteValue value;
    value.info = &tensor;
    if (result.isKnown())
      value = quantized(o.loc, tensor, result);
    scope.values[index] = std::move(value);
  }
}

LogicalResult TfliteGraph::importIf(Scope &scope, const OpInfo &op) {
  const auto *options = op.op->builtin_options_as_IfOptions();
  HostTensorRef condition;
  if (!op.inputs.empty() && op.inputs[0] >= 0)
    condition = scope.values[op.inputs[0]].value.constant;
  if (!options || !condition || condition->size() != 1) {
    addProblem(scope, op, "the condition is not known at compile time");
    return success();
  }
  int32_t branch = condition->intAt(0) != 0 ? options->then_subgraph_index()
                                            : options->else_subgraph_index();
  if (branch < 0 || branch >= static_cast<int64_t>(model.getGraphs().size()) ||
      llvm::is_contained(scope.path, static_cast<size_t>(branch)))
    return emitError(locationOf(scope, op))
           << "op IF names graph " << branch << ", which is impossible";
  const GraphInfo &inner = model.getGraphs()[branch];
  if (inner.inputs.size() + 1 != op.inputs.size() ||
      inner.outputs.size() != op.outputs.size())
    return emitError(locationOf(scope, op))
           << "op IF and graph " << branch
           << " differ in the number of inputs or outputs";
  Scope body(inner);
  body.path = scope.path;
  body.path.push_back(branch);
  for (auto [i, index] : llvm::enumerate(inner.inputs))
    if (op.inputs[i + 1] >= 0)
      body.values[index] = scope.values[op.inputs[i + 1]];
  if (failed(walk(body)))
    return failure();
  for (auto [to, from] : llvm::zip_equal(op.outputs, inner.outputs))
    scope.values[to] = body.values[from];
  return success();
}

//===----------------------------------------------------------------------===//
// Problems
//===----------------------------------------------------------------------===//

void TfliteGraph::addProblem(const Scope &scope, const OpInfo &op,
                             StringRef reason) {
  std::string name = op.outputs.empty()
                         ? std::string()
                         : scope.graph.tensors[op.outputs.front()].name;
  problems.push_back(llvm::formatv("{0} '{1}': {2}", op.name(), name, reason));
}

LogicalResult TfliteGraph::reportProblems() {
  std::string text;
  for (const std::string &problem : problems)
    text += (text.empty() ? "" : "; ") + problem;
  return error() << problems.size() << " unsupported op"
                 << (problems.size() == 1 ? "" : "s") << ": " << text;
}

//===----------------------------------------------------------------------===//
// Function
//===----------------------------------------------------------------------===//

/// The type in which callers pass a tensor: stored integers as the file has
/// them, unsigned ones as such.
static RankedTensorType interfaceType(MLIRContext *context,
                                      const TensorInfo &tensor,
                                      ArrayRef<int64_t> shape) {
  Elem elem = *elemOf(tensor.type);
  Type element = onnx_import::signatureType(context, elem);
  if (isQuantizedActivation(tensor) && elem == Elem::UInt8)
    element = IntegerType::get(context, 8, IntegerType::Unsigned);
  return RankedTensorType::get(shape, element);
}

void TfliteGraph::startFunction(StringRef functionName, Scope &scope) {
  MLIRContext *context = builder.getContext();
  SmallVector<Type> types;
  for (auto [index, shape] : llvm::zip_equal(graph.inputs, inputShapes))
    types.push_back(interfaceType(context, graph.tensors[index], shape));
  builder.setInsertionPointToEnd(module.getBody());
  function = func::FuncOp::create(builder, file, functionName,
                                  builder.getFunctionType(types, {}));
  Block *body = function.addEntryBlock();
  builder.setInsertionPointToStart(body);
  for (auto [i, index] : llvm::enumerate(graph.inputs)) {
    const TensorInfo &tensor = graph.tensors[index];
    auto name = builder.getStringAttr(graph.inputNames[i]);
    function.setArgAttr(i, "qnt.name", name);
    BlockArgument argument = body->getArgument(i);
    argument.setLoc(NameLoc::get(name, file));
    TfliteValue &value = scope.values[index];
    value.info = &tensor;
    Location loc = argument.getLoc();
    auto type = cast<RankedTensorType>(argument.getType());
    if (!isQuantizedActivation(tensor)) {
      Elem elem = *elemOf(tensor.type);
      auto computed = type.clone(onnx_import::irType(context, elem));
      Value real = argument;
      if (computed != type)
        real = arith::ExtFOp::create(builder, loc, computed, real);
      value.value = OnnxValue(real, elem);
      continue;
    }
    // Read back as reals; what is stored inside is signed.
    Value stored = StorageCastOp::create(
        builder, loc, type.clone(interfaceElement(context, tensor)), argument);
    Value real = DequantizeOp::create(builder, loc,
                                      type.clone(builder.getF32Type()), stored);
    value.value = OnnxValue(real, Elem::Float);
    if (tensor.type == schema::ElementType_UINT8) {
      value = quantized(loc, tensor, value.value);
    } else {
      anyQuantized = true;
      value.quant = signedQuant(tensor);
      value.quantized = stored;
    }
  }
}

FailureOr<Value> TfliteGraph::finishOutput(TfliteValue &value, StringRef name) {
  MLIRContext *context = builder.getContext();
  const TensorInfo &tensor = *value.info;
  if (value.quantized) {
    auto type = cast<RankedTensorType>(value.quantized.getType());
    Value stored = value.quantized;
    if (tensor.type == schema::ElementType_UINT8)
      stored = QuantizeOp::create(builder, file,
                                  type.clone(interfaceElement(context, tensor)),
                                  value.value.value);
    return StorageCastOp::create(
               builder, file, interfaceType(context, tensor, type.getShape()),
               stored)
        .getResult();
  }
  OnnxValue *input = &value.value;
  static const onnx::NodeProto noNode;
  NodeImporter n(noNode, onnx_import::kNewestOpset, builder, file, {&input, 1},
                 budget, StringRef());
  if (!value.isKnown() || value.stored)
    return error() << "output '" << name << "' cannot be computed";
  FailureOr<Value> result = n.anyValueOf(0);
  if (failed(result))
    return error() << "output '" << name
                   << "' cannot be computed: " << n.getReason();
  return n.convertFloat(*result,
                        onnx_import::signatureType(context, value.value.elem));
}

LogicalResult TfliteGraph::finishFunction(Scope &scope) {
  SmallVector<Value> results;
  SmallVector<Type> types;
  for (auto [index, name] : llvm::zip_equal(graph.outputs, graph.outputNames)) {
    FailureOr<Value> result = finishOutput(scope.values[index], name);
    if (failed(result))
      return failure();
    results.push_back(*result);
    types.push_back(result->getType());
  }
  func::ReturnOp::create(builder, file, results);
  function.setType(
      builder.getFunctionType(function.getFunctionType().getInputs(), types));
  for (auto [i, name] : llvm::enumerate(graph.outputNames))
    function.setResultAttr(i, "qnt.name", builder.getStringAttr(name));
  if (anyQuantized) {
    module->setAttr("qnt.home", builder.getStringAttr("litert_xnnpack"));
    module->setAttr("qnt.rounding",
                    RoundingAttr::get(builder.getContext(), Rounding::Fp32Rne));
  }
  return success();
}

} // namespace mlir::qnt::tflite_import
