//===- Calibrate.cpp - observers to parameters ----------------------------===//
//
// States come from a table, from data, or from both; nothing in the module
// changes before every edge has its parameters.
//
//===----------------------------------------------------------------------===//

#include "RunObservers.h"
#include "qnt/Analysis/Edges.h"
#include "qnt/Calibrate/Passes.h"
#include "qnt/Execution/SampleStream.h"
#include "qnt/Numerics/QuantParams.h"
#include "qnt/Support/OutputFiles.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Index/IR/IndexDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/raw_ostream.h"

namespace mlir::qnt {
#define GEN_PASS_DEF_QNTCALIBRATE
#include "qnt/Calibrate/Passes.h.inc"
} // namespace mlir::qnt

using namespace mlir;
using namespace mlir::qnt;
namespace num = ::qnt::num;

static std::string hash(StringRef text) {
  return llvm::toHex(llvm::SHA256::hash(llvm::arrayRefFromStringRef(text)),
                     /*LowerCase=*/true);
}

/// The hash that the importer recorded, else one of the module's text without
/// its observers, so that their options don't matter.
static std::string getModelSha256(ModuleOp module) {
  if (auto given = module->getAttrOfType<StringAttr>("qnt.model_sha256"))
    return given.str();
  OwningOpRef<ModuleOp> clone(module.clone());
  clone->walk([](ObserveOp op) {
    op.replaceAllUsesWith(op.getInput());
    op.erase();
  });
  std::string text;
  llvm::raw_string_ostream stream(text);
  clone->print(stream, OpPrintingFlags().enableDebugInfo(false));
  return hash(text);
}

//===----------------------------------------------------------------------===//
// Collecting
//===----------------------------------------------------------------------===//

