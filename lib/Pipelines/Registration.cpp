//===- Registration.cpp - pipelines as flags ------------------------------===//
//
// One line per pipeline and per lowering. Unlike upstream's registration, a
// builder here can refuse its options with an error of its own.
//
//===----------------------------------------------------------------------===//

#include "qnt/Pipelines/KernelsToLLVM.h"
#include "qnt/Pipelines/Pipelines.h"

#include "mlir/Pass/PassRegistry.h"

// REGISTER: one include per part.

using namespace mlir;
using namespace mlir::qnt;

/// Registers `build(pm, options, fail)` under `flag`.
template <typename OptionsT, typename BuildFn>
static void registerPipeline(StringRef flag, StringRef description,
                             BuildFn build) {
  registerPassPipeline(
      flag, description,
      [build](OpPassManager &pm, StringRef text,
              llvm::function_ref<LogicalResult(const Twine &)> fail) {
        OptionsT options;
        if (failed(options.parseFromString(text)))
          return failure();
        return build(pm, options, fail);
      },
      [](llvm::function_ref<void(const ::mlir::detail::PassOptions &)> use) {
        use(OptionsT());
      });
}

void mlir::qnt::registerPipelines() {
  registerKernelsToLLVM();
  PassPipelineRegistration<KernelsToLLVMOptions>(
      "lower-to-llvm", "Lower an integer (or float) model to the LLVM dialect",
      buildKernelsToLLVMPipeline);
  PassPipelineRegistration<>(
      "qnt-prepare",
      "Bring a float model to NHWC and fold batch norms and constants",
      buildPreparePipeline);
  registerPipeline<QuantizeInt8Options>(
      "quantize-int8", "Quantize a float model to 8-bit integer arithmetic",
      buildQuantizeInt8Pipeline);
  // REGISTER: one line per part.
}
