//===- TfliteFuzzer.cpp - libFuzzer target of the TFLite importer ---------===//
//
// Any bytes are a model or a diagnostic; anything else is a bug. A context is
// thrown away now and then, since it keeps every constant it has seen.
//
//===----------------------------------------------------------------------===//

#include "qnt/Import/Tflite.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"

#include <cstdint>
#include <memory>

using namespace mlir;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  constexpr int runsPerContext = 256;
  static std::unique_ptr<MLIRContext> context;
  static int runs = 0;
  if (runs++ % runsPerContext == 0) {
    context = std::make_unique<MLIRContext>(MLIRContext::Threading::DISABLED);
    context->getDiagEngine().registerHandler(
        [](Diagnostic &) { return success(); });
  }
  StringRef bytes(reinterpret_cast<const char *>(data), size);
  (void)qnt::importTflite(context.get(), {bytes, "fuzz.tflite"}, {});
  return 0;
}
