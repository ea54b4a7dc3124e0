//===- Checks.h - one check per stage --------------------------*- C++ -*-===//
//
// A check looks at one op, emits one error per broken promise and never changes
// anything.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_CONTRACTS_CHECKS_H
#define QNT_LIB_CONTRACTS_CHECKS_H

#include "mlir/IR/BuiltinOps.h"
#include "qnt/Dialect/IR/Qnt.h"

namespace mlir::qnt::contracts {

/// Fails if `op` breaks a promise.
using OpCheck = std::function<LogicalResult(Operation *)>;

/// The check of a stage; null for an unknown name. It may keep state over the
/// ops of one module.
OpCheck makeCheck(StringRef stage);

LogicalResult checkImported(Operation *op);
LogicalResult checkPrepared(Operation *op);
LogicalResult checkCalibrated(Operation *op);
LogicalResult checkPropagated(Operation *op);
LogicalResult checkFolded(Operation *op);
LogicalResult checkLowered(Operation *op);
LogicalResult checkGenerated(Operation *op);

} // namespace mlir::qnt::contracts

#endif // QNT_LIB_CONTRACTS_CHECKS_H
