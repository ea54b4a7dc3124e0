//===- Signed.cpp - unsigned bytes become signed ones ---------------------===//
//
// An unsigned byte u with zero point z means what the signed byte u - 128 with
// zero point z - 128 means. Invariant: whoever sees bytes from outside (an
// argument, a result, an op on integers) goes on seeing unsigned ones.
//
//===----------------------------------------------------------------------===//

#include "Steps.h"
#include "qnt/Dialect/IR/QntNumerics.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::qnt;

/// The signed twin of an unsigned 8-bit type; null for other types.
static QuantizedType signedTwin(QuantizedType type) {
  if (!type || type.isSigned() || !isa<IntegerType>(type.getStorage()) ||
      type.getStorageWidth() != 8)
    return {};
  MLIRContext *context = type.getContext();
  SchemeAttrInterface scheme;
  SmallVector<int32_t> zeroPoints = type.getScheme().getZeroPointValues();
  for (int32_t &zeroPoint : zeroPoints)
    zeroPoint -= 128;
  if (auto perTensor = dyn_cast<PerTensorAttr>(type.getScheme()))
    scheme = PerTensorAttr::get(context, perTensor.getScale(), zeroPoints[0]);
  else if (auto perAxis = dyn_cast<PerAxisAttr>(type.getScheme()))
    scheme = PerAxisAttr::get(context, perAxis.getAxis(), perAxis.getScales(),
                              DenseI32ArrayAttr::get(context, zeroPoints));
  else
    return {};
  return QuantizedType::get(
      context, IntegerType::get(context, 8), type.getStorageMin() - 128,
      type.getStorageMax() - 128, type.getExpressed(), scheme);
}

/// Stored bytes with the sign bit flipped.
static DenseElementsAttr flipSigns(DenseIntElementsAttr values) {
  Type i8 = IntegerType::get(values.getContext(), 8);
  return values.mapValues(
      i8, [](const APInt &value) { return value ^ APInt::getSignMask(8); });
}

//===----------------------------------------------------------------------===//
// Borders
//===----------------------------------------------------------------------===//

/// Signed bytes as unsigned ones of the same numbers, or the reverse.
static Value shiftBytes(OpBuilder &builder, Location loc, Value value,
                        bool toUnsigned, Rounding rounding) {
  Type element = toUnsigned ? builder.getIntegerType(8, /*isSigned=*/false)
                            : builder.getI8Type();
  int32_t low = toUnsigned ? 0 : -128;
  return RescaleOp::create(builder, loc,
                           cast<ShapedType>(value.getType()).clone(element),
                           value, 1.0, toUnsigned ? 0 : 128,
                           toUnsigned ? 128 : 0, low, low + 255, rounding);
}

static bool isReturn(Operation *op) {
  return op->hasTrait<OpTrait::IsTerminator>();
}

/// True for a cast to bytes that only the function's result takes.
static bool isResultCast(Operation *op) {
  return isa<StorageCastOp>(op) &&
         getElementTypeOrSelf(op->getResult(0).getType()).isInteger(8) &&
         llvm::all_of(op->getUsers(), isReturn);
}

/// True if all uses of a byte argument see unsigned quantized numbers.
static bool isUnsignedArgument(BlockArgument argument) {
  Type element = getElementTypeOrSelf(argument.getType());
  return element.isInteger(8) && !element.isSignedInteger() &&
         !argument.use_empty() &&
         llvm::all_of(argument.getUsers(), [](Operation *user) {
           return isa<StorageCastOp>(user) &&
                  signedTwin(getCompleteType(user->getResult(0))) &&
                  llvm::all_of(user->getResult(0).getUsers(),
                               llvm::IsaPred<DequantizeOp, RequantizeOp>);
         });
}

