//===- ContractionSteps.cpp - convolutions and matrix products ------------===//
//
// Each contraction runs together with the rescale that follows it, so that no
// 32-bit tensor ever reaches memory. Invariant: a convolution's input lies in
// the arena with its halo and slack, whatever made it.
//
//===----------------------------------------------------------------------===//

#include "qnt/Codegen/Steps.h"

using namespace mlir;
using namespace mlir::qnt;

/// The value of a constant zero point operand, or an error at `op`.
static FailureOr<int32_t> zeroPointOf(Operation *op, Value value) {
  DenseElementsAttr dense = constantOf(value);
  if (!dense || !dense.getElementType().isInteger(8) ||
      dense.getNumElements() != 1)
    return op->emitError() << "'" << op->getName()
                           << "' has a kernel only for constant zero points";
  return int32_t(*dense.getValues<int8_t>().begin());
}

//===----------------------------------------------------------------------===//
// Convolutions
//===----------------------------------------------------------------------===//

namespace {
/// A convolution's constants, kept until its kernel is emitted.
struct ConvData {
  ConvSpec spec;
  std::vector<int8_t> weights;
  std::vector<int32_t> bias;
};
} // namespace

static LogicalResult readWeights(Operation *op, Value weights, Value bias,
                                 int64_t channels, ConvData &data) {
  DenseElementsAttr weightAttr = constantOf(weights), biasAttr;
  if (bias)
    biasAttr = constantOf(bias);
  if (!weightAttr || !weightAttr.getElementType().isInteger(8) ||
      (bias && (!biasAttr || !biasAttr.getElementType().isInteger(32))))
    return op->emitError()
           << "'" << op->getName()
           << "' has a kernel only for constant weights of i8 and a constant "
              "bias of i32";
  llvm::append_range(data.weights, weightAttr.getValues<int8_t>());
  if (biasAttr)
    llvm::append_range(data.bias, biasAttr.getValues<int32_t>());
  if (data.bias.empty())
    data.bias.assign(channels, 0);
  if (data.bias.size() == 1)
    data.bias.assign(channels, data.bias.front());
  return success();
}

/// The step of a convolution that is described but for its layouts.
static LogicalResult addConv(Plan &plan, Operation *op, Value input,
                             RescaleOp rescale,
                             std::shared_ptr<ConvData> data) {
  FailureOr<View> view = plan.lookup(input, op);
  if (failed(view) || failed(expectBytes(op, input)))
    return failure();
  ConvSpec &spec = data->spec;
  spec.rescale = specOf(rescale, INT32_MIN, INT32_MAX);
  plan.absorb(rescale);
  Step step{op->getLoc(), {*view}, {plan.define(rescale.getResult())}};
  spec.in = TensorLayout::dense(view->shape);
  spec.out = TensorLayout::dense(step.outputs[0].shape);
  int64_t depth = spec.kh * spec.kw * (spec.depthwise ? 1 : spec.in.c);
  plan.addMacs(spec.out.elements() * depth);
  step.halos.push_back(
      {0, spec.padTop, spec.padBottom, spec.padLeft, spec.padRight,
       preferredPixelPitch(spec, plan.getTarget()), spec.inputZp});
  step.emit = [data](KernelModule &module, const Step &step) {
    ConvSpec spec = data->spec;
    spec.in = layoutOf(step.inputs[0]);
    spec.out = layoutOf(step.outputs[0]);
    return emitConv(module, step.loc, spec, {data->weights, data->bias});
  };
  plan.addStep(std::move(step));
  return success();
}

