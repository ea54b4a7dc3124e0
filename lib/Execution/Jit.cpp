//===- Jit.cpp - compile and call a module --------------------------------===//
//
// Clone, lower, translate, optimize for the host, hand to ORC. Each function
// whose arguments are all pointers gets a caller that takes them as an array,
// so that no call needs a signature at run time.
//
//===----------------------------------------------------------------------===//

#include "qnt/Execution/Jit.h"
#include "qnt/Execution/Lowering.h"

#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ExecutionEngine/Orc/CompileUtils.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"

using namespace mlir;
using namespace mlir::qnt;

static constexpr StringLiteral kPackedPrefix = "__qnt_packed_";

Jit::Jit() = default;
Jit::~Jit() = default;

/// void __qnt_packed_f(ptr args): f(args[0], args[1], ...)
static void addPackedCaller(llvm::Function &function) {
  if (llvm::any_of(function.args(), [](const llvm::Argument &argument) {
        return !argument.getType()->isPointerTy();
      }))
    return;
  llvm::LLVMContext &context = function.getContext();
  auto *pointer = llvm::PointerType::get(context, 0);
  auto *type = llvm::FunctionType::get(llvm::Type::getVoidTy(context),
                                       {pointer}, /*isVarArg=*/false);
  auto *caller = llvm::Function::Create(
      type, llvm::GlobalValue::ExternalLinkage,
      kPackedPrefix + function.getName(), function.getParent());
  llvm::IRBuilder<> builder(llvm::BasicBlock::Create(context, "entry", caller));
  SmallVector<llvm::Value *> arguments;
  for (size_t i = 0; i < function.arg_size(); ++i)
    arguments.push_back(builder.CreateLoad(
        pointer, builder.CreateConstGEP1_64(pointer, caller->getArg(0), i)));
  builder.CreateCall(&function, arguments);
  builder.CreateRetVoid();
}

static void optimize(llvm::Module &module, llvm::TargetMachine &machine,
                     unsigned level) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager graph;
  llvm::ModuleAnalysisManager modules;
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = level > 1;
  // Kernels come tiled; unrolling and packing again costs more than it gives.
  tuning.LoopUnrolling = tuning.SLPVectorization = false;
  llvm::PassBuilder builder(&machine, tuning);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(graph);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, graph, modules);
  static const llvm::OptimizationLevel levels[] = {
      llvm::OptimizationLevel::O0, llvm::OptimizationLevel::O1,
      llvm::OptimizationLevel::O2, llvm::OptimizationLevel::O3};
  llvm::OptimizationLevel chosen = levels[std::min(level, 3u)];
  llvm::ModulePassManager passes =
      level == 0 ? builder.buildO0DefaultPipeline(chosen)
                 : builder.buildPerModuleDefaultPipeline(chosen);
  passes.run(module, modules);
}

static llvm::Expected<llvm::orc::JITTargetMachineBuilder>
detectHost(unsigned optLevel) {
  static const bool initialized = [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    return true;
  }();
  (void)initialized;
  auto host = llvm::orc::JITTargetMachineBuilder::detectHost();
  if (host)
    host->setCodeGenOptLevel(optLevel == 0   ? llvm::CodeGenOptLevel::None
                             : optLevel == 1 ? llvm::CodeGenOptLevel::Less
                                             : llvm::CodeGenOptLevel::Default);
  return host;
}

/// ORC with the symbols of this process (memcpy, malloc, expf, ...).
static llvm::Expected<std::unique_ptr<llvm::orc::LLJIT>>
link(llvm::orc::JITTargetMachineBuilder host,
     std::unique_ptr<llvm::Module> module,
     std::unique_ptr<llvm::LLVMContext> context) {
  auto engine = llvm::orc::LLJITBuilder()
                    .setJITTargetMachineBuilder(std::move(host))
                    .create();
  if (!engine)
    return engine.takeError();
  auto symbols = llvm::orc::DynamicLibrarySearchGenerator::GetForCurrentProcess(
      (*engine)->getDataLayout().getGlobalPrefix());
  if (!symbols)
    return symbols.takeError();
  (*engine)->getMainJITDylib().addGenerator(std::move(*symbols));
  if (llvm::Error error = (*engine)->addIRModule(
          llvm::orc::ThreadSafeModule(std::move(module), std::move(context))))
    return std::move(error);
  return engine;
}

