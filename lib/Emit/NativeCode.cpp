//===- NativeCode.cpp - LLVM IR and machine code --------------------------===//
//
// Translation, optimization and code generation with fixed settings, so that
// the bytes depend on the module and the target alone: position independent
// code, one section per symbol, no fusing of a * b + c (all paths must round
// alike), no unwind tables, no paths.
//
//===----------------------------------------------------------------------===//

#include "NativeCode.h"

#include "qnt/Dialect/IR/Qnt.h"

#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Target/LLVMIR/LLVMTranslationInterface.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Operator.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetOptions.h"
#include "llvm/Transforms/IPO/Internalize.h"

using namespace mlir;
using namespace mlir::qnt;

static void initializeTargets() {
  // Thread-safe and once per process.
  static const bool done = [] {
    llvm::InitializeAllTargets();
    llvm::InitializeAllTargetMCs();
    llvm::InitializeAllAsmPrinters();
    llvm::InitializeAllAsmParsers();
    return true;
  }();
  (void)done;
}

/// The first of "+a,-b" that the target does not know.
static std::optional<std::string>
findUnknownFeature(const llvm::MCSubtargetInfo &info, StringRef features) {
  SmallVector<StringRef> parts;
  features.split(parts, ',', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  for (StringRef part : parts) {
    StringRef name = part.ltrim("+-");
    bool known =
        llvm::any_of(info.getAllProcessorFeatures(),
                     [&](const auto &entry) { return entry.Key == name; });
    if (!known || name.size() + 1 != part.size())
      return part.str();
  }
  return std::nullopt;
}

FailureOr<std::unique_ptr<llvm::TargetMachine>>
qnt::createTargetMachine(Location loc, const TargetSpec &spec,
                         unsigned optLevel) {
  initializeTargets();
  llvm::Triple triple(llvm::Triple::normalize(spec.triple));
  std::string error;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return emitError(loc) << "unknown target triple '" << spec.triple
                          << "'; name one such as 'x86_64-linux-gnu' or "
                             "'aarch64-linux-gnu'";
  // Asked before the machine exists: LLVM itself only prints a warning.
  std::unique_ptr<llvm::MCSubtargetInfo> info(
      target->createMCSubtargetInfo(triple, "", ""));
  if (!spec.cpu.empty() && spec.cpu != "generic" &&
      !info->isCPUStringValid(spec.cpu))
    return emitError(loc) << "unknown CPU '" << spec.cpu << "' for triple '"
                          << spec.triple << "'";
  if (std::optional<std::string> bad = findUnknownFeature(*info, spec.features))
    return emitError(loc) << "unknown CPU feature '" << *bad << "' for triple '"
                          << spec.triple << "'; write '+name' or '-name'";
  llvm::TargetOptions options;
  // All of an object is reachable from its two functions, so a section each,
  // with headers and relocations of its own, would only cost space.
  options.FunctionSections = false;
  options.DataSections = false;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  auto level = llvm::CodeGenOpt::getLevel(optLevel).value_or(
      llvm::CodeGenOptLevel::Aggressive);
  std::unique_ptr<llvm::TargetMachine> machine(target->createTargetMachine(
      triple, spec.cpu, spec.features, options, llvm::Reloc::PIC_,
      llvm::CodeModel::Small, level));
  if (!machine)
    return emitError(loc) << "LLVM has no code generator for triple '"
                          << spec.triple << "'";
  return machine;
}

/// True if LLVM IR has a counterpart of the op.
static bool isTranslatable(Operation *op) {
  Dialect *dialect = op->getDialect();
  // The attributes of qnt can be translated, its ops cannot.
  if (!dialect || isa<QntDialect>(dialect))
    return false;
  return isa<ModuleOp>(op) ||
         dialect->getRegisteredInterface<LLVMTranslationDialectInterface>();
}

/// Reports the first op that has no translation.
static LogicalResult checkTranslatable(ModuleOp module) {
  WalkResult result = module->walk([&](Operation *op) {
    if (isTranslatable(op))
      return WalkResult::advance();
    op->emitError() << "op '" << op->getName()
                    << "' is not in the LLVM dialect, so no code can be "
                       "emitted; lower the module with --lower-to-llvm";
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

/// The contract's functions must have bodies.
static LogicalResult checkSymbols(ModuleOp module,
                                  const llvm::Module &llvmModule,
                                  const Contract &contract) {
  for (const std::string &symbol :
       {contract.init, contract.run, contract.runBatch}) {
    if (symbol.empty())
      continue;
    const llvm::Function *function = llvmModule.getFunction(symbol);
    if (!function || function->isDeclaration())
      return module.emitError()
             << "'qnt.contract' names the function '" << symbol
             << "', which the module does not define";
  }
  return success();
}

/// No target may fuse a * b + c where another would not.
static void forbidContraction(llvm::Function &function) {
  for (llvm::Instruction &instruction : llvm::instructions(function))
    if (isa<llvm::FPMathOperator>(instruction))
      instruction.setHasAllowContract(false);
}

/// What every function and global of the object has in common.
static void prepareModule(llvm::Module &module, llvm::TargetMachine &machine,
                          const Contract *contract) {
  module.setTargetTriple(machine.getTargetTriple());
  module.setDataLayout(machine.createDataLayout());
  module.setPICLevel(llvm::PICLevel::BigPIC);
  std::string name = contract ? contract->name : "module";
  module.setModuleIdentifier(name);
  module.setSourceFileName(name);
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    forbidContraction(function);
    function.setDoesNotThrow();
    if (!function.hasFnAttribute("target-cpu"))
      function.addFnAttr("target-cpu", machine.getTargetCPU());
    if (!function.hasFnAttribute("target-features"))
      function.addFnAttr("target-features", machine.getTargetFeatureString());
  }
  if (!contract)
    return;
  llvm::internalizeModule(module, [&](const llvm::GlobalValue &value) {
    return value.getName() == contract->init ||
           value.getName() == contract->run ||
           value.getName() == contract->runBatch;
  });
}

static void optimize(llvm::Module &module, llvm::TargetMachine &machine,
                     unsigned optLevel) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = true;
  tuning.SLPVectorization = true;
  llvm::PassBuilder builder(&machine, tuning);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  const llvm::OptimizationLevel levels[] = {
      llvm::OptimizationLevel::O0, llvm::OptimizationLevel::O1,
      llvm::OptimizationLevel::O2, llvm::OptimizationLevel::O3};
  llvm::ModulePassManager passes =
      optLevel == 0 ? builder.buildO0DefaultPipeline(levels[0])
                    : builder.buildPerModuleDefaultPipeline(
                          levels[std::min(optLevel, 3u)]);
  passes.run(module, modules);
}

std::unique_ptr<llvm::Module> qnt::translateToLLVM(ModuleOp module,
                                                   llvm::LLVMContext &context,
                                                   llvm::TargetMachine &machine,
                                                   const Contract *contract,
                                                   unsigned optLevel) {
  if (failed(checkTranslatable(module)))
    return nullptr;
  std::unique_ptr<llvm::Module> llvmModule =
      translateModuleToLLVMIR(module, context);
  if (!llvmModule) {
    module.emitError("cannot be translated to LLVM IR");
    return nullptr;
  }
  if (contract && failed(checkSymbols(module, *llvmModule, *contract)))
    return nullptr;
  prepareModule(*llvmModule, machine, contract);
  optimize(*llvmModule, machine, optLevel);
  return llvmModule;
}

namespace {
/// Collects what the code generator complains about.
struct DiagnosticCollector : llvm::DiagnosticHandler {
  std::string &errors;
  explicit DiagnosticCollector(std::string &errors) : errors(errors) {}
  bool handleDiagnostics(const llvm::DiagnosticInfo &info) override {
    if (info.getSeverity() == llvm::DS_Error && errors.empty()) {
      llvm::raw_string_ostream os(errors);
      llvm::DiagnosticPrinterRawOStream printer(os);
      info.print(printer);
    }
    return true;
  }
};
} // namespace

LogicalResult qnt::render(Location loc, llvm::Module &module,
                          llvm::TargetMachine &machine, EmitFormat format,
                          SmallVectorImpl<char> &bytes) {
  llvm::raw_svector_ostream os(bytes);
  if (format == EmitFormat::LLVMIR) {
    module.print(os, nullptr);
    return success();
  }
  if (format == EmitFormat::Bitcode) {
    llvm::WriteBitcodeToFile(module, os);
    return success();
  }
  std::string errors;
  module.getContext().setDiagnosticHandler(
      std::make_unique<DiagnosticCollector>(errors));
  llvm::legacy::PassManager passes;
  auto type = format == EmitFormat::Assembly
                  ? llvm::CodeGenFileType::AssemblyFile
                  : llvm::CodeGenFileType::ObjectFile;
  if (machine.addPassesToEmitFile(passes, os, nullptr, type))
    return emitError(loc) << "target '" << machine.getTargetTriple().str()
                          << "' cannot emit " << stringifyEmitFormat(format);
  passes.run(module);
  if (!errors.empty())
    return emitError(loc) << "code generation failed: " << errors;
  return success();
}
