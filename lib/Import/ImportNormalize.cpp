//===- ImportNormalize.cpp - reductions -----------------------------------===//
//
// Each axis is one tosa reduction; a mean over height and width is a global
// average pool.
//
//===----------------------------------------------------------------------===//

#include "Emit.h"
#include "OpTable.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

namespace mlir::qnt::onnx_import {

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

template <typename OpTy>
static FailureOr<Value> reduceAxis(NodeImporter &n, Value x, int64_t axis) {
  Shape shape(shapeOf(x));
  shape[axis] = 1;
  auto type = RankedTensorType::get(shape, n.builder.getF32Type());
  return OpTy::create(n.builder, n.loc, type, x,
                      n.builder.getI32IntegerAttr(axis))
      .getResult();
}

using ReduceFn = FailureOr<Value> (*)(NodeImporter &, Value, int64_t);

static ReduceFn reduceFunction(StringRef op) {
  return llvm::StringSwitch<ReduceFn>(op)
      .Case("ReduceMax", reduceAxis<tosa::ReduceMaxOp>)
      .Case("ReduceMin", reduceAxis<tosa::ReduceMinOp>)
      .Default(reduceAxis<tosa::ReduceSumOp>);
}

/// Sorted axes; all of them if none is given.
static FailureOr<Shape> readReduceAxes(NodeImporter &n) {
  int64_t sinceInput = n.node.op_type() == "ReduceSum" ? 13 : 18;
  FailureOr<Shape> axes = readAxes(n, 1, n.rankOf(0), sinceInput);
  if (failed(axes))
    return failure();
  if (axes->empty() && n.getInt("noop_with_empty_axes", 0) == 0)
    for (int64_t i = 0; i < n.rankOf(0); ++i)
      axes->push_back(i);
  return axes;
}

/// The mean over height and width is a global average pool.
static bool isGlobalPool(NodeImporter &n, ArrayRef<int64_t> axes) {
  return n.node.op_type() == "ReduceMean" && n.rankOf(0) == 4 &&
         axes == ArrayRef<int64_t>{2, 3};
}

static FailureOr<Value> emitReduce(NodeImporter &n, Value x,
                                   ArrayRef<int64_t> axes) {
  int64_t count = 1;
  FailureOr<Value> result = x;
  for (int64_t axis : axes) {
    count *= shapeOf(x)[axis];
    result = reduceFunction(n.node.op_type())(n, *result, axis);
    if (failed(result))
      return failure();
  }
  if (n.node.op_type() != "ReduceMean")
    return result;
  return emitScale(n, *result, static_cast<float>(1.0 / count));
}

LogicalResult buildReduce(NodeImporter &n) {
  FailureOr<Shape> axes = readReduceAxes(n);
  FailureOr<Value> x = n.valueOf(0);
  if (failed(axes) || failed(x))
    return failure();
  FailureOr<Value> result;
  if (isGlobalPool(n, *axes)) {
    if (failed(buildGlobalAveragePool(n)))
      return failure();
    result = n.getResults()[0].value;
  } else {
    result = emitReduce(n, *x, *axes);
  }
  if (failed(result))
    return failure();
  if (n.getInt("keepdims", 1) == 0) {
    Shape shape;
    for (auto [i, dim] : llvm::enumerate(shapeOf(*result)))
      if (!llvm::is_contained(*axes, static_cast<int64_t>(i)))
        shape.push_back(dim);
    if (failed(result = n.reshape(*result, shape)))
      return failure();
  }
  n.setResult(0, *result);
  return success();
}

} // namespace mlir::qnt::onnx_import
