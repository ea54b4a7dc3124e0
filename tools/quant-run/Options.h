//===- Options.h - the command line of quant-run ----------------*- C++ -*-===//
//
// What the user asks for. Invariant: after parsing, options that would have no
// effect on this run have been refused.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_TOOLS_QUANT_RUN_OPTIONS_H
#define QNT_TOOLS_QUANT_RUN_OPTIONS_H

#include "mlir/Support/LLVM.h"
#include "llvm/Support/Error.h"

#include <optional>
#include <string>

namespace mlir::qnt {

enum class Metric { Top1, Mse };

struct RunOptions {
  std::string model;
  std::string inputs, outputs, compare;
  double tolerance = 0.0;
  bool benchmark = false;
  unsigned runs = 0;
  unsigned threads = 1;
  bool evaluate = false;
  std::string labels;
  Metric metric = Metric::Top1;
  bool reference = false;
  std::string contract;
  std::string emulator, emulatorCpu;
  std::string inputShapes, entry;
  bool padDetections = false;
};

/// Parses the command line; exits as command lines do on --help and on unknown
/// flags.
llvm::Expected<RunOptions> parseRunOptions(int argc, char **argv);

} // namespace mlir::qnt

#endif // QNT_TOOLS_QUANT_RUN_OPTIONS_H
