//===- IntegerForms.cpp - what the models of all dialects share -----------===//
//
// See the header. Invariant: a builder that fails has built nothing and has
// set the reason.
//
//===----------------------------------------------------------------------===//

#include "CentredWeights.h"

#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/Matchers.h"
#include "qnt/Numerics/Multiplier.h"
#include "qnt/Numerics/Table.h"

using namespace mlir;
using namespace mlir::qnt;
using namespace mlir::qnt::models;
namespace num = ::qnt::num;

//===----------------------------------------------------------------------===//
// Queries
//===----------------------------------------------------------------------===//

bool models::isFloatOp(Operation *op) {
  for (Type type : op->getResultTypes()) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor || !tensor.hasStaticShape() || !tensor.getElementType().isF32())
      return false;
  }
  return op->getNumResults() > 0;
}

Attribute models::constantBehind(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    Attribute constant;
    if (matchPattern(op, m_Constant(&constant)))
      return constant;
    if (!isa<QuantizeOp, DequantizeOp, StorageCastOp>(op))
      return {};
    value = op->getOperand(0);
  }
  return {};
}

std::optional<double> models::splatValue(Value value) {
  DenseFPElementsAttr constant;
  if (!matchPattern(value, m_Constant(&constant)) || !constant.isSplat())
    return std::nullopt;
  return constant.getSplatValue<APFloat>().convertToDouble();
}

std::optional<SmallVector<float>> models::rowValues(Value value) {
  DenseFPElementsAttr constant;
  if (!matchPattern(value, m_Constant(&constant)) ||
      constant.getType().getRank() == 0 ||
      constant.getNumElements() != constant.getType().getShape().back())
    return std::nullopt;
  return llvm::to_vector(constant.getValues<float>());
}

ScaleConstraint models::sameScale(ArrayRef<unsigned> operands,
                                  bool resultRangeSuffices) {
  ScaleConstraint constraint{ScaleConstraint::SameScale, {{true, 0}}};
  for (unsigned operand : operands)
    constraint.edges.push_back({false, operand});
  constraint.resultRangeSuffices = resultRangeSuffices;
  return constraint;
}

ScaleConstraint models::fixedResult(float scale, int32_t zeroPoint) {
  return {ScaleConstraint::Fixed, {{true, 0}}, scale, zeroPoint};
}

ScaleConstraint models::derivedBias(unsigned bias, unsigned lhs, unsigned rhs) {
  return {ScaleConstraint::Derived,
          {{false, bias}, {false, lhs}, {false, rhs}}};
}

//===----------------------------------------------------------------------===//
// Building
//===----------------------------------------------------------------------===//

/// Says what is wrong with one type, or nothing.
static std::string describeFault(QuantizedType type, OperandRole::Kind kind,
                                 bool centresWeights) {
  if (!type)
    return "is not quantized";
  std::string storage;
  llvm::raw_string_ostream(storage) << type.getStorage();
  unsigned expected = kind == OperandRole::Bias ? 32 : 8;
  if (!type.isSigned() || !isa<IntegerType>(type.getStorage()) ||
      type.getStorageWidth() != expected)
    return "is stored as " + storage + " where i" + std::to_string(expected) +
           " is needed";
  if (!type.getScheme().isComplete())
    return "has no parameters yet; run qnt-calibrate first";
  if (kind == OperandRole::Activation)
    return type.getPerTensorParams() ? "" : "is not quantized per tensor";
  if (kind == OperandRole::Weight && centresWeights)
    return "";
  if (llvm::any_of(type.getScheme().getZeroPointValues(),
                   [](int32_t zp) { return zp != 0; }))
    return "has a zero point other than 0";
  return "";
}

LogicalResult models::checkForm(Operation *op, const IntegerForm &form,
                                std::string &reason, bool centresWeights) {
  for (const OperandRole &role :
       cast<QuantizableOpInterface>(op).getOperandRoles()) {
    std::string fault = describeFault(form.operandTypes[role.operand],
                                      role.kind, centresWeights);
    if (fault.empty())
      continue;
    reason = "operand " + std::to_string(role.operand) + " " + fault;
    return failure();
  }
  for (auto [index, type] : llvm::enumerate(form.resultTypes)) {
    std::string fault = describeFault(type, OperandRole::Activation, false);
    if (fault.empty())
      continue;
    reason = "result " + std::to_string(index) + " " + fault;
    return failure();
  }
  return success();
}

