//===- TosaResize.cpp - quantization of tosa.resize -----------------------===//
//
// Nearest neighbours move stored integers. A bilinear result is a weighted sum
// of four of them whose weights are integers of a known sum, so one rescale
// makes the mean of it.
//
//===----------------------------------------------------------------------===//

#include "IntegerForms.h"

#include "qnt/Analysis/Resize.h"
#include "qnt/Numerics/Reference.h"

using namespace mlir;
using namespace mlir::qnt;
using namespace mlir::qnt::models;
namespace num = ::qnt::num;

namespace {

struct ResizeModel
    : QuantizableOpInterface::ExternalModel<ResizeModel, tosa::ResizeOp> {
  static bool isBilinear(Operation *op) {
    return cast<tosa::ResizeOp>(op).getMode() == tosa::ResizeMode::BILINEAR;
  }
  SmallVector<OperandRole> getOperandRoles(Operation *op) const {
    if (!isFloatOp(op))
      return {};
    return {activation(0)};
  }
  SmallVector<ScaleConstraint> getScaleConstraints(Operation *op) const {
    if (isBilinear(op))
      return {};
    return {sameScale({0}, /*resultRangeSuffices=*/true)};
  }
  bool absorbsClamp(Operation *op) const { return isBilinear(op); }
  bool absorbsFactor(Operation *op) const { return isBilinear(op); }
  FailureOr<Values> buildInteger(Operation *op, RewriterBase &rewriter,
                                 const IntegerForm &form,
                                 std::string &reason) const {
    std::optional<ResizeAxes> axes = getResizeAxes(cast<tosa::ResizeOp>(op));
    if (!axes) {
      reason = "scale and offset are no constants; exclude the op";
      return failure();
    }
    if (!axes->bilinear)
      return buildSameOp(rewriter, op, form, reason);
    if (failed(checkForm(op, form, reason)))
      return failure();
    constexpr int64_t most = int64_t(1) << 23;
    if (axes->y.numerator > most / axes->x.numerator) {
      reason = "the ratios of its sizes, " + std::to_string(axes->y.numerator) +
               " times " + std::to_string(axes->x.numerator) +
               ", make weights that overflow 32 bits; exclude the op";
      return failure();
    }
    return Values{buildBilinear(rewriter, op, form,
                                axes->y.numerator * axes->x.numerator)};
  }

private:
  // N81.
  static Value buildBilinear(RewriterBase &rewriter, Operation *op,
                             const IntegerForm &form, int64_t weights) {
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    Operation *sum =
        rebuild(rewriter, op, form.operands, type.clone(rewriter.getI32Type()));
    num::RescaleParams mean = num::makeMeanRescale(
        paramsOf(form.operandTypes[0]), resultForm(form).params, weights,
        storageRangeOf(form.resultTypes.front()), toNumerics(form.rounding));
    return buildRescale(rewriter, op, form, sum->getResult(0), mean.multiplier,
                        mean.inputZeroPoint);
  }
};

} // namespace

void models::attachTosaResize(MLIRContext &context) {
  tosa::ResizeOp::attachInterface<ResizeModel>(context);
}
