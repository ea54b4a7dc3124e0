//===- ApproximateMath.cpp - transcendental functions as polynomials ------===//
//
// Upstream's approximations for f32, applied to every function that has one,
// and formulas over these for tan and the hyperbolic functions.
//
//===----------------------------------------------------------------------===//

#include "HyperbolicMath.h"
#include "qnt/Float/Passes.h"

#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::qnt {
#define GEN_PASS_DEF_QNTAPPROXIMATEMATH
#include "qnt/Float/Passes.h.inc"
} // namespace mlir::qnt

using namespace mlir;
using namespace mlir::qnt;

static int64_t countMath(Operation *root) {
  int64_t count = 0;
  root->walk([&](Operation *op) {
    count += isa_and_present<math::MathDialect>(op->getDialect());
  });
  return count;
}

namespace {
class ApproximateMath
    : public qnt::impl::QntApproximateMathBase<ApproximateMath> {
  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    populateMathPolynomialApproximationPatterns(set);
    populateHyperbolicPatterns(set);
    patterns = std::move(set);
    return success();
  }
  void runOnOperation() override {
    int64_t before = countMath(getOperation());
    if (failed(applyPatternsGreedily(getOperation(), patterns)))
      return signalPassFailure();
    numApproximated += std::max<int64_t>(0, before - countMath(getOperation()));
  }
  FrozenRewritePatternSet patterns;
};
} // namespace
