//===- CallSteps.cpp - calls of outlined float functions ------------------===//
//
// A float function takes its operands, its results and its scratch memory as
// buffers; the scratch is part of the arena while the call runs. Bytes cross
// the border by copies, since the function knows nothing of how kernels store
// them.
//
//===----------------------------------------------------------------------===//

#include "qnt/Codegen/Passes.h"
#include "qnt/Codegen/Plan.h"

using namespace mlir;
using namespace mlir::qnt;

/// Outlined functions see bytes as the model has them, dense and plain: a copy
/// out of the storage domain.
static View toPlain(Plan &plan, Location loc, const View &view) {
  if (!view.buffer->isByte())
    return view;
  View plain = plan.allocate(view.buffer->element, view.shape);
  plan.addCopy(loc, view, plain, plan.getTarget().storageOffset());
  return plain;
}

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
    step.inputs.push_back(toPlain(plan, op.getLoc(), *view));
  }
  SmallVector<std::pair<View, View>> copies;
  for (Value result : op.getResults()) {
    View view = plan.define(result);
    if (view.buffer->isByte()) {
      View plain = plan.allocate(view.buffer->element, view.shape);
      copies.push_back({plain, view});
      view = plain;
    }
    step.outputs.push_back(view);
  }
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
  for (auto &[plain, view] : copies)
    plan.addCopy(op.getLoc(), plain, view, plan.getTarget().storageOffset());
  return success();
}

void mlir::qnt::populateCallSteps(StepHandlers &handlers) {
  handlers[func::CallOp::getOperationName()] = planCall;
}
