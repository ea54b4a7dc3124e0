//===- ImportFeatures.cpp - ops of ai.onnx.ml on tensors ------------------===//
//
// The ops of that domain that are plain tensor arithmetic. Trees, encoders of
// strings and maps are not.
//
//===----------------------------------------------------------------------===//

#include "AxisMap.h"
#include "Elementwise.h"
#include "HostMove.h"
#include "Indexing.h"
#include "OpTable.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace mlir::qnt::onnx_import {

/// 1 where x > threshold, else 0, in the type of x.
LogicalResult buildBinarizer(NodeImporter &n) {
  FailureOr<Value> x = n.anyValueOf(0);
  if (failed(x))
    return failure();
  Type type = elementTypeOf(*x);
  float threshold = n.getFloat("threshold", 0.0f);
  auto body = [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    Value one = arith::ConstantOp::create(b, loc, b.getOneAttr(type));
    Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
    Value real = args[0];
    if (!n.isFloat(0))
      real = arith::SIToFPOp::create(b, loc, b.getF64Type(), real);
    Value limit = arith::ConstantOp::create(
        b, loc, b.getFloatAttr(real.getType(), threshold));
    Value above =
        arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, real, limit);
    return arith::SelectOp::create(b, loc, above, one, zero);
  };
  FailureOr<Value> result = genericElementwise(n, *x, type, body);
  if (failed(result))
    return failure();
  n.setResult(0, *result, n.elemOf(0));
  return success();
}

/// The columns of the last axis that a list of indices names.
LogicalResult buildArrayFeatureExtractor(NodeImporter &n) {
  Shape shape(n.shapeOf(0));
  if (shape.empty())
    return n.invalid("the input is a scalar");
  int64_t last = shape.size() - 1, dim = shape.back();
  if (failed(checkIndices(n, 1, [&](int64_t) { return dim; })))
    return failure();
  int64_t count = *countElements(n.shapeOf(1));
  Shape wanted = shape;
  wanted.back() = count;
  if (last == 0)
    wanted.insert(wanted.begin(), 1);
  if (const HostTensor *list = n.constantOf(1)) {
    std::vector<int64_t> indices = list->toInts();
    for (int64_t &index : indices)
      index = wrapIndex(index, dim);
    AxisMap map = wholeMap(shape);
    map[last] = AxisRuns::ofIndices(indices);
    FailureOr<OnnxValue> x = sourceOf(n, 0);
    return failed(x) ? failure() : setMappedAs(n, 0, *x, map, wanted);
  }
  FailureOr<Value> x = n.anyValueOf(0), list = n.anyValueOf(1);
  if (failed(x) || failed(list) || failed(list = n.reshape(*list, {count})))
    return failure();
  FailureOr<Value> result = emitGather(n, *x, last, *list);
  if (failed(result) || failed(result = n.reshape(*result, wanted)))
    return failure();
  n.setResult(0, *result, n.elemOf(0));
  return success();
}

} // namespace mlir::qnt::onnx_import
