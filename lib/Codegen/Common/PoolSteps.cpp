//===- PoolSteps.cpp - maximum and sum over windows -----------------------===//
//
// One loop over output pixels, vectors of channels. Padding of a maximum is a
// halo of -128, the neutral element (N22), so no window is ever cut at run
// time; sums have no padding (N23).
//
//===----------------------------------------------------------------------===//

#include "qnt/Codegen/Steps.h"

using namespace mlir;
using namespace mlir::qnt;

namespace {
/// Extents of a window.
struct Window {
  int64_t kh, kw, strideH, strideW;
  int64_t dilationH = 1, dilationW = 1;
  int64_t padTop = 0, padLeft = 0;

  std::string key() const {
    return llvm::formatv("{0}x{1}s{2},{3}d{4},{5}p{6},{7}", kh, kw, strideH,
                         strideW, dilationH, dilationW, padTop, padLeft);
  }
};
} // namespace

/// Walks output pixels and channel stretches: `body` gets the index of the
/// first tap, of the channel and of the output, and the lanes.
static void emitWindows(ImplicitLocOpBuilder &b, const TensorLayout &in,
                        const TensorLayout &out, const Window &window,
                        int64_t lanes,
                        function_ref<void(Value, Value, Value, int64_t)> body) {
  Access tap{in.interiorOffset - window.padTop * in.rowPitch -
                 window.padLeft * in.pixelPitch,
             {in.imagePitch, window.strideH * in.rowPitch,
              window.strideW * in.pixelPitch, 1}};
  Access channel{0, {0, 0, 0, 1}};
  Access result{out.interiorOffset,
                {out.imagePitch, out.rowPitch, out.pixelPitch, 1}};
  emitIndexNest(b, {out.n, out.h, out.w, out.c}, {tap, channel, result}, lanes,
                [&](ImplicitLocOpBuilder &, ValueRange at, int64_t width) {
                  body(at[0], at[1], at[2], width);
                });
}

/// Folds `combine` over the bytes of a window.
static Value emitFold(ImplicitLocOpBuilder &b, Value memref, Value tap,
                      const TensorLayout &in, const Window &window,
                      int64_t lanes, Value init,
                      function_ref<Value(Value, Value)> combine) {
  return emitReduction(b, window.kh, init, [&](Value y, Value acc) {
    Value row = addScaled(b, tap, y, window.dilationH * in.rowPitch);
    return emitReduction(b, window.kw, acc, [&](Value x, Value acc) {
      Value at = addScaled(b, row, x, window.dilationW * in.pixelPitch);
      return combine(acc, loadLanes(b, memref, at, lanes));
    });
  });
}

static FailureOr<KernelCall> emitMaxPool(KernelModule &module, const Step &step,
                                         const Window &window) {
  TensorLayout in = layoutOf(step.inputs[0]), out = layoutOf(step.outputs[0]);
  const KernelTarget &target = module.getTarget();
  std::string key =
      "maxpool:" + window.key() + ":" + in.key() + ":" + out.key();
  Type types[] = {bufferTypeOf(*step.inputs[0].buffer),
                  bufferTypeOf(*step.outputs[0].buffer)};
  FailureOr<func::FuncOp> kernel = module.getOrCreateKernel(
      step.loc, "maxpool", key, types,
      [&](ImplicitLocOpBuilder &b, ValueRange args) {
        emitWindows(b, in, out, window, target.vectorBits / 8,
                    [&](Value tap, Value, Value result, int64_t lanes) {
                      auto least =
                          static_cast<int8_t>(-128 + target.storageOffset());
                      Value init = splatLanes(b, b.getI8Type(), lanes, least);
                      Value best = emitFold(
                          b, args[0], tap, in, window, lanes, init,
                          [&](Value acc, Value bytes) -> Value {
                            if (target.unsignedActivations)
                              return arith::MaxUIOp::create(b, acc, bytes);
                            return arith::MaxSIOp::create(b, acc, bytes);
                          });
                      storeLanes(b, best, args[1], result);
                    });
        return success();
      });
  if (failed(kernel))
    return failure();
  return KernelCall{*kernel, {}};
}

static LogicalResult planMaxPool(Plan &plan, Operation *operation) {
  auto op = cast<tosa::MaxPool2dOp>(operation);
  FailureOr<View> input = plan.lookup(op.getInput(), op);
  if (failed(input) || failed(expectBytes(op, op.getInput())))
    return failure();
  ArrayRef<int64_t> pad = op.getPad();
  Window window{op.getKernel()[0], op.getKernel()[1], op.getStride()[0],
                op.getStride()[1]};
  window.padTop = pad[0];
  window.padLeft = pad[2];
  Step step{op.getLoc(), {*input}, {plan.define(op.getResult())}};
  if (llvm::any_of(pad, [](int64_t value) { return value != 0; }))
    step.halos.push_back({0, pad[0], pad[1], pad[2], pad[3], 0, -128});
  step.emit = [window](KernelModule &module, const Step &step) {
    return emitMaxPool(module, step, window);
  };
  plan.addStep(std::move(step));
  return success();
}

