//===- RunObservers.cpp - observers as compiled code ----------------------===//
//
// The copy that is compiled takes one more argument, the states of all
// observers in one buffer, and returns nothing, so ops that no observer depends
// on are not even computed.
//
//===----------------------------------------------------------------------===//

#include "RunObservers.h"
#include "qnt/Execution/Jit.h"
#include "qnt/Execution/Progress.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

#include <cmath>

using namespace mlir;
using namespace mlir::qnt;

namespace {
/// One function per observer and number of values: a model has hundreds of
/// edges, but few kinds of them, and code that is inlined at each takes long to
/// compile.
class UpdateFunctions {
public:
  UpdateFunctions(ModuleOp module, MemRefType states)
      : module(module), states(states) {}

  func::FuncOp get(ObserverAttrInterface observer, int64_t count) {
    func::FuncOp &function = functions[{observer, count}];
    if (!function)
      function = create(observer, count);
    return function;
  }

private:
  func::FuncOp create(ObserverAttrInterface observer, int64_t count);

  ModuleOp module;
  MemRefType states;
  llvm::MapVector<std::pair<Attribute, int64_t>, func::FuncOp> functions;
};
} // namespace

/// (values, states of all observers, first word of this one) -> nothing.
func::FuncOp UpdateFunctions::create(ObserverAttrInterface observer,
                                     int64_t count) {
  Location loc = module.getLoc();
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  Type values = MemRefType::get({count}, builder.getF32Type());
  auto function = func::FuncOp::create(
      builder, loc, "qnt_observe_" + std::to_string(functions.size()),
      builder.getFunctionType({values, states, builder.getIndexType()}, {}));
  function.setPrivate();
  function->setAttr("passthrough", builder.getStrArrayAttr({"noinline"}));
  Block *entry = function.addEntryBlock();
  builder.setInsertionPointToStart(entry);
  Value state = memref::SubViewOp::create(
      builder, loc, entry->getArgument(1),
      ArrayRef<OpFoldResult>{entry->getArgument(2)},
      ArrayRef<OpFoldResult>{builder.getIndexAttr(observer.getStateSize())},
      ArrayRef<OpFoldResult>{builder.getIndexAttr(1)});
  observer.buildUpdate(builder, loc, entry->getArgument(0), state);
  func::ReturnOp::create(builder, loc);
  return function;
}

/// %y = qnt.observe %x -> a call of the observer's update on a buffer of %x.
static void buildUpdate(ObserveOp op, Value states, int64_t offset,
                        UpdateFunctions &functions) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  auto type = cast<RankedTensorType>(op.getInput().getType());
  int64_t count = type.getNumElements();
  auto flat = MemRefType::get({count}, type.getElementType());
  Value values = bufferization::ToBufferOp::create(
      builder, loc, MemRefType::get(type.getShape(), type.getElementType()),
      op.getInput(), /*readOnly=*/true);
  if (values.getType() != flat)
    values = memref::ReinterpretCastOp::create(
        builder, loc, flat, values, /*offset=*/0, ArrayRef<int64_t>{count},
        ArrayRef<int64_t>{1});
  Value first = arith::ConstantIndexOp::create(builder, loc, offset);
  func::CallOp::create(builder, loc, functions.get(op.getObserver(), count),
                       ValueRange{values, states, first});
  op.replaceAllUsesWith(op.getInput());
  op.erase();
}

/// Drops the results: only the states matter.
static void dropResults(func::FuncOp function) {
  function.walk([](func::ReturnOp op) { op->setOperands({}); });
  function.setType(FunctionType::get(function.getContext(),
                                     function.getArgumentTypes(), {}));
  function.removeResAttrsAttr();
}

static OwningOpRef<ModuleOp> buildObserved(ObserverRun &run) {
  auto module = run.function->getParentOfType<ModuleOp>();
  OwningOpRef<ModuleOp> clone(module.clone());
  auto function = clone->lookupSymbol<func::FuncOp>(run.function.getName());
  auto type =
      MemRefType::get({run.stateSize}, Float64Type::get(module.getContext()));
  unsigned last = function.getNumArguments();
  if (failed(function.insertArgument(last, type, {}, function.getLoc())))
    return nullptr;
  SmallVector<ObserveOp> ops;
  function.walk([&](ObserveOp op) { ops.push_back(op); });
  UpdateFunctions updates(*clone, type);
  for (auto [op, offset] : llvm::zip_equal(ops, run.offsets))
    buildUpdate(op, function.getArgument(last), offset, updates);
  dropResults(function);
  return clone;
}

/// A word of NaN says that a value on the edge was not finite.
static LogicalResult checkFinite(ObserverRun &run, ArrayRef<double> states,
                                 int64_t sample) {
  for (auto [i, op] : llvm::enumerate(run.ops)) {
    ArrayRef<double> state =
        states.slice(run.offsets[i], op.getObserver().getStateSize());
    if (llvm::none_of(state, [](double word) { return std::isnan(word); }))
      continue;
    return op.emitError("edge '")
           << op.getEdge() << "' is not finite: sample " << sample
           << " leads to NaN or infinity there; remove the sample from '"
           << run.data << "' or mend the model";
  }
  return success();
}

/// Feeds the samples to the compiled observers; returns their number.
static FailureOr<int64_t> feed(ObserverRun &run, SampleStream &stream,
                               Jit::PackedFn call,
                               MutableArrayRef<double> states) {
  int64_t total = stream.getNumSamples();
  // Who streams samples from memory shows progress in a way of their own.
  bool isCounted = total != SampleStream::kUnknown;
  if (run.maxSamples > 0)
    total = std::min(total, run.maxSamples);
  ProgressBar progress("calibrating", isCounted ? total : 0);
  SmallVector<Tensor> sample;
  int64_t done = 0;
  for (; done < total; ++done) {
    auto more = stream.next(sample);
    if (!more)
      return emitError(run.function.getLoc(), "calibration: ")
             << llvm::toString(more.takeError());
    if (!*more)
      break;
    SmallVector<void *> arguments;
    for (Tensor &tensor : sample)
      arguments.push_back(tensor.data());
    arguments.push_back(states.data());
    call(arguments.data());
    if (failed(checkFinite(run, states, done)))
      return failure();
    progress.update(done + 1);
  }
  return done;
}

FailureOr<int64_t> qnt::runObservers(ObserverRun &run,
                                     MutableArrayRef<double> states) {
  func::FuncOp function = run.function;
  FailureOr<SmallVector<NamedSpec>> inputs = getInputSpecs(function);
  if (failed(inputs))
    return failure();
  // Data first: a wrong file is found before anything is compiled.
  auto stream = SampleStream::open(run.data, *inputs);
  if (!stream)
    return emitError(function.getLoc(), "calibration: ")
           << llvm::toString(stream.takeError());
  OwningOpRef<ModuleOp> observed = buildObserved(run);
  if (!observed)
    return function.emitError("cannot add an argument for observer states");
  FailureOr<std::unique_ptr<Jit>> jit = Jit::create(*observed, run.lowering);
  if (failed(jit))
    return failure();
  Jit::PackedFn call = (*jit)->lookupPacked(function.getName());
  if (!call)
    return function.emitError("no code for function '")
           << function.getName() << "' after lowering '" << run.lowering << "'";
  return feed(run, *stream, call, states);
}
