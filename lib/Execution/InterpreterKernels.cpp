//===- InterpreterKernels.cpp - ops as calls of reference kernels ---------===//
//
// Reads shapes and parameters off an op and binds them to a kernel of
// Numerics. Nothing is computed here: rounding, saturation and sums are theirs.
//
//===----------------------------------------------------------------------===//

#include "InterpreterKernels.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "qnt/Analysis/Resize.h"
#include "qnt/Dialect/IR/QntNumerics.h"
#include "qnt/Numerics/Litert.h"
#include "qnt/Numerics/Reference.h"
#include "qnt/Numerics/Softmax.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::qnt;
namespace num = ::qnt::num;

using MaybeKernel = FailureOr<std::optional<TensorKernel>>;
using Inputs = ArrayRef<const Tensor *>;
using Outputs = MutableArrayRef<Tensor>;

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

static num::Dims dimsOf(Value value) { return typeOf(value).getShape().vec(); }

/// The kernels are written for signed bytes.
static LogicalResult expectBytes(Operation *op, ValueRange values) {
  for (Value value : values)
    if (!getElementTypeOrSelf(value.getType()).isSignlessInteger(8))
      return op->emitError(
                 "the reference has 8-bit signed kernels only, found ")
             << value.getType();
  return success();
}

//===----------------------------------------------------------------------===//
// Borders and elementwise arithmetic
//===----------------------------------------------------------------------===//

/// Element `i` of an integer tensor.
static int64_t readInteger(const Tensor &tensor, int64_t i) {
  switch (tensor.getDType()) {
  case DType::Int8:
    return tensor.as<int8_t>()[i];
  case DType::UInt8:
    return tensor.as<uint8_t>()[i];
  case DType::Int16:
    return tensor.as<int16_t>()[i];
  case DType::Int32:
    return tensor.as<int32_t>()[i];
  case DType::Int64:
    return tensor.as<int64_t>()[i];
  default:
    return static_cast<int64_t>(tensor.getAsDouble(i));
  }
}

static void writeInteger(Tensor &tensor, int64_t i, int32_t value) {
  switch (getByteWidth(tensor.getDType())) {
  case 1:
    tensor.bytes()[i] = static_cast<char>(value);
    return;
  case 2:
    reinterpret_cast<int16_t *>(tensor.data())[i] = static_cast<int16_t>(value);
    return;
  default:
    reinterpret_cast<int32_t *>(tensor.data())[i] = value;
  }
}

static MaybeKernel makeToInt(ToIntOp op) {
  float scale = op.getScale().convertToFloat();
  int32_t zeroPoint = op.getZeroPoint(), min = op.getMin(), max = op.getMax();
  return {[=](Inputs in, Outputs out) {
    ArrayRef<float> reals = in[0]->as<float>();
    for (size_t i = 0; i < reals.size(); ++i)
      writeInteger(out[0], i,
                   num::quantize(reals[i], scale, zeroPoint, min, max));
  }};
}

static MaybeKernel makeToFloat(ToFloatOp op) {
  float scale = op.getScale().convertToFloat();
  int32_t zeroPoint = op.getZeroPoint();
  return {[=](Inputs in, Outputs out) {
    MutableArrayRef<float> reals = out[0].as<float>();
    for (size_t i = 0; i < reals.size(); ++i)
      reals[i] = num::dequantize(static_cast<int32_t>(readInteger(*in[0], i)),
                                 scale, zeroPoint);
  }};
}

static MaybeKernel makeRescale(RescaleOp op) {
  std::vector<num::Rescaler> channels;
  for (size_t i = 0; i < op.getMultipliers().size(); ++i)
    channels.emplace_back(rescaleParams(op, i));
  bool wide =
      getElementTypeOrSelf(op.getInput().getType()).getIntOrFloatBitWidth() >
      32;
  return {[channels, wide](Inputs in, Outputs out) {
    for (int64_t i = 0, e = in[0]->getNumElements(); i < e; ++i) {
      const num::Rescaler &rescaler = channels[i % channels.size()];
      int64_t acc = readInteger(*in[0], i);
      writeInteger(out[0], i,
                   wide ? rescaler.apply64(acc)
                        : rescaler(static_cast<int32_t>(acc)));
    }
  }};
}

static MaybeKernel makeTable(TableOp op) {
  if (failed(expectBytes(op, {op.getInput(), op.getResult()})))
    return failure();
  std::array<int8_t, 256> table;
  llvm::copy(op.getTable(), table.begin());
  return {[table](Inputs in, Outputs out) {
    num::applyTable(in[0]->as<int8_t>().data(), out[0].as<int8_t>().data(),
                    in[0]->getNumElements(), table);
  }};
}