LogicalResult models::checkSum(int64_t count, int64_t largest,
                               std::string &reason) {
  // A quarter of the range is the bias's.
  if (count <= (int64_t(3) << 29) / (255 * largest))
    return success();
  reason = "a sum of " + std::to_string(count) +
           " products can overflow 32 bits; split it, or exclude the op";
  return failure();
}

num::QuantParams models::paramsOf(QuantizedType type) {
  auto [scale, zeroPoint] = *type.getPerTensorParams();
  return {scale, zeroPoint};
}

ResultForm models::resultForm(const IntegerForm &form) {
  QuantizedType type = form.resultTypes.front();
  num::StorageRange range = storageRangeOf(type);
  ResultForm result{paramsOf(type), range.min, range.max};
  if (form.clamp) {
    result.min = num::quantize(form.clamp->min, result.params, range);
    result.max = num::quantize(form.clamp->max, result.params, range);
  }
  result.params.scale = static_cast<float>(result.params.scale / form.factor);
  return result;
}

RankedTensorType models::storedType(Operation *op, const IntegerForm &form,
                                    unsigned index) {
  auto type = cast<RankedTensorType>(op->getResult(index).getType());
  return type.clone(form.resultTypes[index].getArithmeticType());
}

Operation *models::rebuild(OpBuilder &builder, Operation *op,
                           ValueRange operands, ArrayRef<Type> resultTypes) {
  Operation *copy = builder.clone(*op);
  copy->setOperands(operands);
  for (auto [result, type] : llvm::zip_equal(copy->getResults(), resultTypes))
    result.setType(type);
  return copy;
}

Value models::intConst(OpBuilder &builder, Location loc,
                       DenseElementsAttr values) {
  return tosa::ConstOp::create(builder, loc, values.getType(), values);
}

FailureOr<SmallVector<int32_t>> models::addAddend(const IntegerForm &form,
                                                  ArrayRef<int32_t> stored,
                                                  float inputScale,
                                                  ArrayRef<float> weightScales,
                                                  std::string &reason) {
  SmallVector<int32_t> sums(stored);
  if (form.addend.empty())
    return sums;
  int64_t repeat = sums.size() / weightScales.size();
  for (auto [channel, sum] : llvm::enumerate(sums)) {
    bool saturated = false;
    float addend = form.addend[form.addend.size() == 1 ? 0 : channel];
    int64_t total =
        int64_t(sum) + num::quantizeBias(addend, inputScale,
                                         weightScales[channel / repeat],
                                         saturated);
    if (saturated || total != static_cast<int32_t>(total)) {
      reason = "the constant added behind it does not fit 32 bits in channel " +
               std::to_string(channel) + "; exclude the addition";
      return failure();
    }
    sum = static_cast<int32_t>(total);
  }
  return sums;
}

Value models::zeroPointConst(OpBuilder &builder, Location loc, int64_t value,
                             Type element) {
  auto type = RankedTensorType::get({1}, element);
  auto attr = DenseElementsAttr::get(
      type, builder.getIntegerAttr(element, value).getValue());
  return tosa::ConstOp::create(builder, loc, type, attr);
}

SmallVector<double> models::multipliers(const IntegerForm &form,
                                        float inputScale,
                                        ArrayRef<float> weightScales,
                                        int64_t channels) {
  float outputScale = resultForm(form).params.scale;
  SmallVector<double> perScale;
  for (float weightScale : weightScales)
    perScale.push_back(num::realMultiplier(inputScale, weightScale, outputScale,
                                           toNumerics(form.rounding)));
  if (llvm::all_equal(perScale))
    return {perScale.front()};
  SmallVector<double> all;
  int64_t repeat = channels / static_cast<int64_t>(perScale.size());
  for (double multiplier : perScale)
    all.append(repeat, multiplier);
  return all;
}

Value models::buildRescale(OpBuilder &builder, Operation *op,
                           const IntegerForm &form, Value accumulator,
                           ArrayRef<double> multipliers, int32_t inputZp) {
  ResultForm result = resultForm(form);
  auto type = cast<RankedTensorType>(accumulator.getType());
  return RescaleOp::create(
      builder, op->getLoc(),
      type.clone(form.resultTypes.front().getArithmeticType()), accumulator,
      multipliers, inputZp, result.params.zeroPoint, result.min, result.max,
      form.rounding);
}

