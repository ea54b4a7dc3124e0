//===- ElementwiseSteps.cpp - add, sub, mul, table, rescale ---------------===//
//
// The integer ops that treat each element alike. Invariant: bodies compute the
// formulas of Numerics with the constants that Numerics makes (N9, N16, N20,
// N21); only the order of operations that cannot round differs.
//
//===----------------------------------------------------------------------===//

#include "qnt/Codegen/Steps.h"
#include "qnt/Dialect/IR/QntNumerics.h"
#include "qnt/Numerics/Elementwise.h"

using namespace mlir;
using namespace mlir::qnt;
namespace num = ::qnt::num;

/// The step of an op whose operands are all activations of its result's rank.
static FailureOr<Step> makeStep(Plan &plan, Operation *op, unsigned operands) {
  Step step{op->getLoc(), {}, {}};
  for (Value operand : op->getOperands().take_front(operands)) {
    FailureOr<View> view = plan.lookup(operand, op);
    if (failed(view) || failed(expectBytes(op, operand)))
      return failure();
    step.inputs.push_back(*view);
  }
  if (failed(expectBytes(op, op->getResult(0))))
    return failure();
  step.outputs.push_back(plan.define(op->getResult(0)));
  step.inPlace = true;
  step.shapeless = operands == 1;
  return step;
}

/// What a kernel's key says of the home whose formula it computes.
static std::string homeKey(num::Home home) {
  return home == num::Home::Native ? "" : "," + std::string(stringify(home));
}

static Value emitOffset(ImplicitLocOpBuilder &b, Value bytes, int32_t zeroPoint,
                        const KernelTarget &target) {
  Value wide = emitWiden(b, bytes, target);
  return arith::SubIOp::create(b, wide, splatInt(b, wide, zeroPoint));
}

//===----------------------------------------------------------------------===//
// add, sub
//===----------------------------------------------------------------------===//

namespace {
/// The constants of an add; a sub adds the negated second operand, which gives
/// the same product as a negated multiplier.
struct AddSpec {
  num::AddParams params;
  bool negateB = false;

  std::string key() const {
    return llvm::formatv("{0},{1},{2},{3},{4},{5},{6},{7},{8},{9}{10}{11}",
                         negateB, int(params.rounding), params.zpA, params.zpB,
                         params.zpOut, params.min, params.max,
                         llvm::bit_cast<int32_t>(params.multiplierA),
                         llvm::bit_cast<int32_t>(params.multiplierB),
                         fixedKey(params.fixedA) + fixedKey(params.fixedB) +
                             fixedKey(params.fixedOut),
                         homeKey(params.home), params.byteOffset)
               .str() +
           llvm::formatv("{0}:{1},{2}>>{3}", int(params.form), params.weightA,
                         params.weightB, params.shift)
               .str();
  }

private:
  static std::string fixedKey(num::FixedMultiplier m) {
    return llvm::formatv("[{0}^{1}]", m.mantissa, m.exponent);
  }
};
} // namespace

// N20, fp32-rne.
static Value emitAddFp32(ImplicitLocOpBuilder &b, Value x, Value y,
                         const AddSpec &spec, const KernelTarget &target) {
  const num::AddParams &params = spec.params;
  Value scaleA = splatFloat(b, x, params.multiplierA);
  Value scaleB = splatFloat(b, y, params.multiplierB);
  Value left = arith::MulFOp::create(
      b, arith::SIToFPOp::create(b, scaleA.getType(), x), scaleA);
  Value right = arith::MulFOp::create(
      b, arith::SIToFPOp::create(b, scaleB.getType(), y), scaleB);
  Value sum = arith::AddFOp::create(b, left, right);
  return emitRoundToByte(b, sum, params.min - params.zpOut,
                         params.max - params.zpOut,
                         params.zpOut + target.storageOffset());
}

// N43. `x` and `y` are bytes plus the home's offset.
static Value emitAddOnnxRuntime(ImplicitLocOpBuilder &b, Value x, Value y,
                                const num::AddParams &params,
                                const KernelTarget &target) {
  Value scaleA = splatFloat(b, x, params.multiplierA);
  Value scaleB = splatFloat(b, y, params.multiplierB);
  Value left = arith::SIToFPOp::create(b, scaleA.getType(), x);
  Value right = arith::SIToFPOp::create(b, scaleB.getType(), y);
  Value sum =
      emitFma(b, right, scaleB, splatFloat(b, y, params.fixedPart), target);
  sum = emitFma(b, left, scaleA, sum, target);
  return emitRoundToByte(b, sum, params.min + params.byteOffset,
                         params.max + params.byteOffset,
                         target.storageOffset() - params.byteOffset);
}

