//===- QntTranslation.cpp - qnt attributes in LLVM IR ---------------------===//
//
// Translation to LLVM IR meets attributes of this dialect on modules, functions
// and arguments. They describe the model and have no counterpart in LLVM IR:
// they are dropped there, without the warning that unknown ones get.
//
//===----------------------------------------------------------------------===//

#include "qnt/Dialect/IR/QntTranslation.h"

#include "mlir/Target/LLVMIR/LLVMTranslationInterface.h"
#include "qnt/Dialect/IR/Qnt.h"

using namespace mlir;
using namespace mlir::qnt;

namespace {
struct QntTranslation : LLVMTranslationDialectInterface {
  using LLVMTranslationDialectInterface::LLVMTranslationDialectInterface;
};
} // namespace

void qnt::registerQntTranslation(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *, QntDialect *dialect) {
    dialect->addInterfaces<QntTranslation>();
  });
}
