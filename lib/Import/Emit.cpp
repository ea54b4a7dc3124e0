//===- Emit.cpp - elementwise tosa and composites -------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "Emit.h"

#include "qnt/Dialect/IR/Qnt.h"

namespace mlir::qnt::onnx_import {

Shape broadcastSameRank(ArrayRef<int64_t> a, ArrayRef<int64_t> b) {
  Shape shape(a);
  for (size_t i = 0; i < shape.size(); ++i)
    shape[i] = a[i] == 1 ? b[i] : a[i];
  return shape;
}

LogicalResult alignRanks(NodeImporter &n, Value &a, Value &b) {
  Value &lesser = shapeOf(a).size() < shapeOf(b).size() ? a : b;
  size_t rank = std::max(shapeOf(a).size(), shapeOf(b).size());
  Shape shape(shapeOf(lesser));
  shape.insert(shape.begin(), rank - shape.size(), 1);
  FailureOr<Value> view = n.reshape(lesser, shape);
  if (failed(view))
    return failure();
  lesser = *view;
  return success();
}

/// Builds a binary op of the broadcast type from whatever operands it takes.
template <typename OpTy, typename... Extra>
static FailureOr<Value> emitBinary(NodeImporter &n, Value a, Value b,
                                   Extra... extra) {
  FailureOr<RankedTensorType> type =
      n.tensorType(broadcastSameRank(shapeOf(a), shapeOf(b)));
  if (failed(type))
    return failure();
  return OpTy::create(n.builder, n.loc, *type, a, b, extra...).getResult();
}

FailureOr<Value> emitAdd(NodeImporter &n, Value a, Value b) {
  return emitBinary<tosa::AddOp>(n, a, b);
}

FailureOr<Value> emitSub(NodeImporter &n, Value a, Value b) {
  return emitBinary<tosa::SubOp>(n, a, b);
}

FailureOr<Value> emitMul(NodeImporter &n, Value a, Value b) {
  auto type = RankedTensorType::get({1}, n.builder.getI8Type());
  Value shift = tosa::ConstOp::create(n.builder, n.loc, type,
                                      DenseElementsAttr::get(type, int8_t{0}));
  return emitBinary<tosa::MulOp>(n, a, b, shift);
}

FailureOr<Value> emitMaximum(NodeImporter &n, Value a, Value b) {
  return emitBinary<tosa::MaximumOp>(n, a, b);
}

FailureOr<Value> emitMinimum(NodeImporter &n, Value a, Value b) {
  return emitBinary<tosa::MinimumOp>(n, a, b);
}

FailureOr<Value> emitScale(NodeImporter &n, Value value, float factor) {
  FailureOr<Value> constant = n.splat(shapeOf(value).size(), factor);
  return failed(constant) ? constant : emitMul(n, value, *constant);
}

FailureOr<Value> emitShift(NodeImporter &n, Value value, float term) {
  FailureOr<Value> constant = n.splat(shapeOf(value).size(), term);
  return failed(constant) ? constant : emitAdd(n, value, *constant);
}

Value emitReciprocal(NodeImporter &n, Value value) {
  return tosa::ReciprocalOp::create(n.builder, n.loc, value.getType(), value);
}

FailureOr<Value> emitNegate(NodeImporter &n, Value value) {
  FailureOr<Value> zero = n.splat(1, 0.0f);
  if (failed(zero))
    return failure();
  return tosa::NegateOp::create(n.builder, n.loc, value.getType(), value, *zero,
                                *zero)
      .getResult();
}

Value emitRsqrt(NodeImporter &n, Value value) {
  return tosa::RsqrtOp::create(n.builder, n.loc, value.getType(), value);
}

FailureOr<Value> emitSqrt(NodeImporter &n, Value value) {
  return emitComposite(n, "sqrt", value, value.getType(), {},
                       [&](ValueRange args) -> FailureOr<Value> {
                         return emitReciprocal(n, emitRsqrt(n, args[0]));
                       });
}

template <typename OpTy>
static FailureOr<Value> emitReduction(NodeImporter &n, Value value,
                                      int64_t axis) {
  auto type = cast<RankedTensorType>(value.getType());
  Shape shape(type.getShape());
  shape[axis] = 1;
  return OpTy::create(n.builder, n.loc, type.clone(shape), value,
                      n.builder.getI32IntegerAttr(axis))
      .getResult();
}

FailureOr<Value> emitReduceSum(NodeImporter &n, Value value, int64_t axis) {
  return emitReduction<tosa::ReduceSumOp>(n, value, axis);
}

FailureOr<Value> emitReduceMax(NodeImporter &n, Value value, int64_t axis) {
  return emitReduction<tosa::ReduceMaxOp>(n, value, axis);
}

FailureOr<Value> emitMean(NodeImporter &n, Value value,
                          ArrayRef<int64_t> axes) {
  int64_t count = 1;
  FailureOr<Value> sum = value;
  for (int64_t axis : axes) {
    count *= shapeOf(value)[axis];
    if (failed(sum = emitReduceSum(n, *sum, axis)))
      return failure();
  }
  return emitScale(n, *sum, static_cast<float>(1.0 / count));
}

NamedAttribute configInt(NodeImporter &n, StringRef name, int64_t value) {
  return n.builder.getNamedAttr(name, n.builder.getI64IntegerAttr(value));
}

NamedAttribute configFloat(NodeImporter &n, StringRef name, double value) {
  return n.builder.getNamedAttr(name, n.builder.getF64FloatAttr(value));
}

NamedAttribute configString(NodeImporter &n, StringRef name, StringRef value) {
  return n.builder.getNamedAttr(name, n.builder.getStringAttr(value));
}

FailureOr<SmallVector<Value>> emitComposite(
    NodeImporter &n, StringRef name, ValueRange inputs, DictionaryAttr config,
    llvm::function_ref<FailureOr<SmallVector<Value>>(ValueRange)> body) {
  // The result types are known only when the body is built.
  Region region;
  Block *block = new Block;
  region.push_back(block);
  for (Value input : inputs)
    block->addArgument(input.getType(), n.loc);
  FailureOr<SmallVector<Value>> values;
  {
    OpBuilder::InsertionGuard guard(n.builder);
    n.builder.setInsertionPointToStart(block);
    values = body(block->getArguments());
    if (failed(values))
      return failure();
    YieldOp::create(n.builder, n.loc, *values);
  }
  auto composite =
      CompositeOp::create(n.builder, n.loc, ValueRange(*values).getTypes(),
                          n.builder.getStringAttr(name), inputs, config);
  composite.getBody().takeBody(region);
  return SmallVector<Value>(composite.getResults());
}

FailureOr<SmallVector<Value>> emitComposite(
    NodeImporter &n, StringRef name, ValueRange inputs, TypeRange results,
    ArrayRef<NamedAttribute> attributes,
    llvm::function_ref<FailureOr<SmallVector<Value>>(ValueRange)> body) {
  DictionaryAttr config = attributes.empty()
                              ? DictionaryAttr()
                              : n.builder.getDictionaryAttr(attributes);
  FailureOr<SmallVector<Value>> values =
      emitComposite(n, name, inputs, config, body);
  assert((failed(values) || ValueRange(*values).getTypes() == results) &&
         "the types that were announced");
  return values;
}

FailureOr<Value>
emitComposite(NodeImporter &n, StringRef name, ValueRange inputs, Type result,
              ArrayRef<NamedAttribute> attributes,
              llvm::function_ref<FailureOr<Value>(ValueRange)> body) {
  FailureOr<SmallVector<Value>> values =
      emitComposite(n, name, inputs, TypeRange(result), attributes,
                    [&](ValueRange args) -> FailureOr<SmallVector<Value>> {
                      FailureOr<Value> value = body(args);
                      if (failed(value))
                        return failure();
                      return SmallVector<Value>{*value};
                    });
  if (failed(values))
    return failure();
  return values->front();
}

} // namespace mlir::qnt::onnx_import
