//===- QntFromQuant.cpp - upstream quant to qnt ---------------------------===//
//
// Types first, everywhere at once, then the casts: between the two steps the
// module holds quant casts on qnt types, which no one sees.
//
//===----------------------------------------------------------------------===//

#include "FloatForms.h"
#include "TypeSwap.h"
#include "qnt/Interop/Passes.h"

namespace mlir::qnt {
#define GEN_PASS_DEF_QNTFROMQUANT
#include "qnt/Interop/Passes.h.inc"
} // namespace mlir::qnt

using namespace mlir;
using namespace mlir::qnt;

static Type storageOf(quant::QuantizedType type) {
  unsigned width = type.getStorageTypeIntegralWidth();
  MLIRContext *context = type.getContext();
  return type.isSigned()
             ? IntegerType::get(context, width)
             : IntegerType::get(context, width, IntegerType::Unsigned);
}

static SchemeAttrInterface perAxis(quant::UniformQuantizedPerAxisType type) {
  MLIRContext *context = type.getContext();
  auto scales = llvm::map_to_vector(
      type.getScales(), [](double s) { return static_cast<float>(s); });
  auto zeroPoints = llvm::map_to_vector(
      type.getZeroPoints(), [](int64_t z) { return static_cast<int32_t>(z); });
  bool allZero = llvm::all_of(zeroPoints, [](int32_t z) { return z == 0; });
  return PerAxisAttr::get(context, type.getQuantizedDimension(),
                          DenseF32ArrayAttr::get(context, scales),
                          allZero
                              ? DenseI32ArrayAttr()
                              : DenseI32ArrayAttr::get(context, zeroPoints));
}

/// The scheme of a sub-channel type whose blocks are longer than 1 along one
/// dimension only. A dimension that the type does not list is one block of
/// unknown size, which no per_block scheme can say.
static SchemeAttrInterface
perBlock(quant::UniformQuantizedSubChannelType type) {
  auto shape = type.getScales().getType().getShape();
  if (type.getQuantizedDimensions().size() != shape.size())
    return {};
  int64_t axis = shape.size() - 1, blockSize = 1;
  for (auto [dimension, size] :
       llvm::zip(type.getQuantizedDimensions(), type.getBlockSizes())) {
    if (size == 1)
      continue;
    if (blockSize != 1)
      return {};
    axis = dimension;
    blockSize = size;
  }
  Builder builder(type.getContext());
  SmallVector<float> scales;
  for (const APFloat &scale : type.getScales().getValues<APFloat>())
    scales.push_back(static_cast<float>(scale.convertToDouble()));
  SmallVector<int32_t> zeroPoints;
  for (const APInt &zeroPoint : type.getZeroPoints().getValues<APInt>())
    zeroPoints.push_back(static_cast<int32_t>(zeroPoint.getSExtValue()));
  return PerBlockAttr::get(
      type.getContext(), axis, blockSize,
      DenseElementsAttr::get(RankedTensorType::get(shape, builder.getF32Type()),
                             ArrayRef<float>(scales)),
      DenseElementsAttr::get(RankedTensorType::get(shape, builder.getI32Type()),
                             ArrayRef<int32_t>(zeroPoints)));
}

static SchemeAttrInterface schemeOf(quant::QuantizedType type,
                                    std::string &reason) {
  if (auto uniform = dyn_cast<quant::UniformQuantizedType>(type))
    return PerTensorAttr::get(type.getContext(),
                              static_cast<float>(uniform.getScale()),
                              static_cast<int32_t>(uniform.getZeroPoint()));
  if (auto axis = dyn_cast<quant::UniformQuantizedPerAxisType>(type))
    return perAxis(axis);
  if (auto block = dyn_cast<quant::UniformQuantizedSubChannelType>(type)) {
    reason = "its blocks are not along exactly one dimension";
    return perBlock(block);
  }
  reason = "it has no scale";
  return {};
}

static FailureOr<Type> mapType(Type type, std::string &reason) {
  auto upstream = dyn_cast<quant::QuantizedType>(type);
  if (!upstream)
    return Type();
  if (!upstream.getExpressedType() || !upstream.getExpressedType().isF32()) {
    reason = "its expressed type is not f32";
    return failure();
  }
  SchemeAttrInterface scheme = schemeOf(upstream, reason);
  if (!scheme)
    return failure();
  return Type(qnt::QuantizedType::get(
      type.getContext(), storageOf(upstream), upstream.getStorageTypeMin(),
      upstream.getStorageTypeMax(), upstream.getExpressedType(), scheme));
}

template <typename From, typename To>
static unsigned replaceCasts(Operation *root) {
  SmallVector<From> casts;
  root->walk([&](From op) { casts.push_back(op); });
  for (From op : casts) {
    OpBuilder builder(op);
    Value result = To::create(builder, op.getLoc(), op->getResult(0).getType(),
                              op->getOperand(0));
    op->getResult(0).replaceAllUsesWith(result);
    op->erase();
  }
  return casts.size();
}

namespace {
struct QntFromQuantPass : qnt::impl::QntFromQuantBase<QntFromQuantPass> {
  void runOnOperation() override {
    if (failed(swapElementTypes(getOperation(), mapType)))
      return signalPassFailure();
    numCasts += replaceCasts<quant::QuantizeCastOp, QuantizeOp>(getOperation());
    numCasts +=
        replaceCasts<quant::DequantizeCastOp, DequantizeOp>(getOperation());
    numCasts +=
        replaceCasts<quant::StorageCastOp, qnt::StorageCastOp>(getOperation());
    FailureOr<unsigned> forms = makeFloatForms(getOperation());
    if (failed(forms))
      return signalPassFailure();
    numOps += *forms;
  }
};
} // namespace
