//===- VerifyContract.cpp - check what a stage promises -------------------===//
//
// The pass. Invariant: it changes nothing and reports every broken promise.
//
//===----------------------------------------------------------------------===//

#include "qnt/Contracts/Passes.h"

#include "Checks.h"

using namespace mlir;
using namespace mlir::qnt;

namespace mlir::qnt {
#define GEN_PASS_DEF_VERIFYCONTRACT
#include "qnt/Contracts/Passes.h.inc"
} // namespace mlir::qnt

namespace {
struct VerifyContractPass
    : mlir::qnt::impl::VerifyContractBase<VerifyContractPass> {
  using VerifyContractBase::VerifyContractBase;

  void runOnOperation() override {
    contracts::OpCheck check = contracts::makeCheck(stage);
    if (!check) {
      getOperation().emitError()
          << "unknown stage '" << stage
          << "'; expected import, prepare, observe, calibrate, propagate, "
             "fold, lower or codegen";
      return signalPassFailure();
    }
    bool isBroken = false;
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      ++numOps;
      isBroken |= failed(check(op));
    });
    if (isBroken)
      return signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