template <typename OpTy>
static LogicalResult planConv(Plan &plan, Operation *operation) {
  constexpr bool depthwise = std::is_same_v<OpTy, tosa::DepthwiseConv2DOp>;
  auto op = cast<OpTy>(operation);
  FailureOr<RescaleOp> rescale = onlyRescale(op);
  FailureOr<int32_t> inputZp = zeroPointOf(op, op.getInputZp());
  FailureOr<int32_t> weightZp = zeroPointOf(op, op.getWeightZp());
  if (failed(rescale) || failed(inputZp) || failed(weightZp))
    return failure();
  if (*weightZp != 0)
    return op.emitError() << "'" << op->getName()
                          << "' has a kernel only for weights with zero point "
                             "0, found "
                          << *weightZp;
  auto data = std::make_shared<ConvData>();
  ConvSpec &spec = data->spec;
  auto weights = cast<RankedTensorType>(op.getWeight().getType());
  auto result = cast<RankedTensorType>(op.getType());
  spec.depthwise = depthwise;
  spec.kh = weights.getDimSize(depthwise ? 0 : 1);
  spec.kw = weights.getDimSize(depthwise ? 1 : 2);
  spec.strideH = op.getStride()[0];
  spec.strideW = op.getStride()[1];
  spec.dilationH = op.getDilation()[0];
  spec.dilationW = op.getDilation()[1];
  spec.padTop = op.getPad()[0];
  spec.padBottom = op.getPad()[1];
  spec.padLeft = op.getPad()[2];
  spec.padRight = op.getPad()[3];
  spec.inputZp = *inputZp;
  if (failed(readWeights(op, op.getWeight(), op.getBias(),
                         result.getShape().back(), *data)))
    return failure();
  return addConv(plan, op, op.getInput(), *rescale, data);
}

//===----------------------------------------------------------------------===//
// Products of activations
//===----------------------------------------------------------------------===//

namespace {
/// out[b, m, n] = sum over k of (a[b, m, k] - zpA) * (b[b, k, n] - zpB).
struct MatMul {
  int64_t batch, m, k, n;
  int32_t zpA, zpB;
  RescaleSpec spec;

  std::string key() const {
    return llvm::formatv("{0}x{1}x{2}x{3}z{4},{5}{6}", batch, m, k, n, zpA, zpB,
                         spec.key() + RescaleTraits::get(spec).key());
  }
};
} // namespace

/// One stretch of a row of the product.
static Value emitDot(ImplicitLocOpBuilder &b, Value lhs, Value rhs, Value lhsAt,
                     Value rhsAt, int64_t lhsStride, int64_t rhsStride,
                     int64_t lanes, const MatMul &product,
                     const KernelTarget &target) {
  Value zero = splatLanes(b, b.getI32Type(), lanes, 0);
  return emitReduction(b, product.k, zero, [&](Value k, Value acc) -> Value {
    auto load = [&](Value memref, Value at, bool broadcast, int32_t zp) {
      Value wide =
          emitWiden(b, loadLanes(b, memref, at, lanes, broadcast), target);
      return arith::SubIOp::create(b, wide, splatInt(b, wide, zp)).getResult();
    };
    Value x = load(lhs, addScaled(b, lhsAt, k, lhsStride), true, product.zpA);
    Value y = load(rhs, addScaled(b, rhsAt, k, rhsStride), false, product.zpB);
    return arith::AddIOp::create(b, acc, arith::MulIOp::create(b, x, y));
  });
}

static FailureOr<KernelCall> emitMatMul(KernelModule &module, const Step &step,
                                        const MatMul &product) {
  const KernelTarget &target = module.getTarget();
  const RescaleSpec &spec = product.spec;
  SmallVector<memref::GlobalOp> tables = rescaleTables(module, spec);
  Access lhs = accessOf(step.inputs[0]), rhs = accessOf(step.inputs[1]);
  Access out = accessOf(step.outputs[0]);
  int64_t lhsStride = lhs.strides[2], rhsStride = rhs.strides[1];
  lhs.strides[2] = 0;
  rhs.strides[1] = 0;
  SmallVector<Access> accesses = {lhs, rhs, Access{0, {0, 0, 1}}, out};
  SmallVector<Type> types = {bufferTypeOf(*step.inputs[0].buffer),
                             bufferTypeOf(*step.inputs[1].buffer)};
  for (memref::GlobalOp table : tables)
    types.push_back(table.getType());
  types.push_back(bufferTypeOf(*step.outputs[0].buffer));
  std::string key = "matmul:" + product.key();
  for (const Access &access : accesses)
    key += access.key();
  for (Type type : types)
    llvm::raw_string_ostream(key) << type;
  if (tables.empty())
    key += std::to_string(llvm::bit_cast<int64_t>(spec.multipliers[0]));
  FailureOr<func::FuncOp> kernel = module.getOrCreateKernel(
      step.loc, "matmul", key, types,
      [&](ImplicitLocOpBuilder &b, ValueRange args) {
        emitIndexNest(
            b, {product.batch, product.m, product.n}, accesses, 16,
            [&](ImplicitLocOpBuilder &b, ValueRange at, int64_t lanes) {
              Value acc = emitDot(b, args[0], args[1], at[0], at[1], lhsStride,
                                  rhsStride, lanes, product, target);
              SmallVector<Value> words;
              for (Value table : args.drop_front(2).drop_back())
                words.push_back(loadLanes(b, table, at[2], lanes));
              Value bytes = emitRescale(
                  b, acc, rescaleOperands(b, spec, acc, words), spec, target);
              storeLanes(b, bytes, args.back(), at.back());
            });
        return success();
      });
  if (failed(kernel))
    return failure();
  return KernelCall{*kernel, tables};
}

