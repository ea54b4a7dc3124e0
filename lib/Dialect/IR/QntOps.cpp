//===- QntOps.cpp - verifiers of the qnt ops ------------------------------===//
//
// Checks what types can't say: one message per rule. Folders are in
// QntFolds.cpp.
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/PatternMatch.h"
#include "qnt/Dialect/IR/Qnt.h"

using namespace mlir;
using namespace mlir::qnt;

#include "qnt/Dialect/IR/QntOpInterfaces.cpp.inc"

#define GET_OP_CLASSES
#include "qnt/Dialect/IR/QntOps.cpp.inc"

//===----------------------------------------------------------------------===//
// Edges
//===----------------------------------------------------------------------===//

static QuantizedType elementOf(Value value) {
  return cast<QuantizedType>(getElementTypeOrSelf(value.getType()));
}

/// The scheme must fit the tensor that carries it.
static LogicalResult verifyScheme(Operation *op, Type element,
                                  ShapedType type) {
  auto quantized = cast<QuantizedType>(element);
  return quantized.getScheme().verifyScheme([op] { return op->emitOpError(); },
                                            type, quantized.getStorage());
}

LogicalResult ObserveOp::verify() {
  if (getEdge().empty())
    return emitOpError() << "expected a non-empty edge name";
  return verifyScheme(*this, getTarget(),
                      cast<ShapedType>(getInput().getType()));
}

/// Scheme and run-time parameters: operands exactly when they are dynamic.
static LogicalResult verifyCast(Operation *op, Value quantized, Value scale,
                                Value zeroPoint) {
  QuantizedType element = elementOf(quantized);
  if (failed(verifyScheme(op, element, cast<ShapedType>(quantized.getType()))))
    return failure();
  bool dynamic = isa<DynamicAttr>(element.getScheme());
  if (dynamic != bool(scale) || bool(scale) != bool(zeroPoint))
    return op->emitOpError()
           << "expected scale and zero point operands for a dynamic scheme "
              "and only for it";
  return success();
}

void QuantizeOp::build(OpBuilder &builder, OperationState &state, Type result,
                       Value input) {
  build(builder, state, result, input, Value(), Value());
}
LogicalResult QuantizeOp::verify() {
  return verifyCast(*this, getResult(), getScale(), getZeroPoint());
}

void DequantizeOp::build(OpBuilder &builder, OperationState &state, Type result,
                         Value input) {
  build(builder, state, result, input, Value(), Value());
}
LogicalResult DequantizeOp::verify() {
  return verifyCast(*this, getInput(), getScale(), getZeroPoint());
}

LogicalResult RequantizeOp::verify() {
  for (Value value : {getInput(), getResult()}) {
    if (failed(verifyScheme(*this, elementOf(value),
                            cast<ShapedType>(value.getType()))))
      return failure();
    if (!elementOf(value).getScheme().isComplete())
      return emitOpError() << "expected complete schemes, found "
                           << elementOf(value).getScheme();
  }
  return success();
}

LogicalResult FakeQuantOp::verify() {
  if (!cast<QuantizedType>(getTarget()).getScheme().isComplete())
    return emitOpError() << "expected a complete scheme, found "
                         << cast<QuantizedType>(getTarget()).getScheme();
  return verifyScheme(*this, getTarget(),
                      cast<ShapedType>(getInput().getType()));
}

LogicalResult ChooseParamsOp::verify() {
  auto dynamic =
      dyn_cast<DynamicAttr>(cast<QuantizedType>(getTarget()).getScheme());
  if (!dynamic)
    return emitOpError() << "expected a dynamic scheme, found "
                         << cast<QuantizedType>(getTarget()).getScheme();
  auto input = dyn_cast<RankedTensorType>(getInput().getType());
  auto scale = dyn_cast<RankedTensorType>(getScale().getType());
  auto zeroPoint = dyn_cast<RankedTensorType>(getZeroPoint().getType());
  if (!input || !scale || !zeroPoint)
    return emitOpError() << "expected ranked tensors";
  ArrayRef<int64_t> expected;
  if (dynamic.getGranularity() == Granularity::PerToken)
    expected = input.getShape().drop_back();
  if (scale.getShape() != expected || zeroPoint.getShape() != expected)
    return emitOpError() << "expected parameters of shape [" << expected
                         << "], found [" << scale.getShape() << "] and ["
                         << zeroPoint.getShape() << "]";
  return success();
}

