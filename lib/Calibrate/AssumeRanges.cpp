//===- AssumeRanges.cpp - parameters without data -------------------------===//
//
// Every observed edge gets the parameters of one and the same range. Nothing
// changes where one of them has none.
//
//===----------------------------------------------------------------------===//

#include "qnt/Calibrate/Passes.h"
#include "qnt/Numerics/QuantParams.h"

#include <cmath>

namespace mlir::qnt {
#define GEN_PASS_DEF_QNTASSUMERANGES
#include "qnt/Calibrate/Passes.h.inc"
} // namespace mlir::qnt

using namespace mlir;
using namespace mlir::qnt;
namespace num = ::qnt::num;

/// The type of the edge with its scheme completed.
static FailureOr<mlir::qnt::QuantizedType> completeType(ObserveOp op,
                                                        double limit) {
  auto target = cast<mlir::qnt::QuantizedType>(op.getTarget());
  auto pending = dyn_cast<PendingAttr>(target.getScheme());
  if (!pending || pending.getGranularity() != Granularity::PerTensor)
    return op.emitError("edge '")
           << op.getEdge() << "' asks for " << target.getScheme()
           << "; expected #qnt.pending<per_tensor>";
  num::StorageRange storage;
  storage.min = static_cast<int32_t>(target.getStorageMin());
  storage.max = static_cast<int32_t>(target.getStorageMax());
  auto params =
      num::chooseParams(-limit, limit, storage, pending.getSymmetric());
  if (!params)
    return op.emitError("there is no float32 scale for a limit of ") << limit;
  return target.withScheme(
      PerTensorAttr::get(op.getContext(), params->scale, params->zeroPoint));
}

/// %y = qnt.observe %x -> qnt.dequantize (qnt.quantize %x)
static void rewrite(ObserveOp op, mlir::qnt::QuantizedType element) {
  OpBuilder builder(op);
  auto type = cast<RankedTensorType>(op.getType());
  auto quantize = QuantizeOp::create(builder, op.getLoc(), type.clone(element),
                                     op.getInput());
  quantize->setAttr("qnt.edge", op.getEdgeAttr());
  Value back = DequantizeOp::create(builder, op.getLoc(), type, quantize);
  op.replaceAllUsesWith(back);
  op.erase();
}

namespace {
struct AssumeRanges : mlir::qnt::impl::QntAssumeRangesBase<AssumeRanges> {
  using Base::Base;

  void runOnOperation() override {
    if (!(limit > 0) || !std::isfinite(limit)) {
      getOperation().emitError("expected a limit above 0, found ")
          << limit.getValue();
      return signalPassFailure();
    }
    SmallVector<std::pair<ObserveOp, mlir::qnt::QuantizedType>> edges;
    WalkResult result = getOperation().walk([&](ObserveOp op) {
      FailureOr<mlir::qnt::QuantizedType> type = completeType(op, limit);
      if (failed(type))
        return WalkResult::interrupt();
      edges.push_back({op, *type});
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    for (auto [op, type] : edges)
      rewrite(op, type);
    numEdges += edges.size();
  }
};
} // namespace
