//===- Passes.h - passes of the observe stage ------------------*- C++ -*-===//
//
// Marks the edges of a float model that calibration has to watch.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_OBSERVE_PASSES_H
#define QNT_OBSERVE_PASSES_H

#include "mlir/Pass/Pass.h"
#include "qnt/Dialect/IR/Qnt.h"

namespace mlir::qnt {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "qnt/Observe/Passes.h.inc"

} // namespace mlir::qnt

#endif // QNT_OBSERVE_PASSES_H