FailureOr<Values> models::buildSameOp(RewriterBase &rewriter, Operation *op,
                                      const IntegerForm &form,
                                      std::string &reason) {
  if (failed(checkForm(op, form, reason)))
    return failure();
  for (const OperandRole &role :
       cast<QuantizableOpInterface>(op).getOperandRoles())
    if (paramsOf(form.operandTypes[role.operand]) !=
        paramsOf(form.resultTypes.front())) {
      reason = "operand " + std::to_string(role.operand) +
               " and the result differ in scale; run qnt-propagate first";
      return failure();
    }
  Operation *copy = rebuild(rewriter, op, form.operands, storedType(op, form));
  return Values{copy->getResult(0)};
}

FailureOr<Values> models::buildTable(RewriterBase &rewriter, Operation *op,
                                     unsigned operand, const IntegerForm &form,
                                     std::string &reason) {
  if (failed(checkForm(op, form, reason)))
    return failure();
  auto quantizable = cast<QuantizableOpInterface>(op);
  auto alone = [&](double x) { return *quantizable.evaluateScalar(x); };
  num::StorageRange range = storageRangeOf(form.resultTypes.front());
  std::array<int8_t, 256> table;
  if (auto own = litertTable(op, operand, form))
    table = *own;
  else
    table = num::buildTable<int8_t>(
        form.scalar ? form.scalar : alone, paramsOf(form.operandTypes[operand]),
        paramsOf(form.resultTypes.front()), range.min, range.max);
  return Values{TableOp::create(rewriter, op->getLoc(), storedType(op, form),
                                form.operands[operand],
                                rewriter.getDenseI8ArrayAttr(table))};
}

/// The bias with the summand of `form` in it; the bias itself without one.
static FailureOr<DenseElementsAttr> foldAddend(const IntegerForm &form,
                                               std::string &reason) {
  if (form.addend.empty())
    return DenseElementsAttr();
  DenseIntElementsAttr bias;
  if (!matchPattern(form.operands[2], m_Constant(&bias))) {
    reason = "the bias is no constant, so the addition behind it can't join "
             "it; exclude the addition";
    return failure();
  }
  FailureOr<SmallVector<int32_t>> sums =
      addAddend(form, llvm::to_vector(bias.getValues<int32_t>()),
                paramsOf(form.operandTypes[0]).scale,
                form.operandTypes[1].getScheme().getScaleValues(), reason);
  if (failed(sums))
    return failure();
  return DenseElementsAttr::get(bias.getType(), ArrayRef<int32_t>(*sums));
}

FailureOr<Values> models::buildConvolution(RewriterBase &rewriter,
                                           Operation *op,
                                           const IntegerForm &form,
                                           std::string &reason) {
  if (failed(checkForm(op, form, reason, /*centresWeights=*/true)))
    return failure();
  FailureOr<DenseElementsAttr> bias = foldAddend(form, reason);
  if (failed(bias))
    return failure();
  FailureOr<CentredOperands> centred =
      centreWeights(rewriter, op, form, reason);
  if (failed(centred))
    return failure();
  Location loc = op->getLoc();
  num::QuantParams input = paramsOf(form.operandTypes[0]);
  SmallVector<float> scales = form.operandTypes[1].getScheme().getScaleValues();
  Type i8 = rewriter.getI8Type(), i32 = rewriter.getI32Type();
  Values operands = {centred->input, centred->weights, form.operands[2]};
  if (*bias)
    operands[2] = intConst(rewriter, loc, *bias);
  operands.push_back(zeroPointConst(rewriter, loc, input.zeroPoint, i8));
  operands.push_back(zeroPointConst(rewriter, loc, 0, i8));
  auto type = cast<RankedTensorType>(op->getResult(0).getType()).clone(i32);
  Operation *convolution = rebuild(rewriter, op, operands, Type(type));
  convolution->setAttr("acc_type", TypeAttr::get(i32));
  repeatRows(convolution, centred->repeats);
  return Values{buildRescale(
      rewriter, op, form, convolution->getResult(0),
      multipliers(form, input.scale, scales, type.getShape().back()))};
}
