//===- ProtectInputs.cpp - keep bufferization out of the inputs -----------===//
//
// One attribute per tensor argument of a public function with a body.
//
//===----------------------------------------------------------------------===//

#include "qnt/Float/Passes.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

namespace mlir::qnt {
#define GEN_PASS_DEF_QNTPROTECTINPUTS
#include "qnt/Float/Passes.h.inc"
} // namespace mlir::qnt

using namespace mlir;
using namespace mlir::qnt;

namespace {
class ProtectInputs : public qnt::impl::QntProtectInputsBase<ProtectInputs> {
  void runOnOperation() override {
    StringRef name = bufferization::BufferizationDialect::kWritableAttrName;
    for (auto function : getOperation().getOps<FunctionOpInterface>()) {
      if (!function.isPublic() || function.isExternal())
        continue;
      for (unsigned i = 0; i < function.getNumArguments(); ++i) {
        if (!isa<TensorType>(function.getArgument(i).getType()) ||
            function.getArgAttr(i, name))
          continue;
        function.setArgAttr(i, name, BoolAttr::get(&getContext(), false));
        ++numProtected;
      }
    }
  }
};
} // namespace
