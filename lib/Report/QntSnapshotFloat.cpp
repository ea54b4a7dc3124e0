//===- QntSnapshotFloat.cpp - keep the float model ------------------------===//
//
// A copy as bytecode inside an attribute: no later pass can walk into it, and
// it travels with the module.
//
//===----------------------------------------------------------------------===//

#include "mlir/Bytecode/BytecodeWriter.h"
#include "qnt/Report/Passes.h"

namespace mlir::qnt {
#define GEN_PASS_DEF_QNTSNAPSHOTFLOAT
#include "qnt/Report/Passes.h.inc"
} // namespace mlir::qnt

using namespace mlir;
using namespace mlir::qnt;

static FailureOr<std::string> toBytecode(ModuleOp module) {
  std::string bytes;
  llvm::raw_string_ostream os(bytes);
  if (failed(writeBytecodeToFile(module, os)))
    return failure();
  return bytes;
}

namespace {
struct QntSnapshotFloatPass
    : qnt::impl::QntSnapshotFloatBase<QntSnapshotFloatPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    module->removeAttr(kFloatReferenceAttr);
    FailureOr<std::string> bytes = toBytecode(module);
    if (failed(bytes)) {
      module.emitError() << "the float model can't be kept as bytecode";
      return signalPassFailure();
    }
    numBytes += bytes->size();
    module->setAttr(kFloatReferenceAttr,
                    StringAttr::get(&getContext(), *bytes));
  }
};
} // namespace
