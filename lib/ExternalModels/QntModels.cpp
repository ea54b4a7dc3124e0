//===- QntModels.cpp - quantization of composites -------------------------===//
//
// A composite is quantized by its name: softmax as one integer op, scalar
// functions as tables. A name that nobody knows keeps the op float.
//
//===----------------------------------------------------------------------===//

#include "IntegerForms.h"

#include "qnt/ExternalModels/ExternalModels.h"
#include "qnt/Numerics/Softmax.h"
#include "qnt/Numerics/Table.h"

using namespace mlir;
using namespace mlir::qnt;
using namespace mlir::qnt::models;
namespace num = ::qnt::num;

namespace {

/// A float entry of the composite's configuration.
std::optional<double> configFloat(CompositeOp op, StringRef key) {
  if (DictionaryAttr config = op.getConfigAttr())
    if (auto value = config.getAs<FloatAttr>(key))
      return value.getValueAsDouble();
  return std::nullopt;
}

/// The scalar function of a composite with one operand and one result.
std::optional<num::UnaryFunction> scalarFunction(CompositeOp op) {
  if (op.getInputs().size() != 1 || op.getOutputs().size() != 1 ||
      op.getInputs()[0].getType() != op.getOutputs()[0].getType())
    return std::nullopt;
  StringRef name = llvm::StringSwitch<StringRef>(op.getName())
                       .Case("gelu_tanh", "gelu-tanh")
                       .Case("hard_sigmoid", "hardsigmoid")
                       .Case("hard_swish", "hardswish")
                       .Default(op.getName());
  return num::unaryFunction(std::string_view(name), configFloat(op, "alpha"),
                            configFloat(op, "beta"));
}

/// The axis of a softmax, counted from the front; nothing for other names.
std::optional<int64_t> softmaxAxis(CompositeOp op) {
  if (op.getName() != "softmax" || op.getInputs().size() != 1 ||
      op.getOutputs().size() != 1)
    return std::nullopt;
  int64_t rank = cast<ShapedType>(op.getInputs()[0].getType()).getRank();
  int64_t axis = -1;
  if (DictionaryAttr config = op.getConfigAttr())
    if (auto value = config.getAs<IntegerAttr>("axis"))
      axis = value.getInt();
  axis = axis < 0 ? axis + rank : axis;
  return axis < 0 || axis >= rank ? std::nullopt : std::optional(axis);
}

/// N45.
FailureOr<Values> buildFloatSoftmax(RewriterBase &rewriter, CompositeOp op,
                                    int64_t axis, int64_t length,
                                    const IntegerForm &form) {
  num::FloatSoftmax params =
      num::makeFloatSoftmax(paramsOf(form.operandTypes[0]).scale, length,
                            paramsOf(form.resultTypes[0]));
  SmallVector<int32_t> bits;
  for (float entry : params.table)
    bits.push_back(llvm::bit_cast<int32_t>(entry));
  return Values{SoftmaxOp::create(
      rewriter, op.getLoc(), storedType(op, form), form.operands[0],
      rewriter.getI64IntegerAttr(axis), rewriter.getDenseI32ArrayAttr(bits),
      rewriter.getF32FloatAttr(params.factor),
      rewriter.getI32IntegerAttr(params.zeroPoint))};
}

FailureOr<Values> buildSoftmax(RewriterBase &rewriter, CompositeOp op,
                               int64_t axis, const IntegerForm &form,
                               std::string &reason) {
  if (failed(checkForm(op, form, reason)))
    return failure();
  if (form.home != Home::OnnxRuntime &&
      paramsOf(form.resultTypes[0]) != num::kSoftmaxOutput) {
    reason = "a softmax has the result scale 1/256 and zero point -128; run "
             "qnt-propagate first";
    return failure();
  }
  int64_t length =
      cast<ShapedType>(op.getInputs()[0].getType()).getDimSize(axis);
  if (length < 1 || length > num::kSoftmaxMaxLength) {
    reason = "a softmax of " + std::to_string(length) +
             " entries exceeds the " + std::to_string(num::kSoftmaxMaxLength) +
             " of the integer form; exclude it";
    return failure();
  }
  if (form.home == Home::OnnxRuntime)
    return buildFloatSoftmax(rewriter, op, axis, length, form);
  num::SoftmaxTable table =
      num::buildSoftmaxTable(paramsOf(form.operandTypes[0]).scale, length);
  SmallVector<int32_t> entries(table.begin(), table.end());
  return Values{SoftmaxOp::create(
      rewriter, op.getLoc(), storedType(op, form), form.operands[0],
      rewriter.getI64IntegerAttr(axis), rewriter.getDenseI32ArrayAttr(entries),
      FloatAttr(), rewriter.getI32IntegerAttr(-128))};
}

struct CompositeModel
    : QuantizableOpInterface::ExternalModel<CompositeModel, CompositeOp> {
  SmallVector<OperandRole> getOperandRoles(Operation *op) const {
    auto composite = cast<CompositeOp>(op);
    if (!isFloatOp(op) ||
        (!softmaxAxis(composite) && !scalarFunction(composite) &&
         !isLitertComposite(composite)))
      return {};
    return {activation(0)};
  }
  bool isResultQuantizable(Operation *op, unsigned) const {
    return !getOperandRoles(op).empty();
  }
  bool absorbsClamp(Operation *op) const {
    return isLitertComposite(cast<CompositeOp>(op));
  }
  SmallVector<ScaleConstraint> getScaleConstraints(Operation *op) const {
    auto composite = cast<CompositeOp>(op);
    if (softmaxAxis(composite))
      return {fixedResult(num::kSoftmaxOutput.scale,
                          num::kSoftmaxOutput.zeroPoint)};
    return llvm::StringSwitch<SmallVector<ScaleConstraint>>(composite.getName())
        .Case("sigmoid", {fixedResult(1.0f / 256.0f, -128)})
        .Case("tanh", {fixedResult(1.0f / 128.0f, 0)})
        .Default({});
  }
  std::optional<RealRange> getClampRange(Operation *op) const {
    constexpr double inf = std::numeric_limits<double>::infinity();
    return llvm::StringSwitch<std::optional<RealRange>>(
               cast<CompositeOp>(op).getName())
        .Case("relu", RealRange{0.0, inf})
        .Case("relu6", RealRange{0.0, 6.0})
        .Default(std::nullopt);
  }
  std::optional<double> evaluateScalar(Operation *op, double x) const {
    std::optional<num::UnaryFunction> function =
        scalarFunction(cast<CompositeOp>(op));
    return function ? std::optional((*function)(x)) : std::nullopt;
  }
  FailureOr<Values> buildInteger(Operation *op, RewriterBase &rewriter,
                                 const IntegerForm &form,
                                 std::string &reason) const {
    auto composite = cast<CompositeOp>(op);
    if (isLitertComposite(composite))
      return buildLitertComposite(rewriter, composite, form, reason);
    std::optional<int64_t> last = softmaxAxis(composite);
    if (form.home == Home::LitertXnnpack && last &&
        *last + 1 ==
            cast<RankedTensorType>(op->getResult(0).getType()).getRank())
      return buildLitertSoftmax(rewriter, composite, form, reason);
    if (std::optional<int64_t> axis = softmaxAxis(composite))
      return buildSoftmax(rewriter, composite, *axis, form, reason);
    if (scalarFunction(composite))
      return buildTable(rewriter, op, 0, form, reason);
    reason = "no integer form for composite '" + composite.getName().str() +
             "'; exclude it or inline it";
    return failure();
  }
};

} // namespace

void mlir::qnt::registerQntModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, QntDialect *) {
    CompositeOp::attachInterface<CompositeModel>(*context);
  });
}

void mlir::qnt::registerExternalModels(DialectRegistry &registry) {
  registerTosaModels(registry);
  registerLinalgModels(registry);
  registerTensorModels(registry);
  registerQntModels(registry);
}
