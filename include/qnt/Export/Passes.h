//===- Passes.h - passes of the export -------------------------*- C++ -*-===//
//
// Declarations generated from Passes.td.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_EXPORT_PASSES_H
#define QNT_EXPORT_PASSES_H

#include "mlir/Pass/Pass.h"

namespace mlir::qnt {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "qnt/Export/Passes.h.inc"

} // namespace mlir::qnt

#endif // QNT_EXPORT_PASSES_H
