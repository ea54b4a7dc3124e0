//===- TosaModels.cpp - quantization of tosa ops --------------------------===//
//
// Which edges of a float tosa op are quantized, under which constraints, and
// the integer op that computes the same. A model has no state; ops of other
// element types than f32 have no roles.
//
//===----------------------------------------------------------------------===//

#include "IntegerForms.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/Matchers.h"
#include "qnt/ExternalModels/ExternalModels.h"
#include "qnt/Numerics/Reference.h"
#include "qnt/Numerics/Table.h"

using namespace mlir;
using namespace mlir::qnt;
using namespace mlir::qnt::models;
namespace num = ::qnt::num;

namespace {

template <typename Model, typename OpTy>
using Base = QuantizableOpInterface::ExternalModel<Model, OpTy>;
using Roles = SmallVector<OperandRole>;
using Constraints = SmallVector<ScaleConstraint>;

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// The weight dimension that scales vary along.
int64_t weightAxis(tosa::Conv2DOp) { return 0; }
/// HWCM: the input channel, unless there is only one.
int64_t weightAxis(tosa::DepthwiseConv2DOp op) {
  return cast<ShapedType>(op.getWeight().getType()).getDimSize(2) == 1 ? 3 : 2;
}

/// The channels of an OHWI weight.
WeightChannels channelsOf(tosa::Conv2DOp, ArrayRef<int64_t> index) {
  return {index[3], index[0]};
}
/// The channels of an HWCM weight.
WeightChannels channelsOf(tosa::DepthwiseConv2DOp op, ArrayRef<int64_t> index) {
  int64_t multiplier = cast<ShapedType>(op.getWeight().getType()).getDimSize(3);
  return {index[2], index[2] * multiplier + index[3]};
}

template <typename OpTy>
struct ConvolutionModel : Base<ConvolutionModel<OpTy>, OpTy> {
  Roles getOperandRoles(Operation *op) const {
    if (!isFloatOp(op))
      return {};
    return {activation(0), weight(1, weightAxis(cast<OpTy>(op))), bias(2)};
  }
  Constraints getScaleConstraints(Operation *) const {
    return {derivedBias(2, 0, 1)};
  }
  bool absorbsClamp(Operation *) const { return true; }
  bool absorbsFactor(Operation *) const { return true; }
  bool absorbsAddend(Operation *) const { return true; }
  std::optional<WeightChannels>
  getWeightChannels(Operation *op, ArrayRef<int64_t> index) const {
    return channelsOf(cast<OpTy>(op), index);
  }
  FailureOr<Values> buildInteger(Operation *op, RewriterBase &rewriter,
                                 const IntegerForm &form,
                                 std::string &reason) const {
    return buildConvolution(rewriter, op, form, reason);
  }
};

struct TransposeConvolutionModel
    : Base<TransposeConvolutionModel, tosa::TransposeConv2DOp> {
  Roles getOperandRoles(Operation *op) const {
    if (!isFloatOp(op))
      return {};
    return {activation(0), weight(1, 0), bias(2)};
  }
  Constraints getScaleConstraints(Operation *) const {
    return {derivedBias(2, 0, 1)};
  }
  bool absorbsClamp(Operation *) const { return true; }
  bool absorbsFactor(Operation *) const { return true; }
  bool absorbsAddend(Operation *) const { return true; }
  FailureOr<Values> buildInteger(Operation *op, RewriterBase &rewriter,
                                 const IntegerForm &form,
                                 std::string &reason) const {
    return buildTransposedConv(rewriter, op, form, reason);
  }
};

struct MatMulModel : Base<MatMulModel, tosa::MatMulOp> {
  Roles getOperandRoles(Operation *op) const {
    if (!isFloatOp(op))
      return {};
    auto matmul = cast<tosa::MatMulOp>(op);
    return {constantBehind(matmul.getA()) ? weight(0, 0) : activation(0),
            constantBehind(matmul.getB()) ? weight(1, 2) : activation(1)};
  }
  bool absorbsClamp(Operation *) const { return true; }
  bool absorbsFactor(Operation *) const { return true; }
  FailureOr<Values> buildInteger(Operation *op, RewriterBase &rewriter,
                                 const IntegerForm &form,
                                 std::string &reason) const {
    if (failed(checkForm(op, form, reason)))
      return failure();
    if (!form.operandTypes[0].getPerTensorParams()) {
      reason = "operand 0 is a constant quantized per axis; quantize weights "
               "per tensor, or swap the operands";
      return failure();
    }
    int64_t count = cast<ShapedType>(op->getOperand(0).getType()).getDimSize(2);
    if (failed(checkSum(count, 255, reason)))
      return failure();
    num::QuantParams lhs = paramsOf(form.operandTypes[0]);
    SchemeAttrInterface rhs = form.operandTypes[1].getScheme();
    if (rhs.getQuantizedAxis().value_or(2) != 2) {
      reason = "operand 1 is quantized along another axis than its columns";
      return failure();
    }
    Location loc = op->getLoc();
    Type i8 = rewriter.getI8Type(), i32 = rewriter.getI32Type();
    Value lhsZp = zeroPointConst(rewriter, loc, lhs.zeroPoint, i8);
    Value rhsZp =
        zeroPointConst(rewriter, loc, rhs.getZeroPointValues().front(), i8);
    auto type = cast<RankedTensorType>(op->getResult(0).getType()).clone(i32);
    Operation *product =
        rebuild(rewriter, op,
                {form.operands[0], form.operands[1], lhsZp, rhsZp}, Type(type));
    return Values{
        buildRescale(rewriter, op, form, product->getResult(0),
                     multipliers(form, lhs.scale, rhs.getScaleValues(),
                                 type.getShape().back()))};
  }
};

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

/// op(x, constant) or op(constant, x) of one splat constant: a scalar function.
struct SplatOperand {
  unsigned variable;
  double constant;
};

std::optional<SplatOperand> splatOperand(Operation *op) {
  for (unsigned constant : {1u, 0u}) {
    unsigned variable = 1 - constant;
    std::optional<double> value = splatValue(op->getOperand(constant));
    if (value &&
        op->getOperand(variable).getType() == op->getResult(0).getType())
      return SplatOperand{variable, *value};
  }
  return std::nullopt;
}

double evaluate(tosa::AddOp, double a, double b) { return a + b; }
double evaluate(tosa::SubOp, double a, double b) { return a - b; }
double evaluate(tosa::MulOp, double a, double b) { return a * b; }
double evaluate(tosa::PowOp, double a, double b) { return std::pow(a, b); }
double evaluate(tosa::MaximumOp, double a, double b) { return std::max(a, b); }
double evaluate(tosa::MinimumOp, double a, double b) { return std::min(a, b); }

FailureOr<Values> buildOf(tosa::AddOp op, RewriterBase &rewriter,
                          const IntegerForm &form, std::string &reason) {
  return buildBinary<AddOp>(rewriter, op, form, reason);
}
FailureOr<Values> buildOf(tosa::SubOp op, RewriterBase &rewriter,
                          const IntegerForm &form, std::string &reason) {
  return buildBinary<SubOp>(rewriter, op, form, reason);
}
FailureOr<Values> buildOf(tosa::MulOp op, RewriterBase &rewriter,
                          const IntegerForm &form, std::string &reason) {
  return buildBinary<MulOp>(rewriter, op, form, reason);
}
FailureOr<Values> buildOf(tosa::PowOp, RewriterBase &, const IntegerForm &,
                          std::string &reason) {
  reason = "tosa.pow has an integer form only for a constant base or exponent; "
           "exclude it";
  return failure();
}
FailureOr<Values> buildOf(tosa::MaximumOp op, RewriterBase &rewriter,
                          const IntegerForm &form, std::string &reason) {
  return buildSameOp(rewriter, op, form, reason);
}
FailureOr<Values> buildOf(tosa::MinimumOp op, RewriterBase &rewriter,
                          const IntegerForm &form, std::string &reason) {
  return buildSameOp(rewriter, op, form, reason);
}

/// Two operands; with a splat constant, a scalar function of the other.
template <typename OpTy> struct BinaryModel : Base<BinaryModel<OpTy>, OpTy> {
  static constexpr bool kSelects = std::is_same_v<OpTy, tosa::MaximumOp> ||
                                   std::is_same_v<OpTy, tosa::MinimumOp>;

  Roles getOperandRoles(Operation *op) const {
    if (!isFloatOp(op))
      return {};
    if (std::optional<SplatOperand> splat = splatOperand(op))
      return {activation(splat->variable)};
    return {activation(0), activation(1)};
  }
  Constraints getScaleConstraints(Operation *op) const {
    if (!kSelects || splatOperand(op))
      return {};
    return {sameScale({0, 1})};
  }
  std::optional<RealRange> getClampRange(Operation *op) const {
    constexpr double inf = std::numeric_limits<double>::infinity();
    std::optional<SplatOperand> splat = splatOperand(op);
    if (!kSelects || !splat)
      return std::nullopt;
    return std::is_same_v<OpTy, tosa::MaximumOp>
               ? RealRange{splat->constant, inf}
               : RealRange{-inf, splat->constant};
  }
  bool absorbsClamp(Operation *op) const {
    return std::is_same_v<OpTy, tosa::AddOp> ||
           std::is_same_v<OpTy, tosa::SubOp> ||
           std::is_same_v<OpTy, tosa::MulOp>;
  }
  std::optional<double> getScaleFactor(Operation *op) const {
    std::optional<SplatOperand> splat = splatOperand(op);
    if (!std::is_same_v<OpTy, tosa::MulOp> || !splat || splat->constant <= 0 ||
        !std::isfinite(splat->constant))
      return std::nullopt;
    return splat->constant;
  }
  std::optional<SmallVector<float>> getAddend(Operation *op) const {
    constexpr bool isSub = std::is_same_v<OpTy, tosa::SubOp>;
    if (!isSub && !std::is_same_v<OpTy, tosa::AddOp>)
      return std::nullopt;
    for (unsigned constant : {1u, 0u}) {
      if (op->getOperand(1 - constant).getType() !=
              op->getResult(0).getType() ||
          (isSub && constant == 0))
        continue;
      std::optional<SmallVector<float>> values =
          rowValues(op->getOperand(constant));
      if (std::optional<double> splat = splatValue(op->getOperand(constant)))
        values = SmallVector<float>{static_cast<float>(*splat)};
      if (!values)
        continue;
      if (isSub)
        for (float &value : *values)
          value = -value;
      return values;
    }
    return std::nullopt;
  }
  std::optional<double> evaluateScalar(Operation *op, double x) const {
    std::optional<SplatOperand> splat = splatOperand(op);
    if (!splat)
      return std::nullopt;
    return splat->variable == 0 ? evaluate(cast<OpTy>(op), x, splat->constant)
                                : evaluate(cast<OpTy>(op), splat->constant, x);
  }
  FailureOr<Values> buildInteger(Operation *op, RewriterBase &rewriter,
                                 const IntegerForm &form,
                                 std::string &reason) const {
    if (std::optional<SplatOperand> splat = splatOperand(op))
      return buildTable(rewriter, op, splat->variable, form, reason);
    return buildOf(cast<OpTy>(op), rewriter, form, reason);
  }
};

/// A scalar function that Numerics knows by name.
struct UnaryEntry {
  StringRef op;
  StringRef function;
  /// The result parameters, where the function's range fixes them.
  float scale = 0.0f;
  int32_t zeroPoint = 0;
};

constexpr UnaryEntry kUnary[] = {
    {"tosa.abs", "abs"},
    {"tosa.ceil", "ceil"},
    {"tosa.cos", "cos"},
    {"tosa.erf", "erf"},
    {"tosa.exp", "exp"},
    {"tosa.floor", "floor"},
    {"tosa.log", "log"},
    {"tosa.negate", "neg"},
    {"tosa.reciprocal", "reciprocal"},
    {"tosa.rsqrt", "rsqrt"},
    {"tosa.sigmoid", "sigmoid", 1.0f / 256.0f, -128},
    {"tosa.sin", "sin"},
    {"tosa.tanh", "tanh", 1.0f / 128.0f, 0},
};

const UnaryEntry &unaryEntry(Operation *op) {
  return *llvm::find_if(kUnary, [op](const UnaryEntry &entry) {
    return entry.op == op->getName().getStringRef();
  });
}

template <typename OpTy> struct UnaryModel : Base<UnaryModel<OpTy>, OpTy> {
  Roles getOperandRoles(Operation *op) const {
    return isFloatOp(op) ? Roles{activation(0)} : Roles{};
  }
  Constraints getScaleConstraints(Operation *op) const {
    const UnaryEntry &entry = unaryEntry(op);
    if (entry.scale == 0.0f)
      return {};
    return {fixedResult(entry.scale, entry.zeroPoint)};
  }
  std::optional<double> evaluateScalar(Operation *op, double x) const {
    return (*num::unaryFunction(std::string_view(unaryEntry(op).function)))(x);
  }
  FailureOr<Values> buildInteger(Operation *op, RewriterBase &rewriter,
                                 const IntegerForm &form,
                                 std::string &reason) const {
    return buildTable(rewriter, op, 0, form, reason);
  }
};

struct ClampModel : Base<ClampModel, tosa::ClampOp> {
  Roles getOperandRoles(Operation *op) const {
    return isFloatOp(op) ? Roles{activation(0)} : Roles{};
  }
  std::optional<RealRange> getClampRange(Operation *op) const {
    auto clamp = cast<tosa::ClampOp>(op);
    auto low = dyn_cast<FloatAttr>(clamp.getMinValAttr());
    auto high = dyn_cast<FloatAttr>(clamp.getMaxValAttr());
    if (!low || !high)
      return std::nullopt;
    return RealRange{low.getValueAsDouble(), high.getValueAsDouble()};
  }
  std::optional<double> evaluateScalar(Operation *op, double x) const {
    std::optional<RealRange> range = getClampRange(op);
    if (!range)
      return std::nullopt;
    return num::clampFunction(range->min, range->max)(x);
  }
  FailureOr<Values> buildInteger(Operation *op, RewriterBase &rewriter,
                                 const IntegerForm &form,
                                 std::string &reason) const {
    return buildTable(rewriter, op, 0, form, reason);
  }
};

//===----------------------------------------------------------------------===//
// Layout and selection: the same op on stored integers
//===----------------------------------------------------------------------===//

/// Ops whose result elements are elements of operand 0, or of all operands.
template <typename OpTy, bool allOperands = false>
struct MoveModel : Base<MoveModel<OpTy, allOperands>, OpTy> {
  SmallVector<unsigned> moved(Operation *op) const {
    unsigned count = allOperands ? op->getNumOperands() : 1;
    return llvm::to_vector(llvm::seq(0u, count));
  }
  Roles getOperandRoles(Operation *op) const {
    if (!isFloatOp(op))
      return {};
    return llvm::map_to_vector<4>(moved(op), activation);
  }
  Constraints getScaleConstraints(Operation *op) const {
    return {sameScale(moved(op), /*resultRangeSuffices=*/!allOperands)};
  }
  FailureOr<Values> buildInteger(Operation *op, RewriterBase &rewriter,
                                 const IntegerForm &form,
                                 std::string &reason) const {
    return buildSameOp(rewriter, op, form, reason);
  }
};

/// The padding is a constant that is stored like the result.
struct PadModel : Base<PadModel, tosa::PadOp> {
  Roles getOperandRoles(Operation *op) const {
    return isFloatOp(op) ? Roles{activation(0)} : Roles{};
  }
  Constraints getScaleConstraints(Operation *) const {
    return {sameScale({0})};
  }
  FailureOr<Values> buildInteger(Operation *op, RewriterBase &rewriter,
                                 const IntegerForm &form,
                                 std::string &reason) const {
    std::optional<double> padding =
        splatValue(cast<tosa::PadOp>(op).getPadConst());
    if (!padding) {
      reason = "the padding value is no constant; exclude the op";
      return failure();
    }
    if (failed(checkForm(op, form, reason)))
      return failure();
    QuantizedType type = form.resultTypes.front();
    int32_t stored = num::quantize(static_cast<float>(*padding), paramsOf(type),
                                   storageRangeOf(type));
    IntegerForm padded = form;
    padded.operands[2] = zeroPointConst(rewriter, op->getLoc(), stored,
                                        type.getArithmeticType());
    return buildSameOp(rewriter, op, padded, reason);
  }
};

/// The index of the largest element does not depend on the scale.
struct ArgMaxModel : Base<ArgMaxModel, tosa::ArgMaxOp> {
  Roles getOperandRoles(Operation *op) const {
    Type type = getElementTypeOrSelf(op->getOperand(0).getType());
    return type.isF32() ? Roles{activation(0)} : Roles{};
  }
  bool isResultQuantizable(Operation *, unsigned) const { return false; }
  FailureOr<Values> buildInteger(Operation *op, RewriterBase &rewriter,
                                 const IntegerForm &form,
                                 std::string &reason) const {
    if (failed(checkForm(op, form, reason)))
      return failure();
    return Values{
        rebuild(rewriter, op, form.operands, op->getResult(0).getType())
            ->getResult(0)};
  }
};

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

/// sum of stored integers -> (sum - zp * count) * scale / count.
struct AvgPoolModel : Base<AvgPoolModel, tosa::AvgPool2dOp> {
  Roles getOperandRoles(Operation *op) const {
    return isFloatOp(op) ? Roles{activation(0)} : Roles{};
  }
  bool absorbsClamp(Operation *) const { return true; }
  bool absorbsFactor(Operation *) const { return true; }
  FailureOr<Values> buildInteger(Operation *op, RewriterBase &rewriter,
                                 const IntegerForm &form,
                                 std::string &reason) const {
    if (failed(checkForm(op, form, reason)))
      return failure();
    auto pool = cast<tosa::AvgPool2dOp>(op);
    if (llvm::any_of(pool.getPad(), [](int64_t pad) { return pad != 0; })) {
      reason = "the average leaves padding out of the count, which then varies "
               "by position; pad with tosa.pad, or exclude the op";
      return failure();
    }
    ArrayRef<int64_t> kernel = pool.getKernel();
    auto input = cast<RankedTensorType>(pool.getInput().getType());
    if (form.home == Home::OnnxRuntime &&
        kernel != input.getShape().slice(1, 2))
      return buildFloatMean(rewriter, pool, form);
    Value sum = buildSumPool(rewriter, op->getLoc(), form.operands[0], kernel,
                             pool.getStride(),
                             cast<RankedTensorType>(pool.getType()).getShape());
    return Values{buildMean(rewriter, op, form, sum, kernel[0] * kernel[1])};
  }

private:
  /// N46.
  static Values buildFloatMean(RewriterBase &rewriter, tosa::AvgPool2dOp pool,
                               const IntegerForm &form) {
    num::QuantParams input = paramsOf(form.operandTypes[0]);
    ResultForm result = resultForm(form);
    return Values{AveragePoolOp::create(
        rewriter, pool.getLoc(), storedType(pool, form), form.operands[0],
        pool.getKernel(), pool.getStride(), APFloat(input.scale),
        input.zeroPoint, APFloat(result.params.scale), result.params.zeroPoint,
        result.min, result.max, form.isUnsigned)};
  }

