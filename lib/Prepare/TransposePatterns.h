//===- TransposePatterns.h - rewrites that move transposes ------*- C++ -*-===//
//
// The patterns of qnt-sink-transposes, by file. Each moves a transpose from an
// operand to the result or removes it; none adds one.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_PREPARE_TRANSPOSEPATTERNS_H
#define QNT_LIB_PREPARE_TRANSPOSEPATTERNS_H

#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::qnt {

/// The transpose that makes a value, or null.
inline tosa::TransposeOp getTranspose(Value value) {
  return value.getDefiningOp<tosa::TransposeOp>();
}

SmallVector<int32_t> invert(ArrayRef<int32_t> perms);

/// The type with dimensions permuted: i of the result from perms[i].
RankedTensorType permuteType(Type type, ArrayRef<int32_t> perms);

Value makeTranspose(OpBuilder &builder, Location loc, Value value,
                    ArrayRef<int32_t> perms);

/// TransposeSimplify.cpp: compose, fold into constants, turn into reshapes.
void populateTransposeSimplifications(RewritePatternSet &patterns);
/// TransposeElementwise.cpp: through elementwise ops and composites.
void populateTransposeThroughElementwise(RewritePatternSet &patterns);
/// TransposeLayout.cpp: through concat, pad, slice, reductions.
void populateTransposeThroughLayout(RewritePatternSet &patterns);
/// TransposeQuantized.cpp: through quantize and dequantize.
void populateTransposeThroughQuantized(RewritePatternSet &patterns);
/// TransposeReshape.cpp: through reshapes and into dense weights.
void populateTransposeThroughReshape(RewritePatternSet &patterns);

} // namespace mlir::qnt

#endif // QNT_LIB_PREPARE_TRANSPOSEPATTERNS_H
