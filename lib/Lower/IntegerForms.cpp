//===- IntegerForms.cpp - from quantized values to stored integers --------===//
//
// Walks a function in order and keeps, for every quantized value, the value
// that holds its stored integers. Invariant: float ops are erased only when
// nothing uses them any more.
//
//===----------------------------------------------------------------------===//

#include "Steps.h"
#include "qnt/Analysis/Edges.h"
#include "qnt/Dialect/IR/QntNumerics.h"
#include "qnt/Numerics/Litert.h"
#include "qnt/Numerics/Reference.h"
#include "qnt/Numerics/Table.h"

#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace mlir::qnt;
namespace num = ::qnt::num;

namespace {
class IntegerLowering {
public:
  IntegerLowering(func::FuncOp function, Rounding rounding,
                  lower::Reasons &reasons, lower::Counts &counts)
      : function(function), rounding(rounding), home(getHome(function)),
        reasons(reasons), counts(counts), rewriter(function.getContext()) {}

  LogicalResult run();

private:
  void visit(Operation *op);
  void lowerQuantize(QuantizeOp op);
  void lowerStorageCast(StorageCastOp op);
  void lowerRequantize(RequantizeOp op);
  void buildConversionTable(RequantizeOp op, Value integers, QuantizedType from,
                            QuantizedType to);
  void lowerOp(QuantizableOpInterface op);
  LogicalResult makeForm(QuantizableOpInterface op, QuantizeOp quantize,
                         IntegerForm &form, std::string &reason);
  std::string whyNotQuantized(QuantizableOpInterface op, unsigned operand);
  LogicalResult lowerDequantize(DequantizeOp op);
  LogicalResult finishSignature();
  void eraseDead(const llvm::SmallPtrSetImpl<Operation *> &kept);

  func::FuncOp function;
  Rounding rounding;
  Home home;
  lower::Reasons &reasons;
  lower::Counts &counts;
  IRRewriter rewriter;
  /// Quantized value -> its stored integers.
  llvm::DenseMap<Value, Value> stored;
  llvm::SmallPtrSet<Operation *, 16> absorbed;
};
} // namespace

static num::QuantParams paramsOf(QuantizedType type) {
  auto [scale, zeroPoint] = *type.getPerTensorParams();
  return {scale, zeroPoint};
}

/// A type whose numbers are integers with one known scale.
static bool isIntegerPerTensor(QuantizedType type) {
  return type && isa<IntegerType>(type.getStorage()) &&
         type.getPerTensorParams();
}

/// Static f32 results only: the kind of op that models answer for.
static bool isStaticFloat(Operation *op) {
  return op->getNumResults() > 0 &&
         llvm::all_of(op->getResultTypes(), [](Type type) {
           auto tensor = dyn_cast<RankedTensorType>(type);
           return tensor && tensor.hasStaticShape() &&
                  tensor.getElementType().isF32();
         });
}

//===----------------------------------------------------------------------===//
// Casts
//===----------------------------------------------------------------------===//

/// The integer op keeps the name of the edge that it computes.
static void copyEdgeName(Operation *from, Value integers) {
  Attribute name = from->getAttr(kEdgeAttr);
  if (Operation *op = integers.getDefiningOp(); op && name)
    op->setAttr(kEdgeAttr, name);
}

void IntegerLowering::lowerQuantize(QuantizeOp op) {
  QuantizedType type = getCompleteType(op.getResult());
  if (stored.contains(op.getResult()) || !isIntegerPerTensor(type) ||
      op.getScale())
    return;
  num::StorageRange range = storageRangeOf(type);
  num::QuantParams params = paramsOf(type);
  rewriter.setInsertionPoint(op);
  stored[op.getResult()] = ToIntOp::create(
      rewriter, op.getLoc(),
      cast<ShapedType>(op.getType()).clone(type.getArithmeticType()),
      op.getInput(), APFloat(params.scale), params.zeroPoint, range.min,
      range.max);
  copyEdgeName(op, stored[op.getResult()]);
}

