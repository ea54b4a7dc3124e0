//===- NativeCode.h - LLVM IR and machine code ------------------*- C++ -*-===//
//
// The steps from a module of the LLVM dialect to bytes, inside the Emit stage.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_EMIT_NATIVECODE_H
#define QNT_LIB_EMIT_NATIVECODE_H

#include "mlir/IR/BuiltinOps.h"
#include "qnt/Emit/Contract.h"
#include "qnt/Emit/Format.h"
#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"

#include <memory>

namespace mlir::qnt {

/// A target as LLVM spells it.
struct TargetSpec {
  std::string triple, cpu, features;
};

/// The machine of `spec`; emits a diagnostic at `loc` that names what is
/// unknown.
FailureOr<std::unique_ptr<llvm::TargetMachine>>
createTargetMachine(Location loc, const TargetSpec &spec, unsigned optLevel);

/// Translates and optimizes `module`. With a contract, only its symbols stay
/// visible. The result depends on the module and the machine alone.
std::unique_ptr<llvm::Module> translateToLLVM(ModuleOp module,
                                              llvm::LLVMContext &context,
                                              llvm::TargetMachine &machine,
                                              const Contract *contract,
                                              unsigned optLevel);

/// Renders as Object, Assembly, LLVMIR or Bitcode.
LogicalResult render(Location loc, llvm::Module &module,
                     llvm::TargetMachine &machine, EmitFormat format,
                     SmallVectorImpl<char> &bytes);

} // namespace mlir::qnt

#endif // QNT_LIB_EMIT_NATIVECODE_H
