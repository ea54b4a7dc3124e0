//===- RaiseLinalg.h - linalg of other tools to tosa ------------*- C++ -*-===//
//
// The patterns of qnt-raise-linalg, by kind of op, and what they share.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_PREPARE_RAISELINALG_H
#define QNT_LIB_PREPARE_RAISELINALG_H

#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::qnt {

/// Convolutions, pools and products.
void populateRaiseWindows(RewritePatternSet &patterns);
/// linalg.generic: elementwise ops and reductions.
void populateRaiseGenerics(RewritePatternSet &patterns);
/// Pads, transposes and reshapes.
void populateRaiseShapes(RewritePatternSet &patterns);

namespace raise {

/// The value of an f32 constant all of whose elements are equal, of a scalar
/// constant, or of a tensor filled with one.
std::optional<double> getFill(Value value);

Value makeFloats(OpBuilder &builder, Location loc, ArrayRef<int64_t> shape,
                 float value);
Value transpose(OpBuilder &builder, Value value, ArrayRef<int32_t> perms);
Value reshape(OpBuilder &builder, Value value, ArrayRef<int64_t> shape);
/// value * factor; a factor of 1 costs nothing, and two become one.
Value scale(OpBuilder &builder, Location loc, Value value, double factor);

} // namespace raise
} // namespace mlir::qnt

#endif // QNT_LIB_PREPARE_RAISELINALG_H
