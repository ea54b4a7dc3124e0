//===- QntSinkTransposes.cpp - move transposes until they cancel ----------===//
//
// Runs the transpose patterns to a fixed point. Every rewrite moves a
// transpose towards the results or removes it, so it ends.
//
//===----------------------------------------------------------------------===//

#include "TransposePatterns.h"

#include "qnt/Prepare/Passes.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::qnt {
#define GEN_PASS_DEF_QNTSINKTRANSPOSES
#include "qnt/Prepare/Passes.h.inc"
} // namespace mlir::qnt

using namespace mlir;
using namespace mlir::qnt;

static int64_t countTransposes(Operation *root) {
  int64_t count = 0;
  root->walk([&](tosa::TransposeOp) { ++count; });
  return count;
}

namespace {

class QntSinkTransposes
    : public mlir::qnt::impl::QntSinkTransposesBase<QntSinkTransposes> {
public:
  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    populateTransposeSimplifications(set);
    populateTransposeThroughElementwise(set);
    populateTransposeThroughLayout(set);
    populateTransposeThroughQuantized(set);
    populateTransposeThroughReshape(set);
    patterns = FrozenRewritePatternSet(std::move(set));
    return success();
  }

  void runOnOperation() override {
    int64_t before = countTransposes(getOperation());
    GreedyRewriteConfig config;
    config.enableFolding(false).setMaxIterations(GreedyRewriteConfig::kNoLimit);
    if (failed(applyPatternsGreedily(getOperation(), patterns, config)))
      return signalPassFailure();
    int64_t after = countTransposes(getOperation());
    numLeft += after;
    numRemoved += std::max<int64_t>(before - after, 0);
  }

private:
  FrozenRewritePatternSet patterns;
};

} // namespace
