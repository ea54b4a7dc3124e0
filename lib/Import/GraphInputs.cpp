//===- GraphInputs.cpp - the interface of an ONNX graph -------------------===//
//
// Reads operator set and inputs of a graph, and settles every input's shape.
// Afterwards all input shapes are static.
//
//===----------------------------------------------------------------------===//

#include "GraphImporter.h"
#include "TensorReader.h"

#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::onnx_import {

LogicalResult GraphImporter::readOpset() {
  bool found = false;
  for (const onnx::OperatorSetIdProto &set : model.opset_import()) {
    if (!set.domain().empty() && set.domain() != "ai.onnx")
      continue;
    root.opset = set.version();
    found = true;
  }
  // Models of IR version 1 and 2 carry no operator set and mean the first; one
  // that names other sets alone has no op of this one.
  if (!found && model.opset_import_size() > 0)
    root.opset = kNewestOpset;
  else if (!found && model.ir_version() >= 3)
    return error() << "the model names no version of the onnx operator set";
  if (root.opset < 1 || root.opset > kNewestOpset) {
    InFlightDiagnostic diag = error() << "operator set version " << root.opset
                                      << " is not supported";
    diag.attachNote() << "versions 1 to " << kNewestOpset
                      << " are; convert the model with onnx.version_converter";
    return diag;
  }
  return success();
}

LogicalResult GraphImporter::checkOverrides() {
  for (const auto &entry : options.inputShapes) {
    const std::string &name = entry.first;
    bool known = llvm::any_of(graph.input(), [&](const auto &info) {
      return info.name() == name && !root.hasInitializer(name);
    });
    if (known)
      continue;
    InFlightDiagnostic diag = error()
                              << "input-shapes names '" << name
                              << "', which is not an input of the model";
    std::string names;
    for (const onnx::ValueInfoProto &info : graph.input())
      if (!root.hasInitializer(info.name()))
        names += (names.empty() ? "'" : ", '") + info.name() + "'";
    diag.attachNote() << "the inputs are: " << names;
    return diag;
  }
  return success();
}

LogicalResult GraphImporter::readInputs() {
  if (failed(checkOverrides()))
    return failure();
  for (const onnx::ValueInfoProto &info : graph.input())
    if (!root.hasInitializer(info.name()) && failed(readInput(info)))
      return failure();
  return success();
}

/// The shape that the file gives, with `N` for what it leaves open.
static std::string suggestShape(const onnx::ValueInfoProto &info) {
  std::string text = info.name() + ":";
  const onnx::TensorShapeProto &shape = info.type().tensor_type().shape();
  for (int i = 0; i < shape.dim_size(); ++i) {
    if (i)
      text += "x";
    const auto &dim = shape.dim(i);
    if (dim.has_dim_value() && dim.dim_value() > 0)
      text += std::to_string(dim.dim_value());
    else
      text += i == 0 ? "1" : "N";
  }
  return text;
}

FailureOr<int64_t> GraphImporter::readDim(const onnx::ValueInfoProto &info,
                                          int index) {
  const auto &dim = info.type().tensor_type().shape().dim(index);
  if (dim.has_dim_value()) {
    if (dim.dim_value() >= 0 && dim.dim_value() <= kMaxDim)
      return dim.dim_value();
    InFlightDiagnostic diag = error() << "input '" << info.name()
                                      << "' has impossible dimension " << index
                                      << " (" << dim.dim_value() << ")";
    diag.attachNote() << "give its size with input-shapes="
                      << suggestShape(info);
    return diag;
  }
  if (index == 0) {
    emitRemark(file) << "input '" << info.name() << "': dynamic dimension 0 ('"
                     << dim.dim_param() << "') is taken as 1";
    return 1;
  }
  return error() << "input '" << info.name() << "' has dynamic dimension "
                 << index << " ('" << dim.dim_param()
                 << "'); give its size with input-shapes="
                 << suggestShape(info);
}

LogicalResult GraphImporter::readInput(const onnx::ValueInfoProto &info) {
  if (!info.type().has_tensor_type())
    return error() << "input '" << info.name() << "' is not a tensor";
  const auto &type = info.type().tensor_type();
  std::optional<Elem> elem = elemFromOnnx(type.elem_type());
  if (!elem)
    return error() << "input '" << info.name() << "' has element type "
                   << elementTypeName(type.elem_type())
                   << ", which is not supported";
  if (*elem == Elem::Float16 || *elem == Elem::BFloat16)
    emitRemark(file) << "input '" << info.name() << "' is "
                     << elementTypeName(*elem)
                     << "; the model is computed in float32";
  Input input{info.name(), *elem, {}};
  const auto *given =
      llvm::find_if(options.inputShapes, [&](const auto &entry) {
        return entry.first == info.name();
      });
  if (given != options.inputShapes.end()) {
    if (type.has_shape() &&
        type.shape().dim_size() != static_cast<int>(given->second.size()))
      return error() << "input-shapes gives '" << info.name() << "' rank "
                     << given->second.size() << ", but the model has rank "
                     << type.shape().dim_size();
    input.shape.assign(given->second.begin(), given->second.end());
  } else {
    if (!type.has_shape())
      return error() << "input '" << info.name()
                     << "' has no shape; give it with input-shapes="
                     << info.name() << ":1xN";
    for (int i = 0; i < type.shape().dim_size(); ++i) {
      FailureOr<int64_t> dim = readDim(info, i);
      if (failed(dim))
        return failure();
      input.shape.push_back(*dim);
    }
    if (options.leadingSize != 0 || options.anyBatch) {
      if (input.shape.empty() || input.shape.front() != 1)
        return error() << "input '" << info.name() << "' of shape "
                       << formatShape(input.shape)
                       << " does not have the batch as its first dimension";
      if (options.leadingSize != 0)
        input.shape.front() = options.leadingSize;
    }
  }
  std::optional<int64_t> count = countElements(input.shape);
  if (!count || static_cast<int64_t>(input.shape.size()) > kMaxRank)
    return error() << "input '" << info.name() << "' has impossible shape "
                   << formatShape(input.shape);
  root.declare(input.name);
  inputs.push_back(std::move(input));
  return success();
}

} // namespace mlir::qnt::onnx_import