  static Value buildMean(RewriterBase &rewriter, Operation *op,
                         const IntegerForm &form, Value sum, int64_t count) {
    num::QuantParams input = paramsOf(form.operandTypes[0]);
    num::RescaleParams mean = num::makeMeanRescale(
        input, resultForm(form).params, count,
        storageRangeOf(form.resultTypes.front()), toNumerics(form.rounding));
    return buildRescale(rewriter, op, form, sum, mean.multiplier,
                        mean.inputZeroPoint);
  }
};

/// The sum of stored integers, then one rescale.
struct ReduceSumModel : Base<ReduceSumModel, tosa::ReduceSumOp> {
  Roles getOperandRoles(Operation *op) const {
    return isFloatOp(op) ? Roles{activation(0)} : Roles{};
  }
  bool absorbsClamp(Operation *) const { return true; }
  bool absorbsFactor(Operation *) const { return true; }
  FailureOr<Values> buildInteger(Operation *op, RewriterBase &rewriter,
                                 const IntegerForm &form,
                                 std::string &reason) const {
    if (failed(checkForm(op, form, reason)))
      return failure();
    auto sum = cast<tosa::ReduceSumOp>(op);
    auto from = cast<RankedTensorType>(sum.getInput().getType());
    int64_t count = from.getDimSize(sum.getAxis());
    num::QuantParams input = paramsOf(form.operandTypes[0]);
    if (count > (int64_t(1) << 23)) {
      reason = "a sum of " + std::to_string(count) +
               " numbers overflows 32 bits; exclude the op";
      return failure();
    }
    Type i32 = rewriter.getI32Type();
    Value wide = tosa::CastOp::create(rewriter, op->getLoc(), from.clone(i32),
                                      form.operands[0]);
    auto type = cast<RankedTensorType>(sum.getType()).clone(i32);
    Operation *total = rebuild(rewriter, op, wide, Type(type));
    return Values{buildRescale(rewriter, op, form, total->getResult(0),
                               multipliers(form, input.scale, {1.0f}, 1),
                               input.zeroPoint * count)};
  }
};

template <typename... OpTy> void attachUnary(MLIRContext *context) {
  (OpTy::template attachInterface<UnaryModel<OpTy>>(*context), ...);
}
template <typename... OpTy> void attachBinary(MLIRContext *context) {
  (OpTy::template attachInterface<BinaryModel<OpTy>>(*context), ...);
}
template <typename... OpTy> void attachMove(MLIRContext *context) {
  (OpTy::template attachInterface<MoveModel<OpTy>>(*context), ...);
}

} // namespace

