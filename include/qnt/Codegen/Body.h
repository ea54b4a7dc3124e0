//===- Body.h - the functions around the kernels ---------------*- C++ -*-===//
//
// From a resolved plan to the functions that callers see, and to the contract
// that describes them.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_CODEGEN_BODY_H
#define QNT_CODEGEN_BODY_H

#include "qnt/Codegen/Plan.h"

namespace mlir::qnt {

/// What the emitted model is called and how it gets its memory.
struct BodyOptions {
  std::string name;
  /// The object owns the arena; callers may pass a null pointer.
  bool staticArena = false;
  /// There is an entry for batches of any size.
  bool anyBatch = false;
};

/// Emits the kernels of all steps and the private function that calls them in
/// order: arguments are inputs, outputs, arena.
FailureOr<func::FuncOp> emitBody(Plan &plan, const PlanSize &size,
                                 const BodyOptions &options);

/// Emits `<name>_init(i32) -> i32` and `<name>_run(ptr, ptr, ptr) -> i32`,
/// which check what they are given and call `body`; with `anyBatch` also
/// `<name>_run_batch(ptr, ptr, ptr, i64) -> i32`, which calls run per sample.
void emitEntryPoints(Plan &plan, func::FuncOp body, const PlanSize &size,
                     const BodyOptions &options);

/// Emits `<name>_run_batch`: samples lie behind each other in every input and
/// output of `type`.
void emitBatchEntry(ImplicitLocOpBuilder &b, FunctionType type,
                    func::FuncOp run, const BodyOptions &options);

/// The attribute `qnt.contract` (Emit documents its entries).
DictionaryAttr makeContract(Plan &plan, const PlanSize &size,
                            const BodyOptions &options);

/// A name that C accepts.
std::string toSymbol(StringRef name);

} // namespace mlir::qnt

#endif // QNT_CODEGEN_BODY_H
