//===- Passes.h - passes of the prepare stage ------------------*- C++ -*-===//
//
// Float to float: brings an imported model into the form that the quantizing
// stages expect.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_PREPARE_PASSES_H
#define QNT_PREPARE_PASSES_H

#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir::qnt {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "qnt/Prepare/Passes.h.inc"

} // namespace mlir::qnt

#endif // QNT_PREPARE_PASSES_H
