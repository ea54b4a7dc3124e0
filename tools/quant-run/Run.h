//===- Run.h - quant-run without its main -----------------------*- C++ -*-===//
//
// Feeds a model of any form with arrays and says what came out.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_TOOLS_QUANT_RUN_RUN_H
#define QNT_TOOLS_QUANT_RUN_RUN_H

#include "mlir/Support/LLVM.h"

namespace mlir::qnt {

/// Runs quant-run and returns the exit code of the process.
int runQuantRun(int argc, char **argv);
/// One run, or nothing but an error.
int runCommandLine(int argc, char **argv);
/// Runs the lines of standard input (see Serve.cpp) under "SECONDS,MEBIBYTES".
int runServer(StringRef limits);

} // namespace mlir::qnt

#endif // QNT_TOOLS_QUANT_RUN_RUN_H
