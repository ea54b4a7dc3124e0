//===- SampleStream.h - the samples that a model is fed --------*- C++ -*-===//
//
// Matches the arrays of an archive with the inputs of a function and yields one
// run's inputs at a time. Invariant: what it yields has the type of the input
// and no NaN or infinity.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_EXECUTION_SAMPLESTREAM_H
#define QNT_EXECUTION_SAMPLESTREAM_H

#include "mlir/Interfaces/FunctionInterfaces.h"
#include "qnt/Execution/ArrayArchive.h"

namespace mlir::qnt {

/// An argument or a result of a function.
struct NamedSpec {
  std::string name;
  TensorSpec spec;
};

/// The inputs of a function: `qnt.name` of the argument or `argN`. Fails, with
/// a diagnostic, on a type that no array can have.
FailureOr<SmallVector<NamedSpec>> getInputSpecs(FunctionOpInterface function);
/// The results: `qnt.name` of the result or `resultN`.
FailureOr<SmallVector<NamedSpec>> getOutputSpecs(FunctionOpInterface function);

/// "input_1 float32 [N, 32, 32, 3]": one line for people; N stands for the
/// number of samples.
std::string describeInputs(ArrayRef<NamedSpec> inputs);

class SampleStream {
public:
  /// Array `[N * d0, d1, ...]` serves an input of shape `[d0, d1, ...]`, `[N]`
  /// a scalar; all inputs have the same N. An array of the very shape of the
  /// input is one sample.
  static llvm::Expected<SampleStream> open(StringRef path,
                                           ArrayRef<NamedSpec> inputs);
  static llvm::Expected<SampleStream> open(ArrayArchive archive,
                                           ArrayRef<NamedSpec> inputs);

  /// Samples may hold NaN and infinity, which are else refused.
  void allowNonFinite() { acceptNonFinite = true; }

  int64_t getNumSamples() const { return numSamples; }
  int64_t getPosition() const { return position; }

  /// Reads the next sample into `out`, one tensor per input; false at the end.
  llvm::Expected<bool> next(SmallVectorImpl<Tensor> &out);

  const ArrayArchive &getArchive() const { return *archive; }

private:
  std::shared_ptr<ArrayArchive> archive;
  SmallVector<NamedSpec> inputs;
  SmallVector<std::string> arrayNames;
  SmallVector<ArrayStream> streams;
  bool acceptNonFinite = false;
  int64_t numSamples = 0;
  int64_t position = 0;
};

} // namespace mlir::qnt

#endif // QNT_EXECUTION_SAMPLESTREAM_H
