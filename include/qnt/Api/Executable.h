//===- Executable.h - models that run in this process ----------*- C++ -*-===//
//
// Machine code or an interpreter behind one call on plain buffers. Invariant:
// `run` may be called from any number of threads at once.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_API_EXECUTABLE_H
#define QNT_API_EXECUTABLE_H

#include "qnt/Api/Model.h"

namespace mlir::qnt {

class Executable {
public:
  virtual ~Executable();

  /// A float model through the JIT.
  static FailureOr<std::shared_ptr<Executable>> compile(const Model &model,
                                                        Messages &messages);
  /// An integer model by the reference kernels of docs/Numerics.md.
  static FailureOr<std::shared_ptr<Executable>> interpret(const Model &model,
                                                          Messages &messages);
  /// The bytes of an object for this machine. The error says what is in the
  /// way.
  static llvm::Expected<std::shared_ptr<Executable>>
  load(StringRef object, const Contract &contract);

  ArrayRef<NamedSpec> getInputs() const { return inputs; }
  ArrayRef<NamedSpec> getOutputs() const { return outputs; }

  /// One run on buffers of the sizes that the specs say, aligned for their
  /// elements.
  virtual llvm::Error run(ArrayRef<const void *> in, ArrayRef<void *> out) = 0;

protected:
  SmallVector<NamedSpec> inputs, outputs;
};

} // namespace mlir::qnt

#endif // QNT_API_EXECUTABLE_H
