//===- Jit.h - compile and call a module -----------------------*- C++ -*-===//
//
// ORC around a module of the LLVM dialect, for the machine it runs on.
// Invariant: the module that the caller passes is never changed; code lives as
// long as the Jit.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_EXECUTION_JIT_H
#define QNT_EXECUTION_JIT_H

#include "mlir/IR/BuiltinOps.h"
#include "qnt/Execution/SampleStream.h"
#include "llvm/ADT/StringMap.h"

namespace llvm::orc {
class LLJIT;
} // namespace llvm::orc

namespace mlir::qnt {

struct JitOptions {
  /// 0 to 3, as -O of a compiler.
  unsigned optLevel = 3;
};

/// Machine code of a module.
class Jit {
public:
  /// The arguments of a function, each by its value as a pointer.
  using PackedFn = void (*)(void *const *arguments);

  /// Runs lowering `name` on a clone of `module` and compiles it. Emits a
  /// diagnostic on failure.
  static FailureOr<std::unique_ptr<Jit>>
  create(ModuleOp module, StringRef lowering, const JitOptions &options = {});

  /// Compiles a module that is in the LLVM dialect already.
  static FailureOr<std::unique_ptr<Jit>>
  compile(ModuleOp llvmModule, const JitOptions &options = {});

  ~Jit();

  /// The address of a function; null if there is none of that name.
  void *lookup(StringRef name) const;
  /// A caller for a function whose arguments are pointers; null if there is
  /// none.
  PackedFn lookupPacked(StringRef name) const;

private:
  Jit();
  std::unique_ptr<llvm::orc::LLJIT> engine;
};

/// A compiled tensor function: tensors in, tensors out.
class JitFunction {
public:
  /// Compiles `function` with the module around it; its lowering must follow
  /// the calling convention of `float` (Lowering.h).
  static FailureOr<std::unique_ptr<JitFunction>>
  create(FunctionOpInterface function, StringRef lowering = "float",
         const JitOptions &options = {});

  ArrayRef<NamedSpec> getInputs() const { return inputs; }
  ArrayRef<NamedSpec> getOutputs() const { return outputs; }

  /// Inputs of the right types; outputs are (re)allocated when they are not of
  /// the right type.
  void run(ArrayRef<Tensor> in, SmallVectorImpl<Tensor> &out) const;
  /// The same on buffers; pointers of inputs, then of outputs.
  void runPointers(void *const *arguments) const { function(arguments); }

private:
  JitFunction() = default;
  std::unique_ptr<Jit> jit;
  Jit::PackedFn function = nullptr;
  SmallVector<NamedSpec> inputs, outputs;
};

} // namespace mlir::qnt

#endif // QNT_EXECUTION_JIT_H
