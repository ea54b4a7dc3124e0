//===- FloatForms.h - ops on quantized tensors ------------------*- C++ -*-===//
//
// qnt means arithmetic on quantized tensors as float ops between conversions.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_INTEROP_FLOATFORMS_H
#define QNT_LIB_INTEROP_FLOATFORMS_H

#include "qnt/Dialect/IR/Qnt.h"

namespace mlir::qnt {

/// Rewrites every op of tosa below `root` that has a quantized operand or
/// result; returns their number. Emits a diagnostic where an op has no such
/// form.
FailureOr<unsigned> makeFloatForms(Operation *root);

} // namespace mlir::qnt

#endif // QNT_LIB_INTEROP_FLOATFORMS_H
