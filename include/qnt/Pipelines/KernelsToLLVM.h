//===- KernelsToLLVM.h - integer models to LLVM -----------------*- C++ -*-===//
//
// The codegen stage as a pipeline, from integer tensors (and what stayed float)
// to the LLVM dialect.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_PIPELINES_KERNELSTOLLVM_H
#define QNT_PIPELINES_KERNELSTOLLVM_H

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace mlir::qnt {

/// Options of the codegen passes, under the names that those have.
struct KernelsToLLVMOptions : PassPipelineOptions<KernelsToLLVMOptions> {
  Option<std::string> triple{
      *this, "triple",
      llvm::cl::desc("Target triple (default: that of this machine)")};
  Option<std::string> mcpu{
      *this, "mcpu",
      llvm::cl::desc("CPU as LLVM spells it, or native (default: generic)")};
  Option<std::string> features{
      *this, "features",
      llvm::cl::desc("Features to add or take away, e.g. +dotprod,-sve")};
  Option<std::string> name{
      *this, "name",
      llvm::cl::desc("Prefix of all symbols (default: the function's name)")};
  Option<bool> staticArena{
      *this, "static-arena",
      llvm::cl::desc("Put the arena into the object, so that callers may pass "
                     "NULL"),
      llvm::cl::init(false)};
};

/// From integer tensors to kernels on memory, still in memref and vector.
void buildKernelsPipeline(OpPassManager &pm,
                          const KernelsToLLVMOptions &options);

/// From integer tensors to the LLVM dialect.
void buildKernelsToLLVMPipeline(OpPassManager &pm,
                                const KernelsToLLVMOptions &options);

/// Registers `--qnt-kernels-to-llvm`.
void registerKernelsToLLVM();

} // namespace mlir::qnt

#endif // QNT_PIPELINES_KERNELSTOLLVM_H
