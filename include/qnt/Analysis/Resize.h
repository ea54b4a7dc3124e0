//===- Resize.h - the axes of a tosa.resize --------------------*- C++ -*-===//
//
// Reads the integer coordinates off the op, for models, interpreter and
// kernels alike.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_ANALYSIS_RESIZE_H
#define QNT_ANALYSIS_RESIZE_H

#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "qnt/Numerics/Resize.h"

namespace mlir::qnt {

/// Height and width of a resize.
struct ResizeAxes {
  ::qnt::num::ResizeAxis y, x;
  bool bilinear = false;
};

/// The axes of an op whose scale and offset are constants; nothing otherwise.
std::optional<ResizeAxes> getResizeAxes(tosa::ResizeOp op);

} // namespace mlir::qnt

#endif // QNT_ANALYSIS_RESIZE_H
