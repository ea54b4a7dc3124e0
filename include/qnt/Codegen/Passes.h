//===- Passes.h - passes of the codegen stage ------------------*- C++ -*-===//
//
// Integer tensors to kernels on memory.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_CODEGEN_PASSES_H
#define QNT_CODEGEN_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"
#include "qnt/Dialect/IR/Qnt.h"

namespace mlir::qnt {

/// The module attribute that holds the `#qnt.cpu_target`.
inline constexpr llvm::StringLiteral kTargetAttr = "qnt.target";
/// The module attribute with everything that a caller of the object must know.
inline constexpr llvm::StringLiteral kContractAttr = "qnt.contract";

/// On outlined float functions: the bytes of scratch memory they want as their
/// last argument (none if 0).
inline constexpr llvm::StringLiteral kScratchAttr = "qnt.scratch_bytes";

/// On outlined float functions: their multiply-accumulates.
inline constexpr llvm::StringLiteral kMacsAttr = "qnt.macs";
/// The inner module that holds float functions on their way to buffers.
inline constexpr llvm::StringLiteral kFloatModule = "qnt_float";

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "qnt/Codegen/Passes.h.inc"

} // namespace mlir::qnt

#endif // QNT_CODEGEN_PASSES_H
