//===- ResizeSteps.cpp - tosa.resize of stored integers -------------------===//
//
// Where each output row and column comes from is a table made at compile time,
// so the kernels only add offsets; vectors run along the channels. Invariant:
// the tables are those of Numerics (N80, N81), in bytes of the input's layout.
//
//===----------------------------------------------------------------------===//

#include "qnt/Analysis/Resize.h"
#include "qnt/Codegen/Steps.h"

using namespace mlir;
using namespace mlir::qnt;
namespace num = ::qnt::num;

namespace {
/// The table of one axis: `words` numbers for each output position.
struct AxisTable {
  memref::GlobalOp global;
  int64_t words;

  /// Word `which` of `position`, as i32.
  Value load(ImplicitLocOpBuilder &b, Value table, Value position,
             int64_t which) const {
    Value at = addConstant(
        b, addScaled(b, indexConstant(b, 0), position, words), which);
    return memref::LoadOp::create(b, table, ValueRange{at});
  }
  /// The same as an offset.
  Value offset(ImplicitLocOpBuilder &b, Value table, Value position,
               int64_t which) const {
    return arith::IndexCastOp::create(b, b.getIndexType(),
                                      load(b, table, position, which));
  }
};

/// A resize, perhaps with the rescale behind it.
struct Resize {
  ResizeAxes axes;
  RescaleSpec spec;
};
} // namespace

/// Offsets of the taps of an axis, and the weight of the second one where there
/// are two.
static AxisTable makeTable(KernelModule &module, const num::ResizeAxis &axis,
                           int64_t pitch, bool bilinear) {
  SmallVector<int32_t> words;
  for (int64_t i = 0; i < axis.out; ++i) {
    if (!bilinear) {
      words.push_back(static_cast<int32_t>(num::nearestTap(axis, i) * pitch));
      continue;
    }
    num::ResizeTap tap = num::linearTap(axis, i);
    words.append({static_cast<int32_t>(tap.low * pitch),
                  static_cast<int32_t>(tap.high * pitch),
                  static_cast<int32_t>(tap.weight)});
  }
  return {module.addConstant("taps", words), bilinear ? 3 : 1};
}

static Value splatLike(ImplicitLocOpBuilder &b, Value scalar, int64_t lanes) {
  if (lanes == 1)
    return scalar;
  return vector::BroadcastOp::create(
      b, VectorType::get({lanes}, scalar.getType()), scalar);
}

/// low * (whole - weight) + high * weight.
static Value blend(ImplicitLocOpBuilder &b, Value low, Value high, Value weight,
                   int64_t whole, int64_t lanes) {
  Value total = arith::ConstantOp::create(
      b, b.getI32IntegerAttr(static_cast<int32_t>(whole)));
  Value rest = arith::SubIOp::create(b, total, weight);
  low = arith::MulIOp::create(b, low, splatLike(b, rest, lanes));
  high = arith::MulIOp::create(b, high, splatLike(b, weight, lanes));
  return arith::AddIOp::create(b, low, high);
}

namespace {
/// Emits the loops of one kernel: arguments are input, table of rows, table of
/// columns, words of the rescale, output.
class ResizeEmitter {
public:
  ResizeEmitter(const Resize &resize, TensorLayout in, TensorLayout out,
                AxisTable rows, AxisTable columns, const KernelTarget &target)
      : resize(resize), in(std::move(in)), out(std::move(out)), rows(rows),
        columns(columns), target(target) {}

  void emit(ImplicitLocOpBuilder &b, ValueRange args) {
    int64_t lanes = resize.axes.bilinear ? 16 : target.vectorBits / 8;
    emitLoop(b, out.n, 1, [&](Value image) {
      Value from = addScaled(b, indexConstant(b, in.interiorOffset), image,
                             in.imagePitch);
      Value to = addScaled(b, indexConstant(b, out.interiorOffset), image,
                           out.imagePitch);
      emitLoop(b, out.h, 1, [&](Value y) {
        Value row = addScaled(b, to, y, out.rowPitch);
        emitLoop(b, out.w, 1, [&](Value x) {
          Value pixel = addScaled(b, row, x, out.pixelPitch);
          SmallVector<Value> taps = findTaps(b, args, from, y, x);
          emitStretches(b, out.c, lanes, [&](Value c, int64_t width) {
            Value bytes = resize.axes.bilinear
                              ? emitMean(b, args, taps, y, x, c, width)
                              : loadAt(b, args[0], taps[0], c, width);
            storeLanes(b, bytes, args.back(),
                       arith::AddIOp::create(b, pixel, c));
          });
        });
      });
    });
  }

private:
  static Value loadAt(ImplicitLocOpBuilder &b, Value memref, Value base,
                      Value c, int64_t lanes) {
    return loadLanes(b, memref, arith::AddIOp::create(b, base, c), lanes);
  }