/// The argument is ui8 now; a shift makes the signed bytes.
static void makeArgumentsSigned(FunctionOpInterface function,
                                Rounding rounding) {
  for (BlockArgument argument : function.getArguments()) {
    if (!isUnsignedArgument(argument))
      continue;
    SmallVector<Operation *> casts(argument.getUsers());
    auto shape = cast<ShapedType>(argument.getType());
    OpBuilder builder = OpBuilder::atBlockBegin(argument.getOwner());
    argument.setType(shape.clone(builder.getIntegerType(8, false)));
    function.removeArgAttr(argument.getArgNumber(), "qnt.dtype");
    Value bytes = shiftBytes(builder, argument.getLoc(), argument,
                             /*toUnsigned=*/false, rounding);
    for (Operation *user : casts) {
      user->setOperand(0, bytes);
      Value result = user->getResult(0);
      result.setType(shape.clone(signedTwin(getCompleteType(result))));
    }
  }
}

/// Behind a cast of signed numbers to bytes: the unsigned bytes that it meant.
static void shiftResult(FunctionOpInterface function, Operation *castOp,
                        Rounding rounding) {
  OpBuilder builder(castOp->getContext());
  builder.setInsertionPointAfter(castOp);
  Type i8 = builder.getI8Type();
  Value bytes = castOp->getResult(0);
  bytes.setType(cast<ShapedType>(bytes.getType()).clone(i8));
  Value shifted = shiftBytes(builder, castOp->getLoc(), bytes,
                             /*toUnsigned=*/true, rounding);
  for (OpOperand &use : llvm::make_early_inc_range(bytes.getUses()))
    if (isReturn(use.getOwner())) {
      use.set(shifted);
      function.removeResultAttr(
          use.getOperandNumber(),
          StringAttr::get(function.getContext(), "qnt.dtype"));
    }
}

static void updateSignature(FunctionOpInterface function) {
  Operation *terminator = function.getFunctionBody().back().getTerminator();
  function.setFunctionTypeAttr(TypeAttr::get(FunctionType::get(
      function.getContext(), function.getFunctionBody().getArgumentTypes(),
      terminator->getOperandTypes())));
}

//===----------------------------------------------------------------------===//
// The step
//===----------------------------------------------------------------------===//

/// A constant whose bytes are flipped, or whose users don't care, gets the
/// signed type.
static void makeResultSigned(FunctionOpInterface function, Operation *op,
                             Rounding rounding) {
  Value result = op->getResult(0);
  auto type = dyn_cast<QuantizedType>(getElementTypeOrSelf(result.getType()));
  QuantizedType twin = signedTwin(type);
  if (!twin || !llvm::all_of(op->getUsers(), [](Operation *user) {
        return isa<DequantizeOp, RequantizeOp>(user) || isResultCast(user);
      }))
    return;
  if (isa<StorageCastOp>(op)) {
    DenseIntElementsAttr stored;
    if (!matchPattern(op->getOperand(0), m_Constant(&stored)))
      return;
    OpBuilder builder(op);
    op->setOperand(0, arith::ConstantOp::create(
                          builder, op->getLoc(),
                          cast<TypedAttr>(Attribute(flipSigns(stored)))));
  }
  result.setType(cast<ShapedType>(result.getType()).clone(twin));
  if (isa<QuantizeOp>(op))
    op->setAttr(kUnsignedAttr, UnitAttr::get(op->getContext()));
  for (Operation *user : op->getUsers())
    if (isa<StorageCastOp>(user))
      shiftResult(function, user, rounding);
}

void propagate::makeSigned(FunctionOpInterface function, Rounding rounding) {
  if (function.isExternal())
    return;
  makeArgumentsSigned(function, rounding);
  SmallVector<Operation *> ops;
  walkGraph(function, [&](Operation *op) {
    if (isa<QuantizeOp, RequantizeOp, StorageCastOp>(op))
      ops.push_back(op);
  });
  for (Operation *op : ops)
    makeResultSigned(function, op, rounding);
  updateSignature(function);
}
