//===- Registration.cpp - pipelines as flags ------------------------------===//
//
// One line per pipeline and per lowering.
//
//===----------------------------------------------------------------------===//

#include "qnt/Pipelines/Pipelines.h"

// REGISTER: one include per part.

void mlir::qnt::registerPipelines() {
  // REGISTER: one line per part.
}
