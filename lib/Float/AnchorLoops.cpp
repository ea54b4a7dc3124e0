//===- AnchorLoops.cpp - loop-carried tensors keep their buffer -----------===//
//
// Bufferization refuses a loop whose next value lies in another buffer than
// the one it carries. A write of the next value into the carried one makes a
// loop acceptable; values that were made by writing into the carried one need
// none.
//
//===----------------------------------------------------------------------===//

#include "qnt/Float/Passes.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"

namespace mlir::qnt {
#define GEN_PASS_DEF_QNTANCHORLOOPS
#include "qnt/Float/Passes.h.inc"
} // namespace mlir::qnt

using namespace mlir;
using namespace mlir::qnt;

/// True if the value is the carried tensor with parts overwritten.
static bool overwrites(Value value, Value carried) {
  SmallVector<Value> work{value};
  while (!work.empty()) {
    Value at = work.pop_back_val();
    if (at == carried)
      continue;
    auto result = dyn_cast<OpResult>(at);
    if (!result)
      return false;
    Operation *op = result.getOwner();
    if (isa<tensor::InsertOp, tensor::InsertSliceOp>(op)) {
      work.push_back(cast<DestinationStyleOpInterface>(op)
                         .getTiedOpOperand(result)
                         ->get());
    } else if (auto loop = dyn_cast<scf::ForOp>(op)) {
      // Inner loops are anchored too.
      work.push_back(loop.getTiedLoopInit(result)->get());
    } else if (auto choice = dyn_cast<scf::IfOp>(op)) {
      work.push_back(choice.thenYield()->getOperand(result.getResultNumber()));
      work.push_back(choice.elseYield()->getOperand(result.getResultNumber()));
    } else {
      return false;
    }
  }
  return true;
}

/// Writes each tensor operand of the terminator into the block argument that
/// stands for it in the next turn; returns how many were written.
static unsigned writeCarried(OpBuilder &builder, Operation *terminator,
                             MutableArrayRef<OpOperand> nexts,
                             ValueRange carried) {
  builder.setInsertionPoint(terminator);
  unsigned count = 0;
  for (auto [next, argument] : llvm::zip_equal(nexts, carried)) {
    if (!isa<RankedTensorType>(argument.getType()) ||
        overwrites(next.get(), argument))
      continue;
    auto write = bufferization::MaterializeInDestinationOp::create(
        builder, terminator->getLoc(), argument.getType(), next.get(),
        argument);
    next.set(write.getResult());
    ++count;
  }
  return count;
}

namespace {
class AnchorLoops : public qnt::impl::QntAnchorLoopsBase<AnchorLoops> {
  void runOnOperation() override {
    OpBuilder builder(&getContext());
    getOperation()->walk([&](scf::ForOp loop) {
      Operation *yield = loop.getBody()->getTerminator();
      numAnchored += writeCarried(builder, yield, yield->getOpOperands(),
                                  loop.getRegionIterArgs());
    });
  }
};
} // namespace
