//===- ConvCases.h - convolutions to try, and their results ----*- C++ -*-===//
//
// Builds a spec with random data from a short description, and the exact output
// buffer from the reference kernels.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_TEST_UNIT_CODEGEN_CONVCASES_H
#define QNT_TEST_UNIT_CODEGEN_CONVCASES_H

#include "KernelRunner.h"
#include "qnt/Codegen/Kernel.h"

#include <random>

namespace qnt_test {

/// A convolution in a few numbers; pads are top, bottom, left, right.
struct ConvCase {
  int64_t h = 1, w = 1, c = 1, oc = 1;
  int64_t kh = 1, kw = 1, stride = 1, dilation = 1;
  int64_t pads[4] = {0, 0, 0, 0};
  bool depthwise = false;
  mlir::qnt::Rounding rounding = mlir::qnt::Rounding::Fp32Rne;
  int32_t inputZp = 3, outputZp = -5, min = -128, max = 127;
  /// Around the output, and bytes per pixel more than channels.
  int64_t outputHalo = 0, inputGap = 0;
  /// Typical multiplier; 0 for one that fills the output range.
  double multiplier = 0;
  int64_t images = 1;
  bool perTensor = false;

  std::string describe() const;
};

/// A case with everything that running and checking it needs.
struct PreparedConv {
  mlir::qnt::ConvSpec spec;
  std::vector<int8_t> weights, input;
  std::vector<int32_t> bias;
  RunCase run;
  /// The output buffer after the run.
  Bytes expected;
  double macs = 0;
};

PreparedConv prepare(const ConvCase &c, const mlir::qnt::KernelTarget &target,
                     std::mt19937 &random);

/// Adds @case<index>(input, output), which calls the kernel of the case.
mlir::LogicalResult addCase(mlir::qnt::KernelModule &module,
                            const PreparedConv &conv, size_t index);

/// The target of a test CPU.
mlir::qnt::KernelTarget kernelTarget(mlir::MLIRContext *context,
                                     const TestCpu &cpu);

} // namespace qnt_test

#endif // QNT_TEST_UNIT_CODEGEN_CONVCASES_H
