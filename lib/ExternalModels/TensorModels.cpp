//===- TensorModels.cpp - quantization of tensor ops ----------------------===//
//
// Ops of the tensor dialect only move elements, so the stored integers are
// moved by the same op.
//
//===----------------------------------------------------------------------===//

#include "IntegerForms.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "qnt/ExternalModels/ExternalModels.h"

using namespace mlir;
using namespace mlir::qnt;
using namespace mlir::qnt::models;
namespace num = ::qnt::num;

namespace {

template <typename OpTy, bool allOperands = false>
struct MoveModel
    : QuantizableOpInterface::ExternalModel<MoveModel<OpTy, allOperands>,
                                            OpTy> {
  SmallVector<unsigned> moved(Operation *op) const {
    unsigned count = allOperands ? op->getNumOperands() : 1;
    return llvm::to_vector(llvm::seq(0u, count));
  }
  SmallVector<OperandRole> getOperandRoles(Operation *op) const {
    if (!isFloatOp(op))
      return {};
    return llvm::map_to_vector<6>(moved(op), activation);
  }
  SmallVector<ScaleConstraint> getScaleConstraints(Operation *op) const {
    return {sameScale(moved(op), /*resultRangeSuffices=*/!allOperands)};
  }
  FailureOr<Values> buildInteger(Operation *op, RewriterBase &rewriter,
                                 const IntegerForm &form,
                                 std::string &reason) const {
    return buildSameOp(rewriter, op, form, reason);
  }
};

/// A pad whose body yields a constant.
struct PadModel
    : QuantizableOpInterface::ExternalModel<PadModel, tensor::PadOp> {
  SmallVector<OperandRole> getOperandRoles(Operation *op) const {
    if (!isFloatOp(op))
      return {};
    return {activation(0)};
  }
  SmallVector<ScaleConstraint> getScaleConstraints(Operation *) const {
    return {sameScale({0})};
  }
  FailureOr<Values> buildInteger(Operation *op, RewriterBase &rewriter,
                                 const IntegerForm &form,
                                 std::string &reason) const {
    auto pad = cast<tensor::PadOp>(op);
    FloatAttr padding;
    Value value = pad.getConstantPaddingValue();
    if (!value || !matchPattern(value, m_Constant(&padding))) {
      reason = "the padding value is no constant; exclude the op";
      return failure();
    }
    if (failed(checkForm(op, form, reason)))
      return failure();
    QuantizedType type = form.resultTypes.front();
    if (paramsOf(form.operandTypes[0]) != paramsOf(type)) {
      reason = "the operand and the result differ in scale; run qnt-propagate "
               "first";
      return failure();
    }
    int32_t stored = num::quantize(padding.getValue().convertToFloat(),
                                   paramsOf(type), storageRangeOf(type));
    Value constant = arith::ConstantOp::create(
        rewriter, op->getLoc(),
        rewriter.getIntegerAttr(type.getArithmeticType(), stored));
    return Values{tensor::PadOp::create(
        rewriter, op->getLoc(), storedType(op, form), form.operands[0],
        pad.getMixedLowPad(), pad.getMixedHighPad(), constant)};
  }
};

} // namespace

void mlir::qnt::registerTensorModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, tensor::TensorDialect *) {
    using namespace tensor;
    CollapseShapeOp::attachInterface<MoveModel<CollapseShapeOp>>(*context);
    ExpandShapeOp::attachInterface<MoveModel<ExpandShapeOp>>(*context);
    ExtractSliceOp::attachInterface<MoveModel<ExtractSliceOp>>(*context);
    ReshapeOp::attachInterface<MoveModel<ReshapeOp>>(*context);
    ConcatOp::attachInterface<MoveModel<ConcatOp, true>>(*context);
    tensor::PadOp::attachInterface<PadModel>(*context);
  });
}
