//===- QntReportSqnr.cpp - measure each edge against float ----------------===//
//
// Float model and integer model run in lockstep, sample by sample; only sums
// are kept, so memory does not grow with the data.
//
//===----------------------------------------------------------------------===//

#include "mlir/Bytecode/BytecodeReader.h"
#include "mlir/Parser/Parser.h"
#include "qnt/Execution/Interpreter.h"
#include "qnt/Report/Passes.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::qnt {
#define GEN_PASS_DEF_QNTREPORTSQNR
#include "qnt/Report/Passes.h.inc"
} // namespace mlir::qnt

using namespace mlir;
using namespace mlir::qnt;

namespace {
/// Sums over the samples of one edge.
struct EdgeError {
  double signal = 0.0;
  double noise = 0.0;

  void add(const Tensor &real, const Tensor &stored, float scale,
           int32_t zeroPoint) {
    for (int64_t i = 0, e = real.getNumElements(); i < e; ++i) {
      double x = real.getAsDouble(i);
      double error = x - scale * (stored.getAsDouble(i) - zeroPoint);
      signal += x * x;
      noise += error * error;
    }
  }

  /// 120 dB stands for no noise at all.
  double decibels() const {
    if (noise == 0.0)
      return 120.0;
    return signal == 0.0 ? 0.0 : 10.0 * std::log10(signal / noise);
  }
};

/// The float model, which returns what its observers see. An edge that is an
/// argument is no result: bufferization can't return an argument.
struct FloatModel {
  struct Edge {
    std::string name;
    bool isInput;
    size_t index;
  };
  OwningOpRef<ModuleOp> module;
  std::unique_ptr<JitFunction> function;
  SmallVector<Edge> edges;
};
} // namespace

static func::FuncOp findEntry(ModuleOp module) {
  for (auto function : module.getOps<func::FuncOp>())
    if (function.isPublic() && !function.isDeclaration())
      return function;
  return {};
}

/// The observed values become the results, each once.
static LogicalResult exposeEdges(func::FuncOp function, FloatModel &model) {
  if (!llvm::hasSingleElement(function.getBody()))
    return failure();
  llvm::SetVector<Value> results;
  SmallVector<ObserveOp> observers;
  function.walk([&](ObserveOp op) { observers.push_back(op); });
  for (ObserveOp op : observers) {
    Value value = op.getInput();
    while (auto before = value.getDefiningOp<ObserveOp>())
      value = before.getInput();
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      model.edges.push_back(
          {op.getEdge().str(), true, size_t(argument.getArgNumber())});
      continue;
    }
    results.insert(value);
    size_t index = llvm::find(results, value) - results.begin();
    model.edges.push_back({op.getEdge().str(), false, index});
  }
  for (ObserveOp op : observers) {
    op.getResult().replaceAllUsesWith(op.getInput());
    op.erase();
  }
  Operation *terminator = function.getBody().front().getTerminator();
  terminator->setOperands(results.getArrayRef());
  function.removeResAttrsAttr();
  function.setType(
      FunctionType::get(function.getContext(), function.getArgumentTypes(),
                        TypeRange(ValueRange(results.getArrayRef()))));
  return success();
}

static FailureOr<FloatModel> makeFloatModel(ModuleOp module,
                                            StringAttr bytecode) {
  FloatModel model;
  model.module = parseSourceString<ModuleOp>(bytecode.getValue(),
                                             ParserConfig(module.getContext()));
  func::FuncOp function = model.module ? findEntry(*model.module) : nullptr;
  if (!function || failed(exposeEdges(function, model)))
    return module.emitError()
           << kFloatReferenceAttr << " holds no model of one block";
  FailureOr<std::unique_ptr<JitFunction>> jit = JitFunction::create(function);
  if (failed(jit))
    return failure();
  model.function = std::move(*jit);
  return model;
}

/// Edge name to quantized type, as qnt-report-tensors noted them.
static llvm::StringMap<QuantizedType> edgeTypes(ModuleOp module) {
  llvm::StringMap<QuantizedType> types;
  auto report = module->getAttrOfType<DictionaryAttr>(kReportAttr);
  auto tensors = report ? report.getAs<ArrayAttr>("tensors") : ArrayAttr();
  if (!tensors)
    return types;
  for (auto note : tensors.getAsRange<DictionaryAttr>())
    if (auto type =
            dyn_cast<QuantizedType>(note.getAs<TypeAttr>("type").getValue()))
      types[note.getAs<StringAttr>("name").getValue()] = type;
  return types;
}

