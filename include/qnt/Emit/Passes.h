//===- Passes.h - the pass that emits ---------------------------*- C++ -*-===//
//
// Declarations generated from Passes.td.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_EMIT_PASSES_H
#define QNT_EMIT_PASSES_H

#include "mlir/Pass/Pass.h"

namespace mlir::qnt {

#define GEN_PASS_DECL
#include "qnt/Emit/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "qnt/Emit/Passes.h.inc"

} // namespace mlir::qnt

#endif // QNT_EMIT_PASSES_H
