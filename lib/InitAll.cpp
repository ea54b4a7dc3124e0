//===- InitAll.cpp - registers dialects, passes and pipelines -------------===//
//
// The one place that knows every part of the project.
//
//===----------------------------------------------------------------------===//

#include "qnt/InitAll.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "qnt/Calibrate/Passes.h"
#include "qnt/Codegen/Passes.h"
#include "qnt/Contracts/Passes.h"
#include "qnt/Dialect/IR/Qnt.h"
#include "qnt/Dialect/IR/QntTranslation.h"
#include "qnt/Emit/Passes.h"
#include "qnt/Export/Passes.h"
#include "qnt/ExternalModels/ExternalModels.h"
#include "qnt/Float/Passes.h"
#include "qnt/Fold/Passes.h"
#include "qnt/Interop/Passes.h"
#include "qnt/Lower/Passes.h"
#include "qnt/Observe/Passes.h"
#include "qnt/Pipelines/FloatToLLVM.h"
#include "qnt/Pipelines/Pipelines.h"
#include "qnt/Prepare/Passes.h"
#include "qnt/Propagate/Passes.h"
#include "qnt/Report/Passes.h"
// REGISTER: one include per part.

void mlir::qnt::registerAll(DialectRegistry &registry) {
  registerAllDialects(registry);
  registerAllExtensions(registry);
  registry.insert<QntDialect>();
  registerQntTranslation(registry);
  registerAllPasses();
  registerQntInteropPasses();
  registerQntPreparePasses();
  registerExternalModels(registry);
  registerEmitPass();
  registerQntExportPasses();
  registerPipelines();
  registerQntFloatPasses();
  registerFloatToLLVM();
  registerQntObservePasses();
  registerQntFoldPasses();
  registerQntContractsPasses();
  registerQntLowerPasses();
  registerQntPropagatePasses();
  registerQntCodegenPasses();
  registerQntCalibratePasses();
  registerQntReportPasses();
  // REGISTER: one line per part.
}
