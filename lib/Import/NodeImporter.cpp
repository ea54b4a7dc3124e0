//===- NodeImporter.cpp - what the builder of one op kind sees ------------===//
//
// See the header. All tosa ops of the importer that change shapes are built
// here or after `tensorType` accepted the result's shape.
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"

#include "llvm/Support/FormatVariadic.h"

#include <cmath>

namespace mlir::qnt::onnx_import {

ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

ArrayRef<int64_t> OnnxValue::shape() const {
  return constant ? ArrayRef<int64_t>(constant->shape)
                  : onnx_import::shapeOf(value);
}

bool ElementBudget::take(int64_t count) {
  if (count > left)
    return false;
  left -= count;
  return true;
}

NodeImporter::NodeImporter(const onnx::NodeProto &node, int64_t opset,
                           OpBuilder &builder, Location loc,
                           MutableArrayRef<OnnxValue *> inputs,
                           ElementBudget &budget, StringRef externalDir)
    : node(node), opset(opset), builder(builder), loc(loc),
      externalDir(externalDir), inputs(inputs), results(node.output_size()),
      budget(budget) {}

LogicalResult NodeImporter::unsupported(const Twine &text) {
  reason = text.str();
  malformed = false;
  return failure();
}

LogicalResult NodeImporter::invalid(const Twine &text) {
  reason = text.str();
  malformed = true;
  return failure();
}

const onnx::AttributeProto *NodeImporter::findAttr(StringRef name) const {
  for (const onnx::AttributeProto &attr : node.attribute())
    if (attr.name() == name)
      return &attr;
  return nullptr;
}

int64_t NodeImporter::getInt(StringRef name, int64_t otherwise) const {
  const onnx::AttributeProto *attr = findAttr(name);
  return attr ? attr->i() : otherwise;
}

float NodeImporter::getFloat(StringRef name, float otherwise) const {
  const onnx::AttributeProto *attr = findAttr(name);
  return attr ? attr->f() : otherwise;
}

StringRef NodeImporter::getString(StringRef name, StringRef otherwise) const {
  const onnx::AttributeProto *attr = findAttr(name);
  return attr ? StringRef(attr->s()) : otherwise;
}

Shape NodeImporter::getInts(StringRef name) const {
  const onnx::AttributeProto *attr = findAttr(name);
  if (!attr)
    return {};
  return Shape(attr->ints().begin(), attr->ints().end());
}

FailureOr<int64_t> NodeImporter::normalizeAxis(int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank)
    return invalid(
        llvm::formatv("axis {0} is outside of rank {1}", axis, rank));
  return axis < 0 ? axis + rank : axis;
}

const HostTensor *NodeImporter::constantOf(unsigned i) const {
  return hasInput(i) ? inputs[i]->constant.get() : nullptr;
}

HostTensorRef NodeImporter::constantRef(unsigned i) const {
  return hasInput(i) ? inputs[i]->constant : nullptr;
}

FailureOr<Value> NodeImporter::valueOf(unsigned i) {
  OnnxValue &input = *inputs[i];
  if (!input.value) {
    const HostTensor &tensor = *input.constant;
    if (!tensor.isFloat)
      return unsupported(llvm::formatv(
          "input {0} is an integer tensor; only float data is supported", i));
    FailureOr<Value> value = constant(tensor);
    if (failed(value))
      return failure();
    input.value = *value;
  }
  return input.value;
}

FailureOr<Shape> NodeImporter::intsOf(unsigned i, StringRef what) {
  const HostTensor *tensor = constantOf(i);
  if (!tensor)
    return unsupported(what + " (input " + Twine(i) +
                       ") is not known at compile time");
  if (tensor->isFloat)
    return invalid(what + " (input " + Twine(i) + ") is not an integer tensor");
  if (tensor->rank() > 1)
    return invalid(what + " (input " + Twine(i) + ") has rank " +
                   Twine(tensor->rank()) + ", expected 1");
  return Shape(tensor->ints.begin(), tensor->ints.end());
}

void NodeImporter::setResult(unsigned i, Value value) {
  setResult(i, OnnxValue{nullptr, value});
}

void NodeImporter::setResult(unsigned i, HostTensor tensor) {
  setResult(i, OnnxValue{std::make_shared<HostTensor>(std::move(tensor)), {}});
}

void NodeImporter::setResult(unsigned i, OnnxValue value) {
  if (i < results.size())
    results[i] = std::move(value);
}

FailureOr<RankedTensorType> NodeImporter::tensorType(ArrayRef<int64_t> shape) {
  if (static_cast<int64_t>(shape.size()) > kMaxRank)
    return unsupported(llvm::formatv(
        "a tensor of rank {0} arises, more than the {1} supported",
        shape.size(), kMaxRank));
  std::optional<int64_t> count = countElements(shape);
  if (!count || *count == 0)
    return invalid("a tensor of impossible shape " + formatShape(shape) +
                   " arises");
  return RankedTensorType::get(shape, builder.getF32Type());
}

