//===- OnnxFuzzer.cpp - libFuzzer target of the ONNX importer -------------===//
//
// Any bytes are a model or a diagnostic; anything else is a bug. A context is
// thrown away now and then, since it keeps every constant it has seen.
//
//===----------------------------------------------------------------------===//

#include "qnt/Import/Onnx.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"

#include <cstdint>
#include <google/protobuf/stubs/logging.h>
#include <memory>

using namespace mlir;

extern "C" int LLVMFuzzerInitialize(int *, char ***) {
  google::protobuf::SetLogHandler(nullptr);
  return 0;
}

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
  qnt::OnnxImportOptions options;
  // A folder that holds nothing, so that external data is always missing.
  options.externalDataDir = "/nonexistent";
  (void)qnt::importOnnx(context.get(), {bytes, "fuzz.onnx"}, options);
  return 0;
}
