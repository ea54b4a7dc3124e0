//===- QntEnums.h - enums of the qnt dialect -------------------*- C++ -*-===//
//
// Rounding modes, granularities: generated from QntAttrs.td.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_DIALECT_IR_QNTENUMS_H
#define QNT_DIALECT_IR_QNTENUMS_H

#include "mlir/IR/BuiltinAttributes.h"

#include "qnt/Dialect/IR/QntEnums.h.inc"

#endif // QNT_DIALECT_IR_QNTENUMS_H
