//===- LitertSteps.cpp - averages and softmax as LiteRT has them ----------===//
//
// Windows that leave padding out of the count, and a softmax that sums floats
// in order. Invariant: bodies compute N66 and N68; a float quotient stands for
// an integer one only where it cannot round to another integer.
//
//===----------------------------------------------------------------------===//

#include "qnt/Codegen/Requantize.h"
#include "qnt/Codegen/Steps.h"
#include "qnt/Numerics/Litert.h"

using namespace mlir;
using namespace mlir::qnt;
namespace num = ::qnt::num;

//===----------------------------------------------------------------------===//
// average_pool
//===----------------------------------------------------------------------===//

namespace {
struct AverageSpec {
  num::WindowShape shape;
  int32_t offset, min, max;

  bool isPadded() const {
    return shape.padTop || shape.padBottom || shape.padLeft || shape.padRight;
  }
  std::string key() const {
    return llvm::formatv(
        "average:{0}x{1}s{2},{3}p{4},{5},{6},{7}+{8}[{9},{10}]", shape.kh,
        shape.kw, shape.strideH, shape.strideW, shape.padTop, shape.padBottom,
        shape.padLeft, shape.padRight, offset, min, max);
  }
};
} // namespace

/// Truncated num / count. A float quotient of numbers below 2^24 lies at least
/// 1 / count from the next integer, which is more than its error up to 2^14.
static Value emitQuotient(ImplicitLocOpBuilder &b, Value num, Value count,
                          int64_t largest, const KernelTarget &target) {
  constexpr int64_t exact = 1 << 14;
  if (target.softFloat || largest > exact)
    return arith::DivSIOp::create(b, num, count);
  Type type = splatFloat(b, num, 0.0f).getType();
  Value quotient =
      arith::DivFOp::create(b, arith::SIToFPOp::create(b, type, num),
                            arith::SIToFPOp::create(b, type, count));
  return arith::FPToSIOp::create(b, num.getType(), quotient);
}

// N66.
static Value emitAverage(ImplicitLocOpBuilder &b, Value sum, Value count,
                         const AverageSpec &spec, const KernelTarget &target) {
  Value total = sum;
  if (spec.offset != 0)
    total = arith::AddIOp::create(
        b, sum,
        arith::MulIOp::create(b, count, splatInt(b, count, spec.offset)));
  Value half = arith::ShRSIOp::create(b, count, splatInt(b, count, 1));
  Value zero = splatInt(b, count, 0);
  Value positive =
      arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, total, zero);
  Value nudge = arith::SelectOp::create(b, positive, half,
                                        arith::SubIOp::create(b, zero, half));
  Value quotient = emitQuotient(b, arith::AddIOp::create(b, total, nudge),
                                count, spec.shape.kh * spec.shape.kw, target);
  RescaleSpec bounds;
  bounds.outputZp = -spec.offset;
  bounds.min = spec.min;
  bounds.max = spec.max;
  return emitNarrow(b, quotient, bounds, target);
}

/// Sums of windows; what lies in the halo is 0.
static Value emitSum(ImplicitLocOpBuilder &b, Value memref, Value tap,
                     const TensorLayout &in, const num::WindowShape &shape,
                     int64_t lanes, const KernelTarget &target) {
  Value zero = splatLanes(b, b.getI32Type(), lanes, 0);
  return emitReduction(b, shape.kh, zero, [&](Value y, Value acc) {
    Value row = addScaled(b, tap, y, in.rowPitch);
    return emitReduction(b, shape.kw, acc, [&](Value x, Value acc) -> Value {
      Value at = addScaled(b, row, x, in.pixelPitch);
      Value bytes = loadLanes(b, memref, at, lanes);
      return arith::AddIOp::create(b, acc, emitWiden(b, bytes, target));
    });
  });
}

/// The counts of all windows of an image.
static SmallVector<int32_t> countsOf(const num::WindowShape &shape) {
  SmallVector<int32_t> counts;
  for (int64_t y = 0; y < shape.oh(); ++y)
    for (int64_t x = 0; x < shape.ow(); ++x)
      // A window that lies in the padding alone has the sum 0.
      counts.push_back(static_cast<int32_t>(
          std::max<int64_t>(num::windowCount(shape, y, x, false), 1)));
  return counts;
}

