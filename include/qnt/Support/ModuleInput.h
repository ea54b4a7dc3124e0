//===- ModuleInput.h - MLIR files from outside ------------------*- C++ -*-===//
//
// The upstream readers trust their input: malformed bytecode may end the
// process, and text recurses as deep as it nests. What a user hands in passes
// here first, so that any file ends in a module or in an error.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_SUPPORT_MODULEINPUT_H
#define QNT_SUPPORT_MODULEINPUT_H

#include "mlir/IR/DialectRegistry.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

namespace mlir::qnt {

/// Brackets of MLIR text may nest this deep; models need a dozen.
constexpr unsigned kMaxTextNesting = 256;

/// Succeeds if reading `buffer` as MLIR text or bytecode cannot harm this
/// process; whether it is a module is for the reader to say. Bytecode is read
/// once in a child process of bounded memory and time.
llvm::Error checkModuleInput(llvm::MemoryBufferRef buffer,
                             const DialectRegistry &registry);

} // namespace mlir::qnt

#endif // QNT_SUPPORT_MODULEINPUT_H
