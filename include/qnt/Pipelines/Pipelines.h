//===- Pipelines.h - the order of the stages --------------------*- C++ -*-===//
//
// The only place that knows which stage follows which. Pipelines are functions
// over a pass manager; each is registered under its flag. Invariant: an option
// that would have no effect is refused.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_PIPELINES_PIPELINES_H
#define QNT_PIPELINES_PIPELINES_H

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace mlir::qnt {

/// Options of `--quantize-int8`, under the names of the passes' own.
struct QuantizeInt8Options : PassPipelineOptions<QuantizeInt8Options> {
  Option<std::string> calibrationData{
      *this, "calibration-data",
      llvm::cl::desc("Samples of the inputs: .npz, .npy or a directory; not "
                     "needed for a model that is quantized already")};
  Option<std::string> calibrationTable{
      *this, "calibration-table",
      llvm::cl::desc("Table of an earlier calibration, instead of data or "
                     "merged with them")};
  Option<std::string> writeTable{
      *this, "write-table",
      llvm::cl::desc("File to write the calibration table to")};
  Option<int64_t> samples{
      *this, "samples",
      llvm::cl::desc("Calibration samples to use at most; 0 takes all"),
      llvm::cl::init(0)};
  Option<std::string> observer{
      *this, "observer",
      llvm::cl::desc(
          "percentile (default), mse, min-max, moving-average, or an "
          "attribute such as #my.observer"),
      llvm::cl::init("percentile")};
  Option<double> percentile{
      *this, "percentile",
      llvm::cl::desc("Share of values inside the range, in percent, for "
                     "observer=percentile (default 99.999)"),
      llvm::cl::init(99.999)};
  Option<double> momentum{
      *this, "momentum",
      llvm::cl::desc("Weight of each sample for observer=moving-average "
                     "(default 0.01)"),
      llvm::cl::init(0.01)};
  Option<bool> symmetric{
      *this, "symmetric",
      llvm::cl::desc("Activations with zero point 0 (default false)"),
      llvm::cl::init(false)};
  Option<bool> perChannel{
      *this, "per-channel",
      llvm::cl::desc("A weight scale per output channel (default true)"),
      llvm::cl::init(true)};
  Option<bool> biasCorrection{
      *this, "bias-correction",
      llvm::cl::desc("Biases take back what rounded weights add to the means "
                     "of their channels (default true)"),
      llvm::cl::init(true)};
  Option<std::string> rounding{
      *this, "rounding",
      llvm::cl::desc("fp32-rne, tflite-double or tflite-single (default: what "
                     "the module says, else fp32-rne)")};
  Option<bool> fullInteger{
      *this, "full-integer",
      llvm::cl::desc("Fail if anything between inputs and outputs stays float"),
      llvm::cl::init(false)};
  Option<std::string> inferenceInputType{
      *this, "inference-input-type",
      llvm::cl::desc("float (default), int8 or uint8"),
      llvm::cl::init("float")};
  Option<std::string> inferenceOutputType{
      *this, "inference-output-type",
      llvm::cl::desc("float (default), int8 or uint8"),
      llvm::cl::init("float")};
  Option<std::string> form{
      *this, "form",
      llvm::cl::desc("integer (default): integer arithmetic; qdq: stop at "
                     "float ops with quantize and dequantize, for other tools"),
      llvm::cl::init("integer")};
  Option<bool> printScaleGroups{
      *this, "print-scale-groups",
      llvm::cl::desc("A remark with parameters and reason for each edge"),
      llvm::cl::init(false)};
  Option<std::string> report{
      *this, "report",
      llvm::cl::desc("Report of the quantization as JSON, with a text beside "
                     "it; the flag --report adds what code generation knows")};
  Option<bool> collectReport{
      *this, "collect-report",
      llvm::cl::desc("Gather what a report tells, for a later "
                     "qnt-write-report (default false)"),
      llvm::cl::init(false)};
};

/// Reports what is wrong with the options of a pipeline; returns failure.
using PipelineErrorFn = llvm::function_ref<LogicalResult(const Twine &)>;

/// Float tosa, NHWC, batch norms and constants folded.
void buildPreparePipeline(OpPassManager &pm);

/// From a float model to one with every edge quantized, folded and ready to be
/// lowered, with ranges made up: for questions that do not depend on them.
void buildAssumedQuantizationPipeline(OpPassManager &pm);

/// From a float model to integer arithmetic.
LogicalResult buildQuantizeInt8Pipeline(OpPassManager &pm,
                                        const QuantizeInt8Options &options,
                                        PipelineErrorFn fail);

/// Registers all pipelines as flags, and the lowerings that stages run code
/// through (Execution/Lowering.h).
void registerPipelines();

} // namespace mlir::qnt

#endif // QNT_PIPELINES_PIPELINES_H