/// A product with constant columns is a 1x1 convolution over its rows.
static LogicalResult planConstantMatMul(Plan &plan, tosa::MatMulOp op,
                                        RescaleOp rescale, int32_t inputZp) {
  auto data = std::make_shared<ConvData>();
  data->spec.inputZp = inputZp;
  auto type = cast<RankedTensorType>(op.getB().getType());
  int64_t k = type.getDimSize(1), n = type.getDimSize(2);
  auto columns = constantOf(op.getB()).getValues<int8_t>();
  data->weights.resize(k * n);
  for (int64_t row = 0; row < k; ++row)
    for (int64_t column = 0; column < n; ++column)
      data->weights[column * k + row] = columns[row * n + column];
  data->bias.assign(n, 0);
  return addConv(plan, op, op.getA(), rescale, data);
}

static LogicalResult planMatMul(Plan &plan, Operation *operation) {
  auto op = cast<tosa::MatMulOp>(operation);
  FailureOr<RescaleOp> rescale = onlyRescale(op);
  FailureOr<int32_t> zpA = zeroPointOf(op, op.getAZp());
  FailureOr<int32_t> zpB = zeroPointOf(op, op.getBZp());
  if (failed(rescale) || failed(zpA) || failed(zpB))
    return failure();
  DenseElementsAttr columns = constantOf(op.getB());
  if (columns && columns.getElementType().isInteger(8) && *zpB == 0 &&
      columns.getType().getDimSize(0) == 1)
    return planConstantMatMul(plan, op, *rescale, *zpA);
  FailureOr<View> lhs = plan.lookup(op.getA(), op);
  FailureOr<View> rhs = plan.lookup(op.getB(), op);
  if (failed(lhs) || failed(rhs) || failed(expectBytes(op, op.getA())) ||
      failed(expectBytes(op, op.getB())))
    return failure();
  MatMul product{lhs->shape[0],
                 lhs->shape[1],
                 lhs->shape[2],
                 rhs->shape[2],
                 *zpA,
                 *zpB,
                 {}};
  int64_t bound = std::min<int64_t>(product.k * 255 * 255, INT32_MAX);
  product.spec = specOf(*rescale, -bound, bound);
  plan.addMacs(product.batch * product.m * product.k * product.n);
  plan.absorb(*rescale);
  Step step{op.getLoc(), {*lhs, *rhs}, {plan.define(rescale->getResult())}};
  step.emit = [product](KernelModule &module, const Step &step) {
    return emitMatMul(module, step, product);
  };
  plan.addStep(std::move(step));
  return success();
}

void mlir::qnt::populateContractionSteps(StepHandlers &handlers) {
  handlers[tosa::Conv2DOp::getOperationName()] = planConv<tosa::Conv2DOp>;
  handlers[tosa::DepthwiseConv2DOp::getOperationName()] =
      planConv<tosa::DepthwiseConv2DOp>;
  handlers[tosa::MatMulOp::getOperationName()] = planMatMul;
}
