//===- NodeImporter.cpp - what the builder of one op kind sees ------------===//
//
// See the header. All tosa ops of the importer that change shapes are built
// here or after `tensorType` accepted the result's shape.
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"

#include "StoredForm.h"

#include "qnt/Dialect/IR/Qnt.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

namespace mlir::qnt::onnx_import {

void loadImportDialects(MLIRContext *context) {
  context
      ->loadDialect<arith::ArithDialect, func::FuncDialect,
                    linalg::LinalgDialect, math::MathDialect, scf::SCFDialect,
                    tensor::TensorDialect, tosa::TosaDialect, QntDialect>();
}

ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

Type elementTypeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getElementType();
}

ArrayRef<int64_t> OnnxValue::shape() const {
  if (sequence)
    return {};
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

HostTensorRef NodeImporter::floatConstantOf(unsigned i) const {
  HostTensorRef tensor = constantRef(i);
  if (!tensor || !tensor->isFloat())
    return nullptr;
  if (tensor->elem != Elem::Double)
    return tensor;
  return std::make_shared<HostTensor>(convertHost(*tensor, Elem::Float));
}

FailureOr<Value> NodeImporter::valueOf(unsigned i) {
  if (!isFloat(i))
    return unsupported(
        llvm::formatv("input {0} is an {1} tensor; only float data is "
                      "supported",
                      i, elementTypeName(elemOf(i))));
  if (elemOf(i) == Elem::Double && inputs[i]->constant)
    return constant(*floatConstantOf(i));
  FailureOr<Value> value = anyValueOf(i);
  if (failed(value))
    return failure();
  return convertFloat(*value, builder.getF32Type());
}

FailureOr<Value> NodeImporter::anyValueOf(unsigned i) {
  OnnxValue &input = *inputs[i];
  if (input.value)
    return input.value;
  if (!input.constant)
    return unsupported(llvm::formatv("input {0} is a sequence", i));
  FailureOr<Value> value = constant(*input.constant);
  if (failed(value))
    return failure();
  // Kept for other users, unless it lies in a region that they may not see.
  if (isa_and_nonnull<FunctionOpInterface>(
          builder.getInsertionBlock()->getParentOp()))
    input.value = *value;
  return value;
}

Value NodeImporter::convertFloat(Value value, Type elem) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getElementType() == elem)
    return value;
  if (type.getElementTypeBitWidth() < elem.getIntOrFloatBitWidth())
    return arith::ExtFOp::create(builder, loc, type.clone(elem), value);
  return arith::TruncFOp::create(builder, loc, type.clone(elem), value);
}

LogicalResult NodeImporter::requireFinite(const HostTensor &tensor,
                                          StringRef what) {
  std::optional<int64_t> bad = findNonFinite(tensor);
  if (!bad)
    return success();
  return invalid(llvm::formatv("{0} hold {1} at index {2}", what,
                               std::isnan(tensor.at(*bad)) ? "nan" : "inf",
                               formatIndex(tensor.shape, *bad)));
}

FailureOr<Shape> NodeImporter::intsOf(unsigned i, StringRef what) {
  const HostTensor *tensor = constantOf(i);
  if (!tensor)
    return unsupported(what + " (input " + Twine(i) +
                       ") is not known at compile time");
  if (!tensor->isInteger())
    return invalid(what + " (input " + Twine(i) + ") is not an integer tensor");
  if (tensor->rank() > 1)
    return invalid(what + " (input " + Twine(i) + ") has rank " +
                   Twine(tensor->rank()) + ", expected 1");
  std::vector<int64_t> values = tensor->toInts();
  return Shape(values.begin(), values.end());
}

void NodeImporter::setResult(unsigned i, Value value) {
  Type type = elementTypeOf(value);
  bool single = type.isF32();
  for (OnnxValue *input : inputs)
    if (input && (irType(input->elem) == type ||
                  (single && onnx_import::isFloat(input->elem))))
      return setResult(i, value, input->elem);
  setResult(i, value, elemFromIR(type));
}

void NodeImporter::setResult(unsigned i, Value value, Elem elem) {
  if (onnx_import::isFloat(elem) && isa<FloatType>(elementTypeOf(value)))
    value = convertFloat(value, irType(elem));
  assert(elementTypeOf(value) == irType(elem) && "element types differ");
  setResult(i, OnnxValue(value, elem));
}

void NodeImporter::setResult(unsigned i, HostTensor tensor) {
  setResult(i, OnnxValue(std::make_shared<HostTensor>(std::move(tensor))));
}

void NodeImporter::setResult(unsigned i, OnnxValue value) {
  if (i < results.size())
    results[i] = std::move(value);
}

FailureOr<RankedTensorType> NodeImporter::tensorType(ArrayRef<int64_t> shape) {
  return tensorType(shape, builder.getF32Type());
}

