//===- Passes.h - passes of Propagate ----------------------*- C++ -*-===//
//
// Completes the quantization of a calibrated graph.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_PROPAGATE_PASSES_H
#define QNT_PROPAGATE_PASSES_H

#include "mlir/Pass/Pass.h"
#include "qnt/Dialect/IR/Qnt.h"

namespace mlir::qnt {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "qnt/Propagate/Passes.h.inc"

} // namespace mlir::qnt

#endif // QNT_PROPAGATE_PASSES_H
