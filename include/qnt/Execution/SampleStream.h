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

/// Samples from elsewhere than a file. Errors that `next` gives are shown as
/// they are.
class SampleSource {
public:
  virtual ~SampleSource();
  /// Fills the tensors, one per input, which have the right types; false at the
  /// end.
  virtual llvm::Expected<bool> next(MutableArrayRef<Tensor> out) = 0;
};

/// Gives a source a path, which SampleStream::open takes while this object
/// lives. The first stream reads the source; later ones repeat the first
/// `kKept` samples that it read, so that memory does not grow with the data.
class SampleSourcePath {
public:
  static constexpr size_t kKept = 16;

  SampleSourcePath(SampleSource &source, StringRef name);
  SampleSourcePath(const SampleSourcePath &) = delete;
  SampleSourcePath &operator=(const SampleSourcePath &) = delete;
  ~SampleSourcePath();

  StringRef str() const { return path; }

private:
  std::string path;
};

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

  /// What getNumSamples gives where only the end will tell.
  static constexpr int64_t kUnknown = INT64_MAX;
  int64_t getNumSamples() const { return numSamples; }
  int64_t getPosition() const { return position; }

  /// Reads the next sample into `out`, one tensor per input; false at the end.
  llvm::Expected<bool> next(SmallVectorImpl<Tensor> &out);

private:
  llvm::Error read(MutableArrayRef<Tensor> out);
  llvm::Error checkFinite(ArrayRef<Tensor> sample) const;

  /// Either a source or an archive.
  std::shared_ptr<SampleSource> source;
  std::string path;
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
