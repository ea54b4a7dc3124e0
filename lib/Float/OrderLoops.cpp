//===- OrderLoops.cpp - innermost loops along memory ----------------------===//
//
// A reduction whose innermost loop adds into one element can't be vectorized
// without reassociation; with an output dimension innermost it can, and the
// order of additions into each element stays the same.
//
//===----------------------------------------------------------------------===//

#include "qnt/Float/Passes.h"

#include "mlir/Dialect/Linalg/Transforms/Transforms.h"

namespace mlir::qnt {
#define GEN_PASS_DEF_QNTORDERLOOPS
#include "qnt/Float/Passes.h.inc"
} // namespace mlir::qnt

using namespace mlir;
using namespace mlir::qnt;

/// The loop that walks along the last dimension of the output; nothing if
/// another operand isn't contiguous along it.
static std::optional<unsigned> findVectorLoop(linalg::LinalgOp op) {
  if (op.getNumDpsInits() != 1)
    return std::nullopt;
  AffineMap output = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  if (output.getNumResults() == 0)
    return std::nullopt;
  auto last =
      dyn_cast<AffineDimExpr>(output.getResult(output.getNumResults() - 1));
  if (!last)
    return std::nullopt;
  unsigned loop = last.getPosition();
  if (op.getStaticLoopRanges()[loop] == 1)
    return std::nullopt;
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    for (auto [i, expr] : llvm::enumerate(map.getResults())) {
      bool isLast = i + 1 == map.getNumResults();
      if (expr.isFunctionOfDim(loop) && !(isLast && expr == last))
        return std::nullopt;
    }
  }
  return loop;
}

static LogicalResult orderLoops(IRRewriter &rewriter, linalg::LinalgOp op) {
  std::optional<unsigned> loop = findVectorLoop(op);
  if (!loop || *loop + 1 == op.getNumLoops())
    return rewriter.notifyMatchFailure(op, "no other loop order is better");
  SmallVector<unsigned> order;
  for (unsigned i = 0; i < op.getNumLoops(); ++i)
    if (i != *loop)
      order.push_back(i);
  order.push_back(*loop);
  rewriter.setInsertionPoint(op);
  auto generic = dyn_cast<linalg::GenericOp>(op.getOperation());
  if (!generic) {
    FailureOr<linalg::GenericOp> general =
        linalg::generalizeNamedOp(rewriter, op);
    if (failed(general))
      return rewriter.notifyMatchFailure(op, "has no general form");
    generic = *general;
  }
  rewriter.setInsertionPoint(generic);
  return linalg::interchangeGenericOp(rewriter, generic, order);
}

namespace {
class OrderLoops : public qnt::impl::QntOrderLoopsBase<OrderLoops> {
  void runOnOperation() override {
    SmallVector<linalg::LinalgOp> ops;
    getOperation()->walk([&](linalg::LinalgOp op) {
      if (op.hasPureBufferSemantics() && op.getNumReductionLoops() > 0)
        ops.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    for (linalg::LinalgOp op : ops)
      if (succeeded(orderLoops(rewriter, op)))
        ++numReordered;
  }
};
} // namespace
