//===- QuantizeInt8.cpp - from a float model to integer arithmetic --------===//
//
// Prepare, Observe, Calibrate, Propagate, Fold, Lower. Options are checked
// against each other here; each value is checked by the pass that takes it.
//
//===----------------------------------------------------------------------===//

#include "qnt/Calibrate/Passes.h"
#include "qnt/Contracts/Passes.h"
#include "qnt/Fold/Passes.h"
#include "qnt/Interop/Passes.h"
#include "qnt/Lower/Passes.h"
#include "qnt/Observe/Passes.h"
#include "qnt/Pipelines/Pipelines.h"
#include "qnt/Prepare/Passes.h"
#include "qnt/Propagate/Passes.h"
#include "qnt/Report/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::qnt;

void qnt::buildPreparePipeline(OpPassManager &pm) {
  OpPassManager &functions = pm.nest<func::FuncOp>();
  functions.addPass(createQntRaiseLinalg());
  functions.addPass(createCanonicalizerPass());
  functions.addPass(createQntRaiseComposites());
  functions.addPass(createQntKeepQuantization());
  functions.addPass(createQntFoldConstants());
  functions.addPass(createQntSinkTransposes());
  functions.addPass(createQntFoldBatchNorm());
  // What the folded batch norms set free.
  functions.addPass(createQntFoldConstants());
  // What the moved transposes brought together.
  functions.addPass(createQntKeepQuantization());
  functions.addPass(createCSEPass());
  functions.addPass(createCanonicalizerPass());
}

static bool isCalibrated(const QuantizeInt8Options &options) {
  return !options.calibrationData.empty() || !options.calibrationTable.empty();
}

/// The first option given that only calibration reads; empty if none.
static std::string findCalibrationOption(const QuantizeInt8Options &options) {
  if (options.observer.hasValue())
    return "observer";
  if (options.percentile.hasValue())
    return "percentile";
  if (options.momentum.hasValue())
    return "momentum";
  if (options.symmetric.hasValue())
    return "symmetric";
  return options.writeTable.empty() ? "" : "write-table";
}

/// Refuses options without effect and a calibration from nothing.
static LogicalResult checkOptions(const QuantizeInt8Options &options,
                                  PipelineErrorFn fail) {
  if (!isCalibrated(options)) {
    // A model that is quantized already needs none; the pass tells.
    std::string idle = findCalibrationOption(options);
    if (!idle.empty())
      return fail("quantize-int8: option '" + idle +
                  "' applies to calibration; give calibration-data=FILE or "
                  "calibration-table=FILE");
  }
  if (options.percentile.hasValue() && options.observer != "percentile")
    return fail("quantize-int8: option 'percentile' applies to "
                "observer=percentile, not to observer=" +
                options.observer);
  if (options.momentum.hasValue() && options.observer != "moving-average")
    return fail("quantize-int8: option 'momentum' applies to "
                "observer=moving-average, not to observer=" +
                options.observer);
  if (options.form != "integer" && options.form != "qdq")
    return fail("quantize-int8: unknown form '" + options.form +
                "'; expected integer or qdq");
  bool isInteger = options.form == "integer";
  if (!isInteger &&
      (options.fullInteger || options.inferenceInputType != "float" ||
       options.inferenceOutputType != "float"))
    return fail("quantize-int8: options 'full-integer' and 'inference-*-type' "
                "apply to form=integer");
  if (options.samples < 0)
    return fail("quantize-int8: option 'samples' must not be negative");
  if (options.samples.hasValue() && options.calibrationData.empty())
    return fail("quantize-int8: option 'samples' applies to calibration-data, "
                "and none is given");
  return success();
}

static void addObserve(OpPassManager &pm, const QuantizeInt8Options &options) {
  QntInsertObserversOptions observe;
  observe.observer = options.observer;
  observe.percentile = options.percentile;
  observe.momentum = options.momentum;
  observe.symmetric = options.symmetric;
  observe.channelMeans = options.biasCorrection;
  observe.floatScores = !options.fullInteger;
  observe.floatTails =
      !options.fullInteger && options.inferenceOutputType == "float";
  observe.quantizedOnly = !isCalibrated(options);
  pm.addPass(createQntInsertObservers(observe));
}

static void addCalibrate(OpPassManager &pm,
                         const QuantizeInt8Options &options) {
  QntCalibrateOptions calibrate;
  calibrate.data = options.calibrationData;
  calibrate.table = options.calibrationTable;
  calibrate.writeTable = options.writeTable;
  calibrate.maxSamples = options.samples;
  pm.addPass(createQntCalibrate(calibrate));
}

static void addPropagate(OpPassManager &pm,
                         const QuantizeInt8Options &options) {
  PropagateOptions propagate;
  propagate.rounding = options.rounding;
  propagate.perTensorWeights = !options.perChannel;
  propagate.printScaleGroups = options.printScaleGroups;
  pm.addPass(createPropagate(propagate));
}

static void addLower(OpPassManager &pm, const QuantizeInt8Options &options) {
  LowerToIntegerOptions lower;
  lower.fullInteger = options.fullInteger;
  lower.inputType = options.inferenceInputType;
  lower.outputType = options.inferenceOutputType;
  pm.addPass(createLowerToInteger(lower));
}

/// Measures against float, where the integer model takes the same samples.
static void addMeasure(OpPassManager &pm, const QuantizeInt8Options &options) {
  QntReportSqnrOptions sqnr;
  if (options.inferenceInputType == "float")
    sqnr.data = options.calibrationData;
  pm.addPass(createQntReportSqnr(sqnr));
}

static void addReport(OpPassManager &pm, const QuantizeInt8Options &options) {
  if (options.report.empty())
    return;
  QntWriteReportOptions write;
  write.file = options.report;
  pm.addPass(createQntWriteReport(write));
}

void qnt::buildAssumedQuantizationPipeline(OpPassManager &pm) {
  QuantizeInt8Options options;
  buildPreparePipeline(pm);
  pm.addPass(createQntInsertObservers());
  pm.addPass(createQntAssumeRanges());
  addPropagate(pm, options);
  pm.addPass(createFold());
}

/// The border behind a stage.
static void addContract(OpPassManager &pm, StringRef stage) {
  VerifyContractOptions options;
  options.stage = stage.str();
  pm.addPass(createVerifyContract(options));
}

LogicalResult qnt::buildQuantizeInt8Pipeline(OpPassManager &pm,
                                             const QuantizeInt8Options &options,
                                             PipelineErrorFn fail) {
  if (failed(checkOptions(options, fail)))
    return failure();
  bool report = options.collectReport || !options.report.empty();
  // What other tools leave beside the model: unused globals and functions.
  pm.addPass(createSymbolDCEPass());
  pm.addPass(createQntFromQuant());
  buildPreparePipeline(pm);
  addContract(pm, "prepare");
  addObserve(pm, options);
  addContract(pm, "observe");
  // Only integer arithmetic can be measured against float.
  bool isInteger = options.form == "integer";
  if (report && isInteger)
    pm.addPass(createQntSnapshotFloat());
  addCalibrate(pm, options);
  addContract(pm, "calibrate");
  addPropagate(pm, options);
  addContract(pm, "propagate");
  pm.addPass(createFold());
  addContract(pm, "fold");
  if (report)
    pm.addPass(createQntReportTensors());
  if (isInteger) {
    addLower(pm, options);
    addContract(pm, "lower");
    if (report)
      addMeasure(pm, options);
  }
  addReport(pm, options);
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  return success();
}
