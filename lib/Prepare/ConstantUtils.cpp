//===- ConstantUtils.cpp - dense constants of the prepare stage -----------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "ConstantUtils.h"

#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/Matchers.h"

namespace mlir::qnt {

DenseElementsAttr getConstant(Value value) {
  DenseElementsAttr values;
  if (!isa<RankedTensorType>(value.getType()) ||
      !matchPattern(value, m_Constant(&values)))
    return {};
  return values;
}

DenseElementsAttr getFloatConstant(Value value) {
  DenseElementsAttr values = getConstant(value);
  return values && values.getElementType().isF32() ? values
                                                   : DenseElementsAttr();
}

DenseElementsAttr permuteConstant(DenseElementsAttr values,
                                  ArrayRef<int32_t> perms) {
  ArrayRef<int64_t> from = values.getType().getShape();
  SmallVector<int64_t> shape, sourceStrides(from.size(), 1), strides;
  for (int64_t i = static_cast<int64_t>(from.size()) - 2; i >= 0; --i)
    sourceStrides[i] = sourceStrides[i + 1] * from[i + 1];
  for (int32_t perm : perms) {
    shape.push_back(from[perm]);
    strides.push_back(sourceStrides[perm]);
  }
  auto type = RankedTensorType::get(shape, values.getElementType());
  if (values.isSplat())
    return values.resizeSplat(type);

  int64_t width = values.getElementType().getIntOrFloatBitWidth() / 8;
  ArrayRef<char> in = values.getRawData();
  std::vector<char> out(in.size());
  SmallVector<int64_t> index(shape.size(), 0);
  int64_t source = 0;
  for (size_t at = 0; at < out.size(); at += width) {
    std::copy_n(in.begin() + source * width, width, out.begin() + at);
    for (int64_t d = static_cast<int64_t>(shape.size()) - 1; d >= 0; --d) {
      source += strides[d];
      if (++index[d] < shape[d])
        break;
      source -= strides[d] * shape[d];
      index[d] = 0;
    }
  }
  return DenseElementsAttr::getFromRawBuffer(type, out);
}

std::optional<SmallVector<int64_t>> getShapeConstant(Value value) {
  auto constant = value.getDefiningOp<tosa::ConstShapeOp>();
  if (!constant)
    return std::nullopt;
  return llvm::to_vector(constant.getValues().getValues<int64_t>());
}

Value makeConstant(OpBuilder &builder, Location loc, DenseElementsAttr values) {
  return tosa::ConstOp::create(builder, loc, values.getType(), values);
}

Value makeShape(OpBuilder &builder, Location loc, ArrayRef<int64_t> dims) {
  auto type = tosa::shapeType::get(builder.getContext(), dims.size());
  return tosa::ConstShapeOp::create(builder, loc, type,
                                    builder.getIndexTensorAttr(dims));
}

} // namespace mlir::qnt
