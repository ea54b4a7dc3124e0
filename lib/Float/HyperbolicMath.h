//===- HyperbolicMath.h - functions made of exp and log ---------*- C++ -*-===//
//
// Patterns of qnt-approximate-math beside upstream's.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_FLOAT_HYPERBOLICMATH_H
#define QNT_LIB_FLOAT_HYPERBOLICMATH_H

namespace mlir {
class RewritePatternSet;
namespace qnt {

/// tan, sinh, cosh, asinh, acosh and atanh on f32.
void populateHyperbolicPatterns(RewritePatternSet &patterns);

} // namespace qnt
} // namespace mlir

#endif // QNT_LIB_FLOAT_HYPERBOLICMATH_H
