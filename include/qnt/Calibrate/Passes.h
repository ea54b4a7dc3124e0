//===- Passes.h - passes of the calibrate stage ----------------*- C++ -*-===//
//
// Turns observed edges into quantized ones.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_CALIBRATE_PASSES_H
#define QNT_CALIBRATE_PASSES_H

#include "mlir/Pass/Pass.h"
#include "qnt/Dialect/IR/Qnt.h"

namespace mlir::qnt {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "qnt/Calibrate/Passes.h.inc"

} // namespace mlir::qnt

#endif // QNT_CALIBRATE_PASSES_H