static FailureOr<KernelCall> emitAveragePool(KernelModule &module,
                                             const Step &step,
                                             const AverageSpec &spec) {
  TensorLayout in = layoutOf(step.inputs[0]), out = layoutOf(step.outputs[0]);
  const KernelTarget &target = module.getTarget();
  const num::WindowShape &shape = spec.shape;
  Access tap{in.interiorOffset - shape.padTop * in.rowPitch -
                 shape.padLeft * in.pixelPitch,
             {in.imagePitch, shape.strideH * in.rowPitch,
              shape.strideW * in.pixelPitch, 1}};
  Access result{out.interiorOffset,
                {out.imagePitch, out.rowPitch, out.pixelPitch, 1}};
  Access counted{0, {0, out.w, 1, 0}};
  SmallVector<memref::GlobalOp> tables;
  SmallVector<Type> types = {bufferTypeOf(*step.inputs[0].buffer)};
  if (spec.isPadded()) {
    tables.push_back(module.addConstant("counts", countsOf(shape)));
    types.push_back(tables.front().getType());
  }
  types.push_back(bufferTypeOf(*step.outputs[0].buffer));
  FailureOr<func::FuncOp> kernel = module.getOrCreateKernel(
      step.loc, "avgpool", spec.key() + ":" + in.key() + ":" + out.key(), types,
      [&](ImplicitLocOpBuilder &b, ValueRange args) {
        emitIndexNest(
            b, {out.n, out.h, out.w, out.c}, {tap, result, counted},
            target.lanes32(),
            [&](ImplicitLocOpBuilder &b, ValueRange at, int64_t lanes) {
              Value sum = emitSum(b, args[0], at[0], in, shape, lanes, target);
              Value count =
                  spec.isPadded()
                      ? loadLanes(b, args[1], at[2], lanes, /*broadcast=*/true)
                      : splatLanes(b, b.getI32Type(), lanes,
                                   shape.kh * shape.kw);
              storeLanes(b, emitAverage(b, sum, count, spec, target),
                         args.back(), at[1]);
            });
        return success();
      });
  if (failed(kernel))
    return failure();
  return KernelCall{*kernel, tables};
}

static LogicalResult planAveragePool(Plan &plan, Operation *operation) {
  auto op = cast<StoredAverageOp>(operation);
  FailureOr<View> input = plan.lookup(op.getInput(), op);
  if (failed(input) || failed(expectBytes(op, op.getInput())))
    return failure();
  ArrayRef<int64_t> pad = op.getPad();
  ArrayRef<int64_t> dims =
      cast<RankedTensorType>(op.getInput().getType()).getShape();
  AverageSpec spec{};
  num::WindowShape &shape = spec.shape;
  shape.n = dims[0];
  shape.ih = dims[1];
  shape.iw = dims[2];
  shape.c = dims[3];
  shape.kh = op.getKernel()[0];
  shape.kw = op.getKernel()[1];
  shape.strideH = op.getStride()[0];
  shape.strideW = op.getStride()[1];
  shape.padTop = pad[0];
  shape.padBottom = pad[1];
  shape.padLeft = pad[2];
  shape.padRight = pad[3];
  spec.offset = static_cast<int32_t>(op.getOffset());
  spec.min = static_cast<int32_t>(op.getMin());
  spec.max = static_cast<int32_t>(op.getMax());
  Step step{op.getLoc(), {*input}, {plan.define(op.getResult())}};
  if (spec.isPadded())
    step.halos.push_back({0, pad[0], pad[1], pad[2], pad[3], 0, 0});
  step.emit = [spec](KernelModule &module, const Step &step) {
    return emitAveragePool(module, step, spec);
  };
  plan.addStep(std::move(step));
  return success();
}

//===----------------------------------------------------------------------===//
// softmax_f32
//===----------------------------------------------------------------------===//

namespace {
/// Emits the three passes of N68 over one row.
class RowEmitter {
public:
  RowEmitter(ImplicitLocOpBuilder &b, ValueRange args, int64_t length,
             float scale, int32_t zeroPoint, const KernelTarget &target)
      : b(b), args(args), length(length), scale(scale), zeroPoint(zeroPoint),
        target(target) {}

