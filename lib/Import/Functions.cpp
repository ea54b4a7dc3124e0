//===- Functions.cpp - functions that a model brings along ----------------===//
//
// See the header. The protobuf classes of the system may be older than fields
// that matter here; those are read from what the parser kept as unknown.
//
//===----------------------------------------------------------------------===//

#include "Functions.h"

#include "llvm/ADT/StringSet.h"

#include <google/protobuf/unknown_field_set.h>

namespace mlir::qnt::onnx_import {

// Field numbers of onnx.proto3 that came with IR version 9 and 10.
static constexpr int kFunctionAttributeProto = 11;
static constexpr int kFunctionOverload = 13;
static constexpr int kNodeOverload = 8;

/// The bytes of each occurrence of a field that the classes do not know.
template <typename Message>
static SmallVector<StringRef> unknownBytes(const Message &message, int number) {
  SmallVector<StringRef> found;
  const auto &fields = message.unknown_fields();
  for (int i = 0; i < fields.field_count(); ++i) {
    const auto &field = fields.field(i);
    if (field.number() == number &&
        field.type() == google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED)
      found.push_back(field.length_delimited());
  }
  return found;
}

template <typename Message>
static std::string keyOf(const Message &message, StringRef name, int overload) {
  SmallVector<StringRef> text = unknownBytes(message, overload);
  std::string domain =
      message.domain() == "ai.onnx" ? "" : std::string(message.domain());
  return domain + "\n" + name.str() + "\n" +
         (text.empty() ? "" : text.back().str());
}

bool FunctionTable::add(const onnx::ModelProto &model, std::string &duplicate) {
  for (const onnx::FunctionProto &function : model.functions()) {
    std::string key = keyOf(function, function.name(), kFunctionOverload);
    if (functions.try_emplace(key, &function).second)
      continue;
    duplicate = function.name();
    return false;
  }
  return true;
}

const onnx::FunctionProto *
FunctionTable::find(const onnx::NodeProto &node) const {
  if (functions.empty())
    return nullptr;
  return functions.lookup(keyOf(node, node.op_type(), kNodeOverload));
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

using Attributes = llvm::StringMap<onnx::AttributeProto>;

/// What the function's attributes are in this call.
static Attributes bindAttributes(const onnx::FunctionProto &function,
                                 const onnx::NodeProto &call) {
  Attributes bound;
  for (StringRef bytes : unknownBytes(function, kFunctionAttributeProto)) {
    onnx::AttributeProto attribute;
    if (attribute.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
      bound[attribute.name()] = attribute;
  }
  for (const onnx::AttributeProto &attribute : call.attribute())
    bound[attribute.name()] = attribute;
  return bound;
}

/// Puts the bound attributes in the places that refer to them; those that
/// nobody bound vanish, which gives the op's own default.
static void resolveAttributes(onnx::NodeProto &node, const Attributes &bound) {
  google::protobuf::RepeatedPtrField<onnx::AttributeProto> kept;
  for (onnx::AttributeProto &attribute : *node.mutable_attribute()) {
    if (attribute.ref_attr_name().empty()) {
      kept.Add()->Swap(&attribute);
      continue;
    }
    auto found = bound.find(attribute.ref_attr_name());
    if (found == bound.end())
      continue;
    onnx::AttributeProto *copy = kept.Add();
    *copy = found->second;
    copy->set_name(attribute.name());
    copy->clear_ref_attr_name();
  }
  node.mutable_attribute()->Swap(&kept);
}

onnx::GraphProto expandFunction(const onnx::FunctionProto &function,
                                const onnx::NodeProto &call) {
  Attributes bound = bindAttributes(function, call);
  onnx::GraphProto graph;
  graph.set_name(function.name());
  llvm::StringSet<> absent;
  for (int i = 0; i < function.input_size(); ++i) {
    graph.add_input()->set_name(function.input(i));
    if (i >= call.input_size() || call.input(i).empty())
      absent.insert(function.input(i));
  }
  for (const std::string &output : function.output())
    graph.add_output()->set_name(output);
  *graph.mutable_node() = function.node();

  SmallVector<onnx::GraphProto *> work{&graph};
  while (!work.empty()) {
    for (onnx::NodeProto &node : *work.pop_back_val()->mutable_node()) {
      resolveAttributes(node, bound);
      for (std::string &input : *node.mutable_input())
        if (absent.contains(input))
          input.clear();
      for (onnx::AttributeProto &attribute : *node.mutable_attribute()) {
        if (attribute.has_g())
          work.push_back(attribute.mutable_g());
        for (onnx::GraphProto &inner : *attribute.mutable_graphs())
          work.push_back(&inner);
      }
    }
  }
  return graph;
}

} // namespace mlir::qnt::onnx_import