void IntegerLowering::lowerStorageCast(StorageCastOp op) {
  if (isa<QuantizedType>(getElementTypeOrSelf(op.getType()))) {
    stored[op.getResult()] = op.getInput();
    return;
  }
  Value integers = stored.lookup(op.getInput());
  if (integers && integers.getType() == op.getType())
    rewriter.replaceAllUsesWith(op.getResult(), integers);
}

void IntegerLowering::lowerRequantize(RequantizeOp op) {
  QuantizedType from = getCompleteType(op.getInput());
  QuantizedType to = getCompleteType(op.getResult());
  Value integers = stored.lookup(op.getInput());
  if (!integers || !isIntegerPerTensor(from) || !isIntegerPerTensor(to))
    return;
  bool hasTable = home == Home::OnnxRuntime || home == Home::LitertXnnpack;
  if (hasTable && from.getStorageWidth() == 8 && to.getStorageWidth() == 8 &&
      from.isSigned() && to.isSigned()) {
    buildConversionTable(op, integers, from, to);
    return;
  }
  num::RescaleParams params =
      num::makeRequantize(paramsOf(from), paramsOf(to), storageRangeOf(to),
                          toNumerics(op.getRounding()));
  rewriter.setInsertionPoint(op);
  stored[op.getResult()] = RescaleOp::create(
      rewriter, op.getLoc(),
      cast<ShapedType>(op.getType()).clone(to.getArithmeticType()), integers,
      params.multiplier, params.inputZeroPoint, params.outputZeroPoint,
      params.min, params.max, op.getRounding());
}

/// ONNX Runtime dequantizes and quantizes: of bytes, a table of N13 and N12.
/// LiteRT has a conversion of its own.
// N41, N62.
void IntegerLowering::buildConversionTable(RequantizeOp op, Value integers,
                                           QuantizedType from,
                                           QuantizedType to) {
  std::array<int8_t, 256> table =
      home == Home::LitertXnnpack
          ? num::litertRequantize(paramsOf(from), paramsOf(to))
          : num::conversionTable(paramsOf(from), paramsOf(to),
                                 storageRangeOf(to));
  rewriter.setInsertionPoint(op);
  stored[op.getResult()] = TableOp::create(
      rewriter, op.getLoc(),
      cast<ShapedType>(op.getType()).clone(to.getArithmeticType()), integers,
      rewriter.getDenseI8ArrayAttr(table));
}

