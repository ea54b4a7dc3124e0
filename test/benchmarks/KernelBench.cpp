//===- KernelBench.cpp - speed of emitted kernels against the peak --------===//
//
// kernel-bench [CPU [LAYER-SUBSTRING [OBJECT]]]: a table of microseconds,
// GMAC/s and the share of the multiply units' peak, which a register-only loop
// measures in the same process, plus the bytes of code. With OBJECT it writes
// that file instead, for a disassembler or llvm-mca. Not a test: nothing here
// can fail but the build. Figures need a quiet machine; compare shares, not
// times.
//
//===----------------------------------------------------------------------===//

#include "../unit/Codegen/ConvCases.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::qnt;
using namespace qnt_test;

struct Layer {
  const char *name;
  ConvCase shape;
};

static ConvCase conv(int64_t h, int64_t w, int64_t c, int64_t oc,
                     int64_t kernel, int64_t stride) {
  int64_t pad = kernel / 2;
  return {h, w, c, oc, kernel, kernel, stride, 1, {pad, pad, pad, pad}};
}

static ConvCase depthwise(int64_t h, int64_t c, int64_t stride) {
  ConvCase one = conv(h, h, c, c, 3, stride);
  one.depthwise = true;
  return one;
}

static const Layer kLayers[] = {
    {"mm_256x256x256", conv(1, 256, 256, 256, 1, 1)},
    {"mm_3136x64x64", conv(56, 56, 64, 64, 1, 1)},
    {"mm_784x128x512", conv(28, 28, 512, 128, 1, 1)},
    {"gemv_1024x1024", conv(1, 1, 1024, 1024, 1, 1)},
    {"gemv_640x128", conv(1, 1, 640, 128, 1, 1)},
    {"c3_56x56x64_64", conv(56, 56, 64, 64, 3, 1)},
    {"c3_28x28x128_128", conv(28, 28, 128, 128, 3, 1)},
    {"c3_7x7x512_512", conv(7, 7, 512, 512, 3, 1)},
    {"c3s2_56x56x128_128", conv(56, 56, 128, 128, 3, 2)},
    {"c1_14x14x256_1024", conv(14, 14, 256, 1024, 1, 1)},
    {"c1_56x56x24_144", conv(56, 56, 24, 144, 1, 1)},
    {"c1_14x14x576_96", conv(14, 14, 576, 96, 1, 1)},
    {"c3_32x32x3_16", conv(32, 32, 3, 16, 3, 1)},
    {"c3_32x32x16_16", conv(32, 32, 16, 16, 3, 1)},
    {"c3s2_32x32x16_32", conv(32, 32, 16, 32, 3, 2)},
    {"c3_16x16x32_32", conv(16, 16, 32, 32, 3, 1)},
    {"c3_8x8x64_64", conv(8, 8, 64, 64, 3, 1)},
    {"c3s2_96x96x3_8", conv(96, 96, 3, 8, 3, 2)},
    {"c1_48x48x8_16", conv(48, 48, 8, 16, 1, 1)},
    {"c1_24x24x32_32", conv(24, 24, 32, 32, 1, 1)},
    {"c1_12x12x64_64", conv(12, 12, 64, 64, 1, 1)},
    {"c1_6x6x128_128", conv(6, 6, 128, 128, 1, 1)},
    {"c1_3x3x256_256", conv(3, 3, 256, 256, 1, 1)},
    {"c1_25x5x64_64", conv(25, 5, 64, 64, 1, 1)},
    {"c10x4_49x10x1_64", {49, 10, 1, 64, 10, 4, 2, 1, {4, 5, 1, 1}}},
    {"dw_112x112x32", depthwise(112, 32, 1)},
    {"dw_56x56x144", depthwise(56, 144, 1)},
    {"dw_14x14x576", depthwise(14, 576, 1)},
    {"dw_14x14x576_s2", depthwise(14, 576, 2)},
    {"dw_7x7x960", depthwise(7, 960, 1)},
    {"dw_48x48x8", depthwise(48, 8, 1)},
    {"dw_48x48x16_s2", depthwise(48, 16, 2)},
    {"dw_24x24x32", depthwise(24, 32, 1)},
    {"dw_24x24x32_s2", depthwise(24, 32, 2)},
    {"dw_12x12x64", depthwise(12, 64, 1)},
    {"dw_12x12x64_s2", depthwise(12, 64, 2)},
    {"dw_6x6x128", depthwise(6, 128, 1)},
    {"dw_3x3x256", depthwise(3, 256, 1)},
};

