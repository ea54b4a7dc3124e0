//===- Benchmark.cpp - figures of timed runs ------------------------------===//
//
// Percentiles are those of the sorted times (nearest rank), over all threads.
//
//===----------------------------------------------------------------------===//

#include "Report.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"

#include <cmath>
#include <numeric>

using namespace mlir;
using namespace mlir::qnt;

/// The smallest time that `percent` of all do not exceed.
static double percentile(ArrayRef<double> sorted, double percent) {
  size_t rank = std::ceil(percent / 100 * sorted.size());
  return sorted[std::max<size_t>(rank, 1) - 1];
}

void qnt::printTimes(llvm::raw_ostream &os, std::vector<double> nanoseconds,
                     unsigned threads) {
  llvm::sort(nanoseconds);
  auto microseconds = [](double time) {
    return llvm::format("%.2f us", time / 1000);
  };
  os << "latency: min " << microseconds(nanoseconds.front()) << ", median "
     << microseconds(percentile(nanoseconds, 50)) << ", p90 "
     << microseconds(percentile(nanoseconds, 90)) << ", p99 "
     << microseconds(percentile(nanoseconds, 99)) << ", max "
     << microseconds(nanoseconds.back()) << "\n";
  double total =
      std::accumulate(nanoseconds.begin(), nanoseconds.end(), 0.0) / threads;
  os << "throughput: " << llvm::format("%.1f", nanoseconds.size() / total * 1e9)
     << " inferences/s (" << nanoseconds.size() << " runs in " << threads
     << (threads == 1 ? " thread)\n" : " threads)\n");
}