/// The observers of the module, all in one function, under different names.
static LogicalResult collect(ModuleOp module, ObserverRun &run) {
  llvm::StringSet<> names;
  WalkResult result = module.walk([&](ObserveOp op) {
    auto function = op->getParentOfType<func::FuncOp>();
    if (!function || (run.function && function != run.function)) {
      op.emitError("expected all observed edges in one func.func; inline the "
                   "functions that it calls first");
      return WalkResult::interrupt();
    }
    if (!names.insert(op.getEdge()).second) {
      op.emitError("edge '") << op.getEdge() << "' is observed twice";
      return WalkResult::interrupt();
    }
    run.function = function;
    run.ops.push_back(op);
    run.offsets.push_back(run.stateSize);
    run.stateSize += op.getObserver().getStateSize();
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

static Location getLoc(ObserverRun &run) {
  return run.ops.front()->getParentOfType<func::FuncOp>().getLoc();
}

/// The states of an earlier run, for every observer of this one.
static LogicalResult applyTable(ObserverRun &run, StringRef path,
                                CalibrationTable &table) {
  Location loc = getLoc(run);
  auto read = readTable(path, loc.getContext());
  if (!read)
    return emitError(loc) << llvm::toString(read.takeError());
  if (llvm::Error error = mergeTable(table, *read, path))
    return emitError(loc) << llvm::toString(std::move(error));
  return success();
}

/// Runs the observers and merges what they found into `table`.
static FailureOr<int64_t> applyData(ObserverRun &run, CalibrationTable &table) {
  SmallVector<double, 0> states(run.stateSize);
  auto slice = [&](unsigned i) {
    return MutableArrayRef<double>(states).slice(run.offsets[i],
                                                 table.edges[i].state.size());
  };
  for (auto [i, edge] : llvm::enumerate(table.edges))
    edge.observer.initState(slice(i));
  FailureOr<int64_t> samples = runObservers(run, states);
  if (failed(samples))
    return failure();
  for (auto [i, edge] : llvm::enumerate(table.edges))
    edge.observer.mergeState(edge.state, slice(i));
  table.samples += *samples;
  return samples;
}

//===----------------------------------------------------------------------===//
// Choosing
//===----------------------------------------------------------------------===//

namespace {
struct EdgeResult {
  mlir::qnt::QuantizedType type;
  ObservedRange range;
  /// Of the channels, where the observer gathers them.
  SmallVector<double> means;
};
} // namespace

/// Parameters where the range gives none: the edge is constantly 0, or so
/// close to it that no float32 scale is small enough.
static num::QuantParams chooseForZero(ObserveOp op, RealRange range,
                                      num::StorageRange storage) {
  if (range.min == 0 && range.max == 0)
    op.emitRemark("edge '")
        << op.getEdge() << "' is constantly 0; it gets scale 1";
  else
    op.emitRemark("edge '")
        << op.getEdge() << "' stays in [" << range.min << ", " << range.max
        << "], too close to 0 for a float32 scale; it gets scale 1";
  num::QuantParams params;
  params.zeroPoint = std::clamp(0, storage.min, storage.max);
  return params;
}

static FailureOr<EdgeResult> choose(ObserveOp op, const TableEdge &edge) {
  std::optional<ObservedRange> range = edge.observer.finishState(edge.state);
  if (!range)
    return op.emitError("calibration never ran on edge '")
           << op.getEdge() << "'; give samples that reach it";
  auto target = cast<mlir::qnt::QuantizedType>(op.getTarget());
  auto pending = dyn_cast<PendingAttr>(target.getScheme());
  if (!pending || pending.getGranularity() != Granularity::PerTensor)
    return op.emitError("edge '")
           << op.getEdge() << "' asks for " << target.getScheme()
           << "; calibration completes #qnt.pending<per_tensor> alone";
  num::StorageRange storage;
  storage.min = static_cast<int32_t>(target.getStorageMin());
  storage.max = static_cast<int32_t>(target.getStorageMax());
  RealRange chosen = range->chosen;
  if (chosen.min == chosen.max && chosen.min != 0)
    op.emitRemark("edge '")
        << op.getEdge() << "' saw only the value " << chosen.min
        << "; its range is extended to contain 0";
  auto params = num::chooseParams(chosen.min, chosen.max, storage,
                                  pending.getSymmetric());
  if (!params) {
    if (std::max(std::fabs(chosen.min), std::fabs(chosen.max)) > 1.0)
      return op.emitError("edge '")
             << op.getEdge() << "' reaches [" << chosen.min << ", "
             << chosen.max << "], for which there is no float32 scale";
    params = chooseForZero(op, chosen, storage);
  }
  auto scheme =
      PerTensorAttr::get(op.getContext(), params->scale, params->zeroPoint);
  EdgeResult result{target.withScheme(scheme), *range, {}};
  if (auto means = dyn_cast<ChannelMeansAttr>(edge.observer))
    result.means = means.getMeans(edge.state);
  return result;
}

/// %y = qnt.observe %x -> qnt.dequantize (qnt.quantize %x)
static void rewrite(ObserveOp op, const EdgeResult &result) {
  OpBuilder builder(op);
  auto type = cast<RankedTensorType>(op.getType());
  auto quantize = QuantizeOp::create(builder, op.getLoc(),
                                     type.clone(result.type), op.getInput());
  quantize->setAttr("qnt.edge", op.getEdgeAttr());
  // Adding 0 turns -0 into 0, as in a table.
  quantize->setAttr("qnt.seen_min",
                    builder.getF64FloatAttr(result.range.seen.min + 0.0));
  quantize->setAttr("qnt.seen_max",
                    builder.getF64FloatAttr(result.range.seen.max + 0.0));
  if (!result.means.empty())
    quantize->setAttr(kMeansAttr, builder.getDenseF64ArrayAttr(result.means));
  Value back = DequantizeOp::create(builder, op.getLoc(), type, quantize);
  op.replaceAllUsesWith(back);
  op.erase();
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {
class Calibrate : public mlir::qnt::impl::QntCalibrateBase<Calibrate> {
public:
  using Base::Base;

private:
  LogicalResult checkIdle();
  LogicalResult checkOptions(ObserverRun &run);
  LogicalResult saveTable(const std::string &text);
  LogicalResult calibrate();

  void runOnOperation() override {
    if (failed(calibrate()))
      signalPassFailure();
  }
};
} // namespace

/// Nothing is observed: where the model is quantized, data would have no
/// effect.
LogicalResult Calibrate::checkIdle() {
  if (data.empty() && table.empty())
    return success();
  bool isQuantized = false;
  getOperation().walk([&](QuantizeOp) { isQuantized = true; });
  if (isQuantized)
    return getOperation().emitError()
           << "every edge of the model is quantized already; drop the "
              "calibration data, they would have no effect";
  return success();
}

/// Names what is missing before any work is done.
LogicalResult Calibrate::checkOptions(ObserverRun &run) {
  Location loc = getLoc(run);
  if (maxSamples < 0)
    return emitError(loc, "expected samples of at least 0, found ")
           << maxSamples.getValue();
  if (data.empty() && table.empty()) {
    FailureOr<SmallVector<NamedSpec>> inputs = getInputSpecs(run.function);
    if (failed(inputs))
      return failure();
    ObserveOp first = run.ops.front();
    return first.emitError("calibration never ran on edge '")
           << first.getEdge() << "'; give data= or table= (the model takes "
           << describeInputs(*inputs) << ")";
  }
  if (!writeTable.empty())
    if (llvm::Error error = checkOutputPath(writeTable))
      return emitError(loc) << llvm::toString(std::move(error));
  return success();
}

LogicalResult Calibrate::saveTable(const std::string &text) {
  OutputFiles files;
  llvm::Error error = files.add(writeTable, text);
  if (!error)
    error = files.commit();
  if (error)
    return getOperation().emitError("cannot write the calibration table: ")
           << llvm::toString(std::move(error));
  return success();
}

LogicalResult Calibrate::calibrate() {
  ObserverRun run;
  if (failed(collect(getOperation(), run)))
    return failure();
  if (run.ops.empty())
    return checkIdle();
  if (failed(checkOptions(run)))
    return failure();
  run.data = data;
  run.lowering = lowering;
  run.maxSamples = maxSamples;
  CalibrationTable found;
  found.modelSha256 = getModelSha256(getOperation());
  for (ObserveOp op : run.ops) {
    TableEdge edge{op.getEdge().str(), op.getObserver(), {}};
    edge.state.resize(edge.observer.getStateSize());
    edge.observer.initState(edge.state);
    found.edges.push_back(std::move(edge));
  }
  if (!table.empty() && failed(applyTable(run, table, found)))
    return failure();
  if (!data.empty()) {
    FailureOr<int64_t> samples = applyData(run, found);
    if (failed(samples))
      return failure();
    numSamples += *samples;
  }
  SmallVector<EdgeResult> results;
  for (auto [op, edge] : llvm::zip_equal(run.ops, found.edges)) {
    FailureOr<EdgeResult> result = choose(op, edge);
    if (failed(result))
      return failure();
    results.push_back(*result);
  }
  std::string text = printTable(found);
  if (!writeTable.empty() && failed(saveTable(text)))
    return failure();
  for (auto [op, result] : llvm::zip_equal(run.ops, results))
    rewrite(op, result);
  getOperation()->setAttr("qnt.calibration_sha256",
                          StringAttr::get(&getContext(), hash(text)));
  numEdges += results.size();
  return success();
}
