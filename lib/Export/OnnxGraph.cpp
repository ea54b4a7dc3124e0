//===- OnnxGraph.cpp - build an ONNX graph --------------------------------===//
//
// Thin over the protobuf classes; what a name already stands for gets a number.
//
//===----------------------------------------------------------------------===//

#include "OnnxGraph.h"

#include "llvm/ADT/Twine.h"

using namespace mlir;
using namespace mlir::qnt::onnx_export;

/// Numbers of the 4-bit types, newer than some versions of the classes.
static constexpr int32_t kUint4 = 21, kInt4 = 22;

std::optional<int32_t> qnt::onnx_export::getOnnxType(Type type) {
  if (type.isF32())
    return onnx::TensorProto::FLOAT;
  if (type.isF16())
    return onnx::TensorProto::FLOAT16;
  if (type.isBF16())
    return onnx::TensorProto::BFLOAT16;
  if (type.isF64())
    return onnx::TensorProto::DOUBLE;
  if (type.isIndex())
    return onnx::TensorProto::INT64;
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer)
    return std::nullopt;
  bool isUnsigned = integer.isUnsigned();
  switch (integer.getWidth()) {
  case 1:
    return onnx::TensorProto::BOOL;
  case 4:
    return isUnsigned ? kUint4 : kInt4;
  case 8:
    return isUnsigned ? onnx::TensorProto::UINT8 : onnx::TensorProto::INT8;
  case 16:
    return isUnsigned ? onnx::TensorProto::UINT16 : onnx::TensorProto::INT16;
  case 32:
    return isUnsigned ? onnx::TensorProto::UINT32 : onnx::TensorProto::INT32;
  case 64:
    return isUnsigned ? onnx::TensorProto::UINT64 : onnx::TensorProto::INT64;
  default:
    return std::nullopt;
  }
}

std::string OnnxGraph::makeName(StringRef hint) {
  std::string base = hint.empty() ? "t" : hint.str();
  std::string name = base;
  for (unsigned i = 1; !names.insert(name).second; ++i)
    name = (base + "_" + Twine(i)).str();
  return name;
}

std::string OnnxGraph::add(StringRef op, ArrayRef<std::string> inputs,
                           StringRef hint) {
  onnx::NodeProto *node = graph.add_node();
  node->set_op_type(op.str());
  for (const std::string &input : inputs)
    node->add_input(input);
  std::string name = makeName(hint);
  node->set_name(name);
  node->add_output(name);
  return name;
}

void OnnxGraph::set(StringRef attribute, int64_t value) {
  onnx::AttributeProto *proto = last().add_attribute();
  proto->set_name(attribute.str());
  proto->set_type(onnx::AttributeProto::INT);
  proto->set_i(value);
}

void OnnxGraph::set(StringRef attribute, ArrayRef<int64_t> values) {
  onnx::AttributeProto *proto = last().add_attribute();
  proto->set_name(attribute.str());
  proto->set_type(onnx::AttributeProto::INTS);
  for (int64_t value : values)
    proto->add_ints(value);
}

std::string OnnxGraph::addConstant(StringRef hint, int32_t type,
                                   ArrayRef<int64_t> shape,
                                   ArrayRef<char> bytes) {
  onnx::TensorProto *tensor = graph.add_initializer();
  std::string name = makeName(hint);
  tensor->set_name(name);
  tensor->set_data_type(type);
  for (int64_t size : shape)
    tensor->add_dims(size);
  if (type != kInt4 && type != kUint4) {
    tensor->set_raw_data(bytes.data(), bytes.size());
    return name;
  }
  // Two to a byte, the first one in the low half.
  std::string packed((bytes.size() + 1) / 2, '\0');
  for (auto [i, byte] : llvm::enumerate(bytes))
    packed[i / 2] |= static_cast<char>((byte & 0xf) << (i % 2 * 4));
  tensor->set_raw_data(packed);
  return name;
}

std::string OnnxGraph::addInts(StringRef hint, ArrayRef<int64_t> values) {
  return addConstant(
      hint, onnx::TensorProto::INT64, {static_cast<int64_t>(values.size())},
      ArrayRef<char>(reinterpret_cast<const char *>(values.data()),
                     values.size() * sizeof(int64_t)));
}

std::string OnnxGraph::addFloat(StringRef hint, float value) {
  return addConstant(
      hint, onnx::TensorProto::FLOAT, {},
      ArrayRef<char>(reinterpret_cast<const char *>(&value), sizeof(float)));
}

bool OnnxGraph::rename(StringRef from, StringRef to) {
  bool isMade = false;
  for (onnx::NodeProto &node : *graph.mutable_node()) {
    for (std::string &input : *node.mutable_input())
      if (input == from)
        input = to.str();
    for (std::string &output : *node.mutable_output())
      if (output == from) {
        output = to.str();
        isMade = true;
      }
  }
  return isMade;
}