/// The stored integers of an edge, if the op that makes them says its name.
static StringRef edgeOf(Value value) {
  Operation *op = value.getDefiningOp();
  auto edge = op ? op->getAttrOfType<StringAttr>("qnt.edge") : StringAttr();
  return edge && isa<IntegerType>(getElementTypeOrSelf(value.getType()))
             ? edge.getValue()
             : StringRef();
}

using Errors = llvm::MapVector<StringRef, EdgeError>;

/// One sample through both models.
static LogicalResult compareSample(FloatModel &model, Interpreter &integer,
                                   ArrayRef<Tensor> inputs,
                                   const llvm::StringMap<QuantizedType> &types,
                                   Errors &errors) {
  SmallVector<Tensor> reals, outputs;
  model.function->run(inputs, reals);
  llvm::StringMap<const Tensor *> byEdge;
  for (const FloatModel::Edge &edge : model.edges)
    byEdge[edge.name] = edge.isInput ? &inputs[edge.index] : &reals[edge.index];
  return integer.run(inputs, outputs, [&](Value value, const Tensor &stored) {
    StringRef edge = edgeOf(value);
    auto type = types.find(edge);
    const Tensor *real = byEdge.lookup(edge);
    if (!real || type == types.end() ||
        real->getNumElements() != stored.getNumElements())
      return;
    if (auto params = type->second.getPerTensorParams())
      errors[edge].add(*real, stored, params->first, params->second);
  });
}

static LogicalResult measure(ModuleOp module, StringAttr bytecode,
                             StringRef data, int64_t samples, Errors &errors) {
  FailureOr<FloatModel> model = makeFloatModel(module, bytecode);
  if (failed(model))
    return failure();
  auto integer = Interpreter::create(findEntry(module));
  if (failed(integer))
    return failure();
  auto stream = SampleStream::open(data, (*integer)->getInputs());
  if (!stream)
    return module.emitError() << llvm::toString(stream.takeError());
  llvm::StringMap<QuantizedType> types = edgeTypes(module);
  SmallVector<Tensor> inputs;
  for (int64_t i = 0; i < samples; ++i) {
    llvm::Expected<bool> more = stream->next(inputs);
    if (!more)
      return module.emitError() << llvm::toString(more.takeError());
    if (!*more)
      break;
    if (failed(compareSample(*model, **integer, inputs, types, errors)))
      return failure();
  }
  return success();
}

static void storeErrors(ModuleOp module, const Errors &errors) {
  Builder builder(module.getContext());
  SmallVector<Attribute> notes;
  for (const auto &[edge, error] : errors)
    notes.push_back(builder.getDictionaryAttr(
        {builder.getNamedAttr("name", builder.getStringAttr(edge)),
         builder.getNamedAttr("sqnr_db",
                              builder.getF64FloatAttr(error.decibels()))}));
  NamedAttrList report(module->getAttrOfType<DictionaryAttr>(kReportAttr));
  report.set("sqnr", builder.getArrayAttr(notes));
  module->setAttr(kReportAttr, report.getDictionary(module.getContext()));
}

namespace {
struct QntReportSqnrPass : qnt::impl::QntReportSqnrBase<QntReportSqnrPass> {
  using QntReportSqnrBase::QntReportSqnrBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto bytecode = module->getAttrOfType<StringAttr>(kFloatReferenceAttr);
    if (!bytecode)
      return;
    if (samples < 1) {
      module.emitError() << "expected samples of at least 1, found "
                         << samples.getValue();
      return signalPassFailure();
    }
    module->removeAttr(kFloatReferenceAttr);
    if (data.empty()) {
      module.emitRemark() << "no data, so no signal to noise ratios";
      return;
    }
    Errors errors;
    if (!findEntry(module) ||
        failed(measure(module, bytecode, data, samples, errors)))
      return signalPassFailure();
    numEdges += errors.size();
    storeErrors(module, errors);
  }
};
} // namespace