/// add, sub and mul differ in how their parameters are made and applied.
template <typename OpTy, typename Params, typename Apply>
static MaybeKernel makeBinary(OpTy op, Params params, Apply apply) {
  if (failed(expectBytes(op, {op.getLhs(), op.getRhs(), op.getResult()})))
    return failure();
  num::Dims lhs = dimsOf(op.getLhs()), rhs = dimsOf(op.getRhs()),
            result = dimsOf(op.getResult());
  return {[=](Inputs in, Outputs out) {
    apply(in[0]->as<int8_t>().data(), lhs, in[1]->as<int8_t>().data(), rhs,
          out[0].as<int8_t>().data(), result, params);
  }};
}

static num::MulParams mulParams(mlir::qnt::MulOp op) {
  num::MulParams params = num::makeMulParams(
      lhsParams(op), rhsParams(op), outputParams(op),
      static_cast<int32_t>(op.getMin()), static_cast<int32_t>(op.getMax()),
      toNumerics(op.getRounding()));
  num::applyHome(params, homeOf(op));
  return params;
}

// N68.
static MaybeKernel makeSoftmaxF32(SoftmaxF32Op op) {
  if (failed(expectBytes(op, {op.getInput(), op.getResult()})))
    return failure();
  num::FloatTable table;
  llvm::copy(op.getTable(), table.begin());
  num::QuantParams result{op.getOutputScale().convertToFloat(),
                          static_cast<int32_t>(op.getOutputZp())};
  int64_t length = typeOf(op.getInput()).getShape().back();
  return {[=](Inputs in, Outputs out) {
    num::litertSoftmax(in[0]->as<int8_t>().data(), out[0].as<int8_t>().data(),
                       in[0]->getNumElements() / std::max<int64_t>(length, 1),
                       length, table, result);
  }};
}

static MaybeKernel makeSoftmax(SoftmaxOp op) {
  if (failed(expectBytes(op, {op.getInput(), op.getResult()})))
    return failure();
  num::SoftmaxTable table;
  llvm::transform(op.getTable(), table.begin(),
                  [](int32_t entry) { return static_cast<uint32_t>(entry); });
  ArrayRef<int64_t> shape = typeOf(op.getInput()).getShape();
  int64_t axis = op.getAxis(), outer = 1, inner = 1;
  for (int64_t size : shape.take_front(axis))
    outer *= size;
  for (int64_t size : shape.drop_front(axis + 1))
    inner *= size;
  int64_t length = shape[axis];
  if (op.getFactor())
    return {[=, params = floatSoftmaxOf(op)](Inputs in, Outputs out) {
      num::softmaxFloat(in[0]->as<int8_t>().data(), out[0].as<int8_t>().data(),
                        outer, length, inner, params);
    }};
  return {[=](Inputs in, Outputs out) {
    num::softmax(in[0]->as<int8_t>().data(), out[0].as<int8_t>().data(), outer,
                 length, inner, table);
  }};
}

//===----------------------------------------------------------------------===//
// Windows and products
//===----------------------------------------------------------------------===//

static void setInput(num::WindowShape &shape, Value input) {
  ArrayRef<int64_t> dims = typeOf(input).getShape();
  shape.n = dims[0];
  shape.ih = dims[1];
  shape.iw = dims[2];
  shape.c = dims[3];
}

/// TOSA pads are top, bottom, left, right.
static void setWindow(num::WindowShape &shape, ArrayRef<int64_t> kernel,
                      ArrayRef<int64_t> stride, ArrayRef<int64_t> pad,
                      ArrayRef<int64_t> dilation) {
  shape.kh = kernel[0];
  shape.kw = kernel[1];
  shape.strideH = stride[0];
  shape.strideW = stride[1];
  shape.padTop = pad[0];
  shape.padBottom = pad[1];
  shape.padLeft = pad[2];
  shape.padRight = pad[3];
  shape.dilationH = dilation[0];
  shape.dilationW = dilation[1];
}

/// TOSA allows one bias for all channels.
static std::vector<int32_t> expandBias(const Tensor &bias, int64_t channels) {
  ArrayRef<int32_t> values = bias.as<int32_t>();
  if (values.size() == 1)
    return std::vector<int32_t>(channels, values[0]);
  return values.vec();
}

