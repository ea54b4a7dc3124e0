//===- Resize.cpp - the axes of a tosa.resize -----------------------------===//
//
// Invariant: axes that are returned have a positive numerator.
//
//===----------------------------------------------------------------------===//

#include "qnt/Analysis/Resize.h"

#include "mlir/Dialect/Tosa/Utils/ConversionUtils.h"

using namespace mlir;
using namespace mlir::qnt;

std::optional<ResizeAxes> mlir::qnt::getResizeAxes(tosa::ResizeOp op) {
  auto in = dyn_cast<RankedTensorType>(op.getInput().getType());
  auto out = dyn_cast<RankedTensorType>(op.getOutput().getType());
  SmallVector<int64_t> scale, offset;
  if (!in || !out || !in.hasStaticShape() || !out.hasStaticShape() ||
      !tosa::getConstShapeValues(op.getScale().getDefiningOp(), scale) ||
      !tosa::getConstShapeValues(op.getOffset().getDefiningOp(), offset) ||
      scale.size() != 4 || offset.size() != 2 || scale[0] < 1 || scale[2] < 1)
    return std::nullopt;
  ResizeAxes axes;
  axes.y = {in.getDimSize(1), out.getDimSize(1), scale[0], scale[1], offset[0]};
  axes.x = {in.getDimSize(2), out.getDimSize(2), scale[2], scale[3], offset[1]};
  axes.bilinear = op.getMode() == tosa::ResizeMode::BILINEAR;
  return axes;
}
