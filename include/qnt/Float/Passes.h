//===- Passes.h - passes that make float models executable -----*- C++ -*-===//
//
// What upstream lacks on the way from float tensors to fast loops; the order is
// in Pipelines/FloatToLLVM.h.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_FLOAT_PASSES_H
#define QNT_FLOAT_PASSES_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"
#include "qnt/Dialect/IR/Qnt.h"

namespace mlir::qnt {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "qnt/Float/Passes.h.inc"

} // namespace mlir::qnt

#endif // QNT_FLOAT_PASSES_H