FailureOr<RankedTensorType> NodeImporter::tensorType(ArrayRef<int64_t> shape,
                                                     Type elem) {
  if (static_cast<int64_t>(shape.size()) > kMaxRank)
    return unsupported(llvm::formatv(
        "a tensor of rank {0} arises, more than the {1} supported",
        shape.size(), kMaxRank));
  std::optional<int64_t> count = countElements(shape);
  if (!count || *count == 0)
    return invalid("a tensor of impossible shape " + formatShape(shape) +
                   " arises");
  return RankedTensorType::get(shape, elem);
}

LogicalResult NodeImporter::takeElements(int64_t count) {
  if (budget.take(count))
    return success();
  return invalid(llvm::formatv("a constant of {0} elements arises, more than "
                               "the size of the model accounts for",
                               count));
}

/// The elements as an attribute; those that are not whole bytes in the IR are
/// handed over one by one.
static DenseElementsAttr toAttr(const HostTensor &tensor,
                                RankedTensorType type) {
  unsigned bits = type.getElementTypeBitWidth();
  if (bits >= 8)
    return DenseElementsAttr::getFromRawBuffer(type, tensor.bytes);
  SmallVector<APInt> values;
  for (int64_t i = 0, e = tensor.size(); i < e; ++i)
    values.push_back(APInt(bits, tensor.intAt(i), /*isSigned=*/false,
                           /*implicitTrunc=*/true));
  return DenseElementsAttr::get(type, values);
}

Value NodeImporter::storedConstant(const HostTensor &tensor) {
  if (tensor.elem != Elem::Float)
    return {};
  if (Value value = buildStored(*this, tensor, tensor.stored))
    return value;
  // A bias may have been copied: it is one of the inputs, or a part.
  if (tensor.rank() != 1 || tensor.stored)
    return {};
  for (OnnxValue *input : inputs) {
    if (!input || !input->constant || !input->constant->stored ||
        input->constant->stored->integers->elem != Elem::Int32)
      continue;
    StoredFormRef row =
        reshapeStored(input->constant->stored, {input->constant->size()});
    for (int64_t first = 0;
         row && first + tensor.size() <= row->integers->size();
         first += std::max<int64_t>(tensor.size(), 1))
      if (Value value = buildStored(*this, tensor,
                                    sliceStored(row, first, tensor.size())))
        return value;
  }
  return {};
}

FailureOr<Value> NodeImporter::constant(const HostTensor &tensor) {
  if (tensor.size() == 0) {
    auto type = RankedTensorType::get(tensor.shape, irType(tensor.elem));
    return arith::ConstantOp::create(
               builder, loc,
               DenseElementsAttr::get(type, ArrayRef<Attribute>()))
        .getResult();
  }
  if (Value stored = storedConstant(tensor))
    return stored;
  FailureOr<RankedTensorType> type = tensorType(tensor.shape, tensor.elem);
  if (failed(type) || failed(takeElements(tensor.size())))
    return failure();
  return tosa::ConstOp::create(builder, loc, *type, toAttr(tensor, *type))
      .getResult();
}

FailureOr<Value> NodeImporter::splat(int64_t rank, Elem elem, double value) {
  HostTensor tensor = HostTensor::zeros(Shape(rank, 1), elem);
  tensor.set(0, value);
  return constant(tensor);
}

FailureOr<Value> NodeImporter::splat(int64_t rank, float value) {
  return splat(rank, Elem::Float, value);
}

Value NodeImporter::shapeValue(ArrayRef<int64_t> dims) {
  auto values = builder.getIndexTensorAttr(dims);
  auto type = tosa::shapeType::get(builder.getContext(), dims.size());
  return tosa::ConstShapeOp::create(builder, loc, type, values);
}

FailureOr<Value> NodeImporter::reshape(Value value, ArrayRef<int64_t> shape) {
  if (onnx_import::shapeOf(value) == shape)
    return value;
  FailureOr<RankedTensorType> type = tensorType(shape, elementTypeOf(value));
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
  auto type = RankedTensorType::get(shape, elementTypeOf(value));
  return tosa::TransposeOp::create(builder, loc, type, value, perms)
      .getResult();
}

FailureOr<Value> NodeImporter::slice(Value value, ArrayRef<int64_t> start,
                                     ArrayRef<int64_t> size) {
  if (onnx_import::shapeOf(value) == size)
    return value;
  FailureOr<RankedTensorType> type = tensorType(size, elementTypeOf(value));
  if (failed(type))
    return failure();
  return tosa::SliceOp::create(builder, loc, *type, value, shapeValue(start),
                               shapeValue(size))
      .getResult();
}

FailureOr<Value> NodeImporter::pad(Value value, ArrayRef<int64_t> low,
                                   ArrayRef<int64_t> high, double fill) {
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
  Type elem = elementTypeOf(value);
  FailureOr<RankedTensorType> type = tensorType(shape, elem);
  FailureOr<Value> fillValue = splat(1, elemFromIR(elem), fill);
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
  FailureOr<RankedTensorType> type =
      tensorType(shape, elementTypeOf(values.front()));
  if (failed(type))
    return failure();
  return tosa::ConcatOp::create(builder, loc, *type, values,
                                builder.getI32IntegerAttr(axis))
      .getResult();
}

} // namespace mlir::qnt::onnx_import
