//===- Passes.h - passes of the interop stage ------------------*- C++ -*-===//
//
// Upstream `quant` types and ops to `qnt` and back.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_INTEROP_PASSES_H
#define QNT_INTEROP_PASSES_H

#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Pass/Pass.h"
#include "qnt/Dialect/IR/Qnt.h"

namespace mlir::qnt {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "qnt/Interop/Passes.h.inc"

} // namespace mlir::qnt

#endif // QNT_INTEROP_PASSES_H
