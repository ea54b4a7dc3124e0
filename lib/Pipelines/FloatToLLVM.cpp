//===- FloatToLLVM.cpp - float models to LLVM -----------------------------===//
//
// Order of the float passes. After the buffer part, nothing calls a function
// that is not in the module but malloc, free, memcpy and memset.
//
//===----------------------------------------------------------------------===//

#include "qnt/Pipelines/FloatToLLVM.h"
#include "qnt/Execution/Lowering.h"
#include "qnt/Float/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Conversion/TosaToLinalg/TosaToLinalg.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Pipelines/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/Tensor/Transforms/Passes.h"
#include "mlir/Dialect/Tosa/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::qnt;

void qnt::buildFloatToLinalgPipeline(OpPassManager &pm) {
  pm.addPass(createQntInlineComposites());
  pm.addPass(createQntSimulateQuantization());
  OpPassManager &functions = pm.nest<func::FuncOp>();
  functions.addPass(createQntExactExtrema());
  functions.addPass(tosa::createTosaOptionalDecompositionsPass());
  functions.addPass(createCanonicalizerPass());
  functions.addPass(tosa::createTosaInferShapesPass());
  functions.addPass(tosa::createTosaMakeBroadcastablePass());
  TosaToLinalgNamedOptions named;
  // Output channels last: what vectors run along.
  named.preferConv2DKernelLayoutHWCF = true;
  functions.addPass(tosa::createTosaToLinalgNamed(named));
  functions.addPass(createCanonicalizerPass());
  functions.addPass(tosa::createTosaLayerwiseConstantFoldPass());
  functions.addPass(tosa::createTosaMakeBroadcastablePass());
  functions.addPass(tosa::createTosaToLinalg());
  TosaToArithPassOptions arithmetic;
  arithmetic.includeApplyRescale = true;
  functions.addPass(createTosaToArithPass(arithmetic));
  functions.addPass(createTosaToTensorPass());
  functions.addPass(createTosaToSCFPass());
  functions.addPass(createConvertElementwiseToLinalgPass());
  functions.addPass(createLinalgElementwiseOpFusionPass());
  functions.addPass(createCanonicalizerPass());
  functions.addPass(createCSEPass());
}

void qnt::buildFloatBufferPipeline(OpPassManager &pm) {
  pm.addPass(createQntProtectInputs());
  pm.addPass(createQntAnchorLoops());
  pm.addPass(bufferization::createEmptyTensorEliminationPass());
  bufferization::OneShotBufferizePassOptions bufferize;
  bufferize.bufferizeFunctionBoundaries = true;
  bufferize.allowReturnAllocsFromLoops = true;
  bufferize.functionBoundaryTypeConversion =
      bufferization::LayoutMapOption::IdentityLayoutMap;
  bufferize.unknownTypeConversion =
      bufferization::LayoutMapOption::IdentityLayoutMap;
  pm.addPass(bufferization::createOneShotBufferizePass(bufferize));
  pm.addPass(createCanonicalizerPass());
  bufferization::BufferResultsToOutParamsPassOptions outParams;
  outParams.hoistStaticAllocs = true;
  outParams.modifyPublicFunctions = true;
  pm.addPass(bufferization::createBufferResultsToOutParamsPass(outParams));
  OpPassManager &functions = pm.nest<func::FuncOp>();
  functions.addPass(memref::createFoldMemRefAliasOpsPass());
  functions.addPass(createQntExpandCopies());
  functions.addPass(createQntTileFloatConvs());
  functions.addPass(createQntOrderLoops());
  functions.addPass(createConvertLinalgToLoopsPass());
  functions.addPass(createQntApproximateMath());
  functions.addPass(createCanonicalizerPass());
  functions.addPass(createCSEPass());
  functions.addPass(createLoopInvariantCodeMotionPass());
}

void qnt::buildLoopsToLLVMPipeline(OpPassManager &pm) {
  bufferization::buildBufferDeallocationPipeline(pm);
  pm.addPass(createConvertBufferizationToMemRefPass());
  pm.addNestedPass<func::FuncOp>(
      bufferization::createOptimizeAllocationLivenessPass());
  pm.addNestedPass<func::FuncOp>(memref::createExpandStridedMetadataPass());
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
  pm.addNestedPass<func::FuncOp>(createQntFlattenEmpty());
  ConvertFuncToLLVMPassOptions functions;
  functions.useBarePtrCallConv = true;
  pm.addPass(createConvertFuncToLLVMPass(functions));
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
}

void qnt::buildFloatToLLVMPipeline(OpPassManager &pm) {
  buildFloatToLinalgPipeline(pm);
  buildFloatBufferPipeline(pm);
  buildLoopsToLLVMPipeline(pm);
}

void qnt::registerFloatToLLVM() {
  registerLowering("float", buildFloatToLLVMPipeline);
  PassPipelineRegistration<>(
      "qnt-float-to-llvm",
      "Lower a float or fake-quantized model to the LLVM dialect",
      buildFloatToLLVMPipeline);
}
