//===- Constants.h - float constants and their stored form -----*- C++ -*-===//
//
// Reads constants however MLIR holds them and computes the stored integers of
// one. The arithmetic is Numerics'.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_ANALYSIS_CONSTANTS_H
#define QNT_ANALYSIS_CONSTANTS_H

#include "qnt/Dialect/IR/Qnt.h"

namespace mlir::qnt {

/// The float32 values of a constant, dense or in a resource; nothing for other
/// values.
std::optional<SmallVector<float>> getFloatValues(Value value);

/// The stored integers of `values` in `type`, whose scheme is complete and per
/// tensor or per axis; `shape` is the shape of the tensor.
DenseElementsAttr getStoredConstant(ArrayRef<float> values,
                                    ArrayRef<int64_t> shape,
                                    QuantizedType type);

/// constant -> constant integers, storage_cast, dequantize; returns the last.
Value buildStoredConstant(OpBuilder &builder, Location loc,
                          DenseElementsAttr stored, QuantizedType type);

} // namespace mlir::qnt

#endif // QNT_ANALYSIS_CONSTANTS_H
