//===- ConstantUtils.h - dense constants of the prepare stage ---*- C++ -*-===//
//
// Reads and makes the constants that the passes of this stage rewrite. Element
// types are whole bytes.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_PREPARE_CONSTANTUTILS_H
#define QNT_LIB_PREPARE_CONSTANTUTILS_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::qnt {

/// The constant behind a value, or null.
DenseElementsAttr getConstant(Value value);

/// The f32 constant behind a value, or null.
DenseElementsAttr getFloatConstant(Value value);

/// The constant with dimension `i` of the result taken from `perms[i]`.
DenseElementsAttr permuteConstant(DenseElementsAttr values,
                                  ArrayRef<int32_t> perms);

/// The integers of a constant of tosa's shape type, if it is one.
std::optional<SmallVector<int64_t>> getShapeConstant(Value value);

/// A tosa.const, and one of tosa's shape type.
Value makeConstant(OpBuilder &builder, Location loc, DenseElementsAttr values);
Value makeShape(OpBuilder &builder, Location loc, ArrayRef<int64_t> dims);

/// Shape of a ranked tensor value.
inline ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

} // namespace mlir::qnt

#endif // QNT_LIB_PREPARE_CONSTANTUTILS_H
