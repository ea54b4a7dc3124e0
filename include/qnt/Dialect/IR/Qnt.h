//===- Qnt.h - the qnt dialect, all of it ----------------------*- C++ -*-===//
//
// Umbrella of the dialect: enums, interfaces, attributes, type, ops.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_DIALECT_IR_QNT_H
#define QNT_DIALECT_IR_QNT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "qnt/Dialect/IR/QntAttrInterfaces.h"
#include "qnt/Dialect/IR/QntEnums.h"

#include "qnt/Dialect/IR/QntDialect.h.inc"

#define GET_ATTRDEF_CLASSES
#include "qnt/Dialect/IR/QntAttrs.h.inc"

#define GET_TYPEDEF_CLASSES
#include "qnt/Dialect/IR/QntTypes.h.inc"

#include "qnt/Dialect/IR/QntOpInterfaces.h"

#define GET_OP_CLASSES
#include "qnt/Dialect/IR/QntOps.h.inc"

#endif // QNT_DIALECT_IR_QNT_H
