//===- ReductionSteps.cpp - softmax and reductions along an axis ----------===//
//
// Each result depends on a whole line of the operand. Lines along the last
// dimension are walked element by element; other axes in vectors of the last
// dimension.
//
//===----------------------------------------------------------------------===//

#include "qnt/Codegen/Steps.h"

using namespace mlir;
using namespace mlir::qnt;

/// The access of a view with its axis taken away, and the stride along it.
static Access withoutAxis(const View &view, int64_t axis, int64_t &stride) {
  Access access = accessOf(view);
  stride = access.strides[axis];
  access.strides[axis] = 0;
  return access;
}

/// The dimensions of a view with the axis as 1.
static SmallVector<int64_t> lineDims(const View &view, int64_t axis) {
  SmallVector<int64_t> dims = view.shape;
  dims[axis] = 1;
  return dims;
}

//===----------------------------------------------------------------------===//
// softmax
//===----------------------------------------------------------------------===//

namespace {
/// Emits the three passes of N25, or of N45 if there is a factor, over one
/// line.
class SoftmaxEmitter {
public:
  SoftmaxEmitter(ImplicitLocOpBuilder &b, ValueRange args, int64_t length,
                 SoftmaxOp op, const KernelTarget &target)
      : b(b), args(args), length(length), op(op), target(target) {}