/// One product of a tflite add: the scaled operand stays far inside int32.
static Value emitAddTerm(ImplicitLocOpBuilder &b, Value x,
                         num::FixedMultiplier m, int32_t leftShift,
                         Rounding rounding, const KernelTarget &target) {
  RescaleSpec spec;
  spec.multipliers = {num::toDouble(m)};
  spec.rounding = rounding;
  spec.min = INT32_MIN;
  spec.max = INT32_MAX;
  spec.accMax = int64_t(255) << leftShift;
  spec.accMin = -spec.accMax;
  Value shifted = arith::ShLIOp::create(b, x, splatInt(b, x, leftShift));
  return emitScale(b, shifted, rescaleConstants(b, spec, shifted.getType()),
                   spec, target);
}

// N20, tflite modes.
static Value emitAddFixed(ImplicitLocOpBuilder &b, Value x, Value y,
                          const AddSpec &spec, const KernelTarget &target) {
  const num::AddParams &params = spec.params;
  Rounding rounding = fromNumerics(params.rounding);
  Value sum = arith::AddIOp::create(
      b, emitAddTerm(b, x, params.fixedA, params.leftShift, rounding, target),
      emitAddTerm(b, y, params.fixedB, params.leftShift, rounding, target));
  RescaleSpec out;
  out.multipliers = {num::toDouble(params.fixedOut)};
  out.rounding = rounding;
  out.outputZp = params.zpOut;
  out.min = params.min;
  out.max = params.max;
  // Each term is at most half of its operand, rounded up.
  out.accMax = (int64_t(256) << params.leftShift) + 2;
  out.accMin = -out.accMax;
  return emitRescale(b, sum, out, target);
}

// N60: two integer products, one shift. The sum stays below 2^30.
static Value emitAddOneShift(ImplicitLocOpBuilder &b, Value x, Value y,
                             const AddSpec &spec, const KernelTarget &target) {
  const num::AddParams &params = spec.params;
  Value sum = arith::AddIOp::create(
      b, arith::MulIOp::create(b, x, splatInt(b, x, params.weightA)),
      arith::MulIOp::create(b, y, splatInt(b, y, params.weightB)));
  sum =
      arith::AddIOp::create(b, sum, splatInt(b, sum, 1 << (params.shift - 1)));
  Value scaled = arith::ShRSIOp::create(b, sum, splatInt(b, sum, params.shift));
  RescaleSpec bounds;
  bounds.outputZp = params.zpOut;
  bounds.min = params.min;
  bounds.max = params.max;
  return emitNarrow(b, scaled, bounds, target);
}

template <typename OpTy, bool negate>
static LogicalResult planAdd(Plan &plan, Operation *operation) {
  auto op = cast<OpTy>(operation);
  FailureOr<Step> step = makeStep(plan, op, 2);
  if (failed(step))
    return failure();
  AddSpec spec;
  spec.params = addParams(op);
  // What is negated is the operand, so that both have one kind of product.
  bool byMode = spec.params.form == num::AddParams::Form::ByMode &&
                spec.params.home == num::Home::Native;
  spec.negateB = negate && byMode;
  if (spec.negateB) {
    spec.params.multiplierB = -spec.params.multiplierB;
    spec.params.fixedB.mantissa = -spec.params.fixedB.mantissa;
  }
  // 255 times a larger multiplier could leave float32.
  if (!(spec.params.multiplierA < 1e30f) || !(spec.params.multiplierB < 1e30f))
    return op.emitError() << "scales of operands and result differ by more "
                             "than a factor of 1e30";
  step->emit = [spec](KernelModule &module, const Step &step) {
    const KernelTarget &target = module.getTarget();
    ElementwiseKernel kernel;
    kernel.stem = negate ? "sub" : "add";
    kernel.key = spec.key();
    kernel.body = [&](ImplicitLocOpBuilder &b, ValueRange in, ValueRange) {
      if (spec.params.home == num::Home::OnnxRuntime) {
        int32_t offset = -spec.params.byteOffset;
        return emitAddOnnxRuntime(b, emitOffset(b, in[0], offset, target),
                                  emitOffset(b, in[1], offset, target),
                                  spec.params, target);
      }
      Value x = emitOffset(b, in[0], spec.params.zpA, target);
      Value y = emitOffset(b, in[1], spec.params.zpB, target);
      if (spec.negateB)
        y = arith::SubIOp::create(b, splatInt(b, y, 0), y);
      if (spec.params.form == num::AddParams::Form::OneShift)
        return emitAddOneShift(b, x, y, spec, target);
      if (spec.params.rounding == num::Rounding::Fp32Rne)
        return emitAddFp32(b, x, y, spec, target);
      return emitAddFixed(b, x, y, spec, target);
    };
    return emitElementwise(module, step, kernel);
  };
  plan.addStep(std::move(*step));
  return success();
}

