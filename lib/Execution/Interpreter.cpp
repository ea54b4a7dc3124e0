//===- Interpreter.cpp - the reference for integer code -------------------===//
//
// A function becomes a list of steps. Integer arithmetic is a step per op, done
// by the reference kernels; consecutive ops of any other kind (float islands,
// moves of data) are compiled together by the float lowering. Constants are
// values from the start. Invariant: a step's inputs are known when it runs.
//
//===----------------------------------------------------------------------===//

#include "qnt/Execution/Interpreter.h"

#include "InterpreterKernels.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace mlir::qnt;

namespace {
struct Step {
  SmallVector<Value> inputs;
  SmallVector<Value> outputs;
  TensorKernel kernel;
};
} // namespace

struct Interpreter::State {
  Block *block = nullptr;
  std::vector<Step> steps;
  SmallVector<std::pair<Value, Tensor>> constants;
  SmallVector<Value> results;
};

Interpreter::Interpreter() : state(std::make_unique<State>()) {}
Interpreter::~Interpreter() = default;

//===----------------------------------------------------------------------===//
// Ops that are no step: they are copied to where they are used
//===----------------------------------------------------------------------===//

static bool isCopied(Operation *op) {
  if (op->hasTrait<OpTrait::ConstantLike>() || isa<tensor::EmptyOp>(op))
    return true;
  // Shapes and other constants that are no tensors.
  return op->getNumResults() > 0 && op->getNumOperands() == 0 &&
         !isa<ShapedType>(op->getResult(0).getType());
}

/// The value of a constant tensor.
static std::optional<Tensor> constantOf(Value value) {
  ElementsAttr attribute;
  if (!isa<ShapedType>(value.getType()) ||
      !matchPattern(value, m_Constant(&attribute)))
    return std::nullopt;
  return Tensor::get(attribute);
}

//===----------------------------------------------------------------------===//
// Islands: ops without a reference kernel, compiled together
//===----------------------------------------------------------------------===//

/// Values that an island takes from steps before it.
static SmallVector<Value> islandInputs(ArrayRef<Operation *> ops) {
  llvm::SetVector<Value> inputs;
  llvm::SmallPtrSet<Operation *, 8> inside(ops.begin(), ops.end());
  auto visit = [&](Value operand, Operation *op) {
    Operation *source = operand.getDefiningOp();
    bool nested = op->isAncestor(operand.getParentBlock()->getParentOp());
    if (nested || (source && (inside.contains(source) || isCopied(source))))
      return;
    inputs.insert(operand);
  };
  for (Operation *op : ops)
    op->walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        visit(operand, op);
    });
  return inputs.takeVector();
}

/// Values that steps after an island, or the function's end, use.
static SmallVector<Value> islandOutputs(ArrayRef<Operation *> ops) {
  llvm::SmallPtrSet<Operation *, 8> inside(ops.begin(), ops.end());
  SmallVector<Value> outputs;
  Block *block = ops.front()->getBlock();
  for (Operation *op : ops)
    for (Value result : op->getResults())
      if (llvm::any_of(result.getUsers(), [&](Operation *user) {
            return !inside.contains(block->findAncestorOpInBlock(*user));
          }))
        outputs.push_back(result);
  return outputs;
}

/// A module with one function that computes `outputs` from `inputs`.
static OwningOpRef<ModuleOp>
buildIsland(ArrayRef<Operation *> ops, ValueRange inputs, ValueRange outputs) {
  Location loc = ops.front()->getLoc();
  OwningOpRef<ModuleOp> module(ModuleOp::create(loc));
  OpBuilder builder = OpBuilder::atBlockEnd(module->getBody());
  auto function = func::FuncOp::create(
      builder, loc, "island",
      builder.getFunctionType(TypeRange(inputs), TypeRange(outputs)));
  Block *block = function.addEntryBlock();
  builder.setInsertionPointToEnd(block);
  IRMapping mapping;
  mapping.map(inputs, block->getArguments());
  for (Operation *op : ops) {
    op->walk([&](Operation *inner) {
      for (Value operand : inner->getOperands()) {
        Operation *source = operand.getDefiningOp();
        if (source && !mapping.contains(operand) && isCopied(source) &&
            !op->isProperAncestor(source))
          builder.clone(*source, mapping);
      }
    });
    builder.clone(*op, mapping);
  }
  auto results = llvm::map_to_vector(
      outputs, [&](Value value) { return mapping.lookup(value); });
  func::ReturnOp::create(builder, loc, results);
  return module;
}

static FailureOr<Step> makeIsland(ArrayRef<Operation *> ops,
                                  StringRef lowering) {
  Step step;
  step.inputs = islandInputs(ops);
  step.outputs = islandOutputs(ops);
  for (Value value : llvm::concat<Value>(step.inputs, step.outputs))
    if (!TensorSpec::get(value.getType()))
      return ops.front()->emitError("the reference can't pass a value of type ")
             << value.getType() << " to or from float code";
  OwningOpRef<ModuleOp> module = buildIsland(ops, step.inputs, step.outputs);
  auto function = cast<func::FuncOp>(module->getBody()->front());
  FailureOr<std::unique_ptr<JitFunction>> jit =
      JitFunction::create(function, lowering);
  if (failed(jit))
    return ops.front()->emitError("the reference can't run op '")
           << ops.front()->getName() << "'";
  step.kernel = [jit = std::shared_ptr<JitFunction>(std::move(*jit))](
                    ArrayRef<const Tensor *> in, MutableArrayRef<Tensor> out) {
    SmallVector<void *> pointers;
    for (const Tensor *tensor : in)
      pointers.push_back(const_cast<char *>(tensor->data()));
    for (Tensor &tensor : out)
      pointers.push_back(tensor.data());
    jit->runPointers(pointers.data());
  };
  return step;
}

