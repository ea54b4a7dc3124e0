//===- InitAll.h - registers dialects, passes and pipelines ----*- C++ -*-===//
//
// The one place that knows every part of the project.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_INITALL_H
#define QNT_INITALL_H

#include "mlir/IR/DialectRegistry.h"

namespace mlir::qnt {

/// Registers all dialects, external models, passes and pipelines, those of
/// upstream included. Passes are registered once per process.
void registerAll(DialectRegistry &registry);

} // namespace mlir::qnt

#endif // QNT_INITALL_H