void mlir::qnt::registerTosaModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, tosa::TosaDialect *) {
    using namespace tosa;
    Conv2DOp::attachInterface<ConvolutionModel<Conv2DOp>>(*context);
    DepthwiseConv2DOp::attachInterface<ConvolutionModel<DepthwiseConv2DOp>>(
        *context);
    TransposeConv2DOp::attachInterface<TransposeConvolutionModel>(*context);
    MatMulOp::attachInterface<MatMulModel>(*context);
    ClampOp::attachInterface<ClampModel>(*context);
    PadOp::attachInterface<PadModel>(*context);
    attachTosaResize(*context);
    ArgMaxOp::attachInterface<ArgMaxModel>(*context);
    AvgPool2dOp::attachInterface<AvgPoolModel>(*context);
    ReduceSumOp::attachInterface<ReduceSumModel>(*context);
    ConcatOp::attachInterface<MoveModel<ConcatOp, true>>(*context);
    attachMove<GatherOp, MaxPool2dOp, ReduceMaxOp, ReduceMinOp, ReshapeOp,
               ReverseOp, SliceOp, TileOp, TransposeOp>(context);
    attachBinary<tosa::AddOp, tosa::SubOp, tosa::MulOp, PowOp, MaximumOp,
                 MinimumOp>(context);
    attachUnary<AbsOp, CeilOp, CosOp, ErfOp, ExpOp, FloorOp, LogOp, NegateOp,
                ReciprocalOp, RsqrtOp, SigmoidOp, SinOp, TanhOp>(context);
  });
}
