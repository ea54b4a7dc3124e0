//===- QntTranslation.h - qnt attributes in LLVM IR -------------*- C++ -*-===//
//
// Lets modules with attributes of this dialect be translated to LLVM IR.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_DIALECT_IR_QNTTRANSLATION_H
#define QNT_DIALECT_IR_QNTTRANSLATION_H

#include "mlir/IR/DialectRegistry.h"

namespace mlir::qnt {

void registerQntTranslation(DialectRegistry &registry);

} // namespace mlir::qnt

#endif // QNT_DIALECT_IR_QNTTRANSLATION_H
