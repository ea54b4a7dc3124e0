//===- Progress.h - a progress bar on a terminal ---------------*- C++ -*-===//
//
// One line on standard error that is redrawn a few times a second and wiped at
// the end. Invariant: where standard error is no terminal, nothing is written.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_EXECUTION_PROGRESS_H
#define QNT_EXECUTION_PROGRESS_H

#include "mlir/Support/LLVM.h"

#include <chrono>
#include <string>

namespace mlir::qnt {

class ProgressBar {
public:
  /// Without a total, nothing is shown.
  ProgressBar(StringRef label, int64_t total);
  ProgressBar(const ProgressBar &) = delete;
  ProgressBar &operator=(const ProgressBar &) = delete;
  /// Wipes the line.
  ~ProgressBar();

  void update(int64_t done);

private:
  using Clock = std::chrono::steady_clock;

  std::string label;
  int64_t total;
  bool isShown;
  bool isDrawn = false;
  Clock::time_point start, last;
};

} // namespace mlir::qnt

#endif // QNT_EXECUTION_PROGRESS_H
