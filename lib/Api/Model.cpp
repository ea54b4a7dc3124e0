//===- Model.cpp - models for a program that embeds the compiler ----------===//
//
// Every call parses the bytecode into a context of its own, which goes away
// with all that the passes made in it. Contexts have no threads: a process that
// forks keeps working.
//
//===----------------------------------------------------------------------===//

#include "qnt/Api/Model.h"
#include "qnt/Api/Import.h"
#include "qnt/Calibrate/Table.h"
#include "qnt/Dialect/IR/Qnt.h"
#include "qnt/InitAll.h"

#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"

using namespace mlir;
using namespace mlir::qnt;

static const DialectRegistry &getRegistry() {
  static const DialectRegistry registry = [] {
    DialectRegistry all;
    registerAll(all);
    return all;
  }();
  return registry;
}

static std::unique_ptr<MLIRContext> makeContext() {
  auto context = std::make_unique<MLIRContext>(
      getRegistry(), MLIRContext::Threading::DISABLED);
  // Weights make the note "see current operation" unreadable.
  context->printOpOnDiagnostic(false);
  return context;
}

//===----------------------------------------------------------------------===//
// From and to modules
//===----------------------------------------------------------------------===//

/// What integer arithmetic there is decides who can run the module.
static ModelKind findKind(ModuleOp module) {
  if (module->hasAttr("qnt.contract"))
    return ModelKind::Lowered;
  bool isInteger =
      module
          .walk([](Operation *op) {
            return isa<ToIntOp, ToFloatOp, RescaleOp, TableOp, SoftmaxOp,
                       qnt::AddOp, qnt::SubOp, qnt::MulOp>(op)
                       ? WalkResult::interrupt()
                       : WalkResult::advance();
          })
          .wasInterrupted();
  return isInteger ? ModelKind::Integer : ModelKind::Float;
}

/// 4-bit integers lie in a byte each.
static std::optional<DType> toDType(StringRef name) {
  if (name == "int4")
    return DType::Int8;
  return name == "uint4" ? DType::UInt8 : parseDType(name);
}

llvm::Expected<SmallVector<NamedSpec>>
qnt::toSpecs(ArrayRef<TensorContract> tensors) {
  SmallVector<NamedSpec> specs;
  for (const TensorContract &tensor : tensors) {
    std::optional<DType> dtype = toDType(tensor.dtype);
    if (!dtype)
      return makeError("the contract gives '" + tensor.name +
                       "' the unknown type '" + tensor.dtype + "'");
    specs.push_back({tensor.name, TensorSpec(*dtype, tensor.shape)});
  }
  return specs;
}

/// Only its contract tells what a lowered model takes.
LogicalResult Model::readContract(ModuleOp module) {
  FailureOr<Contract> contract = Contract::fromModule(module);
  if (failed(contract))
    return failure();
  auto ins = toSpecs(contract->inputs);
  if (!ins)
    return module.emitError(llvm::toString(ins.takeError()));
  auto outs = toSpecs(contract->outputs);
  if (!outs)
    return module.emitError(llvm::toString(outs.takeError()));
  inputs = std::move(*ins);
  outputs = std::move(*outs);
  entry = contract->run;
  return success();
}

LogicalResult Model::readFunction(ModuleOp module, StringRef name) {
  FailureOr<FunctionOpInterface> function = findEntry(module, name);
  if (failed(function))
    return failure();
  entry = function->getName().str();
  auto ins = getInputSpecs(*function);
  auto outs = getOutputSpecs(*function);
  if (failed(ins) || failed(outs))
    return failure();
  inputs = std::move(*ins);
  outputs = std::move(*outs);
  return success();
}

FailureOr<Model> Model::fromModule(ModuleOp module, StringRef entry) {
  Model model;
  model.kind = findKind(module);
  if (failed(model.kind == ModelKind::Lowered
                 ? model.readContract(module)
                 : model.readFunction(module, entry)))
    return failure();
  auto bytes = std::make_shared<std::string>();
  llvm::raw_string_ostream stream(*bytes);
  if (failed(writeBytecodeToFile(module, stream)))
    return module.emitError("the module cannot be written as bytecode");
  model.bytecode = std::move(bytes);
  return model;
}

FailureOr<Model> Model::load(llvm::MemoryBufferRef buffer,
                             const LoadOptions &options, Messages &messages) {
  std::unique_ptr<MLIRContext> context = makeContext();
  MessageCollector collector(context.get(), messages);
  OwningOpRef<ModuleOp> module =
      importModel(context.get(), buffer, options, collector.getSources());
  if (!module)
    return failure();
  return fromModule(*module, options.entry);
}

ModelReader::ModelReader(const Model &model, Messages &messages)
    : context(makeContext()), collector(context.get(), messages) {
  module = parseSourceString<ModuleOp>(model.getBytecode(),
                                       ParserConfig(context.get()));
  if (!module)
    return;
  auto found = dyn_cast_or_null<FunctionOpInterface>(
      SymbolTable::lookupSymbolIn(*module, model.getEntry()));
  if (found)
    function = found;
}

//===----------------------------------------------------------------------===//
// Work
//===----------------------------------------------------------------------===//

static LogicalResult addStep(OpPassManager &passes, const PipelineStep &step,
                             ModuleOp module) {
  auto fail = [&](const Twine &why) { return module.emitError(why); };
  const PassRegistryEntry *entry = PassPipelineInfo::lookup(step.name);
  if (!entry)
    entry = PassInfo::lookup(step.name);
  if (!entry)
    return fail("there is no pass or pipeline '" + step.name + "'");
  bool isTold = false;
  LogicalResult added =
      entry->addToPipeline(passes, step.options, [&](const Twine &why) {
        isTold = true;
        return LogicalResult(fail(why));
      });
  if (failed(added) && !isTold)
    return fail("'" + step.name + "' does not take the options '" +
                step.options + "'");
  return added;
}

FailureOr<Model> Model::transform(ArrayRef<PipelineStep> steps,
                                  Messages &messages) const {
  ModelReader reader(*this, messages);
  if (!reader)
    return failure();
  ModuleOp module = reader.getModule();
  PassManager passes(module.getContext(), ModuleOp::getOperationName(),
                     OpPassManager::Nesting::Implicit);
  for (const PipelineStep &step : steps)
    if (failed(addStep(passes, step, module)))
      return failure();
  if (failed(passes.run(module)))
    return failure();
  return fromModule(module, entry);
}

FailureOr<std::string> Model::print(int64_t elideAbove,
                                    Messages &messages) const {
  ModelReader reader(*this, messages);
  if (!reader)
    return failure();
  std::string text;
  llvm::raw_string_ostream stream(text);
  OpPrintingFlags flags;
  if (elideAbove > 0) {
    flags.elideLargeElementsAttrs(elideAbove);
    flags.elideLargeResourceString(elideAbove);
  }
  reader.getModule().print(stream, flags);
  return text + "\n";
}

FailureOr<std::string> qnt::mergeCalibrationTables(StringRef text,
                                                   StringRef other,
                                                   Messages &messages) {
  std::unique_ptr<MLIRContext> context = makeContext();
  context->loadDialect<QntDialect>();
  auto fail = [&](llvm::Error error) {
    messages.push_back(makeErrorMessage(llvm::toString(std::move(error))));
    return failure();
  };
  auto into = parseTable(text, "this", context.get());
  if (!into)
    return fail(into.takeError());
  auto from = parseTable(other, "other", context.get());
  if (!from)
    return fail(from.takeError());
  if (llvm::Error error = mergeTable(*into, *from, "other"))
    return fail(std::move(error));
  return printTable(*into);
}
