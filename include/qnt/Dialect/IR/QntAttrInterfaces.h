//===- QntAttrInterfaces.h - interfaces of attributes ----------*- C++ -*-===//
//
// The plain structs that attribute interfaces exchange, then the generated
// interfaces. They hold values only; nothing here owns IR.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_DIALECT_IR_QNTATTRINTERFACES_H
#define QNT_DIALECT_IR_QNTATTRINTERFACES_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/PatternMatch.h"
#include "qnt/Dialect/IR/QntEnums.h"

namespace mlir::qnt {

/// A closed interval of real numbers; either end may be infinite.
struct RealRange {
  double min;
  double max;
};

/// What an observer found on one edge.
struct ObservedRange {
  /// The range to quantize (after clipping, averaging, ...).
  RealRange chosen;
  /// The smallest and largest value really seen.
  RealRange seen;
  /// How many values were seen.
  double count;
};

} // namespace mlir::qnt

#include "qnt/Dialect/IR/QntAttrInterfaces.h.inc"

#endif // QNT_DIALECT_IR_QNTATTRINTERFACES_H
