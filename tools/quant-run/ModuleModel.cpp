//===- ModuleModel.cpp - MLIR, ONNX and TFLite ----------------------------===//
//
// Float models (and models with quantize and dequantize) run through the JIT,
// what Codegen made through its contract, and with --reference integer models
// through the interpreter, whose results are the ones that all code must give.
//
//===----------------------------------------------------------------------===//

#include "CompiledModel.h"

#include "qnt/Dialect/IR/Qnt.h"
#include "qnt/Execution/Interpreter.h"
#include "qnt/Import/Onnx.h"
#include "qnt/Import/Tflite.h"
#include "qnt/InitAll.h"
#include "qnt/Support/ModuleInput.h"

#include "mlir/Parser/Parser.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace mlir::qnt;

/// The diagnostics have been printed already.
static llvm::Error reported() { return makeError(""); }

namespace {
/// Keeps a module and everything that it needs, diagnostics included.
struct LoadedModule {
  DialectRegistry registry;
  std::unique_ptr<MLIRContext> context;
  llvm::SourceMgr sources;
  std::unique_ptr<SourceMgrDiagnosticHandler> handler;
  OwningOpRef<ModuleOp> module;

  llvm::Error load(const RunOptions &options);
  llvm::Expected<FunctionOpInterface> findEntry(const RunOptions &options);
};

class JitModel : public Model {
public:
  llvm::Error open(FunctionOpInterface function) {
    auto compiled = JitFunction::create(function);
    if (failed(compiled))
      return reported();
    jit = std::move(*compiled);
    llvm::append_range(inputs, jit->getInputs());
    llvm::append_range(outputs, jit->getOutputs());
    return llvm::Error::success();
  }

  llvm::Error run(ArrayRef<Tensor> in, SmallVectorImpl<Tensor> &out) override {
    jit->run(in, out);
    return llvm::Error::success();
  }

protected:
  llvm::Expected<Runner> makeRunner(ArrayRef<Tensor> in) override {
    SmallVector<Tensor> ins(in.begin(), in.end()), outs;
    for (const NamedSpec &output : outputs)
      outs.emplace_back(output.spec);
    return [this, ins = std::move(ins), outs = std::move(outs)]() mutable {
      jit->run(ins, outs);
      return llvm::Error::success();
    };
  }

private:
  std::unique_ptr<JitFunction> jit;
};

/// Integer MLIR by the reference kernels, which read the module as they run.
class ReferenceModel : public Model {
public:
  llvm::Error open(FunctionOpInterface function,
                   std::unique_ptr<LoadedModule> loaded) {
    source = std::move(loaded);
    auto created = Interpreter::create(function);
    if (failed(created))
      return reported();
    interpreter = std::move(*created);
    llvm::append_range(inputs, interpreter->getInputs());
    llvm::append_range(outputs, interpreter->getOutputs());
    return llvm::Error::success();
  }

  llvm::Error run(ArrayRef<Tensor> in, SmallVectorImpl<Tensor> &out) override {
    return failed(interpreter->run(in, out)) ? reported()
                                             : llvm::Error::success();
  }

protected:
  llvm::Expected<Runner> makeRunner(ArrayRef<Tensor> in) override {
    SmallVector<Tensor> ins(in.begin(), in.end());
    return [this, ins = std::move(ins)]() {
      SmallVector<Tensor> outs;
      return run(ins, outs);
    };
  }

private:
  std::unique_ptr<LoadedModule> source;
  std::unique_ptr<Interpreter> interpreter;
};

/// What Codegen made, not yet emitted.
class LoweredModel : public ContractModel {
public:
  llvm::Error open(ModuleOp module) {
    FailureOr<Contract> contract = Contract::fromModule(module);
    if (failed(contract))
      return reported();
    auto compiled = Jit::compile(module);
    if (failed(compiled))
      return reported();
    jit = std::move(*compiled);
    void *init = jit->lookup(contract->init);
    void *run = jit->lookup(contract->run);
    if (!init || !run)
      return makeError("the module does not define '" +
                       (init ? contract->run : contract->init) +
                       "', which its contract names");
    return start(*contract, init, run);
  }

private:
  std::unique_ptr<Jit> jit;
};
} // namespace

