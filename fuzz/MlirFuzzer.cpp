//===- MlirFuzzer.cpp - libFuzzer target of the MLIR readers --------------===//
//
// Text and bytecode of the dialects that a model may hold: any bytes are
// refused, or are a module or a diagnostic, and what was read prints as text
// that reads back. Anything else is a bug. A context is thrown away now and
// then, since it keeps every attribute it has seen.
//
//===----------------------------------------------------------------------===//

#include "qnt/Dialect/IR/Qnt.h"
#include "qnt/Support/ModuleInput.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdint>
#include <cstdlib>
#include <memory>

using namespace mlir;

static DialectRegistry makeRegistry() {
  DialectRegistry registry;
  registry.insert<arith::ArithDialect, func::FuncDialect, linalg::LinalgDialect,
                  math::MathDialect, qnt::QntDialect, quant::QuantDialect,
                  scf::SCFDialect, tensor::TensorDialect, tosa::TosaDialect>();
  return registry;
}

static std::unique_ptr<MLIRContext>
makeContext(const DialectRegistry &registry) {
  auto context =
      std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
  context->getDiagEngine().registerHandler(
      [](Diagnostic &) { return success(); });
  return context;
}

/// The shared MLIR library is not instrumented and writes into memory of bump
/// allocators that headers compiled here have marked.
extern "C" const char *__asan_default_options() {
  return "allow_user_poisoning=0";
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  constexpr int runsPerContext = 256;
  static const DialectRegistry registry = makeRegistry();
  static std::unique_ptr<MLIRContext> context;
  static int runs = 0;
  if (runs++ % runsPerContext == 0)
    context = makeContext(registry);
  // The parser wants a terminator behind the text.
  std::string bytes(reinterpret_cast<const char *>(data), size);
  if (llvm::Error error =
          qnt::checkModuleInput({bytes, "fuzz.mlir"}, registry)) {
    llvm::consumeError(std::move(error));
    return 0;
  }
  ParserConfig config(context.get());
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(bytes, config);
  if (!module)
    return 0;
  std::string text;
  llvm::raw_string_ostream(text) << *module;
  if (!parseSourceString<ModuleOp>(text, config)) {
    llvm::errs() << "printed but not read back:\n" << text << "\n";
    std::abort();
  }
  return 0;
}