//===----------------------------------------------------------------------===//
// Building and running
//===----------------------------------------------------------------------===//

static LogicalResult buildSteps(Block &block, StringRef lowering,
                                std::vector<Step> &steps) {
  SmallVector<Operation *> island;
  auto flush = [&]() -> LogicalResult {
    if (island.empty())
      return success();
    FailureOr<Step> step = makeIsland(island, lowering);
    if (failed(step))
      return failure();
    island.clear();
    if (!step->outputs.empty())
      steps.push_back(std::move(*step));
    return success();
  };
  for (Operation &op : block.without_terminator()) {
    if (isCopied(&op))
      continue;
    FailureOr<std::optional<TensorKernel>> kernel = makeTensorKernel(&op);
    if (failed(kernel))
      return failure();
    if (!*kernel) {
      island.push_back(&op);
      continue;
    }
    if (failed(flush()))
      return failure();
    Step step;
    step.inputs.append(op.operand_begin(), op.operand_end());
    step.outputs.append(op.result_begin(), op.result_end());
    step.kernel = std::move(**kernel);
    steps.push_back(std::move(step));
  }
  return flush();
}

/// Values that are neither arguments nor results of a step.
static void
collectConstants(Block &block, ArrayRef<Step> steps,
                 SmallVectorImpl<std::pair<Value, Tensor>> &constants) {
  llvm::SetVector<Value> wanted;
  for (const Step &step : steps)
    wanted.insert(step.inputs.begin(), step.inputs.end());
  for (Value value : block.getTerminator()->getOperands())
    wanted.insert(value);
  for (Value value : wanted) {
    Operation *source = value.getDefiningOp();
    if (!source || !isCopied(source))
      continue;
    if (std::optional<Tensor> tensor = constantOf(value))
      constants.emplace_back(value, std::move(*tensor));
    else if (std::optional<TensorSpec> spec = TensorSpec::get(value.getType()))
      constants.emplace_back(value, Tensor(*spec)); // tensor.empty
  }
}

FailureOr<std::unique_ptr<Interpreter>>
Interpreter::create(FunctionOpInterface function, StringRef floatLowering) {
  if (function.isExternal() ||
      !llvm::hasSingleElement(function.getFunctionBody()))
    return function.emitError("the reference runs functions of one block only");
  std::unique_ptr<Interpreter> result(new Interpreter());
  FailureOr<SmallVector<NamedSpec>> inputs = getInputSpecs(function);
  FailureOr<SmallVector<NamedSpec>> outputs = getOutputSpecs(function);
  if (failed(inputs) || failed(outputs))
    return failure();
  result->inputs = std::move(*inputs);
  result->outputs = std::move(*outputs);
  Block &block = function.getFunctionBody().front();
  State &state = *result->state;
  state.block = &block;
  state.results = llvm::to_vector(block.getTerminator()->getOperands());
  if (failed(buildSteps(block, floatLowering, state.steps)))
    return failure();
  collectConstants(block, state.steps, state.constants);
  return result;
}

LogicalResult Interpreter::run(ArrayRef<Tensor> in,
                               SmallVectorImpl<Tensor> &out, const Tap &tap) {
  llvm::DenseMap<Value, Tensor> values;
  auto define = [&](Value value, Tensor tensor) {
    if (tap)
      tap(value, tensor);
    values[value] = std::move(tensor);
  };
  Operation *parent = state->block->getParentOp();
  if (in.size() != inputs.size())
    return parent->emitError("expected ")
           << inputs.size() << " inputs, found " << in.size();
  for (auto [i, tensor] : llvm::enumerate(in)) {
    if (tensor.getSpec() != inputs[i].spec)
      return parent->emitError("expected input '")
             << inputs[i].name << "' as " << inputs[i].spec.str() << ", found "
             << tensor.getSpec().str();
    define(state->block->getArgument(i), tensor);
  }
  for (const auto &[value, tensor] : state->constants)
    define(value, tensor);
  for (const Step &step : state->steps) {
    SmallVector<Tensor> results;
    for (Value value : step.outputs)
      results.emplace_back(*TensorSpec::get(value.getType()));
    auto operands = llvm::map_to_vector(step.inputs, [&](Value value) {
      auto found = values.find(value);
      return found == values.end()
                 ? nullptr
                 : static_cast<const Tensor *>(&found->second);
    });
    step.kernel(operands, results);
    for (auto [value, tensor] : llvm::zip(step.outputs, results))
      define(value, std::move(tensor));
  }
  out.clear();
  for (Value value : state->results)
    out.push_back(values[value]);
  return success();
}