LogicalResult NodeImporter::takeElements(int64_t count) {
  if (budget.take(count))
    return success();
  return invalid(llvm::formatv("a constant of {0} elements arises, more than "
                               "the size of the model accounts for",
                               count));
}

FailureOr<Value> NodeImporter::constant(const HostTensor &tensor) {
  if (std::optional<int64_t> bad = findNonFinite(tensor))
    return invalid(
        llvm::formatv("a constant holds {0} at index {1}",
                      std::isnan(tensor.floats[*bad]) ? "nan" : "inf",
                      formatIndex(tensor.shape, *bad)));
  FailureOr<RankedTensorType> type = tensorType(tensor.shape);
  if (failed(type) || failed(takeElements(tensor.size())))
    return failure();
  auto values = DenseElementsAttr::get(*type, ArrayRef<float>(tensor.floats));
  return tosa::ConstOp::create(builder, loc, *type, values).getResult();
}

FailureOr<Value> NodeImporter::splat(int64_t rank, float value) {
  return constant(HostTensor::ofFloats(Shape(rank, 1), {value}));
}

Value NodeImporter::shapeValue(ArrayRef<int64_t> dims) {
  auto values = builder.getIndexTensorAttr(dims);
  auto type = tosa::shapeType::get(builder.getContext(), dims.size());
  return tosa::ConstShapeOp::create(builder, loc, type, values);
}

FailureOr<Value> NodeImporter::reshape(Value value, ArrayRef<int64_t> shape) {
  if (onnx_import::shapeOf(value) == shape)
    return value;
  FailureOr<RankedTensorType> type = tensorType(shape);
  if (failed(type))
    return failure();
  return tosa::ReshapeOp::create(builder, loc, *type, value, shapeValue(shape))
      .getResult();
}

FailureOr<Value> NodeImporter::transpose(Value value, ArrayRef<int64_t> perm) {
  ArrayRef<int64_t> in = onnx_import::shapeOf(value);
  Shape shape;
  SmallVector<int32_t> perms;
  bool identity = true;
  for (auto [i, from] : llvm::enumerate(perm)) {
    shape.push_back(in[from]);
    perms.push_back(from);
    identity &= from == static_cast<int64_t>(i);
  }
  if (identity)
    return value;
  auto type = RankedTensorType::get(shape, builder.getF32Type());
  return tosa::TransposeOp::create(builder, loc, type, value, perms)
      .getResult();
}

FailureOr<Value> NodeImporter::slice(Value value, ArrayRef<int64_t> start,
                                     ArrayRef<int64_t> size) {
  if (onnx_import::shapeOf(value) == size)
    return value;
  FailureOr<RankedTensorType> type = tensorType(size);
  if (failed(type))
    return failure();
  return tosa::SliceOp::create(builder, loc, *type, value, shapeValue(start),
                               shapeValue(size))
      .getResult();
}

FailureOr<Value> NodeImporter::pad(Value value, ArrayRef<int64_t> low,
                                   ArrayRef<int64_t> high, float fill) {
  Shape shape(onnx_import::shapeOf(value));
  Shape amounts;
  bool none = true;
  for (size_t i = 0; i < shape.size(); ++i) {
    shape[i] += low[i] + high[i];
    amounts.push_back(low[i]);
    amounts.push_back(high[i]);
    none &= low[i] == 0 && high[i] == 0;
  }
  if (none)
    return value;
  FailureOr<RankedTensorType> type = tensorType(shape);
  FailureOr<Value> fillValue = splat(1, fill);
  if (failed(type) || failed(fillValue))
    return failure();
  return tosa::PadOp::create(builder, loc, *type, value, shapeValue(amounts),
                             *fillValue)
      .getResult();
}

FailureOr<Value> NodeImporter::clamp(Value value, float low, float high) {
  if (!(low <= high))
    return invalid(
        llvm::formatv("lower bound {0} is above upper bound {1}", low, high));
  return tosa::ClampOp::create(builder, loc, value.getType(), value,
                               builder.getF32FloatAttr(low),
                               builder.getF32FloatAttr(high))
      .getResult();
}

FailureOr<Value> NodeImporter::concat(ValueRange values, int64_t axis) {
  if (values.size() == 1)
    return values.front();
  Shape shape(onnx_import::shapeOf(values.front()));
  shape[axis] = 0;
  for (Value value : values)
    shape[axis] += onnx_import::shapeOf(value)[axis];
  FailureOr<RankedTensorType> type = tensorType(shape);
  if (failed(type))
    return failure();
  return tosa::ConcatOp::create(builder, loc, *type, values,
                                builder.getI32IntegerAttr(axis))
      .getResult();
}

} // namespace mlir::qnt::onnx_import