//===----------------------------------------------------------------------===//
// mul
//===----------------------------------------------------------------------===//

// N44.
static Value emitMulOnnxRuntime(ImplicitLocOpBuilder &b, Value product,
                                const num::MulParams &params,
                                const KernelTarget &target) {
  const num::RescaleParams &rescale = params.rescale;
  Value scale = splatFloat(b, product, static_cast<float>(rescale.multiplier));
  Value real = arith::MulFOp::create(
      b, arith::SIToFPOp::create(b, scale.getType(), product), scale);
  Value zero =
      splatFloat(b, product, rescale.outputZeroPoint + params.byteOffset);
  return emitRoundToByte(b, arith::AddFOp::create(b, real, zero),
                         rescale.min + params.byteOffset,
                         rescale.max + params.byteOffset,
                         target.storageOffset() - params.byteOffset);
}

// N21.
static LogicalResult planMul(Plan &plan, Operation *operation) {
  auto op = cast<mlir::qnt::MulOp>(operation);
  FailureOr<Step> step = makeStep(plan, op, 2);
  if (failed(step))
    return failure();
  num::MulParams params = num::makeMulParams(
      lhsParams(op), rhsParams(op), outputParams(op),
      static_cast<int32_t>(op.getMin()), static_cast<int32_t>(op.getMax()),
      toNumerics(op.getRounding()));
  num::applyHome(params, homeOf(op));
  RescaleSpec spec;
  spec.multipliers = {params.rescale.multiplier};
  spec.outputZp = params.rescale.outputZeroPoint;
  spec.min = params.rescale.min;
  spec.max = params.rescale.max;
  spec.rounding = op.getRounding();
  spec.accMax = 255 * 255;
  spec.accMin = -spec.accMax;
  step->emit = [params, spec](KernelModule &module, const Step &step) {
    const KernelTarget &target = module.getTarget();
    ElementwiseKernel kernel;
    kernel.stem = "mul";
    kernel.key =
        llvm::formatv("{0},{1}:{2}:{3}{4}{5}", params.zpA, params.zpB,
                      spec.key(), llvm::bit_cast<int64_t>(spec.multipliers[0]),
                      homeKey(params.home), params.byteOffset);
    kernel.body = [&](ImplicitLocOpBuilder &b, ValueRange in, ValueRange) {
      Value x = emitOffset(b, in[0], params.zpA, target);
      Value y = emitOffset(b, in[1], params.zpB, target);
      Value product = arith::MulIOp::create(b, x, y);
      if (params.home == num::Home::OnnxRuntime)
        return emitMulOnnxRuntime(b, product, params, target);
      return emitRescale(b, product, spec, target);
    };
    return emitElementwise(module, step, kernel);
  };
  plan.addStep(std::move(*step));
  return success();
}

//===----------------------------------------------------------------------===//
// maximum, minimum
//===----------------------------------------------------------------------===//

/// Of stored bytes, which one scale makes comparable.
template <typename OpTy, typename SignedOp, typename UnsignedOp>
static LogicalResult planExtremum(Plan &plan, Operation *operation) {
  FailureOr<Step> step = makeStep(plan, operation, 2);
  if (failed(step))
    return failure();
  step->emit = [](KernelModule &module, const Step &step) {
    ElementwiseKernel kernel;
    kernel.stem = std::is_same_v<OpTy, tosa::MaximumOp> ? "max" : "min";
    kernel.body = [&](ImplicitLocOpBuilder &b, ValueRange in,
                      ValueRange) -> Value {
      if (module.getTarget().unsignedActivations)
        return UnsignedOp::create(b, in[0], in[1]);
      return SignedOp::create(b, in[0], in[1]);
    };
    return emitElementwise(module, step, kernel);
  };
  plan.addStep(std::move(*step));
  return success();
}

//===----------------------------------------------------------------------===//
// table
//===----------------------------------------------------------------------===//