template <typename OpTy> static MaybeKernel makeConv(OpTy op, bool depthwise) {
  if (failed(expectBytes(op, {op.getInput(), op.getWeight()})))
    return failure();
  FailureOr<int64_t> inputZp = op.getInputZeroPoint();
  FailureOr<int64_t> weightZp = op.getWeightZeroPoint();
  if (failed(inputZp) || failed(weightZp) || *weightZp != 0)
    return op.emitError("expected constant zero points, that of the weights 0");
  num::Conv2DShape shape;
  setInput(shape, op.getInput());
  ArrayRef<int64_t> weight = typeOf(op.getWeight()).getShape();
  setWindow(shape, depthwise ? weight.take_front(2) : weight.slice(1, 2),
            op.getStride(), op.getPad(), op.getDilation());
  shape.oc = typeOf(op.getOutput()).getShape().back();
  using Conv8 = void (*)(const int8_t *, const int8_t *, const int32_t *,
                         int32_t *, const num::Conv2DShape &, int32_t);
  Conv8 kernel = num::conv2d;
  if (depthwise)
    kernel = num::depthwiseConv2d;
  return {
      [=, zeroPoint = static_cast<int32_t>(*inputZp)](Inputs in, Outputs out) {
        std::vector<int32_t> bias = expandBias(*in[2], shape.oc);
        kernel(in[0]->as<int8_t>().data(), in[1]->as<int8_t>().data(),
               bias.data(), out[0].as<int32_t>().data(), shape, zeroPoint);
      }};
}

static MaybeKernel makeMatmul(tosa::MatMulOp op) {
  if (failed(expectBytes(op, {op.getA(), op.getB()})))
    return failure();
  FailureOr<int64_t> aZp = op.getAZeroPoint(), bZp = op.getBZeroPoint();
  if (failed(aZp) || failed(bZp))
    return op.emitError("expected constant zero points");
  num::MatmulShape shape;
  ArrayRef<int64_t> a = typeOf(op.getA()).getShape();
  shape.batch = a[0];
  shape.m = a[1];
  shape.k = a[2];
  shape.n = typeOf(op.getB()).getShape()[2];
  return {[=](Inputs in, Outputs out) {
    std::vector<int32_t> bias(shape.n, 0);
    num::matmul(in[0]->as<int8_t>().data(), in[1]->as<int8_t>().data(),
                bias.data(), out[0].as<int32_t>().data(), shape, *aZp, *bZp);
  }};
}

static MaybeKernel makeMaxPool(tosa::MaxPool2dOp op) {
  if (failed(expectBytes(op, {op.getInput()})))
    return failure();
  num::WindowShape shape;
  setInput(shape, op.getInput());
  setWindow(shape, op.getKernel(), op.getStride(), op.getPad(), {1, 1});
  return {[shape](Inputs in, Outputs out) {
    num::maxPool2d(in[0]->as<int8_t>().data(), out[0].as<int8_t>().data(),
                   shape);
  }};
}

// N66.
static MaybeKernel makeStoredAverage(StoredAverageOp op) {
  if (failed(expectBytes(op, {op.getInput(), op.getResult()})))
    return failure();
  num::WindowShape shape;
  setInput(shape, op.getInput());
  setWindow(shape, op.getKernel(), op.getStride(), op.getPad(), {1, 1});
  auto offset = static_cast<int32_t>(op.getOffset());
  auto min = static_cast<int32_t>(op.getMin());
  auto max = static_cast<int32_t>(op.getMax());
  return {[=](Inputs in, Outputs out) {
    num::litertAveragePool(in[0]->as<int8_t>().data(),
                           out[0].as<int8_t>().data(), shape, offset, min, max);
  }};
}

/// Sums of bytes; what the init holds is added.
static MaybeKernel makeSumPool(linalg::PoolingNhwcSumOp op) {
  Value input = op.getDpsInputs()[0], window = op.getDpsInputs()[1];
  Type result = getElementTypeOrSelf(op->getResult(0).getType());
  if (!getElementTypeOrSelf(input.getType()).isSignlessInteger(8) ||
      !result.isSignlessInteger(32))
    return std::optional<TensorKernel>();
  num::WindowShape shape;
  setInput(shape, input);
  auto strides = llvm::to_vector(op.getStrides().getValues<int64_t>());
  auto dilations = llvm::to_vector(op.getDilations().getValues<int64_t>());
  setWindow(shape, typeOf(window).getShape(), strides, {0, 0, 0, 0}, dilations);
  return {[shape](Inputs in, Outputs out) {
    num::sumPool2d(in[0]->as<int8_t>().data(), out[0].as<int32_t>().data(),
                   shape, /*zpIn=*/0, /*countIncludesPad=*/true);
    ArrayRef<int32_t> init = in[2]->as<int32_t>();
    MutableArrayRef<int32_t> sums = out[0].as<int32_t>();
    for (size_t i = 0; i < sums.size(); ++i)
      sums[i] += init[i];
  }};
}