namespace {
/// What is timed, in one module.
struct Suite {
  std::vector<const Layer *> layers;
  std::vector<PreparedConv> prepared;
  std::vector<RunCase> runs;
  /// Bytes of code of each layer alone.
  std::vector<size_t> text;
};
} // namespace

/// Adds the layers whose names hold `filter` to `kernels`.
static bool addLayers(Suite &suite, KernelModule &kernels, const TestCpu &cpu,
                      StringRef filter) {
  std::mt19937 random(1);
  const KernelTarget &target = kernels.getTarget();
  for (const Layer &layer : kLayers) {
    if (!StringRef(layer.name).contains(filter))
      continue;
    PreparedConv prepared = prepare(layer.shape, target, random);
    OwningOpRef<ModuleOp> alone =
        ModuleOp::create(UnknownLoc::get(kernels.getContext()));
    KernelModule one(*alone, target, "bench");
    if (failed(addCase(kernels, prepared, suite.runs.size())) ||
        failed(addCase(one, prepared, 0)))
      return false;
    suite.layers.push_back(&layer);
    suite.text.push_back(measureText(*alone, cpu));
    suite.runs.push_back(prepared.run);
    suite.prepared.push_back(std::move(prepared));
  }
  return true;
}

static void print(const Suite &suite, const RunResult &result) {
  llvm::outs() << llvm::formatv("peak {0:F0} GMAC/s\n", result.peak);
  for (size_t i = 0; i < suite.runs.size(); ++i) {
    const PreparedConv &prepared = suite.prepared[i];
    double rate = prepared.macs / result.nanoseconds[i];
    llvm::outs() << llvm::formatv(
        "{0,-20} {1} {2,9:F2} us {3,8:F1} GMAC/s {4,6:F1} % {5,6} bytes\n",
        suite.layers[i]->name,
        result.outputs[i] == prepared.expected ? "exact" : "WRONG",
        result.nanoseconds[i] / 1e3, rate, 100 * rate / result.peak,
        suite.text[i]);
  }
}

static int fail(StringRef what, StringRef why) {
  llvm::errs() << "kernel-bench: " << what << ": " << why << "\n";
  return 1;
}

int main(int argc, char **argv) {
  StringRef wanted = argc > 1 ? argv[1] : "avx512vnni";
  const TestCpu *cpu = findTestCpu(wanted);
  if (!cpu)
    return fail(wanted, "unknown CPU");
  std::unique_ptr<MLIRContext> context = makeContext();
  OwningOpRef<ModuleOp> all = ModuleOp::create(UnknownLoc::get(context.get()));
  KernelModule kernels(*all, kernelTarget(context.get(), *cpu), "bench");
  Suite suite;
  if (!addLayers(suite, kernels, *cpu, argc > 2 ? argv[2] : ""))
    return fail(wanted, "no kernel");
  if (argc > 3) {
    std::string error = compileObject(*all, *cpu, argv[3]);
    return error.empty() ? 0 : fail(argv[3], error);
  }
  std::string reason = cpu->whyNot();
  if (!reason.empty())
    return fail(wanted, reason);
  RunResult result = runCases(*all, *cpu, suite.runs, /*timed=*/true);
  if (!result.error.empty())
    return fail(wanted, result.error);
  print(suite, result);
  return 0;
}
