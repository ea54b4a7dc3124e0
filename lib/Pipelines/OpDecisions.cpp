//===- OpDecisions.cpp - which ops would become integer -------------------===//
//
// See the header. Ops are followed through the stages by their locations, so
// those without a name get one first.
//
//===----------------------------------------------------------------------===//

#include "qnt/Pipelines/OpDecisions.h"

#include "qnt/Analysis/Edges.h"
#include "qnt/Lower/Passes.h"
#include "qnt/Pipelines/Pipelines.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace mlir::qnt;

using Decisions = llvm::MapVector<StringRef, OpDecision>;

/// An op that computes something; constants and conversions do not.
static bool computes(Operation *op) {
  return !op->hasTrait<OpTrait::IsTerminator>() &&
         !op->hasTrait<OpTrait::ConstantLike>() &&
         !isa<FunctionOpInterface, tosa::ConstShapeOp, tensor::EmptyOp, ToIntOp,
              ToFloatOp, QuantizeOp, DequantizeOp, StorageCastOp>(op);
}

/// Names in the context, which outlive the ops.
static StringRef nameOf(Operation *op) { return getLocationName(op->getLoc()); }

/// Names every op and enters it.
static Decisions enterOps(ModuleOp module) {
  Decisions decisions;
  llvm::StringMap<unsigned> counts;
  walkGraph(module, [&](Operation *op) {
    if (!computes(op))
      return;
    if (nameOf(op).empty()) {
      StringRef kind = op->getName().getStringRef();
      std::string name = (kind + "#" + Twine(counts[kind]++)).str();
      op->setLoc(NameLoc::get(StringAttr::get(op->getContext(), name)));
    }
    OpDecision &decision = decisions[nameOf(op)];
    if (!decision.name.empty())
      return;
    decision.name = nameOf(op).str();
    auto composite = dyn_cast<CompositeOp>(op);
    decision.op = composite ? composite.getName().str()
                            : op->getName().getStringRef().str();
  });
  return decisions;
}

/// `i8 per tensor` of a quantized type.
static std::string describeType(QuantizedType type) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << type.getStorage() << " "
     << llvm::TypeSwitch<Attribute, StringRef>(type.getScheme())
            .Case<PerTensorAttr>([](auto) { return "per tensor"; })
            .Case<PerAxisAttr>([](auto) { return "per axis"; })
            .Case<PerBlockAttr>([](auto) { return "per block"; })
            .Case<DynamicAttr>([](auto) { return "dynamic"; })
            .Default([](auto) { return "other"; });
  return text;
}

static void enterSchemes(ModuleOp module, Decisions &decisions) {
  auto enter = [&](OpDecision &decision, QuantizedType type) {
    if (!type)
      return;
    std::string text = describeType(type);
    if (!llvm::is_contained(decision.schemes, text))
      decision.schemes.push_back(std::move(text));
  };
  walkGraph(module, [&](Operation *op) {
    auto found = decisions.find(nameOf(op));
    if (found == decisions.end() || !computes(op))
      return;
    for (Value operand : op->getOperands())
      if (Value source = getQuantizedSource(operand))
        enter(found->second, getCompleteType(source));
    for (Value result : op->getResults())
      if (QuantizeOp quantize = getQuantizer(result))
        enter(found->second, getCompleteType(quantize.getResult()));
  });
}

/// What the lowered module holds: floats are listed, the rest are integers.
static void enterStates(ModuleOp module, Decisions &decisions) {
  module.walk([&](func::FuncOp function) {
    auto floats = function->getAttrOfType<ArrayAttr>("qnt.float_ops");
    for (Attribute entry : floats ? floats.getValue() : ArrayRef<Attribute>()) {
      auto fields = cast<DictionaryAttr>(entry);
      auto found = decisions.find(cast<StringAttr>(fields.get("name")));
      if (found == decisions.end())
        continue;
      OpDecision &decision = found->second;
      if (decision.state != OpDecision::State::floating)
        decision.reason = cast<StringAttr>(fields.get("reason")).str();
      decision.state = OpDecision::State::floating;
    }
  });
  walkGraph(module, [&](Operation *op) {
    auto found = decisions.find(nameOf(op));
    if (found != decisions.end() && computes(op) &&
        found->second.state == OpDecision::State::folded)
      found->second.state = OpDecision::State::integer;
  });
}

static LogicalResult runStages(ModuleOp module,
                               llvm::function_ref<void(OpPassManager &)> add) {
  PassManager pm(module.getContext());
  add(pm);
  return pm.run(module);
}

FailureOr<std::vector<OpDecision>> mlir::qnt::decideOps(ModuleOp module) {
  OwningOpRef<ModuleOp> copy(module.clone());
  // What the stages remark is part of the answer, or about made-up ranges.
  ScopedDiagnosticHandler handler(
      module.getContext(), [](Diagnostic &diagnostic) {
        return failure(diagnostic.getSeverity() == DiagnosticSeverity::Error);
      });
  Decisions decisions = enterOps(*copy);
  if (failed(runStages(*copy, buildAssumedQuantizationPipeline)))
    return failure();
  enterSchemes(*copy, decisions);
  auto lower = [](OpPassManager &pm) { pm.addPass(createLowerToInteger()); };
  if (failed(runStages(*copy, lower)))
    return failure();
  enterStates(*copy, decisions);
  std::vector<OpDecision> result;
  for (auto &entry : decisions)
    result.push_back(std::move(entry.second));
  return result;
}