/// True if `value` is filled with the integer `number`.
static bool isFilledWith(Value value, int64_t number) {
  auto fill = value.getDefiningOp<linalg::FillOp>();
  IntegerAttr attr;
  return fill && matchPattern(fill.getInputs()[0], m_Constant(&attr)) &&
         attr.getInt() == number;
}

template <typename OpTy> static Window windowOf(OpTy op) {
  auto kernel = cast<RankedTensorType>(op.getInputs()[1].getType());
  auto strides = op.getStrides().template getValues<int64_t>();
  auto dilations = op.getDilations().template getValues<int64_t>();
  return {kernel.getDimSize(0), kernel.getDimSize(1), strides[0],
          strides[1],           dilations[0],         dilations[1]};
}

static LogicalResult planLinalgMaxPool(Plan &plan, Operation *operation) {
  auto op = cast<linalg::PoolingNhwcMaxOp>(operation);
  FailureOr<View> input = plan.lookup(op.getInputs()[0], op);
  if (failed(input) || failed(expectBytes(op, op.getInputs()[0])))
    return failure();
  if (!isFilledWith(op.getOutputs()[0], -128))
    return op.emitError() << "'linalg.pooling_nhwc_max' has a kernel only for "
                             "a result that starts at -128";
  Window window = windowOf(op);
  Step step{op.getLoc(), {*input}, {plan.define(op.getResult(0))}};
  step.emit = [window](KernelModule &module, const Step &step) {
    return emitMaxPool(module, step, window);
  };
  plan.addStep(std::move(step));
  return success();
}

static FailureOr<KernelCall> emitSumPool(KernelModule &module, const Step &step,
                                         const Window &window,
                                         const RescaleSpec &spec) {
  TensorLayout in = layoutOf(step.inputs[0]), out = layoutOf(step.outputs[0]);
  const KernelTarget &target = module.getTarget();
  SmallVector<memref::GlobalOp> tables = rescaleTables(module, spec);
  std::string key = "sumpool:" + window.key() + ":" + in.key() + ":" +
                    out.key() + spec.key() + RescaleTraits::get(spec).key();
  if (tables.empty())
    key += std::to_string(llvm::bit_cast<int64_t>(spec.multipliers[0]));
  SmallVector<Type> types = {bufferTypeOf(*step.inputs[0].buffer)};
  for (memref::GlobalOp table : tables)
    types.push_back(table.getType());
  types.push_back(bufferTypeOf(*step.outputs[0].buffer));
  FailureOr<func::FuncOp> kernel = module.getOrCreateKernel(
      step.loc, "sumpool", key, types,
      [&](ImplicitLocOpBuilder &b, ValueRange args) {
        emitWindows(
            b, in, out, window, 16,
            [&](Value tap, Value channel, Value result, int64_t lanes) {
              Value init = splatLanes(b, b.getI32Type(), lanes, 0);
              Value sum = emitFold(b, args[0], tap, in, window, lanes, init,
                                   [&](Value acc, Value bytes) -> Value {
                                     return arith::AddIOp::create(
                                         b, acc, emitWiden(b, bytes, target));
                                   });
              SmallVector<Value> words;
              for (Value table : args.drop_front().drop_back())
                words.push_back(loadLanes(b, table, channel, lanes));
              Value bytes = emitRescale(
                  b, sum, rescaleOperands(b, spec, sum, words), spec, target);
              storeLanes(b, bytes, args.back(), result);
            });
        return success();
      });
  if (failed(kernel))
    return failure();
  return KernelCall{*kernel, tables};
}

static LogicalResult planSumPool(Plan &plan, Operation *operation) {
  auto op = cast<linalg::PoolingNhwcSumOp>(operation);
  FailureOr<RescaleOp> rescale = onlyRescale(op);
  FailureOr<View> input = plan.lookup(op.getInputs()[0], op);
  if (failed(rescale) || failed(input) ||
      failed(expectBytes(op, op.getInputs()[0])))
    return failure();
  if (!isFilledWith(op.getOutputs()[0], 0))
    return op.emitError() << "'linalg.pooling_nhwc_sum' has a kernel only for "
                             "a result that starts at 0";
  Window window = windowOf(op);
  int64_t count = window.kh * window.kw;
  RescaleSpec spec = specOf(*rescale, -128 * count, 127 * count);
  plan.absorb(*rescale);
  Step step{op.getLoc(), {*input}, {plan.define(rescale->getResult())}};
  step.emit = [window, spec](KernelModule &module, const Step &step) {
    return emitSumPool(module, step, window, spec);
  };
  plan.addStep(std::move(step));
  return success();
}

