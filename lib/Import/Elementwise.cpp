//===- Elementwise.cpp - elementwise ops over any element type ------------===//
//
// See the header. Every loop is parallel.
//
//===----------------------------------------------------------------------===//

#include "Elementwise.h"
#include "OpTable.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::qnt::onnx_import {

/// (d0, ..., dn) -> the indices of an operand of shape `from` that is
/// broadcast to `to`.
static AffineMap broadcastMap(MLIRContext *context, ArrayRef<int64_t> from,
                              ArrayRef<int64_t> to) {
  SmallVector<AffineExpr> indices;
  size_t shift = to.size() - from.size();
  for (size_t i = 0; i < from.size(); ++i) {
    bool repeats = from[i] == 1 && to[shift + i] != 1;
    indices.push_back(repeats ? getAffineConstantExpr(0, context)
                              : getAffineDimExpr(shift + i, context));
  }
  return AffineMap::get(to.size(), 0, indices, context);
}

FailureOr<Value> genericElementwise(NodeImporter &n, ValueRange operands,
                                    Type elem, ScalarFn body) {
  Shape shape;
  for (Value operand : operands) {
    FailureOr<Shape> wider = broadcastShapes(n, shape, shapeOf(operand));
    if (failed(wider))
      return failure();
    shape = *wider;
  }
  SmallVector<AffineMap> maps;
  for (Value operand : operands)
    maps.push_back(
        broadcastMap(n.builder.getContext(), shapeOf(operand), shape));
  return genericMap(n, operands, maps, shape, elem, body);
}

FailureOr<Value> genericMap(NodeImporter &n, ValueRange operands,
                            ArrayRef<AffineMap> maps, ArrayRef<int64_t> shape,
                            Type elem, ScalarFn body) {
  FailureOr<RankedTensorType> type = n.tensorType(shape, elem);
  if (failed(type))
    return failure();
  SmallVector<AffineMap> all(maps);
  all.push_back(n.builder.getMultiDimIdentityMap(shape.size()));
  SmallVector<utils::IteratorType> loops(shape.size(),
                                         utils::IteratorType::parallel);
  Value empty = tensor::EmptyOp::create(n.builder, n.loc, shape, elem);
  auto generic = linalg::GenericOp::create(
      n.builder, n.loc, TypeRange(*type), operands, ValueRange(empty), all,
      loops, [&](OpBuilder &builder, Location loc, ValueRange scalars) {
        Value result = body(builder, loc, scalars.drop_back());
        linalg::YieldOp::create(builder, loc, result);
      });
  return generic.getResult(0);
}

} // namespace mlir::qnt::onnx_import
