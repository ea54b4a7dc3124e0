//===- FloatForms.cpp - ops on quantized tensors --------------------------===//
//
// %y = op %x on quantized tensors -> quantize(op(dequantize(%x))). Invariant:
// every quantized value keeps its type, so nothing that the model chose is
// lost; a rescale is the quantize of what was rescaled.
//
//===----------------------------------------------------------------------===//

#include "FloatForms.h"

#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::qnt;

static qnt::QuantizedType quantizedType(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type ? dyn_cast<qnt::QuantizedType>(type.getElementType())
              : qnt::QuantizedType();
}

static RankedTensorType floatType(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  return type.clone(Float32Type::get(type.getContext()));
}

static Value dequantize(OpBuilder &builder, Value value) {
  return DequantizeOp::create(builder, value.getLoc(), floatType(value), value);
}

/// Where the zero points of an op begin; float ops have 0 there.
static unsigned firstZeroPoint(Operation *op) {
  return llvm::TypeSwitch<Operation *, unsigned>(op)
      .Case<tosa::Conv2DOp, tosa::Conv3DOp, tosa::DepthwiseConv2DOp,
            tosa::TransposeConv2DOp>([](auto) { return 3; })
      .Case<tosa::MatMulOp>([](auto) { return 2; })
      .Case<tosa::AvgPool2dOp, tosa::NegateOp>([](auto) { return 1; })
      .Default([&](Operation *) { return op->getNumOperands(); });
}

/// The bias of a convolution as real numbers: its scales are those of input and
/// weights multiplied.
static FailureOr<Value> dequantizeBias(OpBuilder &builder, Operation *op,
                                       Value bias) {
  qnt::QuantizedType input = quantizedType(op->getOperand(0));
  qnt::QuantizedType weights = quantizedType(op->getOperand(1));
  auto params = input ? input.getPerTensorParams() : std::nullopt;
  if (!params || !weights)
    return op->emitError("expected quantized weights and an input of one scale "
                         "beside a bias of integers, found ")
           << op->getOperand(0).getType() << " and "
           << op->getOperand(1).getType();
  SmallVector<float> scales;
  for (float scale : weights.getScheme().getScaleValues())
    scales.push_back(params->first * scale);
  MLIRContext *context = op->getContext();
  SchemeAttrInterface scheme;
  if (scales.size() == 1)
    scheme = PerTensorAttr::get(context, scales.front(), 0);
  else
    scheme = PerAxisAttr::get(context, 0,
                              DenseF32ArrayAttr::get(context, scales), {});
  auto type = cast<RankedTensorType>(bias.getType());
  auto quantized = qnt::QuantizedType::get(IntegerType::get(context, 32),
                                           Float32Type::get(context), scheme);
  Value stored = qnt::StorageCastOp::create(builder, op->getLoc(),
                                            type.clone(quantized), bias);
  return dequantize(builder, stored);
}

/// Bounds of a clamp of stored integers as real numbers.
static LogicalResult convertClamp(tosa::ClampOp clamp, Operation *copy) {
  qnt::QuantizedType type = quantizedType(clamp.getInput());
  auto params = type ? type.getPerTensorParams() : std::nullopt;
  auto low = dyn_cast<IntegerAttr>(clamp.getMinVal());
  auto high = dyn_cast<IntegerAttr>(clamp.getMaxVal());
  if (!params || !low || !high)
    return clamp.emitError("expected integer bounds and one scale, found ")
           << clamp.getInput().getType();
  Builder builder(clamp.getContext());
  auto toReal = [&](IntegerAttr bound) {
    return builder.getF32FloatAttr(params->first *
                                   float(bound.getInt() - params->second));
  };
  copy->setAttr("min_val", toReal(low));
  copy->setAttr("max_val", toReal(high));
  return success();
}

/// A constant of a quantized type is one of its integers.
static LogicalResult convertConstant(tosa::ConstOp op) {
  OpBuilder builder(op);
  auto values = dyn_cast<DenseElementsAttr>(op.getValuesAttr());
  if (!values)
    return op.emitError("expected dense integers in a constant");
  Value plain =
      tosa::ConstOp::create(builder, op.getLoc(), values.getType(), values);
  Value cast =
      qnt::StorageCastOp::create(builder, op.getLoc(), op.getType(), plain);
  op.replaceAllUsesWith(cast);
  op.erase();
  return success();
}

/// What is rescaled, before it was stored as a sum.
static Value findRescaled(OpBuilder &builder, Value input) {
  auto quantize = input.getDefiningOp<QuantizeOp>();
  if (quantize && quantizedType(input).getStorageWidth() == 32)
    return quantize.getInput();
  return dequantize(builder, input);
}

static LogicalResult convertRescale(tosa::RescaleOp op) {
  if (!quantizedType(op.getInput()) || !quantizedType(op.getResult()))
    return op.emitError("expected quantized types on both sides of a rescale, "
                        "found ")
           << op.getInput().getType() << " and " << op.getType();
  OpBuilder builder(op);
  Value real = findRescaled(builder, op.getInput());
  Value result = QuantizeOp::create(builder, op.getLoc(), op.getType(), real);
  op.replaceAllUsesWith(result);
  op.erase();
  return success();
}

static LogicalResult convertOp(Operation *op) {
  if (auto constant = dyn_cast<tosa::ConstOp>(op))
    return convertConstant(constant);
  if (auto rescale = dyn_cast<tosa::RescaleOp>(op))
    return convertRescale(rescale);
  OpBuilder builder(op);
  bool hasBias = firstZeroPoint(op) == 3;
  SmallVector<Value> operands;
  for (auto [i, operand] : llvm::enumerate(op->getOperands())) {
    Value converted = operand;
    if (quantizedType(operand)) {
      converted = dequantize(builder, operand);
    } else if (i >= firstZeroPoint(op)) {
      auto type = RankedTensorType::get({1}, builder.getF32Type());
      converted = tosa::ConstOp::create(builder, op->getLoc(), type,
                                        DenseElementsAttr::get(type, 0.0f));
    } else if (hasBias && i == 2) {
      FailureOr<Value> bias = dequantizeBias(builder, op, operand);
      if (failed(bias))
        return failure();
      converted = *bias;
    }
    operands.push_back(converted);
  }
  Operation *copy = builder.clone(*op);
  copy->setOperands(operands);
  if (copy->hasAttr("acc_type"))
    copy->setAttr("acc_type", TypeAttr::get(builder.getF32Type()));
  if (auto clamp = dyn_cast<tosa::ClampOp>(op))
    if (failed(convertClamp(clamp, copy)))
      return failure();
  for (auto [old, real] : llvm::zip(op->getResults(), copy->getResults())) {
    if (!quantizedType(old))
      continue;
    real.setType(floatType(old));
    old.replaceAllUsesWith(
        QuantizeOp::create(builder, op->getLoc(), old.getType(), real));
  }
  op->erase();
  return success();
}

FailureOr<unsigned> qnt::makeFloatForms(Operation *root) {
  SmallVector<Operation *> found;
  root->walk([&](Operation *op) {
    bool isQuantized = llvm::any_of(op->getOperands(), quantizedType) ||
                       llvm::any_of(op->getResults(), [](OpResult result) {
                         return !!quantizedType(result);
                       });
    if (isQuantized && isa<tosa::TosaDialect>(op->getDialect()))
      found.push_back(op);
  });
  for (Operation *op : found)
    if (failed(convertOp(op)))
      return failure();
  // Sums that only a rescale read.
  root->walk([](QuantizeOp op) {
    if (op->use_empty())
      op->erase();
  });
  return found.size();
}
