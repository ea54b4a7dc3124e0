//===- EmitKernels.cpp - integer tensors to kernels on memory -------------===//
//
// Wires the stage together: ops to steps, steps to a memory plan, the plan to
// functions. Invariant: an op without a handler is an error that names it, so
// nothing is ever left out of the code.
//
//===----------------------------------------------------------------------===//

#include "qnt/Codegen/Body.h"
#include "qnt/Codegen/Passes.h"

namespace mlir::qnt {
#define GEN_PASS_DEF_EMITKERNELS
#include "qnt/Codegen/Passes.h.inc"
} // namespace mlir::qnt

using namespace mlir;
using namespace mlir::qnt;

/// The one public function with a body.
static FailureOr<func::FuncOp> findEntry(ModuleOp module) {
  func::FuncOp entry;
  for (func::FuncOp function : module.getOps<func::FuncOp>()) {
    if (!function.isPublic() || function.isExternal())
      continue;
    if (entry)
      return function.emitError()
             << "expected one public function, found '" << entry.getSymName()
             << "' and '" << function.getSymName() << "'; make one private";
    entry = function;
  }
  if (!entry)
    return module.emitError() << "expected a public function, found none";
  if (!entry.getBody().hasOneBlock())
    return entry.emitError() << "expected a function of one block, found "
                             << entry.getBody().getBlocks().size();
  return entry;
}

/// Ops that other handlers read from, or that compute nothing.
static bool needsNoStep(Operation *op) {
  if (op->hasTrait<OpTrait::IsTerminator>() ||
      op->hasTrait<OpTrait::ConstantLike>())
    return true;
  return isa<tosa::ConstShapeOp, tensor::EmptyOp, linalg::FillOp>(op);
}

StepHandlers mlir::qnt::allHandlers() {
  StepHandlers handlers;
  populateBoundarySteps(handlers);
  populateElementwiseSteps(handlers);
  populateContractionSteps(handlers);
  populatePoolSteps(handlers);
  populateLayoutSteps(handlers);
  populateReductionSteps(handlers);
  populateLitertSteps(handlers);
  populateResizeSteps(handlers);
  populateCallSteps(handlers);
  return handlers;
}

/// Turns all ops of the entry function into steps; reports every op that has no
/// kernel, not only the first.
static LogicalResult planSteps(Plan &plan) {
  if (failed(plan.bringIn()))
    return failure();
  StepHandlers handlers = allHandlers();
  bool complete = true;
  for (Operation &op : plan.getEntry().getBody().front()) {
    if (plan.isAbsorbed(&op) || needsNoStep(&op))
      continue;
    auto handler = handlers.find(op.getName().getStringRef());
    if (handler == handlers.end()) {
      op.emitError() << "'" << op.getName()
                     << "' has no kernel; quantize it, or run "
                        "qnt-outline-float first where it stays float";
      complete = false;
      continue;
    }
    if (complete && failed(handler->second(plan, &op)))
      return failure();
  }
  return complete ? plan.bringOut() : failure();
}

/// What the code computes in, for the record.
static StringRef modeOf(func::FuncOp entry) {
  bool hasBytes = entry
                      .walk([](Operation *op) {
                        // Bytes that the model itself computes with are no
                        // sign of quantization.
                        if (!isa_and_present<QntDialect>(op->getDialect()))
                          return WalkResult::advance();
                        for (Type type : op->getResultTypes())
                          if (getElementTypeOrSelf(type).isInteger(8))
                            return WalkResult::interrupt();
                        return WalkResult::advance();
                      })
                      .wasInterrupted();
  return hasBytes ? "int8" : "float32";
}

/// Replaces the declarations of outlined functions by their definitions.
static void takeFloatFunctions(ModuleOp module) {
  for (ModuleOp inner : llvm::make_early_inc_range(module.getOps<ModuleOp>())) {
    for (Operation &op : llvm::make_early_inc_range(*inner.getBody())) {
      if (auto symbol = dyn_cast<SymbolOpInterface>(op))
        if (Operation *declaration =
                SymbolTable::lookupSymbolIn(module, symbol.getName()))
          declaration->erase();
      op.moveBefore(module.getBody(), module.getBody()->end());
      if (auto function = dyn_cast<func::FuncOp>(op))
        function.setPrivate();
    }
    inner.erase();
  }
}

/// Every function is compiled for the target, with an aligned stack.
static void attachTarget(ModuleOp module, CpuTargetAttr target) {
  Builder builder(module.getContext());
  auto pair = [&](StringRef key, StringRef value) -> Attribute {
    return builder.getStrArrayAttr({key, value});
  };
  for (func::FuncOp function : module.getOps<func::FuncOp>()) {
    if (function.isExternal())
      continue;
    SmallVector<Attribute> attributes = {
        builder.getStringAttr("stackrealign"),
        builder.getStringAttr("nounwind"), pair("target-cpu", target.getCpu()),
        pair("target-features", target.getFeatures())};
    if (auto present = function->getAttrOfType<ArrayAttr>("passthrough"))
      for (Attribute attribute : present)
        if (!llvm::is_contained(attributes, attribute))
          attributes.push_back(attribute);
    function->setAttr("passthrough", builder.getArrayAttr(attributes));
  }
}

namespace {

struct EmitKernels : mlir::qnt::impl::EmitKernelsBase<EmitKernels> {
  using EmitKernelsBase::EmitKernelsBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto target = module->getAttrOfType<CpuTargetAttr>(kTargetAttr);
    if (!target) {
      module.emitError() << "expected attribute 'qnt.target'; run "
                            "qnt-set-target first";
      return signalPassFailure();
    }
    FailureOr<func::FuncOp> entry = findEntry(module);
    if (failed(entry) || failed(emit(module, *entry, target)))
      signalPassFailure();
  }

private:
  LogicalResult emit(ModuleOp module, func::FuncOp entry,
                     CpuTargetAttr target) {
    BodyOptions options{toSymbol(name.empty() ? entry.getSymName() : name),
                        staticArena, module->hasAttr("qnt.any_batch")};
    KernelModule kernels(module, KernelTarget::get(target), options.name);
    takeFloatFunctions(module);
    Plan plan(entry, kernels);
    if (failed(planSteps(plan)))
      return failure();
    PlanSize size = plan.resolve();
    FailureOr<func::FuncOp> body = emitBody(plan, size, options);
    if (failed(body))
      return failure();
    emitEntryPoints(plan, *body, size, options);
    module->setAttr(kContractAttr, makeContract(plan, size, options));
    if (!module->hasAttr("qnt.mode"))
      module->setAttr("qnt.mode",
                      StringAttr::get(module.getContext(), modeOf(entry)));
    entry.erase();
    attachTarget(module, target);
    numSteps = plan.getSteps().size();
    numKernels = kernels.numKernels();
    arenaBytes = size.arenaBytes;
    lowerBound = size.lowerBound;
    constantBytes = kernels.constantBytes();
    return success();
  }
};

} // namespace
