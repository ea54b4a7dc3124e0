//===- QntNumerics.h - attributes of the IR as Numerics sees them -*- C++
//-*-===//
//
// The bridge between the dialect and the numeric rules: nothing is computed
// here, only renamed.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_DIALECT_IR_QNTNUMERICS_H
#define QNT_DIALECT_IR_QNTNUMERICS_H

#include "qnt/Dialect/IR/Qnt.h"
#include "qnt/Numerics/Elementwise.h"
#include "qnt/Numerics/Home.h"
#include "qnt/Numerics/QuantParams.h"
#include "qnt/Numerics/Rescale.h"
#include "qnt/Numerics/Softmax.h"

namespace mlir::qnt {

/// The rounding mode as Numerics names it.
::qnt::num::Rounding toNumerics(Rounding rounding);

/// The rounding mode as the IR names it.
Rounding fromNumerics(::qnt::num::Rounding rounding);

/// The module attribute with the runtime whose integers a model reproduces.
inline constexpr StringLiteral kHomeAttr = "qnt.home";

/// The home that the module around `op` names; native if it names none.
Home getHome(Operation *op);

/// The home as Numerics names it.
::qnt::num::Home toNumerics(Home home);

/// The stored range of a quantized type of integer storage.
::qnt::num::StorageRange storageRangeOf(QuantizedType type);

/// The rescale of one channel: all its parameters.
::qnt::num::RescaleParams rescaleParams(RescaleOp op, int64_t channel);

/// Scale and zero point of the left operand of `qnt.add`, `sub` or `mul`.
template <typename OpTy>::qnt::num::QuantParams lhsParams(OpTy op) {
  return {op.getLhsScale().convertToFloat(),
          static_cast<int32_t>(op.getLhsZp())};
}

/// The same of the right operand.
template <typename OpTy>::qnt::num::QuantParams rhsParams(OpTy op) {
  return {op.getRhsScale().convertToFloat(),
          static_cast<int32_t>(op.getRhsZp())};
}

/// The same of the result.
template <typename OpTy>::qnt::num::QuantParams outputParams(OpTy op) {
  return {op.getOutputScale().convertToFloat(),
          static_cast<int32_t>(op.getOutputZp())};
}

/// The float constants of a softmax that has a factor.
::qnt::num::FloatSoftmax floatSoftmaxOf(SoftmaxOp op);

/// Whose formula `qnt.add`, `sub` or `mul` computes.
template <typename OpTy>::qnt::num::HomeVariant homeOf(OpTy op) {
  return {toNumerics(op.getHome()), op.getAsUnsigned()};
}

/// All parameters of a sum or difference, by its rounding and home (N20, N60).
::qnt::num::AddParams addParams(AddOp op);
::qnt::num::AddParams addParams(SubOp op);

} // namespace mlir::qnt

#endif // QNT_DIALECT_IR_QNTNUMERICS_H
