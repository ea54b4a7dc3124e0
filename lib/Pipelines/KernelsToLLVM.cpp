//===- KernelsToLLVM.cpp - integer models to LLVM -------------------------===//
//
// Order of the codegen passes. Float islands go through the float pipeline in a
// module of their own, so that the integer ops around them are never touched.
//
//===----------------------------------------------------------------------===//

#include "qnt/Pipelines/KernelsToLLVM.h"
#include "qnt/Codegen/Passes.h"
#include "qnt/Interop/Passes.h"
#include "qnt/Pipelines/FloatToLLVM.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::qnt;

void mlir::qnt::buildKernelsPipeline(OpPassManager &pm,
                                     const KernelsToLLVMOptions &options) {
  SetTargetOptions target;
  target.triple = options.triple;
  target.mcpu = options.mcpu;
  target.features = options.features;
  pm.addPass(createSetTarget(target));
  pm.addNestedPass<func::FuncOp>(createQntFromTosa());
  pm.addPass(createOutlineFloat());
  OpPassManager &islands = pm.nest<ModuleOp>();
  buildFloatToLinalgPipeline(islands);
  buildFloatBufferPipeline(islands);
  islands.addNestedPass<func::FuncOp>(createPlanScratch());
  EmitKernelsOptions emit;
  emit.name = options.name;
  emit.staticArena = options.staticArena;
  pm.addPass(createEmitKernels(emit));
}

void mlir::qnt::buildKernelsToLLVMPipeline(
    OpPassManager &pm, const KernelsToLLVMOptions &options) {
  buildKernelsPipeline(pm, options);
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(memref::createExpandStridedMetadataPass());
  pm.addPass(createLowerAffinePass());
  pm.addPass(createSCFToControlFlowPass());
  // Rounding to bfloat16 is a library call on most CPUs.
  arith::ArithExpandOpsPassOptions expand;
  expand.includeBf16 = true;
  pm.addPass(arith::createArithExpandOpsPass(expand));
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createConvertMathToLibmPass());
  pm.addPass(createConvertVectorToLLVMPass());
  pm.addPass(createFinalizeMemRefToLLVMConversionPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertIndexToLLVMPass());
  ConvertFuncToLLVMPassOptions functions;
  functions.useBarePtrCallConv = true;
  pm.addPass(createConvertFuncToLLVMPass(functions));
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createUBToLLVMConversionPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
}

void mlir::qnt::registerKernelsToLLVM() {
  PassPipelineRegistration<KernelsToLLVMOptions>(
      "qnt-kernels-to-llvm",
      "Lower an integer (or float) model to kernels in the LLVM dialect",
      buildKernelsToLLVMPipeline);
}
