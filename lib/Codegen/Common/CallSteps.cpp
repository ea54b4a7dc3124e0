//===- CallSteps.cpp - calls of outlined float functions ------------------===//
//
// A float function takes its operands, its results and its scratch memory as
// buffers; the scratch is part of the arena while the call runs.
//
//===----------------------------------------------------------------------===//

#include "qnt/Codegen/Passes.h"
#include "qnt/Codegen/Plan.h"

using namespace mlir;
using namespace mlir::qnt;

static LogicalResult planCall(Plan &plan, Operation *operation) {
  auto op = cast<func::CallOp>(operation);
  ModuleOp module = plan.getKernels().getModule();
  auto callee = module.lookupSymbol<func::FuncOp>(op.getCallee());
  IntegerAttr scratch;
  if (callee)
    scratch = callee->getAttrOfType<IntegerAttr>(kScratchAttr);
  if (!scratch)
    return op.emitError() << "'func.call' of '" << op.getCallee()
                          << "' has no kernel; inline it before quantization";
  Step step{op.getLoc(), {}, {}};
  for (Value operand : op.getOperands()) {
    FailureOr<View> view = plan.lookup(operand, op);
    if (failed(view))
      return failure();
    step.inputs.push_back(*view);
  }
  for (Value result : op.getResults())
    step.outputs.push_back(plan.define(result));
  if (scratch.getInt() > 0) {
    Type byte = IntegerType::get(op.getContext(), 8);
    step.outputs.push_back(plan.allocate(byte, scratch.getInt()));
  }
  if (auto macs = callee->getAttrOfType<IntegerAttr>(kMacsAttr))
    plan.addMacs(macs.getInt());
  step.emit = [callee](KernelModule &, const Step &) {
    return FailureOr<KernelCall>(KernelCall{callee, {}});
  };
  plan.addStep(std::move(step));
  return success();
}

void mlir::qnt::populateCallSteps(StepHandlers &handlers) {
  handlers[func::CallOp::getOperationName()] = planCall;
}