LogicalResult StorageCastOp::verify() {
  Type from = getElementTypeOrSelf(getInput().getType());
  Type to = getElementTypeOrSelf(getResult().getType());
  if (isa<QuantizedType>(from) == isa<QuantizedType>(to))
    return emitOpError() << "expected one quantized and one storage element "
                            "type, found "
                         << from << " and " << to;
  bool quantizes = isa<QuantizedType>(to);
  auto quantized = cast<QuantizedType>(quantizes ? to : from);
  Type storage = quantizes ? from : to;
  bool sameBits = isa<IntegerType>(storage) &&
                  isa<IntegerType>(quantized.getStorage()) &&
                  storage.isSignlessInteger(quantized.getStorageWidth());
  if (storage != quantized.getStorage() && !sameBits)
    return emitOpError() << "expected storage type " << quantized.getStorage()
                         << ", found " << storage;
  return verifyScheme(*this, quantized,
                      cast<ShapedType>(getResult().getType()));
}

//===----------------------------------------------------------------------===//
// Integer arithmetic
//===----------------------------------------------------------------------===//

/// The clamp must be a range, and one that the result can hold.
static LogicalResult verifyClamp(Operation *op, int64_t min, int64_t max,
                                 Value result) {
  if (min > max)
    return op->emitOpError()
           << "expected min of at most max, found " << min << " and " << max;
  auto type = cast<IntegerType>(getElementTypeOrSelf(result.getType()));
  unsigned width = type.getWidth();
  bool isUnsigned = type.isUnsigned();
  if (width > 32)
    return op->emitOpError()
           << "expected a result of at most 32 bits, found " << type;
  int64_t low = isUnsigned ? 0 : -(int64_t(1) << (width - 1));
  int64_t high =
      isUnsigned ? (int64_t(1) << width) - 1 : (int64_t(1) << (width - 1)) - 1;
  if (min < low || max > high)
    return op->emitOpError()
           << "expected clamp within [" << low << ", " << high << "] of "
           << type << ", found [" << min << ", " << max << "]";
  return success();
}

static LogicalResult verifyScale(Operation *op, const APFloat &scale) {
  if (!scale.isFinite() || scale.isNegative() || scale.isZero())
    return op->emitOpError()
           << "expected scale to be finite and above 0, found "
           << scale.convertToDouble();
  return success();
}

LogicalResult ToIntOp::verify() {
  if (failed(verifyScale(*this, getScale())))
    return failure();
  return verifyClamp(*this, int32_t(getMin()), int32_t(getMax()), getResult());
}

LogicalResult ToFloatOp::verify() { return verifyScale(*this, getScale()); }

LogicalResult RescaleOp::verify() {
  ArrayRef<double> multipliers = getMultipliers();
  if (multipliers.empty())
    return emitOpError() << "expected at least one multiplier";
  for (double multiplier : multipliers)
    if (!std::isfinite(multiplier) || multiplier <= 0.0)
      return emitOpError() << "expected multipliers finite and above 0, found "
                           << multiplier;
  if (getEarlyZp() && getRounding() != Rounding::Fp32Rne)
    return emitOpError() << "expected early_zp with rounding fp32_rne alone";
  auto type = dyn_cast<RankedTensorType>(getInput().getType());
  if (multipliers.size() > 1) {
    if (!type || type.getRank() == 0)
      return emitOpError() << "expected a ranked tensor of at least rank 1 "
                              "for per-channel multipliers";
    if (type.getShape().back() != int64_t(multipliers.size()))
      return emitOpError() << "expected " << type.getShape().back()
                           << " multipliers, one per index of the last "
                              "dimension, found "
                           << multipliers.size();
  }
  return verifyClamp(*this, int32_t(getMin()), int32_t(getMax()), getResult());
}

template <typename OpTy> static LogicalResult verifyBinary(OpTy op) {
  for (APFloat scale :
       {op.getLhsScale(), op.getRhsScale(), op.getOutputScale()})
    if (failed(verifyScale(op, scale)))
      return failure();
  auto lhs = dyn_cast<RankedTensorType>(op.getLhs().getType());
  auto rhs = dyn_cast<RankedTensorType>(op.getRhs().getType());
  auto result = dyn_cast<RankedTensorType>(op.getResult().getType());
  if (!lhs || !rhs || !result || lhs.getRank() != rhs.getRank() ||
      lhs.getRank() != result.getRank())
    return op.emitOpError() << "expected ranked tensors of equal rank";
  for (auto [a, b, r] :
       llvm::zip(lhs.getShape(), rhs.getShape(), result.getShape()))
    if ((a != b && a != 1 && b != 1) || r != std::max(a, b))
      return op.emitOpError()
             << "expected operands that broadcast to the result, found " << lhs
             << ", " << rhs << " and " << result;
  return verifyClamp(op, int32_t(op.getMin()), int32_t(op.getMax()),
                     op.getResult());
}
LogicalResult AddOp::verify() { return verifyBinary(*this); }
LogicalResult SubOp::verify() { return verifyBinary(*this); }
LogicalResult MulOp::verify() { return verifyBinary(*this); }

/// Tables are indexed by 8-bit numbers.
static LogicalResult verifyByte(Operation *op, Value value) {
  Type type = getElementTypeOrSelf(value.getType());
  if (type.getIntOrFloatBitWidth() != 8)
    return op->emitOpError() << "expected 8-bit integers, found " << type;
  return success();
}

