//===- Progress.cpp - a progress bar on a terminal ------------------------===//
//
// Drawn at most ten times a second, so that it costs nothing.
//
//===----------------------------------------------------------------------===//

#include "qnt/Execution/Progress.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::qnt;

static constexpr int64_t kWidth = 30;

/// A stream of our own: this is a display, not a diagnostic.
static llvm::raw_fd_ostream &terminal() {
  static llvm::raw_fd_ostream stream(/*fd=*/2, /*shouldClose=*/false,
                                     /*unbuffered=*/true);
  return stream;
}

ProgressBar::ProgressBar(StringRef label, int64_t total)
    : label(label.str()), total(std::max<int64_t>(total, 1)),
      isShown(total > 0 && llvm::sys::Process::StandardErrIsDisplayed()),
      start(Clock::now()), last(start) {}

ProgressBar::~ProgressBar() {
  if (isDrawn)
    terminal() << "\r\x1b[K";
}

void ProgressBar::update(int64_t done) {
  if (!isShown)
    return;
  Clock::time_point now = Clock::now();
  if (now - last < std::chrono::milliseconds(100))
    return;
  last = now;
  isDrawn = true;
  int64_t filled = std::min(done, total) * kWidth / total;
  double seconds = std::chrono::duration<double>(now - start).count();
  std::string line;
  llvm::raw_string_ostream stream(line);
  stream << "\r" << label << " [" << std::string(filled, '=')
         << std::string(kWidth - filled, ' ') << "] " << done << "/" << total
         << llvm::format("  %.1f s\x1b[K", seconds);
  terminal() << line;
}
