//===- Pow2.h - scales that are powers of two -------------------*- C++ -*-===//
//
// The plugin's dialect and what its parts offer to the entry points.
//
//===----------------------------------------------------------------------===//

#ifndef POW2_H
#define POW2_H

#include "mlir/IR/Dialect.h"
#include "mlir/Pass/Pass.h"
#include "qnt/Dialect/IR/Qnt.h"

#include "Pow2Dialect.h.inc"

#define GET_ATTRDEF_CLASSES
#include "Pow2Attrs.h.inc"

namespace pow2 {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "Passes.h.inc"

/// Teaches quant-opt to quantize the upstream op math.atan.
void registerAtanModel(mlir::DialectRegistry &registry);

/// Lets the float pipeline compile elementwise ops on tensors, math.atan among
/// them.
void extendFloatLowering();

} // namespace pow2

#endif // POW2_H