static MaybeKernel makeResize(tosa::ResizeOp op) {
  std::optional<ResizeAxes> axes = getResizeAxes(op);
  Type result = getElementTypeOrSelf(op.getType());
  if (failed(expectBytes(op, {op.getInput()})))
    return failure();
  if (!axes || !result.isSignlessInteger(axes->bilinear ? 32 : 8))
    return op.emitError("expected constant scales, and a result of i32 where "
                        "the mode is bilinear, else of i8");
  num::Dims dims = dimsOf(op.getInput());
  return {[axes = *axes, dims](Inputs in, Outputs out) {
    const int8_t *from = in[0]->as<int8_t>().data();
    if (axes.bilinear)
      num::resizeBilinear(from, out[0].as<int32_t>().data(), dims[0], dims[3],
                          axes.y, axes.x);
    else
      num::resizeNearest(from, out[0].as<int8_t>().data(), dims[0], dims[3],
                         axes.y, axes.x);
  }};
}

static MaybeKernel makeAveragePool(AveragePoolOp op) {
  if (failed(expectBytes(op, {op.getInput(), op.getResult()})))
    return failure();
  num::WindowShape shape;
  setInput(shape, op.getInput());
  setWindow(shape, op.getKernel(), op.getStride(), {0, 0, 0, 0}, {1, 1});
  num::QuantParams in{op.getInputScale().convertToFloat(),
                      static_cast<int32_t>(op.getInputZp())};
  num::QuantParams out{op.getOutputScale().convertToFloat(),
                       static_cast<int32_t>(op.getOutputZp())};
  num::StorageRange range{static_cast<int32_t>(op.getMin()),
                          static_cast<int32_t>(op.getMax())};
  bool isUnsigned = op.getAsUnsigned();
  return {[=](Inputs inputs, Outputs outputs) {
    num::averagePoolFloat(inputs[0]->as<int8_t>().data(),
                          outputs[0].as<int8_t>().data(), shape, in, out, range,
                          isUnsigned);
  }};
}

FailureOr<std::optional<TensorKernel>>
mlir::qnt::makeTensorKernel(Operation *op) {
  auto isFloat = [](Type type) {
    return isa<FloatType>(getElementTypeOrSelf(type));
  };
  bool integer = llvm::none_of(op->getResultTypes(), isFloat) &&
                 llvm::none_of(op->getOperandTypes(), isFloat);
  if (!integer && !isa<ToIntOp, ToFloatOp>(op))
    return std::optional<TensorKernel>();
  return TypeSwitch<Operation *, MaybeKernel>(op)
      .Case([](ToIntOp op) { return makeToInt(op); })
      .Case([](ToFloatOp op) { return makeToFloat(op); })
      .Case([](RescaleOp op) { return makeRescale(op); })
      .Case([](TableOp op) { return makeTable(op); })
      .Case([](SoftmaxOp op) { return makeSoftmax(op); })
      .Case([](AveragePoolOp op) { return makeAveragePool(op); })
      .Case([](SoftmaxF32Op op) { return makeSoftmaxF32(op); })
      .Case([](mlir::qnt::AddOp op) {
        return makeBinary(op, addParams(op), num::addTensors);
      })
      .Case([](mlir::qnt::SubOp op) {
        return makeBinary(op, addParams(op), num::addTensors);
      })
      .Case([](mlir::qnt::MulOp op) {
        return makeBinary(op, mulParams(op), num::mulTensors);
      })
      .Case([](StoredAverageOp op) { return makeStoredAverage(op); })
      .Case([](tosa::Conv2DOp op) { return makeConv(op, false); })
      .Case([](tosa::DepthwiseConv2DOp op) { return makeConv(op, true); })
      .Case([](tosa::MatMulOp op) { return makeMatmul(op); })
      .Case([](tosa::MaxPool2dOp op) { return makeMaxPool(op); })
      .Case([](tosa::ResizeOp op) { return makeResize(op); })
      .Case([](linalg::PoolingNhwcSumOp op) { return makeSumPool(op); })
      .Default([](Operation *) { return std::optional<TensorKernel>(); });
}
