//===- Pipelines.h - the order of the stages --------------------*- C++ -*-===//
//
// The only place that knows which stage follows which. Pipelines are functions
// over a pass manager; each is registered under its flag.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_PIPELINES_PIPELINES_H
#define QNT_PIPELINES_PIPELINES_H

#include "mlir/Pass/PassManager.h"

namespace mlir::qnt {

/// Registers all pipelines as flags, and the lowerings that stages run code
/// through (Execution/Lowering.h).
void registerPipelines();

} // namespace mlir::qnt

#endif // QNT_PIPELINES_PIPELINES_H
