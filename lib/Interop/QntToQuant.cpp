//===- QntToQuant.cpp - qnt to upstream quant -----------------------------===//
//
// The reverse of QntFromQuant: types first, then the casts. Parameters are
// float32 values, so nothing is lost.
//
//===----------------------------------------------------------------------===//

#include "TypeSwap.h"
#include "qnt/Interop/Passes.h"

namespace mlir::qnt {
#define GEN_PASS_DEF_QNTTOQUANT
#include "qnt/Interop/Passes.h.inc"
} // namespace mlir::qnt

using namespace mlir;
using namespace mlir::qnt;

/// Null if upstream has no such scheme.
static Type buildType(qnt::QuantizedType type) {
  MLIRContext *context = type.getContext();
  unsigned flags = type.isSigned() ? quant::QuantizationFlags::Signed : 0;
  Type storage = IntegerType::get(context, type.getStorageWidth());
  SchemeAttrInterface scheme = type.getScheme();
  auto scales = llvm::map_to_vector(scheme.getScaleValues(),
                                    [](float s) { return double(s); });
  auto zeroPoints = llvm::map_to_vector(scheme.getZeroPointValues(),
                                        [](int32_t z) { return int64_t(z); });
  if (isa<PerTensorAttr>(scheme))
    return quant::UniformQuantizedType::get(
        flags, storage, type.getExpressed(), scales[0], zeroPoints[0],
        type.getStorageMin(), type.getStorageMax());
  if (auto axis = dyn_cast<PerAxisAttr>(scheme))
    return quant::UniformQuantizedPerAxisType::get(
        flags, storage, type.getExpressed(), scales, zeroPoints, axis.getAxis(),
        type.getStorageMin(), type.getStorageMax());
  auto block = dyn_cast<PerBlockAttr>(scheme);
  if (!block)
    return {};
  auto shape = block.getScales().getType().getShape();
  SmallVector<APInt> stored;
  for (int64_t z : zeroPoints)
    stored.emplace_back(type.getStorageWidth(), z, /*isSigned=*/true);
  auto dimensions = llvm::to_vector(
      llvm::seq<int32_t>(0, static_cast<int32_t>(shape.size())));
  SmallVector<int64_t> blockSizes(shape.size(), 1);
  blockSizes[block.getAxis()] = block.getBlockSize();
  return quant::UniformQuantizedSubChannelType::get(
      flags, storage, type.getExpressed(), block.getScales(),
      DenseElementsAttr::get(RankedTensorType::get(shape, storage), stored),
      dimensions, blockSizes, type.getStorageMin(), type.getStorageMax());
}

static FailureOr<Type> mapType(Type type, std::string &reason) {
  auto quantized = dyn_cast<qnt::QuantizedType>(type);
  if (!quantized)
    return Type();
  if (!isa<IntegerType>(quantized.getStorage())) {
    reason = "its storage is not an integer";
    return failure();
  }
  if (!quantized.getScheme().isComplete()) {
    reason = "its scheme has no parameters yet; calibrate first";
    return failure();
  }
  Type mapped = buildType(quantized);
  if (mapped)
    return mapped;
  reason = "upstream quant has no such scheme";
  return failure();
}

/// Dynamic casts take parameters as operands and have no upstream form; their
/// types were refused already.
template <typename From, typename To>
static unsigned replaceCasts(Operation *root) {
  SmallVector<From> casts;
  root->walk([&](From op) { casts.push_back(op); });
  for (From op : casts) {
    OpBuilder builder(op);
    Value result = To::create(builder, op.getLoc(), op.getResult().getType(),
                              op.getInput());
    op.getResult().replaceAllUsesWith(result);
    op->erase();
  }
  return casts.size();
}

namespace {
struct QntToQuantPass : qnt::impl::QntToQuantBase<QntToQuantPass> {
  void runOnOperation() override {
    if (failed(swapElementTypes(getOperation(), mapType)))
      return signalPassFailure();
    numCasts += replaceCasts<QuantizeOp, quant::QuantizeCastOp>(getOperation());
    numCasts +=
        replaceCasts<DequantizeOp, quant::DequantizeCastOp>(getOperation());
    numCasts +=
        replaceCasts<qnt::StorageCastOp, quant::StorageCastOp>(getOperation());
  }
};
} // namespace
