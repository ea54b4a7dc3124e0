//===- Interpreter.h - the reference for integer code ----------*- C++ -*-===//
//
// Runs a function after Lower op by op with the reference kernels of Numerics;
// what stays float goes through the JIT. Emitted code must give the same bits.
// Invariant: every op has one meaning here, that of docs/Numerics.md; an op
// without one is refused when the interpreter is made, never when it runs.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_EXECUTION_INTERPRETER_H
#define QNT_EXECUTION_INTERPRETER_H

#include "qnt/Execution/Jit.h"

#include <functional>

namespace mlir::qnt {

class Interpreter {
public:
  /// Called with each value and its elements, arguments and constants included,
  /// as soon as they are known.
  using Tap = std::function<void(Value, const Tensor &)>;

  /// Prepares a function of one block, which must outlive the interpreter.
  /// Emits a diagnostic on failure.
  static FailureOr<std::unique_ptr<Interpreter>>
  create(FunctionOpInterface function, StringRef floatLowering = "float");
  ~Interpreter();

  ArrayRef<NamedSpec> getInputs() const { return inputs; }
  ArrayRef<NamedSpec> getOutputs() const { return outputs; }

  /// Runs the function. Emits a diagnostic and fails if an input has not the
  /// right type.
  LogicalResult run(ArrayRef<Tensor> in, SmallVectorImpl<Tensor> &out,
                    const Tap &tap = nullptr);

private:
  Interpreter();
  struct State;
  std::unique_ptr<State> state;
  SmallVector<NamedSpec> inputs, outputs;
};

} // namespace mlir::qnt

#endif // QNT_EXECUTION_INTERPRETER_H
