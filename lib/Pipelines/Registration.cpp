//===- Registration.cpp - pipelines as flags ------------------------------===//
//
// One line per pipeline and per lowering.
//
//===----------------------------------------------------------------------===//

#include "qnt/Pipelines/KernelsToLLVM.h"
#include "qnt/Pipelines/Pipelines.h"

#include "mlir/Pass/PassRegistry.h"

// REGISTER: one include per part.

using namespace mlir;
using namespace mlir::qnt;

void mlir::qnt::registerPipelines() {
  registerKernelsToLLVM();
  PassPipelineRegistration<KernelsToLLVMOptions>(
      "lower-to-llvm", "Lower an integer (or float) model to the LLVM dialect",
      buildKernelsToLLVMPipeline);
  // REGISTER: one line per part.
}