  void emit(Value in, int64_t inStride, Value out, int64_t outStride) {
    Value least = constant(-128);
    Value max = emitReduction(b, length, least, [&](Value i, Value best) {
      return arith::MaxSIOp::create(b, best, load(in, i, inStride)).getResult();
    });
    if (op.getFactor())
      return emitFloat(in, inStride, out, outStride, max);
    Value sum = emitReduction(b, length, constant(0), [&](Value i, Value acc) {
      Value e = exponential(max, load(in, i, inStride));
      return arith::AddIOp::create(b, acc, e).getResult();
    });
    Value half = arith::ShRUIOp::create(b, sum, constant(1));
    emitLoop(b, length, 1, [&](Value i) {
      Value e = exponential(max, load(in, i, inStride));
      Value scaled = arith::ShLIOp::create(b, e, constant(8));
      scaled = arith::AddIOp::create(b, scaled, half);
      Value share = arith::DivUIOp::create(b, scaled, sum);
      share = arith::MinUIOp::create(b, share, constant(255));
      Value stored = arith::AddIOp::create(
          b, share, constant(target.storageOffset() - 128));
      Value byte = arith::TruncIOp::create(b, b.getI8Type(), stored);
      memref::StoreOp::create(b, byte, args[2],
                              ValueRange{addScaled(b, out, i, outStride)});
    });
  }

private:
  void emitFloat(Value in, int64_t inStride, Value out, int64_t outStride,
                 Value max) {
    auto number = [&](float value) -> Value {
      return arith::ConstantOp::create(b, b.getF32FloatAttr(value));
    };
    auto real = [&](Value i) -> Value {
      return arith::BitcastOp::create(b, b.getF32Type(),
                                      exponential(max, load(in, i, inStride)));
    };
    Value sum = emitReduction(b, length, number(0.0f), [&](Value i, Value acc) {
      return arith::AddFOp::create(b, acc, real(i)).getResult();
    });
    int32_t zeroPoint = static_cast<int32_t>(op.getOutputZp());
    emitLoop(b, length, 1, [&](Value i) {
      Value scaled = arith::MulFOp::create(
          b, real(i), number(op.getFactor()->convertToFloat()));
      Value share = arith::DivFOp::create(b, scaled, sum);
      Value byte = emitRoundToByte(b, share, -128 - zeroPoint, 127 - zeroPoint,
                                   zeroPoint + target.storageOffset());
      memref::StoreOp::create(b, byte, args[2],
                              ValueRange{addScaled(b, out, i, outStride)});
    });
  }
  Value constant(int32_t value) {
    return arith::ConstantOp::create(b, b.getI32IntegerAttr(value));
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

  ImplicitLocOpBuilder &b;
  ValueRange args;
  int64_t length;
  SoftmaxOp op;
  const KernelTarget &target;
};
} // namespace

static FailureOr<KernelCall> emitSoftmax(KernelModule &module, const Step &step,
                                         SoftmaxOp op) {
  const View &input = step.inputs[0], &output = step.outputs[0];
  int64_t axis = static_cast<int64_t>(op.getAxis());
  memref::GlobalOp table = module.addConstant("exponentials", op.getTable());
  int64_t inStride = 0, outStride = 0;
  Access in = withoutAxis(input, axis, inStride);
  Access out = withoutAxis(output, axis, outStride);
  SmallVector<int64_t> dims = lineDims(input, axis);
  Type types[] = {bufferTypeOf(*input.buffer), table.getType(),
                  bufferTypeOf(*output.buffer)};
  std::string key = llvm::formatv(
      "softmax:{0:$[x]}:{1}:{2}{3}+{4}:{5}{6}+{7}",
      llvm::make_range(input.shape.begin(), input.shape.end()), axis, types[0],
      in.key(), inStride, types[2], out.key(), outStride);
  if (op.getFactor())
    key += llvm::formatv(
        "*{0}+{1}", llvm::bit_cast<int32_t>(op.getFactor()->convertToFloat()),
        static_cast<int32_t>(op.getOutputZp()));
  FailureOr<func::FuncOp> kernel = module.getOrCreateKernel(
      step.loc, "softmax", key, types,
      [&](ImplicitLocOpBuilder &b, ValueRange args) {
        SoftmaxEmitter line(b, args, input.shape[axis], op, module.getTarget());
        emitIndexNest(b, dims, {in, out}, 1,
                      [&](ImplicitLocOpBuilder &, ValueRange at, int64_t) {
                        line.emit(at[0], inStride, at[1], outStride);
                      });
        return success();
      });
  if (failed(kernel))
    return failure();
  return KernelCall{*kernel, {table}};
}

static LogicalResult planSoftmax(Plan &plan, Operation *operation) {
  auto op = cast<SoftmaxOp>(operation);
  FailureOr<View> input = plan.lookup(op.getInput(), op);
  if (failed(input) || failed(expectBytes(op, op.getInput())))
    return failure();
  Step step{op.getLoc(), {*input}, {plan.define(op.getResult())}};
  step.emit = [op](KernelModule &module, const Step &step) mutable {
    return emitSoftmax(module, step, op);
  };
  plan.addStep(std::move(step));
  return success();
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

namespace {
/// A reduction of bytes along one axis.
struct Reduction {
  enum class Kind { Sum, Max, Min };
  Kind kind;
  int64_t axis;
  /// Of a sum only.
  RescaleSpec spec;
};
} // namespace

static Value emitExtremum(ImplicitLocOpBuilder &b, Value x, Value y,
                          Reduction::Kind kind, bool isUnsigned) {
  if (kind == Reduction::Kind::Max)
    return isUnsigned ? arith::MaxUIOp::create(b, x, y).getResult()
                      : arith::MaxSIOp::create(b, x, y).getResult();
  return isUnsigned ? arith::MinUIOp::create(b, x, y).getResult()
                    : arith::MinSIOp::create(b, x, y).getResult();
}

/// The bytes that one stretch of lines reduces to.
static Value emitLine(ImplicitLocOpBuilder &b, Value memref, Value at,
                      int64_t length, int64_t stride, int64_t lanes,
                      const Reduction &reduction, ValueRange words,
                      const KernelTarget &target) {
  auto load = [&](Value index) {
    return loadLanes(b, memref, addScaled(b, at, index, stride), lanes);
  };
  if (reduction.kind != Reduction::Kind::Sum)
    return emitReduction(b, length, loadLanes(b, memref, at, lanes),
                         [&](Value index, Value best) {
                           return emitExtremum(b, best, load(index),
                                               reduction.kind,
                                               target.unsignedActivations);
                         });
  Value zero = splatLanes(b, b.getI32Type(), lanes, 0);
  Value sum = emitReduction(b, length, zero, [&](Value index, Value acc) {
    return arith::AddIOp::create(b, acc, emitWiden(b, load(index), target))
        .getResult();
  });
  return emitRescale(b, sum, rescaleOperands(b, reduction.spec, sum, words),
                     reduction.spec, target);
}

static FailureOr<KernelCall> emitReduce(KernelModule &module, const Step &step,
                                        const Reduction &reduction) {
  const View &input = step.inputs[0], &output = step.outputs[0];
  bool sums = reduction.kind == Reduction::Kind::Sum;
  int64_t stride = 0, unused = 0;
  SmallVector<Access> accesses = {withoutAxis(input, reduction.axis, stride)};
  SmallVector<memref::GlobalOp> tables;
  SmallVector<Type> types = {bufferTypeOf(*input.buffer)};
  std::string key =
      llvm::formatv("reduce{0}:{1:$[x]}:{2}:{3}{4}", int(reduction.kind),
                    llvm::make_range(input.shape.begin(), input.shape.end()),
                    reduction.axis, types[0], accesses[0].key());
  if (sums) {
    tables = rescaleTables(module, reduction.spec);
    key += reduction.spec.key() + RescaleTraits::get(reduction.spec).key();
    if (tables.empty())
      key += std::to_string(
          llvm::bit_cast<int64_t>(reduction.spec.multipliers[0]));
  }
  for (memref::GlobalOp table : tables) {
    Access channel;
    channel.strides.assign(input.shape.size(), 0);
    channel.strides.back() = 1;
    accesses.push_back(channel);
    types.push_back(table.getType());
  }
  accesses.push_back(withoutAxis(output, reduction.axis, unused));
  types.push_back(bufferTypeOf(*output.buffer));
  key += accesses.back().key();
  llvm::raw_string_ostream(key) << types.back();

  FailureOr<func::FuncOp> kernel = module.getOrCreateKernel(
      step.loc, "reduce", key, types,
      [&](ImplicitLocOpBuilder &b, ValueRange args) {
        emitIndexNest(
            b, lineDims(input, reduction.axis), accesses, 16,
            [&](ImplicitLocOpBuilder &b, ValueRange at, int64_t lanes) {
              SmallVector<Value> words;
              for (size_t i = 1; i + 1 < at.size(); ++i)
                words.push_back(loadLanes(b, args[i], at[i], lanes));
              Value bytes =
                  emitLine(b, args[0], at[0], input.shape[reduction.axis],
                           stride, lanes, reduction, words, module.getTarget());
              storeLanes(b, bytes, args.back(), at.back());
            });
        return success();
      });
  if (failed(kernel))
    return failure();
  return KernelCall{*kernel, tables};
}

static LogicalResult addReduction(Plan &plan, Operation *op, Value input,
                                  Value result, Reduction reduction) {
  FailureOr<View> view = plan.lookup(input, op);
  if (failed(view) || failed(expectBytes(op, input)))
    return failure();
  Step step{op->getLoc(), {*view}, {plan.define(result)}};
  step.emit = [reduction](KernelModule &module, const Step &step) {
    return emitReduce(module, step, reduction);
  };
  plan.addStep(std::move(step));
  return success();
}

template <typename OpTy, Reduction::Kind kind>
static LogicalResult planExtremum(Plan &plan, Operation *operation) {
  auto op = cast<OpTy>(operation);
  return addReduction(plan, op, op.getInput(), op.getResult(),
                      {kind, static_cast<int64_t>(op.getAxis()), {}});
}

/// tosa.cast to i32, tosa.reduce_sum, qnt.rescale: one kernel.
static LogicalResult planSum(Plan &plan, Operation *operation) {
  auto cast = llvm::cast<tosa::CastOp>(operation);
  tosa::ReduceSumOp sum;
  if (cast.getResult().hasOneUse())
    sum = dyn_cast<tosa::ReduceSumOp>(*cast.getResult().user_begin());
  if (!sum)
    return cast.emitError() << "'tosa.cast' has a kernel only in front of the "
                               "tosa.reduce_sum that is its single user";
  FailureOr<RescaleOp> rescale = onlyRescale(sum);
  if (failed(rescale))
    return failure();
  int64_t axis = static_cast<int64_t>(sum.getAxis());
  int64_t count =
      llvm::cast<RankedTensorType>(cast.getInput().getType()).getDimSize(axis);
  plan.absorb(sum);
  plan.absorb(*rescale);
  return addReduction(plan, sum, cast.getInput(), rescale->getResult(),
                      {Reduction::Kind::Sum, axis,
                       specOf(*rescale, -128 * count, 127 * count)});
}

void mlir::qnt::populateReductionSteps(StepHandlers &handlers) {
  handlers[SoftmaxOp::getOperationName()] = planSoftmax;
  handlers[tosa::CastOp::getOperationName()] = planSum;
  handlers[tosa::ReduceMaxOp::getOperationName()] =
      planExtremum<tosa::ReduceMaxOp, Reduction::Kind::Max>;
  handlers[tosa::ReduceMinOp::getOperationName()] =
      planExtremum<tosa::ReduceMinOp, Reduction::Kind::Min>;
}
