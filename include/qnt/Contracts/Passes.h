//===- Passes.h - passes of Contracts ----------------------*- C++ -*-===//
//
// What each stage promises to the next, as a verifier.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_CONTRACTS_PASSES_H
#define QNT_CONTRACTS_PASSES_H

#include "mlir/Pass/Pass.h"
#include "qnt/Dialect/IR/Qnt.h"

namespace mlir::qnt {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "qnt/Contracts/Passes.h.inc"

} // namespace mlir::qnt

#endif // QNT_CONTRACTS_PASSES_H