FailureOr<std::unique_ptr<Jit>> Jit::compile(ModuleOp module,
                                             const JitOptions &options) {
  auto fail = [&](llvm::Error error) {
    return module.emitError("cannot compile for this machine: ")
           << llvm::toString(std::move(error));
  };
  auto host = detectHost(options.optLevel);
  if (!host)
    return fail(host.takeError());
  auto machine = host->createTargetMachine();
  if (!machine)
    return fail(machine.takeError());
  registerBuiltinDialectTranslation(*module.getContext());
  registerLLVMDialectTranslation(*module.getContext());
  auto context = std::make_unique<llvm::LLVMContext>();
  std::unique_ptr<llvm::Module> translated =
      translateModuleToLLVMIR(module, *context);
  if (!translated)
    return module.emitError("cannot translate the module to LLVM IR");
  translated->setDataLayout((*machine)->createDataLayout());
  translated->setTargetTriple((*machine)->getTargetTriple());
  SmallVector<llvm::Function *> defined;
  for (llvm::Function &function : *translated) {
    if (function.isDeclaration())
      continue;
    if (!function.hasLocalLinkage())
      defined.push_back(&function);
    function.addFnAttr("target-cpu", (*machine)->getTargetCPU());
    function.addFnAttr("target-features", (*machine)->getTargetFeatureString());
  }
  for (llvm::Function *function : defined)
    addPackedCaller(*function);
  optimize(*translated, **machine, options.optLevel);
  auto engine =
      link(std::move(*host), std::move(translated), std::move(context));
  if (!engine)
    return fail(engine.takeError());
  std::unique_ptr<Jit> jit(new Jit());
  jit->engine = std::move(*engine);
  return jit;
}

FailureOr<std::unique_ptr<Jit>> Jit::create(ModuleOp module, StringRef lowering,
                                            const JitOptions &options) {
  const LoweringFn *build = lookupLowering(lowering);
  if (!build)
    return module.emitError("no lowering named '")
           << lowering << "'; expected one of: " << getLoweringNames();
  OwningOpRef<ModuleOp> clone(module.clone());
  PassManager passes(module.getContext(), ModuleOp::getOperationName());
  passes.enableVerifier(false);
  (*build)(passes);
  if (failed(passes.run(*clone)))
    return module.emitError("cannot lower the module by '")
           << lowering << "' to run it";
  return compile(*clone, options);
}

void *Jit::lookup(StringRef name) const {
  auto address = engine->lookup(name);
  if (address)
    return address->toPtr<void *>();
  llvm::consumeError(address.takeError());
  return nullptr;
}

Jit::PackedFn Jit::lookupPacked(StringRef name) const {
  return reinterpret_cast<PackedFn>(lookup((kPackedPrefix + name).str()));
}

//===----------------------------------------------------------------------===//
// JitFunction
//===----------------------------------------------------------------------===//

FailureOr<std::unique_ptr<JitFunction>>
JitFunction::create(FunctionOpInterface function, StringRef lowering,
                    const JitOptions &options) {
  auto module = function->getParentOfType<ModuleOp>();
  if (!module)
    return function.emitError("expected a function in a module");
  std::unique_ptr<JitFunction> result(new JitFunction());
  FailureOr<SmallVector<NamedSpec>> inputs = getInputSpecs(function);
  FailureOr<SmallVector<NamedSpec>> outputs = getOutputSpecs(function);
  if (failed(inputs) || failed(outputs))
    return failure();
  result->inputs = std::move(*inputs);
  result->outputs = std::move(*outputs);
  FailureOr<std::unique_ptr<Jit>> jit = Jit::create(module, lowering, options);
  if (failed(jit))
    return failure();
  result->jit = std::move(*jit);
  result->function = result->jit->lookupPacked(function.getName());
  if (!result->function)
    return function.emitError("no code for function '")
           << function.getName() << "' after lowering '" << lowering << "'";
  return result;
}

void JitFunction::run(ArrayRef<Tensor> in, SmallVectorImpl<Tensor> &out) const {
  out.resize(outputs.size());
  SmallVector<void *> arguments;
  for (const Tensor &tensor : in)
    arguments.push_back(const_cast<char *>(tensor.data()));
  for (auto [tensor, output] : llvm::zip(out, outputs)) {
    if (tensor.getSpec() != output.spec || !tensor.data())
      tensor = Tensor(output.spec);
    arguments.push_back(tensor.data());
  }
  function(arguments.data());
}
