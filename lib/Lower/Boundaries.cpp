//===- Boundaries.cpp - the types of inputs and outputs -------------------===//
//
// Invariant: `qnt.scale` and `qnt.zero_point` describe the integers that a
// caller would exchange, also where the signature itself is float.
//
//===----------------------------------------------------------------------===//

#include "Steps.h"
#include "qnt/Analysis/Edges.h"

using namespace mlir;
using namespace mlir::qnt;
using lower::BoundaryType;

std::optional<BoundaryType> lower::parseBoundaryType(StringRef name) {
  return llvm::StringSwitch<std::optional<BoundaryType>>(name)
      .Case("float", BoundaryType::Float)
      .Case("int8", BoundaryType::Int8)
      .Case("uint8", BoundaryType::Uint8)
      .Default(std::nullopt);
}

namespace {
/// What a boundary conversion says about its integers.
struct Params {
  FloatAttr scale;
  int32_t zeroPoint;
};
} // namespace

/// Unsigned bytes are signed ones plus 128.
static int32_t offsetOf(BoundaryType type) {
  return type == BoundaryType::Uint8 ? 128 : 0;
}

static Value addOffset(OpBuilder &builder, Location loc, Value value,
                       bool toUnsigned, Rounding rounding) {
  Type element = toUnsigned ? builder.getIntegerType(8, /*isSigned=*/false)
                            : builder.getI8Type();
  return RescaleOp::create(
      builder, loc, cast<ShapedType>(value.getType()).clone(element), value,
      1.0, toUnsigned ? 0 : 128, toUnsigned ? 128 : 0, toUnsigned ? 0 : -128,
      toUnsigned ? 255 : 127, rounding);
}

/// The parameters that all uses of an argument quantize it with.
static std::optional<Params> paramsOfArgument(BlockArgument argument) {
  std::optional<Params> params;
  for (Operation *user : argument.getUsers()) {
    auto toInt = dyn_cast<ToIntOp>(user);
    if (!toInt || (params && (params->scale != toInt.getScaleAttr() ||
                              params->zeroPoint !=
                                  static_cast<int32_t>(toInt.getZeroPoint()))))
      return std::nullopt;
    params = Params{toInt.getScaleAttr(),
                    static_cast<int32_t>(toInt.getZeroPoint())};
  }
  return params;
}

/// to_int(argument) -> argument of the asked type.
static LogicalResult rewriteArgument(func::FuncOp function,
                                     BlockArgument argument, BoundaryType type,
                                     Rounding rounding) {
  unsigned index = argument.getArgNumber();
  std::optional<Params> params = paramsOfArgument(argument);
  auto shape = dyn_cast<RankedTensorType>(argument.getType());
  if (!params) {
    if (type == BoundaryType::Float || !shape ||
        !isa<FloatType>(shape.getElementType()) || argument.use_empty())
      return success();
    return function.emitError()
           << "input '" << getEdgeName(argument)
           << "' can't be an integer: it is used as float, or quantized in "
              "several ways; keep inference-input-type=float";
  }
  Builder attrs(function.getContext());
  function.setArgAttr(index, "qnt.scale", params->scale);
  function.setArgAttr(
      index, "qnt.zero_point",
      attrs.getI32IntegerAttr(params->zeroPoint + offsetOf(type)));
  if (type == BoundaryType::Float)
    return success();
  SmallVector<Operation *> users(argument.getUsers());
  bool isUnsigned = type == BoundaryType::Uint8;
  argument.setType(shape.clone(attrs.getIntegerType(8)));
  Value stored = argument;
  if (isUnsigned) {
    argument.setType(shape.clone(attrs.getIntegerType(8, false)));
    OpBuilder builder = OpBuilder::atBlockBegin(argument.getOwner());
    stored = addOffset(builder, users.front()->getLoc(), argument,
                       /*toUnsigned=*/false, rounding);
  }
  for (Operation *user : users) {
    user->getResult(0).replaceAllUsesWith(stored);
    user->erase();
  }
  return success();
}

