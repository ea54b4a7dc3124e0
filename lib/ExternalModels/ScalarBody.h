//===- ScalarBody.h - bodies of linalg ops as real functions ---*- C++ -*-===//
//
// Evaluates a body of arith and math ops on doubles, and recognizes the few
// shapes that have an integer form of their own.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_EXTERNALMODELS_SCALARBODY_H
#define QNT_LIB_EXTERNALMODELS_SCALARBODY_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "qnt/Dialect/IR/Qnt.h"

namespace mlir::qnt::models {

/// The value that `body` yields with its arguments set; nothing if it holds an
/// op that is not known, or yields several values.
std::optional<double> evaluateBody(Block &body, ArrayRef<double> arguments);

/// The one op between arguments and yield, if the body is nothing else.
Operation *singleOp(Block &body);

/// The bounds, if the body is a clamp of its argument 0.
std::optional<RealRange> matchClamp(Block &body);

} // namespace mlir::qnt::models

#endif // QNT_LIB_EXTERNALMODELS_SCALARBODY_H
