//===- Plugin.cpp - the plugin's entry points -----------------------------===//
//
// --load-dialect-plugin asks for the first, --load-pass-plugin for the second;
// one library may offer both, and they may be loaded apart.
//
//===----------------------------------------------------------------------===//

#include "Pow2.h"

#include "mlir/Tools/Plugins/DialectPlugin.h"
#include "mlir/Tools/Plugins/PassPlugin.h"

extern "C" LLVM_ATTRIBUTE_WEAK mlir::DialectPluginLibraryInfo
mlirGetDialectPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "pow2", "1.0",
          [](mlir::DialectRegistry *registry) {
            registry->insert<pow2::Pow2Dialect>();
            pow2::registerAtanModel(*registry);
          }};
}

extern "C" LLVM_ATTRIBUTE_WEAK mlir::PassPluginLibraryInfo
mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "pow2", "1.0", [] {
            pow2::registerPow2Passes();
            pow2::extendFloatLowering();
          }};
}