/// A dequantize that a float op still uses.
LogicalResult IntegerLowering::lowerDequantize(DequantizeOp op) {
  QuantizedType type = getCompleteType(op.getInput());
  Value integers = stored.lookup(op.getInput());
  rewriter.setInsertionPoint(op);
  if (integers && isIntegerPerTensor(type)) {
    num::QuantParams params = paramsOf(type);
    rewriter.replaceOpWithNewOp<ToFloatOp>(
        op, op.getType(), integers, APFloat(params.scale), params.zeroPoint);
    return success();
  }
  // Stored weights of an op that stays float: back to a float constant.
  DenseIntElementsAttr constant;
  if (!integers || !type || !matchPattern(integers, m_Constant(&constant)) ||
      isa<PerBlockAttr>(type.getScheme()))
    return op.emitError() << "expected a per-tensor scheme of known parameters "
                             "or a constant to lower a dequantize, found "
                          << op.getInput().getType();
  SmallVector<float> scales = type.getScheme().getScaleValues(), values;
  SmallVector<int32_t> zeroPoints = type.getScheme().getZeroPointValues();
  int64_t inner = 1;
  if (std::optional<int64_t> axis = type.getScheme().getQuantizedAxis())
    for (int64_t size : constant.getType().getShape().drop_front(*axis + 1))
      inner *= size;
  for (auto [flat, bits] : llvm::enumerate(constant.getValues<APInt>())) {
    size_t at = flat / inner % scales.size();
    values.push_back(num::dequantize(type.isSigned() ? bits.getSExtValue()
                                                     : bits.getZExtValue(),
                                     scales[at], zeroPoints[at]));
  }
  rewriter.replaceOpWithNewOp<arith::ConstantOp>(
      op, DenseElementsAttr::get(cast<ShapedType>(op.getType()),
                                 ArrayRef<float>(values)));
  return success();
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

std::string IntegerLowering::whyNotQuantized(QuantizableOpInterface op,
                                             unsigned operand) {
  Value value = op->getOperand(operand);
  std::string which = "operand " + std::to_string(operand);
  if (auto dequantize = value.getDefiningOp<DequantizeOp>())
    return which + " is quantized with parameters that are not known at "
                   "compile time; use a static per-tensor scheme";
  if (matchPattern(value, m_Constant()))
    return which + " is a constant that is not stored as integers; run "
                   "qnt-propagate first";
  Operation *producer = value.getDefiningOp();
  if (producer && reasons.contains(producer))
    return which + " comes from '" + getOpLabel(producer) +
           "', which stays float; make that op integer first";
  return which + " is not quantized: no range is known for the edge '" +
         getEdgeName(value) + "'; observe it during calibration";
}

LogicalResult IntegerLowering::makeForm(QuantizableOpInterface op,
                                        QuantizeOp quantize, IntegerForm &form,
                                        std::string &reason) {
  form.rounding = rounding;
  form.home = home;
  form.operands.assign(op->operand_begin(), op->operand_end());
  form.operandTypes.resize(op->getNumOperands());
  for (const OperandRole &role : op.getOperandRoles()) {
    Value source = getQuantizedSource(op->getOperand(role.operand));
    Value integers = source ? stored.lookup(source) : Value();
    if (!integers) {
      reason = whyNotQuantized(op, role.operand);
      return failure();
    }
    form.operands[role.operand] = integers;
    form.operandTypes[role.operand] = getCompleteType(source);
  }
  form.isUnsigned = quantize && quantize->hasAttr(kUnsignedAttr);
  if (quantize)
    form.resultTypes.push_back(getCompleteType(quantize.getResult()));
  return success();
}

void IntegerLowering::lowerOp(QuantizableOpInterface op) {
  SmallVector<QuantizableOpInterface> scalars = getScalarChain(op);
  FusedChain chain;
  if (scalars.empty())
    chain = getFusedChain(op);
  bool isQuantizable = op.isResultQuantizable(0);
  Value result = scalars.empty() ? chain.result : scalars.back()->getResult(0);
  QuantizeOp quantize = isQuantizable ? getQuantizer(result) : QuantizeOp();

  IntegerForm form;
  std::string reason;
  if (failed(makeForm(op, quantize, form, reason))) {
    reasons[op] = reason;
    return;
  }
  if (isQuantizable && !quantize) {
    reasons[op] = "its result '" + getEdgeName(result) +
                  "' is not quantized everywhere; observe that edge during "
                  "calibration";
    return;
  }
  form.addend = chain.addend;
  form.factor = chain.factor;
  form.clamp = chain.clamp;
  if (scalars.size() > 1)
    form.scalar = [scalars](double x) {
      for (QuantizableOpInterface scalar : scalars)
        x = *scalar.evaluateScalar(x);
      return x;
    };
  rewriter.setInsertionPoint(quantize ? quantize.getOperation()
                                      : op.getOperation());
  FailureOr<SmallVector<Value>> built = op.buildInteger(rewriter, form, reason);
  if (failed(built)) {
    reasons[op] = reason;
    return;
  }
  ++counts.integer;
  for (Operation *user : chain.absorbed)
    absorbed.insert(user);
  for (QuantizableOpInterface scalar :
       ArrayRef(scalars).drop_front(scalars.empty() ? 0 : 1))
    absorbed.insert(scalar);
  counts.absorbed +=
      chain.absorbed.size() + (scalars.empty() ? 0 : scalars.size() - 1);
  if (!quantize) {
    rewriter.replaceAllUsesWith(op->getResult(0), built->front());
    return;
  }
  copyEdgeName(quantize, built->front());
  for (Operation *user : result.getUsers())
    stored[user->getResult(0)] = built->front();
}

void IntegerLowering::visit(Operation *op) {
  if (absorbed.contains(op))
    return;
  if (auto quantize = dyn_cast<QuantizeOp>(op))
    return lowerQuantize(quantize);
  if (auto cast = dyn_cast<StorageCastOp>(op))
    return lowerStorageCast(cast);
  if (auto requantize = dyn_cast<RequantizeOp>(op))
    return lowerRequantize(requantize);
  if (QuantizableOpInterface quantizable = getQuantizable(op))
    return lowerOp(quantizable);
  if (auto by = op->getAttrOfType<StringAttr>(kExcludeAttr)) {
    reasons[op] = "excluded by " + by.str();
    return;
  }
  if (op->hasAttr(kExcludeAttr)) {
    reasons[op] = "excluded by attribute " + kExcludeAttr.str();
    return;
  }
  auto quantizable = dyn_cast<QuantizableOpInterface>(op);
  std::string reason;
  if (quantizable && isStaticFloat(op) &&
      failed(quantizable.buildInteger(rewriter, {}, reason)))
    reasons[op] = reason;
}

//===----------------------------------------------------------------------===//
// The function
//===----------------------------------------------------------------------===//

void IntegerLowering::eraseDead(
    const llvm::SmallPtrSetImpl<Operation *> &kept) {
  SmallVector<Operation *> ops;
  walkGraph(function, [&](Operation *op) { ops.push_back(op); });
  for (Operation *op : llvm::reverse(ops))
    if (!kept.contains(op) && isOpTriviallyDead(op)) {
      reasons.erase(op);
      rewriter.eraseOp(op);
    }
}

/// Quantized arguments and results become their stored integers.
LogicalResult IntegerLowering::finishSignature() {
  WalkResult done = function.walk([&](func::ReturnOp op) {
    for (OpOperand &operand : op->getOpOperands()) {
      if (!isa<QuantizedType>(getElementTypeOrSelf(operand.get().getType())))
        continue;
      Value integers = stored.lookup(operand.get());
      if (!integers) {
        op.emitError() << "expected result " << operand.getOperandNumber()
                       << " to be quantized per tensor, found "
                       << operand.get().getType();
        return WalkResult::interrupt();
      }
      operand.set(integers);
    }
    function.setFunctionType(FunctionType::get(function.getContext(),
                                               function.getArgumentTypes(),
                                               op.getOperandTypes()));
    return WalkResult::advance();
  });
  return failure(done.wasInterrupted());
}

LogicalResult IntegerLowering::run() {
  SmallVector<std::pair<BlockArgument, Type>> arguments;
  for (BlockArgument argument : function.getArguments())
    if (auto type =
            dyn_cast<QuantizedType>(getElementTypeOrSelf(argument.getType()))) {
      stored[argument] = argument;
      arguments.emplace_back(
          argument,
          cast<ShapedType>(argument.getType()).clone(type.getArithmeticType()));
    }
  SmallVector<Operation *> ops;
  walkGraph(function, [&](Operation *op) { ops.push_back(op); });
  for (Operation *op : ops)
    visit(op);
  if (failed(finishSignature()))
    return failure();
  // What a dequantize still needs has no user yet.
  llvm::SmallPtrSet<Operation *, 16> kept;
  for (auto [quantized, integers] : stored)
    kept.insert(integers.getDefiningOp());
  eraseDead(kept);

  SmallVector<DequantizeOp> remaining;
  walkGraph(function, [&](Operation *op) {
    if (auto dequantize = dyn_cast<DequantizeOp>(op))
      remaining.push_back(dequantize);
  });
  for (DequantizeOp dequantize : remaining)
    if (failed(lowerDequantize(dequantize)))
      return failure();
  eraseDead(llvm::SmallPtrSet<Operation *, 1>());

  for (auto [argument, type] : arguments)
    argument.setType(type);
  function.setFunctionType(FunctionType::get(
      function.getContext(), function.getBody().getArgumentTypes(),
      function.getResultTypes()));
  return success();
}

LogicalResult lower::buildIntegerForms(func::FuncOp function, Rounding rounding,
                                       Reasons &reasons, Counts &counts) {
  return IntegerLowering(function, rounding, reasons, counts).run();
}