//===----------------------------------------------------------------------===//
// Means in float
//===----------------------------------------------------------------------===//

// N46.
static Value emitMean(ImplicitLocOpBuilder &b, Value memref, Value tap,
                      const TensorLayout &in, const Window &window,
                      int64_t lanes, AveragePoolOp op,
                      const KernelTarget &target) {
  Value init = splatFloat(b, splatLanes(b, b.getI32Type(), lanes, 0), 0.0f);
  Value sum = emitFold(
      b, memref, tap, in, window, lanes, init,
      [&](Value acc, Value bytes) -> Value {
        Value wide = emitWiden(b, bytes, target);
        wide = arith::SubIOp::create(
            b, wide, splatInt(b, wide, static_cast<int32_t>(op.getInputZp())));
        Value scale = splatFloat(b, wide, op.getInputScale().convertToFloat());
        Value real = arith::MulFOp::create(
            b, arith::SIToFPOp::create(b, scale.getType(), wide), scale);
        return arith::AddFOp::create(b, acc, real);
      });
  int32_t offset = op.getAsUnsigned() ? 128 : 0;
  Value mean = arith::DivFOp::create(
      b, sum, splatFloat(b, sum, static_cast<float>(window.kh * window.kw)));
  Value scaled = arith::DivFOp::create(
      b, mean, splatFloat(b, sum, op.getOutputScale().convertToFloat()));
  int32_t zeroPoint = static_cast<int32_t>(op.getOutputZp()) + offset;
  scaled = arith::AddFOp::create(
      b, scaled, splatFloat(b, sum, static_cast<float>(zeroPoint)));
  return emitRoundToByte(b, scaled, static_cast<int32_t>(op.getMin()) + offset,
                         static_cast<int32_t>(op.getMax()) + offset,
                         target.storageOffset() - offset);
}

static FailureOr<KernelCall> emitAveragePool(KernelModule &module,
                                             const Step &step,
                                             const Window &window,
                                             AveragePoolOp op) {
  TensorLayout in = layoutOf(step.inputs[0]), out = layoutOf(step.outputs[0]);
  const KernelTarget &target = module.getTarget();
  std::string key = llvm::formatv(
      "avgpool:{0}:{1}:{2}:{3},{4},{5},{6},{7},{8},{9}", window.key(), in.key(),
      out.key(), llvm::bit_cast<int32_t>(op.getInputScale().convertToFloat()),
      static_cast<int32_t>(op.getInputZp()),
      llvm::bit_cast<int32_t>(op.getOutputScale().convertToFloat()),
      static_cast<int32_t>(op.getOutputZp()), static_cast<int32_t>(op.getMin()),
      static_cast<int32_t>(op.getMax()), op.getAsUnsigned());
  Type types[] = {bufferTypeOf(*step.inputs[0].buffer),
                  bufferTypeOf(*step.outputs[0].buffer)};
  FailureOr<func::FuncOp> kernel = module.getOrCreateKernel(
      step.loc, "avgpool", key, types,
      [&](ImplicitLocOpBuilder &b, ValueRange args) {
        emitWindows(b, in, out, window, 16,
                    [&](Value tap, Value, Value result, int64_t lanes) {
                      Value bytes = emitMean(b, args[0], tap, in, window, lanes,
                                             op, target);
                      storeLanes(b, bytes, args[1], result);
                    });
        return success();
      });
  if (failed(kernel))
    return failure();
  return KernelCall{*kernel, {}};
}

static LogicalResult planAveragePool(Plan &plan, Operation *operation) {
  auto op = cast<AveragePoolOp>(operation);
  FailureOr<View> input = plan.lookup(op.getInput(), op);
  if (failed(input) || failed(expectBytes(op, op.getInput())) ||
      failed(expectBytes(op, op.getResult())))
    return failure();
  Window window{op.getKernel()[0], op.getKernel()[1], op.getStride()[0],
                op.getStride()[1]};
  Step step{op.getLoc(), {*input}, {plan.define(op.getResult())}};
  step.emit = [window, op](KernelModule &module, const Step &step) mutable {
    return emitAveragePool(module, step, window, op);
  };
  plan.addStep(std::move(step));
  return success();
}

void mlir::qnt::populatePoolSteps(StepHandlers &handlers) {
  handlers[AveragePoolOp::getOperationName()] = planAveragePool;
  handlers[tosa::MaxPool2dOp::getOperationName()] = planMaxPool;
  handlers[linalg::PoolingNhwcMaxOp::getOperationName()] = planLinalgMaxPool;
  handlers[linalg::PoolingNhwcSumOp::getOperationName()] = planSumPool;
}
