//===- Passes.h - passes of Lower --------------------------*- C++ -*-===//
//
// From quantize and dequantize around float ops to integer arithmetic.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LOWER_PASSES_H
#define QNT_LOWER_PASSES_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/Pass/Pass.h"
#include "qnt/Dialect/IR/Qnt.h"

namespace mlir::qnt {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "qnt/Lower/Passes.h.inc"

} // namespace mlir::qnt

#endif // QNT_LOWER_PASSES_H
