//===- Constants.cpp - float constants and their stored form --------------===//
//
// See the header. Invariant: the stored form of a constant is what a quantize
// op of the same type would compute at run time.
//
//===----------------------------------------------------------------------===//

#include "qnt/Analysis/Constants.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
#include "qnt/Dialect/IR/QntNumerics.h"

using namespace mlir;
using namespace mlir::qnt;
namespace num = ::qnt::num;

std::optional<SmallVector<float>> mlir::qnt::getFloatValues(Value value) {
  Attribute attr;
  if (!getElementTypeOrSelf(value.getType()).isF32() ||
      !matchPattern(value, m_Constant(&attr)))
    return std::nullopt;
  if (auto dense = dyn_cast<DenseFPElementsAttr>(attr))
    return llvm::to_vector(dense.getValues<float>());
  if (auto resource = dyn_cast<DenseF32ResourceElementsAttr>(attr))
    if (std::optional<ArrayRef<float>> values = resource.tryGetAsArrayRef())
      return SmallVector<float>(*values);
  return std::nullopt;
}

/// The index along `axis` of element `flat` of a row-major tensor.
static int64_t indexAlong(ArrayRef<int64_t> shape, int64_t axis, int64_t flat) {
  int64_t inner = 1;
  for (int64_t size : shape.drop_front(axis + 1))
    inner *= size;
  return flat / inner % shape[axis];
}

DenseElementsAttr mlir::qnt::getStoredConstant(ArrayRef<float> values,
                                               ArrayRef<int64_t> shape,
                                               QuantizedType type) {
  SchemeAttrInterface scheme = type.getScheme();
  SmallVector<float> scales = scheme.getScaleValues();
  SmallVector<int32_t> zeroPoints = scheme.getZeroPointValues();
  std::optional<int64_t> axis = scheme.getQuantizedAxis();
  num::StorageRange range = storageRangeOf(type);
  SmallVector<APInt> stored;
  for (auto [flat, value] : llvm::enumerate(values)) {
    int64_t at = axis ? indexAlong(shape, *axis, flat) : 0;
    int32_t q =
        num::quantize(value, scales[at], zeroPoints[at], range.min, range.max);
    stored.emplace_back(type.getStorageWidth(), q, /*isSigned=*/true,
                        /*implicitTrunc=*/true);
  }
  return DenseElementsAttr::get(
      RankedTensorType::get(shape, type.getArithmeticType()), stored);
}

Value mlir::qnt::buildStoredConstant(OpBuilder &builder, Location loc,
                                     DenseElementsAttr stored,
                                     QuantizedType type) {
  ShapedType shape = stored.getType();
  Value integers = arith::ConstantOp::create(builder, loc, stored);
  Value quantized =
      StorageCastOp::create(builder, loc, shape.clone(type), integers);
  return DequantizeOp::create(builder, loc, shape.clone(type.getExpressed()),
                              quantized);
}
