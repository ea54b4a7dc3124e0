//===- FloatToLLVM.h - float models to LLVM --------------------*- C++ -*-===//
//
// The float half of the compiler: what the JIT runs for calibration and for
// references, and what float islands in integer models are lowered by.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_PIPELINES_FLOATTOLLVM_H
#define QNT_PIPELINES_FLOATTOLLVM_H

#include "mlir/Pass/PassManager.h"

namespace mlir::qnt {

/// tosa, linalg and qnt on tensors -> linalg on tensors. Pass manager of a
/// module.
void buildFloatToLinalgPipeline(OpPassManager &pm);

/// linalg on tensors -> loops on static buffers (scf, vector, memref, arith).
/// Functions of tensors become functions of identity-layout buffers, results as
/// further arguments; temporaries are `memref.alloc` without `dealloc`.
void buildFloatBufferPipeline(OpPassManager &pm);

/// Loops on buffers -> LLVM dialect, functions of bare pointers. Temporaries
/// are freed after their last use.
void buildLoopsToLLVMPipeline(OpPassManager &pm);

/// All three.
void buildFloatToLLVMPipeline(OpPassManager &pm);

/// Registers the pipeline `qnt-float-to-llvm` and the JIT lowering `float`.
void registerFloatToLLVM();

} // namespace mlir::qnt

#endif // QNT_PIPELINES_FLOATTOLLVM_H
