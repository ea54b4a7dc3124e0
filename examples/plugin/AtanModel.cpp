//===- AtanModel.cpp - quantize an op that quant-opt does not know --------===//
//
// An external model attaches QuantizableOpInterface to an upstream op. As a
// function of single elements, math.atan becomes a table of 256 entries, alone
// or together with its neighbours.
//
//===----------------------------------------------------------------------===//

#include "Pow2.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "qnt/Execution/Lowering.h"
#include "qnt/Numerics/Table.h"

#include <cmath>

using namespace mlir;
using namespace mlir::qnt;
namespace num = ::qnt::num;

static num::QuantParams paramsOf(QuantizedType type) {
  auto [scale, zeroPoint] = *type.getPerTensorParams();
  return {scale, zeroPoint};
}

namespace {
struct AtanModel
    : QuantizableOpInterface::ExternalModel<AtanModel, math::AtanOp> {
  SmallVector<OperandRole> getOperandRoles(Operation *op) const {
    auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
    if (!type || !type.getElementType().isF32() || !type.hasStaticShape())
      return {};
    return {{0, OperandRole::Activation, std::nullopt}};
  }

  std::optional<double> evaluateScalar(Operation *, double x) const {
    return std::atan(x);
  }

  FailureOr<SmallVector<Value>> buildInteger(Operation *op,
                                             RewriterBase &rewriter,
                                             const IntegerForm &form,
                                             std::string &reason) const {
    QuantizedType in = form.operandTypes[0], out = form.resultTypes[0];
    if (!in || !out || !in.getPerTensorParams() || !out.getPerTensorParams() ||
        in.getStorageWidth() != 8 || out.getStorageWidth() != 8) {
      reason = "math.atan needs 8-bit per-tensor input and output";
      return failure();
    }
    auto alone = [](double x) { return std::atan(x); };
    std::array<int8_t, 256> table = num::buildTable<int8_t>(
        form.scalar ? form.scalar : alone, paramsOf(in), paramsOf(out),
        out.getStorageMin(), out.getStorageMax());
    auto type = cast<RankedTensorType>(op->getResult(0).getType())
                    .clone(out.getArithmeticType());
    Value result =
        TableOp::create(rewriter, op->getLoc(), type, form.operands[0],
                        rewriter.getDenseI8ArrayAttr(table));
    return SmallVector<Value>{result};
  }
};
} // namespace

void pow2::registerAtanModel(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, math::MathDialect *) {
    math::AtanOp::attachInterface<AtanModel>(*context);
  });
}

void pow2::extendFloatLowering() {
  const LoweringFn *known = lookupLowering("float");
  if (!known)
    return;
  registerLowering("float", [inner = *known](OpPassManager &pm) {
    pm.addNestedPass<func::FuncOp>(createConvertElementwiseToLinalgPass());
    inner(pm);
  });
}
