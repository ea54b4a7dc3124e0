//===- Model.h - something that maps tensors to tensors ---------*- C++ -*-===//
//
// The forms a model can have, behind one interface. Invariant: outputs have
// exactly the names and types that the model announces.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_TOOLS_QUANT_RUN_MODEL_H
#define QNT_TOOLS_QUANT_RUN_MODEL_H

#include "Options.h"
#include "qnt/Execution/SampleStream.h"
#include "llvm/ADT/FunctionExtras.h"

#include <memory>

namespace mlir::qnt {

class Model {
public:
  /// Takes the outputs of one sample.
  using Sink = llvm::function_ref<void(ArrayRef<Tensor>)>;
  /// One run on fixed inputs, for timing; it keeps its own buffers.
  using Runner = llvm::unique_function<llvm::Error()>;

  virtual ~Model();

  ArrayRef<NamedSpec> getInputs() const { return inputs; }
  ArrayRef<NamedSpec> getOutputs() const { return outputs; }

  /// Runs all samples in order.
  virtual llvm::Error runAll(SampleStream &samples, Sink sink);

  /// One run; `out` holds tensors of the right types.
  virtual llvm::Error run(ArrayRef<Tensor> in,
                          SmallVectorImpl<Tensor> &out) = 0;

  /// Nanoseconds of `runs` runs (0: as many as are sensible) in each of
  /// `threads` threads.
  virtual llvm::Expected<std::vector<double>>
  benchmark(ArrayRef<Tensor> in, unsigned runs, unsigned threads);

protected:
  /// A run that may go on in another thread at the same time as others; an
  /// error where there is no such thing.
  virtual llvm::Expected<Runner> makeRunner(ArrayRef<Tensor> in) = 0;

  SmallVector<NamedSpec> inputs, outputs;
};

/// Opens the file by its suffix and content. Errors that have been reported as
/// diagnostics come back with an empty message.
llvm::Expected<std::unique_ptr<Model>> openModel(const RunOptions &options);

/// A .so, or a .o of this machine.
llvm::Expected<std::unique_ptr<Model>>
openCompiledModel(const RunOptions &options, bool isObject);
/// A .o of another machine under an emulator.
llvm::Expected<std::unique_ptr<Model>>
openEmulatedModel(const RunOptions &options);
/// MLIR or ONNX.
llvm::Expected<std::unique_ptr<Model>>
openModuleModel(const RunOptions &options);

/// Nanoseconds per run of `runner`, called until there are `runs` of them (0:
/// for about a second).
llvm::Expected<std::vector<double>> timeRuns(Model::Runner &runner,
                                             unsigned runs);

} // namespace mlir::qnt

#endif // QNT_TOOLS_QUANT_RUN_MODEL_H