/// return(to_float(q)) -> return(q of the asked type).
static LogicalResult rewriteResult(func::FuncOp function, OpOperand &operand,
                                   BoundaryType type, Rounding rounding) {
  unsigned index = operand.getOperandNumber();
  auto toFloat = operand.get().getDefiningOp<ToFloatOp>();
  if (!toFloat) {
    if (type == BoundaryType::Float ||
        !isa<FloatType>(getElementTypeOrSelf(operand.get().getType())))
      return success();
    return function.emitError()
           << "output '" << getEdgeName(operand.get())
           << "' can't be an integer: it is computed as float; keep "
              "inference-output-type=float";
  }
  Builder attrs(function.getContext());
  int32_t zeroPoint = toFloat.getZeroPoint();
  function.setResultAttr(index, "qnt.scale", toFloat.getScaleAttr());
  function.setResultAttr(index, "qnt.zero_point",
                         attrs.getI32IntegerAttr(zeroPoint + offsetOf(type)));
  if (type == BoundaryType::Float)
    return success();
  Value stored = toFloat.getInput();
  if (type == BoundaryType::Uint8) {
    OpBuilder builder(toFloat);
    stored = addOffset(builder, toFloat.getLoc(), stored, /*toUnsigned=*/true,
                       rounding);
  }
  operand.set(stored);
  if (toFloat->use_empty())
    toFloat.erase();
  return success();
}

//===----------------------------------------------------------------------===//
// Integers from the start
//===----------------------------------------------------------------------===//

/// The quantized numbers that the bytes of an argument stand for: behind a
/// cast, and behind the shift of unsigned bytes.
static QuantizedType typeBehind(Value bytes) {
  QuantizedType type;
  for (Operation *user : bytes.getUsers()) {
    QuantizedType own = isa<RescaleOp>(user) ? typeBehind(user->getResult(0))
                        : isa<StorageCastOp>(user)
                            ? getCompleteType(user->getResult(0))
                            : QuantizedType();
    if (!own || (type && type != own))
      return {};
    type = own;
  }
  return type;
}

/// The quantized numbers that were stored as the bytes of a result.
static QuantizedType typeBefore(Value bytes) {
  if (auto shift = bytes.getDefiningOp<RescaleOp>())
    return typeBefore(shift.getInput());
  auto cast = bytes.getDefiningOp<StorageCastOp>();
  return cast ? getCompleteType(cast.getInput()) : QuantizedType();
}

/// Scale and zero point of `type` as attributes, in terms of `bytes`.
static std::optional<Params> paramsOf(QuantizedType type, Value bytes) {
  std::optional<std::pair<float, int32_t>> params =
      type ? type.getPerTensorParams() : std::nullopt;
  Type element = getElementTypeOrSelf(bytes.getType());
  if (!params || !isa<IntegerType>(element))
    return std::nullopt;
  bool isShifted = element.isUnsignedInteger() && type.isSigned();
  return Params{Builder(type.getContext()).getF32FloatAttr(params->first),
                params->second + (isShifted ? 128 : 0)};
}

void lower::noteIntegerBoundaries(func::FuncOp function) {
  Builder attrs(function.getContext());
  for (BlockArgument argument : function.getArguments())
    if (std::optional<Params> params =
            paramsOf(typeBehind(argument), argument)) {
      unsigned index = argument.getArgNumber();
      function.setArgAttr(index, "qnt.scale", params->scale);
      function.setArgAttr(index, "qnt.zero_point",
                          attrs.getI32IntegerAttr(params->zeroPoint));
    }
  Operation *terminator = function.getBody().back().getTerminator();
  for (OpOperand &operand : terminator->getOpOperands())
    if (std::optional<Params> params =
            paramsOf(typeBefore(operand.get()), operand.get())) {
      unsigned index = operand.getOperandNumber();
      function.setResultAttr(index, "qnt.scale", params->scale);
      function.setResultAttr(index, "qnt.zero_point",
                             attrs.getI32IntegerAttr(params->zeroPoint));
    }
}

LogicalResult lower::rewriteBoundaries(func::FuncOp function,
                                       BoundaryType inputs,
                                       BoundaryType outputs,
                                       Rounding rounding) {
  for (BlockArgument argument : function.getArguments())
    if (failed(rewriteArgument(function, argument, inputs, rounding)))
      return failure();
  Operation *terminator = function.getBody().back().getTerminator();
  for (OpOperand &operand : terminator->getOpOperands())
    if (failed(rewriteResult(function, operand, outputs, rounding)))
      return failure();
  function.setFunctionType(FunctionType::get(
      function.getContext(), function.getBody().front().getArgumentTypes(),
      terminator->getOperandTypes()));
  return success();
}
