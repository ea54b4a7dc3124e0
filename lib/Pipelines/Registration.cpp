//===- Registration.cpp - pipelines as flags ------------------------------===//
//
// One line per pipeline and per lowering.
//
//===----------------------------------------------------------------------===//

#include "qnt/Pipelines/Pipelines.h"
#include "qnt/Pipelines/KernelsToLLVM.h"

// REGISTER: one include per part.

void mlir::qnt::registerPipelines() {
  registerKernelsToLLVM();
  // REGISTER: one line per part.
}