/// The table as memory wants it: indexed by the stored byte, unsigned.
static SmallVector<int8_t> storedTable(ArrayRef<int8_t> table,
                                       const KernelTarget &target) {
  SmallVector<int8_t> stored(256);
  int32_t offset = target.storageOffset();
  for (int32_t value = -128; value < 128; ++value)
    stored[static_cast<uint8_t>(value + offset)] =
        static_cast<int8_t>(table[static_cast<size_t>(value + 128)] + offset);
  return stored;
}

// N16.
static LogicalResult planTable(Plan &plan, Operation *operation) {
  auto op = cast<mlir::qnt::TableOp>(operation);
  FailureOr<Step> step = makeStep(plan, op, 1);
  if (failed(step))
    return failure();
  step->emit = [op](KernelModule &module, const Step &step) mutable {
    ElementwiseKernel kernel;
    kernel.stem = "table";
    kernel.lanes = tableLanes(module.getTarget());
    kernel.tables = {module.addConstant(
        "table", storedTable(op.getTable(), module.getTarget()))};
    kernel.body = [&](ImplicitLocOpBuilder &b, ValueRange in,
                      ValueRange tables) {
      return emitTableLookup(b, in[0], tables[0], module.getTarget());
    };
    return emitElementwise(module, step, kernel);
  };
  plan.addStep(std::move(*step));
  return success();
}

//===----------------------------------------------------------------------===//
// rescale
//===----------------------------------------------------------------------===//

/// Multiplying by 1 rounds nothing in any mode.
static bool isIdentity(const RescaleSpec &spec) {
  return spec.multipliers.size() == 1 && spec.multipliers[0] == 1.0 &&
         spec.inputZp == spec.outputZp && spec.min <= -128 && spec.max >= 127;
}

// N9, of stored bytes or of i32 that nothing fused.
static LogicalResult planRescale(Plan &plan, Operation *operation) {
  auto op = cast<RescaleOp>(operation);
  FailureOr<View> input = plan.lookup(op.getInput(), op);
  if (failed(input))
    return failure();
  if (!signedShift(op.getType()) && failed(expectBytes(op, op.getResult())))
    return failure();
  if (input->buffer->isByte() && isIdentity(specOf(op, -128, 127))) {
    plan.alias(op.getResult(), *input);
    return success();
  }
  bool bytes = input->buffer->isByte();
  Step step{op.getLoc(), {*input}, {plan.define(op.getResult())}};
  step.inPlace = bytes;
  RescaleSpec spec =
      bytes ? specOf(op, -128, 127) : specOf(op, INT32_MIN, INT32_MAX);
  step.shapeless = spec.multipliers.size() == 1;
  step.emit = [spec, bytes](KernelModule &module, const Step &step) {
    const KernelTarget &target = module.getTarget();
    ElementwiseKernel kernel;
    kernel.stem = "rescale";
    kernel.perChannel = rescaleTables(module, spec);
    kernel.key = spec.key() + RescaleTraits::get(spec).key();
    if (kernel.perChannel.empty())
      kernel.key +=
          std::to_string(llvm::bit_cast<int64_t>(spec.multipliers.front()));
    kernel.body = [&](ImplicitLocOpBuilder &b, ValueRange in, ValueRange) {
      Value acc = bytes ? emitWiden(b, in[0], target) : in[0];
      RescaleOperands operands = rescaleOperands(b, spec, acc, in.drop_front());
      return emitRescale(b, acc, operands, spec, target);
    };
    return emitElementwise(module, step, kernel);
  };
  plan.addStep(std::move(step));
  return success();
}

void mlir::qnt::populateElementwiseSteps(StepHandlers &handlers) {
  handlers[mlir::qnt::AddOp::getOperationName()] =
      planAdd<mlir::qnt::AddOp, false>;
  handlers[mlir::qnt::SubOp::getOperationName()] =
      planAdd<mlir::qnt::SubOp, true>;
  handlers[mlir::qnt::MulOp::getOperationName()] = planMul;
  handlers[tosa::MaximumOp::getOperationName()] =
      planExtremum<tosa::MaximumOp, arith::MaxSIOp, arith::MaxUIOp>;
  handlers[tosa::MinimumOp::getOperationName()] =
      planExtremum<tosa::MinimumOp, arith::MinSIOp, arith::MinUIOp>;
  handlers[mlir::qnt::TableOp::getOperationName()] = planTable;
  handlers[RescaleOp::getOperationName()] = planRescale;
}
