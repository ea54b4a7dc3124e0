//===- QntDialect.cpp - registration of the qnt dialect -------------------===//
//
// Registers types, attributes and ops, and materializes folded constants.
// Attributes and types are registered in their own files, which hold their
// storage classes.
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/BuiltinOps.h"
#include "qnt/Dialect/IR/QntNumerics.h"

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

/// `qnt.home` names a runtime that Numerics knows, on a module.
LogicalResult QntDialect::verifyOperationAttribute(Operation *op,
                                                   NamedAttribute attribute) {
  if (attribute.getName() != kHomeAttr)
    return success();
  auto name = dyn_cast<StringAttr>(attribute.getValue());
  if (!isa<ModuleOp>(op) || !name)
    return op->emitError() << "expected '" << kHomeAttr
                           << "' to be a string attribute of a module";
  if (!::qnt::num::parseHome(std::string_view(name.getValue())))
    return op->emitError() << "unknown " << kHomeAttr << " '" << name.getValue()
                           << "'; expected native, onnxruntime, litert_xnnpack "
                              "or litert_reference";
  return success();
}
