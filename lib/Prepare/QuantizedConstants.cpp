//===- QuantizedConstants.cpp - constants stored as integers --------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "QuantizedConstants.h"

#include "qnt/Analysis/Constants.h"

#include "mlir/IR/Matchers.h"

namespace mlir::qnt {

std::optional<StoredConstant> getStoredConstant(Value value) {
  auto dequantize = value.getDefiningOp<DequantizeOp>();
  auto cast = dequantize ? dequantize.getInput().getDefiningOp<StorageCastOp>()
                         : StorageCastOp();
  DenseElementsAttr integers;
  if (!cast || !matchPattern(cast.getInput(), m_Constant(&integers)))
    return std::nullopt;
  auto type = dyn_cast<QuantizedType>(getElementTypeOrSelf(cast.getType()));
  if (!type || !isa<IntegerType>(type.getStorage()) ||
      !isa<PerTensorAttr, PerAxisAttr>(type.getScheme()))
    return std::nullopt;
  return StoredConstant{integers, type};
}

/// The type with its scales along another axis.
static QuantizedType moveAxis(QuantizedType type, int64_t axis) {
  auto scheme = dyn_cast<PerAxisAttr>(type.getScheme());
  if (!scheme)
    return type;
  return type.withScheme(PerAxisAttr::get(type.getContext(), axis,
                                          scheme.getScales(),
                                          scheme.getZeroPoints()));
}

std::optional<StoredConstant> reshapeStored(const StoredConstant &constant,
                                            ArrayRef<int64_t> shape) {
  ShapedType from = constant.integers.getType();
  auto to = RankedTensorType::get(shape, from.getElementType());
  if (to.getNumElements() != from.getNumElements())
    return std::nullopt;
  StoredConstant result = constant;
  result.integers = result.integers.reshape(to);
  std::optional<int64_t> axis = constant.type.getScheme().getQuantizedAxis();
  if (!axis)
    return result;
  // The dimension of the same size with as many elements in front of it.
  auto countBefore = [](ArrayRef<int64_t> dims, int64_t axis) {
    int64_t count = 1;
    for (int64_t dim : dims.take_front(axis))
      count *= dim;
    return count;
  };
  int64_t size = from.getDimSize(*axis);
  int64_t before = countBefore(from.getShape(), *axis);
  for (int64_t candidate = 0; candidate < to.getRank(); ++candidate)
    if (shape[candidate] == size && countBefore(shape, candidate) == before) {
      result.type = moveAxis(constant.type, candidate);
      return result;
    }
  return std::nullopt;
}

StoredConstant transposeStored(const StoredConstant &constant,
                               ArrayRef<int32_t> perms) {
  StoredConstant result{permuteConstant(constant.integers, perms),
                        constant.type};
  if (std::optional<int64_t> axis =
          constant.type.getScheme().getQuantizedAxis())
    result.type = moveAxis(constant.type, invert(perms)[*axis]);
  return result;
}

Value buildStored(OpBuilder &builder, Location loc,
                  const StoredConstant &constant) {
  return buildStoredConstant(builder, loc, constant.integers, constant.type);
}

} // namespace mlir::qnt
