//===- QntDialect.cpp - registration of the qnt dialect -------------------===//
//
// Registers types, attributes and ops, and materializes folded constants.
// Attributes and types are registered in their own files, which hold their
// storage classes.
//
//===----------------------------------------------------------------------===//

#include "qnt/Dialect/IR/Qnt.h"

using namespace mlir;
using namespace mlir::qnt;

#include "qnt/Dialect/IR/QntDialect.cpp.inc"

void QntDialect::initialize() {
  registerAttributes();
  registerTypes();
  addOperations<
#define GET_OP_LIST
#include "qnt/Dialect/IR/QntOps.cpp.inc"
      >();
}

Operation *QntDialect::materializeConstant(OpBuilder &builder, Attribute value,
                                           Type type, Location loc) {
  return arith::ConstantOp::materialize(builder, value, type, loc);
}
