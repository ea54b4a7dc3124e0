//===- BoundarySteps.cpp - between float and stored integers --------------===//
//
// qnt.to_int and qnt.to_float. Both may see their operands with any shape, so
// that a reshape at the border of the model costs nothing.
//
//===----------------------------------------------------------------------===//

#include "qnt/Codegen/Steps.h"

using namespace mlir;
using namespace mlir::qnt;

// N12: clamp(rne(x / scale) + zp), NaN gives zp.
static Value emitToInt(ImplicitLocOpBuilder &b, Value x, ToIntOp op,
                       const KernelTarget &target) {
  Value zero = splatFloat(b, x, 0.0f);
  Value ordered = arith::CmpFOp::create(b, arith::CmpFPredicate::ORD, x, x);
  x = arith::SelectOp::create(b, ordered, x, zero);
  Value scale = splatFloat(b, x, op.getScale().convertToFloat());
  x = arith::DivFOp::create(b, x, scale);
  int32_t zeroPoint = static_cast<int32_t>(op.getZeroPoint());
  return emitRoundToByte(b, x, static_cast<int32_t>(op.getMin()) - zeroPoint,
                         static_cast<int32_t>(op.getMax()) - zeroPoint,
                         zeroPoint + target.storageOffset());
}

static LogicalResult planToInt(Plan &plan, Operation *operation) {
  auto op = cast<ToIntOp>(operation);
  FailureOr<View> input = plan.lookup(op.getInput(), op);
  if (failed(input) || failed(expectBytes(op, op.getResult())))
    return failure();
  Step step{op.getLoc(), {*input}, {plan.define(op.getResult())}};
  step.shapeless = true;
  step.emit = [op](KernelModule &module, const Step &step) mutable {
    ElementwiseKernel kernel;
    kernel.stem = "to_int";
    kernel.key = llvm::formatv("{0},{1},{2},{3}",
                               op.getScale().bitcastToAPInt().getZExtValue(),
                               op.getZeroPoint(), op.getMin(), op.getMax());
    kernel.body = [&](ImplicitLocOpBuilder &b, ValueRange in, ValueRange) {
      return emitToInt(b, in[0], op, module.getTarget());
    };
    return emitElementwise(module, step, kernel);
  };
  plan.addStep(std::move(step));
  return success();
}

// N13: float(q - zp) * scale.
static LogicalResult planToFloat(Plan &plan, Operation *operation) {
  auto op = cast<ToFloatOp>(operation);
  FailureOr<View> input = plan.lookup(op.getInput(), op);
  if (failed(input) || failed(expectBytes(op, op.getInput())))
    return failure();
  Step step{op.getLoc(), {*input}, {plan.define(op.getResult())}};
  step.shapeless = true;
  step.emit = [op](KernelModule &module, const Step &step) mutable {
    ElementwiseKernel kernel;
    kernel.stem = "to_float";
    kernel.key =
        llvm::formatv("{0},{1}", op.getScale().bitcastToAPInt().getZExtValue(),
                      op.getZeroPoint());
    kernel.body = [&](ImplicitLocOpBuilder &b, ValueRange in, ValueRange) {
      Value q = emitWiden(b, in[0], module.getTarget());
      q = arith::SubIOp::create(
          b, q, splatInt(b, q, static_cast<int32_t>(op.getZeroPoint())));
      Value scale = splatFloat(b, q, op.getScale().convertToFloat());
      Value x = arith::SIToFPOp::create(b, scale.getType(), q);
      return arith::MulFOp::create(b, x, scale).getResult();
    };
    return emitElementwise(module, step, kernel);
  };
  plan.addStep(std::move(step));
  return success();
}

void mlir::qnt::populateBoundarySteps(StepHandlers &handlers) {
  handlers[ToIntOp::getOperationName()] = planToInt;
  handlers[ToFloatOp::getOperationName()] = planToFloat;
}
