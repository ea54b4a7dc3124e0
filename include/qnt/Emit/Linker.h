//===- Linker.h - objects to libraries and programs -------------*- C++ -*-===//
//
// Runs the linkers that quant-opt does not contain: ld.lld for shared
// libraries, a C compiler of the target for programs.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_EMIT_LINKER_H
#define QNT_EMIT_LINKER_H

#include "qnt/Emit/Contract.h"
#include "llvm/TargetParser/Triple.h"

namespace mlir::qnt {

/// The bytes of an ELF shared library made of one object. `linker` overrides
/// the ld.lld that is found beside LLVM or in PATH.
llvm::Expected<std::string>
linkShared(StringRef object, const llvm::Triple &triple, StringRef linker = "");

/// The bytes of a program that runs the model of `object` on .npy files (see
/// lib/Emit/Runtime/harness.c). `compiler` overrides the one that is found.
llvm::Expected<std::string> linkExecutable(StringRef object,
                                           const Contract &contract,
                                           const llvm::Triple &triple,
                                           StringRef compiler = "");

} // namespace mlir::qnt

#endif // QNT_EMIT_LINKER_H
