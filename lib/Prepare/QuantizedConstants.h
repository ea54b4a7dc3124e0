//===- QuantizedConstants.h - constants stored as integers ------*- C++ -*-===//
//
// dequantize(storage_cast(constant)): the form in which a quantized model
// brings its weights. Invariant: whatever is done to one, each integer keeps
// its scale and zero point.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_PREPARE_QUANTIZEDCONSTANTS_H
#define QNT_LIB_PREPARE_QUANTIZEDCONSTANTS_H

#include "ConstantUtils.h"
#include "TransposePatterns.h"

#include "qnt/Dialect/IR/Qnt.h"

namespace mlir::qnt {

struct StoredConstant {
  DenseElementsAttr integers;
  QuantizedType type;
};

/// The constant behind `value` if it is stored per tensor or per axis.
std::optional<StoredConstant> getStoredConstant(Value value);

/// The same integers under another shape; nothing if scales along one axis
/// have no axis there.
std::optional<StoredConstant> reshapeStored(const StoredConstant &constant,
                                            ArrayRef<int64_t> shape);

/// Dimension `i` of the result taken from `perms[i]`.
StoredConstant transposeStored(const StoredConstant &constant,
                               ArrayRef<int32_t> perms);

/// constant, storage_cast, dequantize; returns the last.
Value buildStored(OpBuilder &builder, Location loc,
                  const StoredConstant &constant);

} // namespace mlir::qnt

#endif // QNT_LIB_PREPARE_QUANTIZEDCONSTANTS_H
