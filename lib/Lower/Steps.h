//===- Steps.h - the steps of qnt-lower-to-integer -------------*- C++ -*-===//
//
// The steps run in the order of this file; the pass only wires them.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_LOWER_STEPS_H
#define QNT_LIB_LOWER_STEPS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "qnt/Dialect/IR/Qnt.h"

namespace mlir::qnt::lower {

/// Why each op that could not become integer stays float.
using Reasons = llvm::MapVector<Operation *, std::string>;

/// What a step did.
struct Counts {
  unsigned integer = 0, absorbed = 0, floats = 0;
};

/// Replaces what it can by integer forms, everything else by conversions.
LogicalResult buildIntegerForms(func::FuncOp function, Rounding rounding,
                                Reasons &reasons, Counts &counts);

/// Lists the float ops that are left in `qnt.float_ops`; errors if `strict`,
/// else remarks.
LogicalResult reportFloatOps(func::FuncOp function, const Reasons &reasons,
                             bool strict, Counts &counts);

/// The element type of a model input or output.
enum class BoundaryType { Float, Int8, Uint8 };

/// The boundary type of an option value; nothing for an unknown one.
std::optional<BoundaryType> parseBoundaryType(StringRef name);

/// Writes `qnt.scale` and `qnt.zero_point` of arguments and results that are
/// integers already.
void noteIntegerBoundaries(func::FuncOp function);

/// Writes `qnt.scale` and `qnt.zero_point` of arguments and results and
/// changes the signature to the asked types.
LogicalResult rewriteBoundaries(func::FuncOp function, BoundaryType inputs,
                                BoundaryType outputs, Rounding rounding);

} // namespace mlir::qnt::lower

#endif // QNT_LIB_LOWER_STEPS_H
