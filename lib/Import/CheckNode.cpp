//===- CheckNode.cpp - a node against its row of the op table -------------===//
//
// Numbers of inputs, names and types of attributes. What passes here may be
// read by a builder without further checks.
//
//===----------------------------------------------------------------------===//

#include "OpTable.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::onnx_import {

/// The kind letter of an attribute that the row lists, or 0.
static char attributeKind(const OpRow &row, StringRef name) {
  SmallVector<StringRef> entries;
  StringRef(row.attributes).split(entries, ' ', -1, /*KeepEmpty=*/false);
  for (StringRef entry : entries) {
    auto [key, kind] = entry.split(':');
    if (key == name)
      return kind.front();
  }
  return 0;
}

/// True if the attribute holds a value of the kind.
static bool hasKind(const onnx::AttributeProto &attr, char kind) {
  using onnx::AttributeProto;
  switch (kind) {
  case 'i':
    return attr.type() == AttributeProto::INT;
  case 'f':
    return attr.type() == AttributeProto::FLOAT;
  case 's':
    return attr.type() == AttributeProto::STRING;
  case 't':
    return attr.type() == AttributeProto::TENSOR && attr.has_t();
  case 'g':
    return attr.type() == AttributeProto::GRAPH && attr.has_g();
  case 'I':
    return attr.type() == AttributeProto::INTS;
  case 'F':
    return attr.type() == AttributeProto::FLOATS;
  case 'z':
    return attr.type() == AttributeProto::SPARSE_TENSOR &&
           attr.has_sparse_tensor();
  case 'p':
    return attr.type() == AttributeProto::TYPE_PROTO;
  case 'S':
    return attr.type() == AttributeProto::STRINGS;
  default:
    return false;
  }
}

LogicalResult checkNode(NodeImporter &n, const OpRow &row) {
  if (n.numInputs() > row.maxInputs)
    return n.invalid(llvm::formatv("has {0} inputs, at most {1} are expected",
                                   n.numInputs(), row.maxInputs));
  for (unsigned i = 0; i < row.minInputs; ++i)
    if (!n.hasInput(i))
      return n.invalid(llvm::formatv("input {0} is missing", i));
  if (row.maxInputs == kVariadic)
    for (unsigned i = 0; i < n.numInputs(); ++i)
      if (!n.hasInput(i))
        return n.invalid(llvm::formatv("input {0} is missing", i));
  for (unsigned i = 0; i < n.numInputs(); ++i)
    if (n.hasInput(i) && n.inputOf(i).sequence && !row.takesSequence)
      return n.invalid(llvm::formatv("input {0} is a sequence", i));
  if (n.node.output_size() == 0)
    return n.invalid("has no output");
  llvm::StringSet<> seen;
  for (const onnx::AttributeProto &attr : n.node.attribute()) {
    char kind = attributeKind(row, attr.name());
    if (!kind)
      return n.unsupported("attribute '" + attr.name() + "' is not supported");
    if (!hasKind(attr, kind))
      return n.invalid("attribute '" + attr.name() + "' has the wrong type");
    if (!seen.insert(attr.name()).second)
      return n.invalid("attribute '" + attr.name() + "' appears twice");
  }
  return success();
}

} // namespace mlir::qnt::onnx_import
