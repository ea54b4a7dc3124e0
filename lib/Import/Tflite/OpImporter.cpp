//===- OpImporter.cpp - what the builder of one TFLite op sees ------------===//
//
// See the header. Nodes of ONNX that builders ask for are checked and folded
// like those of a file; a fault that they find is reported as this op's.
//
//===----------------------------------------------------------------------===//

#include "OpImporter.h"

#include "../OpTable.h"

#include "qnt/Dialect/IR/Qnt.h"

#include "llvm/Support/FormatVariadic.h"

#include <cfloat>
#include <cmath>

namespace mlir::qnt::tflite_import {

using onnx_import::kNewestOpset;
using onnx_import::OpRow;

//===----------------------------------------------------------------------===//
// Stored integers
//===----------------------------------------------------------------------===//

int32_t signedOffset(const TensorInfo &tensor) {
  return tensor.type == schema::ElementType_UINT8 ? 128 : 0;
}

TensorQuant signedQuant(const TensorInfo &tensor) {
  TensorQuant quant = *tensor.quant;
  for (int32_t &zeroPoint : quant.zeroPoints)
    zeroPoint -= signedOffset(tensor);
  return quant;
}

HostTensorRef signedConstant(const TensorInfo &tensor, std::string &reason) {
  HostTensorRef constant = readConstant(tensor, reason);
  if (!constant || signedOffset(tensor) == 0)
    return constant;
  auto moved = std::make_shared<HostTensor>(
      HostTensor::zeros(constant->shape, Elem::Int8));
  for (int64_t i = 0, e = constant->size(); i < e; ++i)
    moved->setInt(i, constant->intAt(i) - signedOffset(tensor));
  return moved;
}

static Type makeQuantized(Type storage, const TensorQuant &quant) {
  MLIRContext *context = storage.getContext();
  SchemeAttrInterface scheme;
  if (quant.isPerTensor())
    scheme = PerTensorAttr::get(context, quant.scales[0], quant.zeroPoints[0]);
  else
    scheme = PerAxisAttr::get(
        context, quant.axis, DenseF32ArrayAttr::get(context, quant.scales),
        llvm::all_of(quant.zeroPoints, [](int32_t zp) { return zp == 0; })
            ? DenseI32ArrayAttr()
            : DenseI32ArrayAttr::get(context, quant.zeroPoints));
  return QuantizedType::get(storage, Float32Type::get(context), scheme);
}

Type quantizedElement(MLIRContext *context, unsigned bits,
                      const TensorQuant &quant) {
  return makeQuantized(IntegerType::get(context, bits), quant);
}

Type interfaceElement(MLIRContext *context, const TensorInfo &tensor) {
  bool isUnsigned = tensor.type == schema::ElementType_UINT8;
  unsigned bits = onnx_import::bitsOf(*elemOf(tensor.type));
  return makeQuantized(IntegerType::get(context, bits,
                                        isUnsigned ? IntegerType::Unsigned
                                                   : IntegerType::Signless),
                       *tensor.quant);
}

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

/// A node without attributes that only carries the number of results.
static const onnx::NodeProto &emptyNode() {
  static const onnx::NodeProto node;
  return node;
}

OpImporter::OpImporter(const OpInfo &op, const char *onnxName,
                       OpBuilder &builder, Location loc,
                       ArrayRef<TfliteValue *> inputs,
                       ArrayRef<const TensorInfo *> outputs,
                       onnx_import::ElementBudget &budget)
    : op(op), onnxName(onnxName), builder(builder), loc(loc), inputs(inputs),
      outputs(outputs), results(outputs.size()), budget(budget) {
  for (TfliteValue *input : inputs)
    nodeValues.push_back(input ? input->value : OnnxValue());
  for (auto [input, value] : llvm::zip(inputs, nodeValues))
    nodeInputs.push_back(input ? &value : nullptr);
  node = std::make_unique<NodeImporter>(emptyNode(), kNewestOpset, builder, loc,
                                        nodeInputs, budget, StringRef());
}

LogicalResult OpImporter::unsupported(const Twine &reason) {
  return node->unsupported(reason);
}

LogicalResult OpImporter::invalid(const Twine &reason) {
  return node->invalid(reason);
}

OnnxValue OpImporter::valueOf(unsigned i) {
  TfliteValue &input = *inputs[i];
  if (input.value.isKnown() || !input.stored)
    return input.value;
  FailureOr<Value> value = emitWeight(*input.stored, input.quant);
  return failed(value) ? OnnxValue() : OnnxValue(*value, Elem::Float);
}

FailureOr<Value> OpImporter::realOf(unsigned i) {
  OnnxValue value = valueOf(i);
  if (!value.isKnown())
    return failure();
  if (!onnx_import::isFloat(value.elem))
    return unsupported(llvm::formatv("input {0} is of element type {1}", i,
                                     elementTypeName(value.elem)));
  if (value.value && onnx_import::elementTypeOf(value.value).isF32())
    return value.value;
  nodeValues[i] = value;
  return node->valueOf(i);
}

HostTensorRef OpImporter::constantOf(unsigned i) const {
  if (!hasInput(i))
    return nullptr;
  return inputs[i]->stored ? inputs[i]->stored : inputs[i]->value.constant;
}

FailureOr<Shape> OpImporter::intsOf(unsigned i, StringRef what) {
  if (!hasInput(i))
    return invalid(what + " (input " + Twine(i) + ") is missing");
  return node->intsOf(i, what);
}

//===----------------------------------------------------------------------===//
// Building
//===----------------------------------------------------------------------===//

static void addAttribute(onnx::NodeProto &node, const EmitAttr &attribute) {
  onnx::AttributeProto &proto = *node.add_attribute();
  proto.set_name(attribute.name.str());
  if (auto *value = std::get_if<int64_t>(&attribute.value)) {
    proto.set_type(onnx::AttributeProto::INT);
    proto.set_i(*value);
  } else if (auto *value = std::get_if<float>(&attribute.value)) {
    proto.set_type(onnx::AttributeProto::FLOAT);
    proto.set_f(*value);
  } else if (auto *value = std::get_if<StringRef>(&attribute.value)) {
    proto.set_type(onnx::AttributeProto::STRING);
    proto.set_s(value->str());
  } else {
    proto.set_type(onnx::AttributeProto::INTS);
    for (int64_t item : std::get<ArrayRef<int64_t>>(attribute.value))
      proto.add_ints(item);
  }
}

/// Folds the node, or builds it as the table says.
static LogicalResult buildNode(NodeImporter &n) {
  bool knownName;
  const OpRow *row =
      onnx_import::findOp(n.node.op_type(), kNewestOpset, knownName);
  if (!row)
    return n.unsupported("the op is not supported");
  if (failed(checkNode(n, *row)) || failed(foldNode(n)))
    return failure();
  if (n.getResults().front().isKnown())
    return success();
  if (!row->build)
    return n.unsupported(
        "the op is supported only on values known at compile time");
  return row->build(n);
}

FailureOr<SmallVector<OnnxValue>>
OpImporter::emit(StringRef onnxOp, ArrayRef<OnnxValue> operands,
                 ArrayRef<EmitAttr> attributes, unsigned count) {
  SmallVector<OnnxValue> values(operands);
  SmallVector<OnnxValue *> pointers;
  for (OnnxValue &value : values)
    pointers.push_back(value.isKnown() ? &value : nullptr);
  onnx::NodeProto proto;
  proto.set_op_type(onnxOp.str());
  for (unsigned i = 0; i < count; ++i)
    proto.add_output(std::to_string(i));
  for (const EmitAttr &attribute : attributes)
    addAttribute(proto, attribute);
  NodeImporter n(proto, kNewestOpset, builder, loc, pointers, budget,
                 StringRef());
  if (failed(buildNode(n))) {
    std::string reason = n.getReason().str();
    return n.isInvalid() ? invalid(reason) : unsupported(reason);
  }
  SmallVector<OnnxValue> made(n.getResults());
  for (const OnnxValue &value : made)
    if (!value.isKnown())
      return unsupported("one of its results is not supported");
  return made;
}

FailureOr<OnnxValue> OpImporter::emitOne(StringRef onnxOp,
                                         ArrayRef<OnnxValue> operands,
                                         ArrayRef<EmitAttr> attributes) {
  FailureOr<SmallVector<OnnxValue>> made = emit(onnxOp, operands, attributes);
  if (failed(made))
    return failure();
  return made->front();
}

OnnxValue OpImporter::ints(ArrayRef<int64_t> values) const {
  return OnnxValue(std::make_shared<HostTensor>(
      HostTensor::ofInts({static_cast<int64_t>(values.size())}, values)));
}

FailureOr<Value>
OpImporter::emitWeight(HostTensor tensor,
                       const std::optional<TensorQuant> &quant) {
  if (!quant)
    return node->constant(
        tensor.elem == Elem::Float ? tensor : convertHost(tensor, Elem::Float));
  if (onnx_import::isFloat(tensor.elem) ||
      onnx_import::bitsOf(tensor.elem) > 32)
    return unsupported(
        llvm::formatv("a quantized constant of element type {0}; up to 32 bits "
                      "are read",
                      elementTypeName(tensor.elem)));
  for (float scale : quant->scales)
    if (!std::isfinite(scale) || scale <= 0.0f)
      return unsupported(
          llvm::formatv("the scale {0} of a constant or bias, which is not "
                        "finite and above 0",
                        scale));
  FailureOr<Value> stored = node->constant(tensor);
  if (failed(stored))
    return failure();
  auto type = cast<RankedTensorType>(stored->getType());
  Type element = quantizedElement(builder.getContext(),
                                  type.getElementTypeBitWidth(), *quant);
  Value cast =
      StorageCastOp::create(builder, loc, type.clone(element), *stored);
  return DequantizeOp::create(builder, loc, type.clone(builder.getF32Type()),
                              cast)
      .getResult();
}

FailureOr<Value> OpImporter::activate(Value value,
                                      schema::Activation activation) {
  switch (activation) {
  case schema::Activation_NONE:
    return value;
  case schema::Activation_RELU:
    return node->clamp(value, 0.0f, FLT_MAX);
  case schema::Activation_RELU6:
    return node->clamp(value, 0.0f, 6.0f);
  case schema::Activation_RELU_N1_TO_1:
    return node->clamp(value, -1.0f, 1.0f);
  case schema::Activation_TANH:
    return tosa::TanhOp::create(builder, loc, value.getType(), value)
        .getResult();
  default:
    return unsupported(llvm::formatv("fused activation {0}",
                                     schema::EnumNameActivation(activation)));
  }
}

FailureOr<OnnxValue> OpImporter::activate(OnnxValue value,
                                          schema::Activation activation) {
  if (activation == schema::Activation_NONE)
    return value;
  if (!onnx_import::isFloat(value.elem)) {
    if (activation == schema::Activation_RELU)
      return emitOne("Relu", value);
    return unsupported("a fused activation of integers");
  }
  if (!value.value) {
    FailureOr<Value> constant =
        node->constant(convertHost(*value.constant, Elem::Float));
    if (failed(constant))
      return failure();
    value = OnnxValue(*constant, Elem::Float);
  }
  FailureOr<Value> result = activate(value.value, activation);
  if (failed(result))
    return failure();
  return OnnxValue(*result, Elem::Float);
}

} // namespace mlir::qnt::tflite_import
