//===- KernelRunner.h - compile kernels and run them apart -----*- C++ -*-===//
//
// Turns a module with functions case0, case1, ... of (input, output) into an
// executable for any supported CPU and runs it, under qemu where the host can
// not. Invariant: every buffer ends at an unmapped page, so an access behind
// `bytes` ends the run.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_TEST_UNIT_CODEGEN_KERNELRUNNER_H
#define QNT_TEST_UNIT_CODEGEN_KERNELRUNNER_H

#include "mlir/IR/BuiltinOps.h"

#include <ostream>
#include <string>
#include <vector>

namespace qnt_test {

/// A CPU to compile for.
struct TestCpu {
  const char *name;
  const char *triple;
  const char *features;
  bool isArm() const { return llvm::StringRef(triple).starts_with("aarch64"); }
  /// Why it can not run here; empty if it can.
  std::string whyNot() const;
};

/// The CPUs that kernels are tried on.
llvm::ArrayRef<TestCpu> testCpus();
/// A CPU whose object does not link if it needs any float operation.
const TestCpu &softFloatCpu();
/// The one of that name, or null.
const TestCpu *findTestCpu(llvm::StringRef name);

/// For the messages of gtest.
inline void PrintTo(const TestCpu &cpu, std::ostream *os) { *os << cpu.name; }

using Bytes = std::vector<uint8_t>;

struct RunCase {
  Bytes input;
  /// The output buffer before the run.
  Bytes output;
};

/// What every output byte holds before the run.
constexpr uint8_t kUntouched = 0x5a;

/// A fresh context with the dialects that kernels need.
std::unique_ptr<mlir::MLIRContext> makeContext();

/// Lowers `module` in place and writes an object file. The error message, empty
/// if all went well.
std::string compileObject(mlir::ModuleOp module, const TestCpu &cpu,
                          const std::string &path);

/// Compiles and runs all cases; their output buffers, or the reason.
struct RunResult {
  std::string error;
  std::vector<Bytes> outputs;
  /// Nanoseconds per call where timing was asked for.
  std::vector<double> nanoseconds;
  /// Where timing was asked for: GMAC/s of a loop of the instruction set's
  /// multiply-adds on registers alone.
  double peak = 0;
};
RunResult runCases(mlir::ModuleOp module, const TestCpu &cpu,
                   const std::vector<RunCase> &cases, bool timed = false);

/// Bytes of machine code of `module`, which is lowered in place.
size_t measureText(mlir::ModuleOp module, const TestCpu &cpu);

} // namespace qnt_test

#endif // QNT_TEST_UNIT_CODEGEN_KERNELRUNNER_H