  /// The first bytes of the pixels that (y, x) is made of: row by row.
  SmallVector<Value> findTaps(ImplicitLocOpBuilder &b, ValueRange args,
                              Value from, Value y, Value x) const {
    SmallVector<Value> taps;
    int64_t count = resize.axes.bilinear ? 2 : 1;
    for (int64_t i = 0; i < count; ++i)
      for (int64_t k = 0; k < count; ++k) {
        Value row =
            arith::AddIOp::create(b, from, rows.offset(b, args[1], y, i));
        taps.push_back(
            arith::AddIOp::create(b, row, columns.offset(b, args[2], x, k)));
      }
    return taps;
  }

  // N81.
  Value emitMean(ImplicitLocOpBuilder &b, ValueRange args, ArrayRef<Value> taps,
                 Value y, Value x, Value c, int64_t lanes) const {
    auto load = [&](unsigned tap) {
      return emitWiden(b, loadAt(b, args[0], taps[tap], c, lanes), target);
    };
    Value column = columns.load(b, args[2], x, 2);
    int64_t width = resize.axes.x.numerator;
    Value upper = blend(b, load(0), load(1), column, width, lanes);
    Value lower = blend(b, load(2), load(3), column, width, lanes);
    Value sum = blend(b, upper, lower, rows.load(b, args[1], y, 2),
                      resize.axes.y.numerator, lanes);
    SmallVector<Value> words;
    for (Value table : args.drop_front(3).drop_back())
      words.push_back(loadLanes(b, table, c, lanes));
    return emitRescale(b, sum, rescaleOperands(b, resize.spec, sum, words),
                       resize.spec, target);
  }

  const Resize &resize;
  TensorLayout in, out;
  AxisTable rows, columns;
  const KernelTarget &target;
};
} // namespace

static FailureOr<KernelCall> emitResize(KernelModule &module, const Step &step,
                                        const Resize &resize) {
  TensorLayout in = layoutOf(step.inputs[0]), out = layoutOf(step.outputs[0]);
  bool bilinear = resize.axes.bilinear;
  AxisTable rows = makeTable(module, resize.axes.y, in.rowPitch, bilinear);
  AxisTable columns = makeTable(module, resize.axes.x, in.pixelPitch, bilinear);
  SmallVector<memref::GlobalOp> constants = {rows.global, columns.global};
  std::string key = llvm::formatv("resize{0}:{1},{2}:{3}:{4}", int(bilinear),
                                  resize.axes.y.numerator,
                                  resize.axes.x.numerator, in.key(), out.key());
  if (bilinear) {
    llvm::append_range(constants, rescaleTables(module, resize.spec));
    key += resize.spec.key() + RescaleTraits::get(resize.spec).key();
    if (resize.spec.multipliers.size() == 1)
      key += std::to_string(
          llvm::bit_cast<int64_t>(resize.spec.multipliers.front()));
  }
  SmallVector<Type> types = {bufferTypeOf(*step.inputs[0].buffer)};
  for (memref::GlobalOp constant : constants)
    types.push_back(constant.getType());
  types.push_back(bufferTypeOf(*step.outputs[0].buffer));
  FailureOr<func::FuncOp> kernel = module.getOrCreateKernel(
      step.loc, "resize", key, types,
      [&](ImplicitLocOpBuilder &b, ValueRange args) {
        ResizeEmitter(resize, in, out, rows, columns, module.getTarget())
            .emit(b, args);
        return success();
      });
  if (failed(kernel))
    return failure();
  return KernelCall{*kernel, constants};
}

static LogicalResult planResize(Plan &plan, Operation *operation) {
  auto op = cast<tosa::ResizeOp>(operation);
  FailureOr<View> input = plan.lookup(op.getInput(), op);
  if (failed(input) || failed(expectBytes(op, op.getInput())))
    return failure();
  std::optional<ResizeAxes> axes = getResizeAxes(op);
  if (!axes)
    return op.emitError() << "'tosa.resize' has a kernel only for constant "
                             "scales and offsets";
  Resize resize{*axes, {}};
  Value result = op.getResult();
  if (axes->bilinear) {
    FailureOr<RescaleOp> rescale = onlyRescale(op);
    if (failed(rescale))
      return failure();
    int64_t weights = axes->y.numerator * axes->x.numerator;
    resize.spec = specOf(*rescale, -128 * weights, 127 * weights);
    plan.absorb(*rescale);
    result = rescale->getResult();
  } else if (failed(expectBytes(op, result))) {
    return failure();
  }
  Step step{op.getLoc(), {*input}, {plan.define(result)}};
  step.emit = [resize](KernelModule &module, const Step &step) {
    return emitResize(module, step, resize);
  };
  plan.addStep(std::move(step));
  return success();
}

void mlir::qnt::populateResizeSteps(StepHandlers &handlers) {
  handlers[tosa::ResizeOp::getOperationName()] = planResize;
}
