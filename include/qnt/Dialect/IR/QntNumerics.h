//===- QntNumerics.h - attributes of the IR as Numerics sees them -*- C++ -*-===//
//
// The bridge between the dialect and the numeric rules: nothing is computed
// here, only renamed.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_DIALECT_IR_QNTNUMERICS_H
#define QNT_DIALECT_IR_QNTNUMERICS_H

#include "qnt/Dialect/IR/Qnt.h"
#include "qnt/Numerics/QuantParams.h"
#include "qnt/Numerics/Rescale.h"

namespace mlir::qnt {

/// The rounding mode as Numerics names it.
::qnt::num::Rounding toNumerics(Rounding rounding);

/// The rounding mode as the IR names it.
Rounding fromNumerics(::qnt::num::Rounding rounding);

/// The stored range of a quantized type of integer storage.
::qnt::num::StorageRange storageRangeOf(QuantizedType type);

/// The rescale of one channel: all its parameters.
::qnt::num::RescaleParams rescaleParams(RescaleOp op, int64_t channel);

} // namespace mlir::qnt

#endif // QNT_DIALECT_IR_QNTNUMERICS_H