  void emit(Value in, int64_t inStride, Value out, int64_t outStride) {
    Value max =
        emitReduction(b, length, integer(-128), [&](Value i, Value best) {
          return arith::MaxSIOp::create(b, best, load(in, i, inStride))
              .getResult();
        });
    Value sum = emitReduction(b, length, real(0.0f), [&](Value i, Value acc) {
      Value e = exponential(max, load(in, i, inStride));
      return arith::AddFOp::create(b, acc, e).getResult();
    });
    Value factor = arith::DivFOp::create(
        b, real(1.0f), arith::MulFOp::create(b, sum, real(scale)));
    emitLoop(b, length, 1, [&](Value i) {
      Value e = exponential(max, load(in, i, inStride));
      Value share = arith::MulFOp::create(b, e, factor);
      Value byte = narrow(round(share));
      memref::StoreOp::create(b, byte, args[2],
                              ValueRange{addScaled(b, out, i, outStride)});
    });
  }

private:
  Value integer(int32_t value) {
    return arith::ConstantOp::create(b, b.getI32IntegerAttr(value));
  }
  Value real(float value) {
    return arith::ConstantOp::create(b, b.getF32FloatAttr(value));
  }
  Value load(Value base, Value index, int64_t stride) {
    Value byte = memref::LoadOp::create(
        b, args[0], ValueRange{addScaled(b, base, index, stride)});
    return emitWiden(b, byte, target);
  }
  Value exponential(Value max, Value x) {
    Value difference = arith::SubIOp::create(b, max, x);
    Value index = arith::IndexCastUIOp::create(b, b.getIndexType(), difference);
    return memref::LoadOp::create(b, args[1], ValueRange{index});
  }
  /// To nearest, halves up, of a number that is not negative.
  Value round(Value share) {
    Value whole = arith::FPToSIOp::create(b, b.getI32Type(), share);
    Value rest = arith::SubFOp::create(
        b, share, arith::SIToFPOp::create(b, b.getF32Type(), whole));
    Value up =
        arith::CmpFOp::create(b, arith::CmpFPredicate::OGE, rest, real(0.5f));
    return arith::AddIOp::create(b, whole,
                                 arith::ExtUIOp::create(b, b.getI32Type(), up));
  }
  Value narrow(Value value) {
    RescaleSpec bounds;
    bounds.outputZp = zeroPoint;
    return emitNarrow(b, value, bounds, target);
  }

  ImplicitLocOpBuilder &b;
  ValueRange args;
  int64_t length;
  float scale;
  int32_t zeroPoint;
  const KernelTarget &target;
};
} // namespace

static FailureOr<KernelCall> emitSoftmaxF32(KernelModule &module,
                                            const Step &step, SoftmaxF32Op op) {
  const View &input = step.inputs[0], &output = step.outputs[0];
  memref::GlobalOp table = module.addConstant("exponentials", op.getTable());
  Access in = accessOf(input), out = accessOf(output);
  int64_t inStride = in.strides.back(), outStride = out.strides.back();
  in.strides.back() = out.strides.back() = 0;
  SmallVector<int64_t> dims = input.shape;
  dims.back() = 1;
  float scale = op.getOutputScale().convertToFloat();
  auto zeroPoint = static_cast<int32_t>(op.getOutputZp());
  Type types[] = {bufferTypeOf(*input.buffer), table.getType(),
                  bufferTypeOf(*output.buffer)};
  std::string key =
      llvm::formatv("softmaxf32:{0:$[x]}:{1}{2}+{3}:{4}{5}+{6}:{7},{8}",
                    llvm::make_range(input.shape.begin(), input.shape.end()),
                    types[0], in.key(), inStride, types[2], out.key(),
                    outStride, llvm::bit_cast<int32_t>(scale), zeroPoint);
  FailureOr<func::FuncOp> kernel = module.getOrCreateKernel(
      step.loc, "softmaxf32", key, types,
      [&](ImplicitLocOpBuilder &b, ValueRange args) {
        RowEmitter row(b, args, input.shape.back(), scale, zeroPoint,
                       module.getTarget());
        emitIndexNest(b, dims, {in, out}, 1,
                      [&](ImplicitLocOpBuilder &, ValueRange at, int64_t) {
                        row.emit(at[0], inStride, at[1], outStride);
                      });
        return success();
      });
  if (failed(kernel))
    return failure();
  return KernelCall{*kernel, {table}};
}

static LogicalResult planSoftmaxF32(Plan &plan, Operation *operation) {
  auto op = cast<SoftmaxF32Op>(operation);
  FailureOr<View> input = plan.lookup(op.getInput(), op);
  if (failed(input) || failed(expectBytes(op, op.getInput())))
    return failure();
  Step step{op.getLoc(), {*input}, {plan.define(op.getResult())}};
  step.emit = [op](KernelModule &module, const Step &step) mutable {
    return emitSoftmaxF32(module, step, op);
  };
  plan.addStep(std::move(step));
  return success();
}

void mlir::qnt::populateLitertSteps(StepHandlers &handlers) {
  handlers[StoredAverageOp::getOperationName()] = planAveragePool;
  handlers[SoftmaxF32Op::getOperationName()] = planSoftmaxF32;
}
