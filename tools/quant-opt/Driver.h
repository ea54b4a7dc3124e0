//===- Driver.h - quant-opt without its main --------------------*- C++ -*-===//
//
// MLIR's optimizer driver with two additions: ONNX models as input, and native
// products chosen by the suffix of the output.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_TOOLS_QUANT_OPT_DRIVER_H
#define QNT_TOOLS_QUANT_OPT_DRIVER_H

namespace mlir::qnt {

/// Runs quant-opt and returns the exit code of the process.
int runQuantOpt(int argc, char **argv);

} // namespace mlir::qnt

#endif // QNT_TOOLS_QUANT_OPT_DRIVER_H
