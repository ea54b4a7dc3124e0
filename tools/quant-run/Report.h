//===- Report.h - what quant-run prints -------------------------*- C++ -*-===//
//
// Comparison, metrics and timing, fed sample by sample.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_TOOLS_QUANT_RUN_REPORT_H
#define QNT_TOOLS_QUANT_RUN_REPORT_H

#include "Options.h"
#include "qnt/Execution/SampleStream.h"
#include "llvm/Support/raw_ostream.h"

namespace mlir::qnt {

/// Compares outputs with an archive of expected ones.
class Comparison {
public:
  static llvm::Expected<std::unique_ptr<Comparison>>
  open(StringRef path, ArrayRef<NamedSpec> outputs, int64_t samples);

  /// The outputs of the next sample.
  llvm::Error add(ArrayRef<Tensor> out);

  /// One line per output; true if no difference exceeds the tolerance.
  bool print(llvm::raw_ostream &os, double tolerance) const;

private:
  struct Difference {
    std::string name;
    double maxAbs = 0.0;
    double signal = 0.0, noise = 0.0;
    int64_t equal = 0, count = 0;
    /// NaN on one side only.
    bool unordered = false;
  };
  std::optional<SampleStream> expected;
  SmallVector<Tensor> wanted;
  SmallVector<Difference> differences;
};

/// The metric of labelled samples, by the first output.
class Evaluation {
public:
  static llvm::Expected<std::unique_ptr<Evaluation>>
  open(const RunOptions &options, ArrayRef<NamedSpec> outputs, int64_t samples);

  void add(ArrayRef<Tensor> out);
  void print(llvm::raw_ostream &os) const;

private:
  Metric metric;
  Tensor labels;
  int64_t position = 0;
  int64_t hits = 0;
  double squares = 0.0;
  int64_t elements = 0;
};

/// Min, median, percentiles and throughput of the runs.
void printTimes(llvm::raw_ostream &os, std::vector<double> nanoseconds,
                unsigned threads);

} // namespace mlir::qnt

#endif // QNT_TOOLS_QUANT_RUN_REPORT_H
