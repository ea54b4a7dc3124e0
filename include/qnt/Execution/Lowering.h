//===- Lowering.h - pipelines to machine code, by name ---------*- C++ -*-===//
//
// Stages run code through the JIT without knowing who lowers it: Pipelines
// registers lowerings here, stages name one. Invariant: a registered pipeline
// takes a module to the LLVM dialect.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_EXECUTION_LOWERING_H
#define QNT_EXECUTION_LOWERING_H

#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringRef.h"

#include <functional>

namespace mlir::qnt {

using LoweringFn = std::function<void(OpPassManager &)>;

/// Makes `name` known; a later registration of the same name wins. `float` is
/// the one that Calibrate and the interpreter use unless told otherwise: tensor
/// functions become functions of bare pointers, first the arguments, then one
/// per result.
void registerLowering(StringRef name, LoweringFn build);

/// Null if there is none of that name.
const LoweringFn *lookupLowering(StringRef name);

/// All names, sorted, separated by ", ".
std::string getLoweringNames();

} // namespace mlir::qnt

#endif // QNT_EXECUTION_LOWERING_H