llvm::Error LoadedModule::load(const RunOptions &options) {
  registerAll(registry);
  context = std::make_unique<MLIRContext>(registry);
  // Weights make the note "see current operation" unreadable.
  context->printOpOnDiagnostic(false);
  handler =
      std::make_unique<SourceMgrDiagnosticHandler>(sources, context.get());
  auto buffer = llvm::MemoryBuffer::getFile(options.model);
  if (!buffer)
    return makeError("cannot open model '" + options.model +
                     "': " + buffer.getError().message());
  bool isTflite = looksLikeTflite((*buffer)->getMemBufferRef());
  if (!isTflite && !looksLikeOnnx((*buffer)->getMemBufferRef())) {
    if (!options.inputShapes.empty())
      return makeError(
          "--input-shapes applies to ONNX and TFLite models, and '" +
          options.model + "' is none");
    if (llvm::Error error =
            checkModuleInput((*buffer)->getMemBufferRef(), registry))
      return error;
    sources.AddNewSourceBuffer(std::move(*buffer), SMLoc());
    module = parseSourceFile<ModuleOp>(sources, context.get());
  } else {
    OnnxImportOptions import;
    import.padDetections = options.padDetections;
    std::string error;
    if (failed(
            parseInputShapes(options.inputShapes, import.inputShapes, error)))
      return makeError("--input-shapes: " + error);
    if (isTflite)
      module = importTflite(context.get(), (*buffer)->getMemBufferRef(),
                            {std::move(import.inputShapes), ""});
    else
      module = importOnnx(context.get(), (*buffer)->getMemBufferRef(), import);
  }
  return module ? llvm::Error::success() : reported();
}

llvm::Expected<FunctionOpInterface>
LoadedModule::findEntry(const RunOptions &options) {
  if (!options.entry.empty()) {
    auto function = dyn_cast_or_null<FunctionOpInterface>(
        SymbolTable::lookupSymbolIn(*module, options.entry));
    if (function && !function.isExternal())
      return function;
    return makeError("'" + options.model + "' has no function '" +
                     options.entry + "' with a body");
  }
  FunctionOpInterface found;
  for (auto function : module->getOps<FunctionOpInterface>()) {
    if (function.isExternal() || !function.isPublic())
      continue;
    if (found)
      return makeError("'" + options.model +
                       "' has several public functions (" + found.getName() +
                       ", " + function.getName() +
                       ", ...); name one with --entry=NAME");
    found = function;
  }
  if (!found)
    return makeError("'" + options.model + "' has no public function to run");
  return found;
}

/// What is integer arithmetic already has a meaning in the reference only.
static llvm::Error checkFloat(FunctionOpInterface function,
                              const RunOptions &options) {
  Operation *integer = nullptr;
  function.walk([&](Operation *op) {
    if (!isa<ToIntOp, ToFloatOp, RescaleOp, TableOp, SoftmaxOp, SoftmaxF32Op,
             StoredAverageOp, qnt::AddOp, qnt::SubOp, qnt::MulOp>(op))
      return WalkResult::advance();
    integer = op;
    return WalkResult::interrupt();
  });
  if (!integer)
    return llvm::Error::success();
  return makeError("'" + options.model + "' holds integer arithmetic ('" +
                   integer->getName().getStringRef() +
                   "'); interpret it with --reference, or lower it with "
                   "quant-opt --lower-to-llvm first");
}

template <typename ModelT, typename... Args>
static llvm::Expected<std::unique_ptr<Model>> make(Args &&...args) {
  auto model = std::make_unique<ModelT>();
  if (llvm::Error error = model->open(std::forward<Args>(args)...))
    return std::move(error);
  return model;
}

llvm::Expected<std::unique_ptr<Model>>
qnt::openModuleModel(const RunOptions &options) {
  auto source = std::make_unique<LoadedModule>();
  if (llvm::Error error = source->load(options))
    return std::move(error);
  ModuleOp module = *source->module;
  if (module->hasAttr("qnt.contract")) {
    if (options.reference || !options.entry.empty())
      return makeError("'" + options.model +
                       "' is lowered already, so --reference and --entry do "
                       "not apply; give the module before --lower-to-llvm");
    return make<LoweredModel>(module);
  }
  llvm::Expected<FunctionOpInterface> function = source->findEntry(options);
  if (!function)
    return function.takeError();
  if (options.reference)
    return make<ReferenceModel>(*function, std::move(source));
  if (llvm::Error error = checkFloat(*function, options))
    return std::move(error);
  return make<JitModel>(*function);
}
