//===- Emit.cpp - write a module as native code ---------------------------===//
//
// Wires the steps: target, translation, rendering, linking, the contract's two
// files. All files appear together or not at all.
//
//===----------------------------------------------------------------------===//

#include "NativeCode.h"
#include "qnt/Dialect/IR/Qnt.h"
#include "qnt/Emit/Linker.h"
#include "qnt/Emit/Passes.h"
#include "qnt/Support/OutputFiles.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"
#include "llvm/Support/Path.h"
#include "llvm/TargetParser/Host.h"

namespace mlir::qnt {
#define GEN_PASS_DEF_EMIT
#include "qnt/Emit/Passes.h.inc"
} // namespace mlir::qnt

using namespace mlir;
using namespace mlir::qnt;

namespace {
struct EmitPass : qnt::impl::EmitBase<EmitPass> {
  using EmitBase::EmitBase;

  void getDependentDialects(DialectRegistry &registry) const override {
    EmitBase::getDependentDialects(registry);
    registerAllToLLVMIRTranslations(registry);
  }

  void runOnOperation() override {
    if (failed(emitModule()))
      signalPassFailure();
    markAllAnalysesPreserved();
  }

private:
  LogicalResult emitModule();
  FailureOr<EmitFormat> resolveFormat();
  FailureOr<TargetSpec> resolveTarget();
  LogicalResult writeFiles(StringRef product, EmitFormat kind,
                           const Contract *contract);

  InFlightDiagnostic fail() { return getOperation().emitError(); }
  LogicalResult fail(llvm::Error error) {
    return fail() << llvm::toString(std::move(error));
  }
};
} // namespace

FailureOr<EmitFormat> EmitPass::resolveFormat() {
  std::optional<EmitFormat> wanted =
      format.empty() ? formatOfPath(file) : parseEmitFormat(format);
  if (!wanted && !format.empty())
    return fail() << "unknown format '" << format << "'; expected one of "
                  << listEmitFormats();
  if (!wanted)
    return fail() << "cannot tell the format of '" << file
                  << "' from its suffix; set option 'format'";
  if (isMLIR(*wanted))
    return fail() << "format '" << stringifyEmitFormat(*wanted)
                  << "' is printed by the driver, not by qnt-emit";
  if (*wanted == EmitFormat::ONNX)
    return fail() << "format 'onnx' is written by qnt-export-onnx";
  bool linked =
      *wanted == EmitFormat::Shared || *wanted == EmitFormat::Executable;
  if (!linker.empty() && !linked)
    return fail() << "option 'linker' has no effect on format '"
                  << stringifyEmitFormat(*wanted) << "'";
  return *wanted;
}

FailureOr<TargetSpec> EmitPass::resolveTarget() {
  TargetSpec spec{triple, cpu, features};
  auto target = getOperation()->getAttrOfType<CpuTargetAttr>("qnt.target");
  if (target) {
    if (!triple.empty() || !cpu.empty() || !features.empty())
      return fail() << "the module's 'qnt.target' already fixes the target; "
                       "drop the options triple, mcpu and features";
    return TargetSpec{target.getTriple().str(), target.getCpu().str(),
                      target.getFeatures().str()};
  }
  if (spec.triple.empty())
    spec.triple = llvm::sys::getProcessTriple();
  if (spec.cpu.empty())
    spec.cpu = "generic";
  return spec;
}

LogicalResult EmitPass::writeFiles(StringRef product, EmitFormat kind,
                                   const Contract *contract) {
  OutputFiles files;
  if (llvm::Error error =
          files.add(file, product, kind == EmitFormat::Executable))
    return fail(std::move(error));
  bool described = kind == EmitFormat::Object || kind == EmitFormat::Assembly ||
                   kind == EmitFormat::Shared;
  // A stream has no place beside it.
  if (described && isRegularOutput(file)) {
    if (contract) {
      SmallString<128> header(file), json(file);
      llvm::sys::path::replace_extension(header, ".h");
      llvm::sys::path::replace_extension(json, ".json");
      if (llvm::Error error = files.add(header, contract->toHeader()))
        return fail(std::move(error));
      if (llvm::Error error = files.add(json, contract->toJson()))
        return fail(std::move(error));
    } else {
      getOperation().emitRemark()
          << "no 'qnt.contract' attribute, so no C header and no JSON are "
             "written beside '"
          << file << "'";
    }
  }
  if (llvm::Error error = files.commit())
    return fail(std::move(error));
  return success();
}

LogicalResult EmitPass::emitModule() {
  ModuleOp module = getOperation();
  FailureOr<EmitFormat> kind = resolveFormat();
  if (failed(kind))
    return failure();
  FailureOr<TargetSpec> spec = resolveTarget();
  if (failed(spec))
    return failure();
  std::optional<Contract> contract;
  if (module->hasAttr("qnt.contract")) {
    FailureOr<Contract> read = Contract::fromModule(module);
    if (failed(read))
      return failure();
    contract = std::move(*read);
    contract->triple = spec->triple;
    contract->cpu = spec->cpu;
  } else if (*kind == EmitFormat::Executable) {
    return fail() << "an executable needs the 'qnt.contract' attribute that "
                     "--lower-to-llvm leaves; emit an object instead";
  }
  const Contract *maybe = contract ? &*contract : nullptr;

  auto machine = createTargetMachine(module.getLoc(), *spec, optLevel);
  if (failed(machine))
    return failure();
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> llvmModule =
      translateToLLVM(module, context, **machine, maybe, optLevel);
  if (!llvmModule)
    return failure();
  functionsEmitted += llvm::count_if(*llvmModule, [](llvm::Function &function) {
    return !function.isDeclaration();
  });
  bool linked = *kind == EmitFormat::Shared || *kind == EmitFormat::Executable;
  SmallVector<char, 0> bytes;
  if (failed(render(module.getLoc(), *llvmModule, **machine,
                    linked ? EmitFormat::Object : *kind, bytes)))
    return failure();
  std::string product(bytes.begin(), bytes.end());
  if (linked) {
    const llvm::Triple &target = (*machine)->getTargetTriple();
    llvm::Expected<std::string> result =
        *kind == EmitFormat::Shared
            ? linkShared(product, target, linker)
            : linkExecutable(product, *contract, target, linker);
    if (!result)
      return fail(result.takeError());
    product = std::move(*result);
  }
  bytesWritten += product.size();
  return writeFiles(product, *kind, maybe);
}