LogicalResult TableOp::verify() {
  if (getTable().size() != 256)
    return emitOpError() << "expected 256 entries, found " << getTable().size();
  if (failed(verifyByte(*this, getInput())))
    return failure();
  return verifyByte(*this, getResult());
}

LogicalResult SoftmaxOp::verify() {
  if (getTable().size() != 256)
    return emitOpError() << "expected 256 entries, found " << getTable().size();
  auto type = dyn_cast<RankedTensorType>(getInput().getType());
  int64_t axis = getAxis();
  if (!type || axis < 0 || axis >= type.getRank())
    return emitOpError() << "expected axis within the rank of "
                         << getInput().getType() << ", found " << axis;
  if (failed(verifyByte(*this, getInput())))
    return failure();
  return verifyByte(*this, getResult());
}

LogicalResult AveragePoolOp::verify() {
  auto in = dyn_cast<RankedTensorType>(getInput().getType());
  auto out = dyn_cast<RankedTensorType>(getResult().getType());
  if (!in || !out || in.getRank() != 4 || out.getRank() != 4 ||
      getKernel().size() != 2 || getStride().size() != 2)
    return emitOpError() << "expected tensors of rank 4, and two sizes of "
                            "kernel and stride";
  for (int dim : {0, 1}) {
    int64_t size = in.getDimSize(dim + 1), kernel = getKernel()[dim],
            stride = getStride()[dim];
    if (kernel < 1 || stride < 1 || kernel > size ||
        out.getDimSize(dim + 1) != (size - kernel) / stride + 1)
      return emitOpError() << "expected windows of " << kernel << " by "
                           << stride << " to fit dimension " << dim + 1
                           << " of " << in << " and " << out;
  }
  if (failed(verifyByte(*this, getInput())) ||
      failed(verifyScale(*this, getInputScale())) ||
      failed(verifyScale(*this, getOutputScale())))
    return failure();
  return verifyClamp(*this, int32_t(getMin()), int32_t(getMax()), getResult());
}

LogicalResult SoftmaxF32Op::verify() {
  if (getTable().size() != 256)
    return emitOpError() << "expected 256 entries, found " << getTable().size();
  auto type = dyn_cast<RankedTensorType>(getInput().getType());
  if (!type || type.getRank() == 0)
    return emitOpError()
           << "expected a ranked tensor of at least rank 1, found "
           << getInput().getType();
  if (failed(verifyScale(*this, getOutputScale())) ||
      failed(verifyByte(*this, getInput())))
    return failure();
  return verifyByte(*this, getResult());
}

LogicalResult StoredAverageOp::verify() {
  auto input = dyn_cast<RankedTensorType>(getInput().getType());
  auto result = dyn_cast<RankedTensorType>(getResult().getType());
  if (!input || !result || input.getRank() != 4 || result.getRank() != 4 ||
      !input.hasStaticShape() || !result.hasStaticShape())
    return emitOpError() << "expected static tensors of rank 4, found "
                         << getInput().getType() << " and "
                         << getResult().getType();
  ArrayRef<int64_t> kernel = getKernel(), stride = getStride(), pad = getPad();
  if (kernel.size() != 2 || stride.size() != 2 || pad.size() != 4)
    return emitOpError() << "expected 2 kernel sizes, 2 strides and 4 pads, "
                            "found "
                         << kernel.size() << ", " << stride.size() << " and "
                         << pad.size();
  for (int64_t i = 0; i < 2; ++i) {
    int64_t padded = input.getDimSize(1 + i) + pad[2 * i] + pad[2 * i + 1];
    if (kernel[i] < 1 || stride[i] < 1 || pad[2 * i] < 0 ||
        pad[2 * i + 1] < 0 || padded < kernel[i] ||
        (padded - kernel[i]) / stride[i] + 1 != result.getDimSize(1 + i))
      return emitOpError()
             << "expected windows that give the size of dimension " << 1 + i
             << " of " << result;
  }
  if (failed(verifyByte(*this, getInput())))
    return failure();
  return verifyClamp(*this, int32_t(getMin()), int32_t(getMax()), getResult());
}

//===----------------------------------------------------------------------===//
// CompositeOp
//===----------------------------------------------------------------------===//

LogicalResult CompositeOp::verify() {
  if (getName().empty())
    return emitOpError() << "expected a non-empty name";
  Block &block = getBody().front();
  if (block.getArgumentTypes() != getInputs().getTypes())
    return emitOpError() << "expected region arguments of types ["
                         << getInputs().getTypes() << "], found ["
                         << block.getArgumentTypes() << "]";
  auto yield = dyn_cast<YieldOp>(block.getTerminator());
  if (!yield || yield.getValues().getTypes() != getOutputs().getTypes())
    return emitOpError() << "expected the region to yield the result types ["
                         << getOutputs().getTypes() << "]";
  return success();
}
