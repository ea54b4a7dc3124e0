//===- Passes.h - passes of Fold ---------------------------*- C++ -*-===//
//
// Removes dequantize-quantize pairs.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_FOLD_PASSES_H
#define QNT_FOLD_PASSES_H

#include "mlir/Pass/Pass.h"
#include "qnt/Dialect/IR/Qnt.h"

namespace mlir::qnt {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "qnt/Fold/Passes.h.inc"

} // namespace mlir::qnt

#endif // QNT_FOLD_PASSES_H
