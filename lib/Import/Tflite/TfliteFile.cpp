//===- TfliteFile.cpp - a verified TFLite file ----------------------------===//
//
// See the header. The flatbuffer verifier proves that offsets stay inside the
// file; what offsets lead to is checked here, before anything else reads it.
//
//===----------------------------------------------------------------------===//

#include "TfliteFile.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>
#include <cstring>

namespace mlir::qnt::tflite_import {

using onnx_import::countElements;
using onnx_import::formatShape;
using onnx_import::kMaxRank;

/// Bounds on what a flatbuffer may nest and hold, so that a small file cannot
/// keep the verifier busy.
static constexpr unsigned kMaxDepth = 32;
static constexpr unsigned kMaxTables = 1u << 22;

std::string OpInfo::name() const {
  return code == schema::OpCode_CUSTOM ? "CUSTOM " + custom
                                       : schema::EnumNameOpCode(code);
}

std::string typeName(schema::ElementType type) {
  const char *name = schema::EnumNameElementType(type);
  return *name ? StringRef(name).lower()
               : "type " + std::to_string(static_cast<int>(type));
}

std::optional<Elem> elemOf(schema::ElementType type) {
  switch (type) {
  case schema::ElementType_FLOAT32:
    return Elem::Float;
  case schema::ElementType_FLOAT16:
    return Elem::Float16;
  case schema::ElementType_BFLOAT16:
    return Elem::BFloat16;
  case schema::ElementType_FLOAT64:
    return Elem::Double;
  case schema::ElementType_INT4:
    return Elem::Int4;
  case schema::ElementType_INT8:
    return Elem::Int8;
  case schema::ElementType_UINT8:
    return Elem::UInt8;
  case schema::ElementType_INT16:
    return Elem::Int16;
  case schema::ElementType_UINT16:
    return Elem::UInt16;
  case schema::ElementType_INT32:
    return Elem::Int32;
  case schema::ElementType_UINT32:
    return Elem::UInt32;
  case schema::ElementType_INT64:
    return Elem::Int64;
  case schema::ElementType_UINT64:
    return Elem::UInt64;
  case schema::ElementType_BOOL:
    return Elem::Bool;
  default:
    return std::nullopt;
  }
}

/// Bits of an element in the file, or 0 where the size varies.
static unsigned fileBits(schema::ElementType type) {
  switch (type) {
  case schema::ElementType_COMPLEX64:
    return 64;
  case schema::ElementType_COMPLEX128:
    return 128;
  case schema::ElementType_BOOL:
    return 8;
  default:
    std::optional<Elem> elem = elemOf(type);
    return elem ? onnx_import::bitsOf(*elem) : 0;
  }
}

LogicalResult TfliteFile::fail(const Twine &message) {
  error = message.str();
  return failure();
}

static std::string toString(const flatbuffers::String *text) {
  return text ? text->str() : std::string();
}

std::unique_ptr<TfliteFile> TfliteFile::open(StringRef bytes,
                                             std::string &error) {
  std::unique_ptr<TfliteFile> file(new TfliteFile);
  if (reinterpret_cast<uintptr_t>(bytes.data()) % 16 != 0) {
    file->aligned.resize((bytes.size() + 7) / 8);
    std::memcpy(file->aligned.data(), bytes.data(), bytes.size());
    bytes = StringRef(reinterpret_cast<const char *>(file->aligned.data()),
                      bytes.size());
  }
  file->bytes = bytes;
  // Weights behind the 2 GiB that offsets reach are not the verifier's.
  size_t reach =
      std::min<size_t>(bytes.size(), FLATBUFFERS_MAX_BUFFER_SIZE - 1);
  auto *data = reinterpret_cast<const uint8_t *>(bytes.data());
  flatbuffers::Verifier verifier(data, reach, kMaxDepth, kMaxTables);
  if (bytes.size() < 8 || !schema::ModelBufferHasIdentifier(data))
    file->error = "not a tflite model";
  else if (!schema::VerifyModelBuffer(verifier))
    file->error = "the tflite model is truncated or damaged";
  else if (succeeded(file->read(*schema::GetModel(data))))
    return file;
  error = file->error;
  return nullptr;
}

LogicalResult TfliteFile::read(const schema::Model &model) {
  if (model.version() != 3)
    return fail("the model has schema version " + Twine(model.version()) +
                ", only 3 is supported");
  if (!model.subgraphs() || model.subgraphs()->size() == 0)
    return fail("the tflite model holds no graph");
  for (const schema::SubGraph *graph : *model.subgraphs()) {
    GraphInfo &info = graphs.emplace_back();
    if (failed(readTensors(model, *graph, info)) ||
        failed(
            readIndices(graph->inputs(), info, "input", false, info.inputs)) ||
        failed(readIndices(graph->outputs(), info, "output", false,
                           info.outputs)) ||
        failed(readOps(model, *graph, info)))
      return failure();
    for (int32_t index : info.inputs)
      info.inputNames.push_back(info.tensors[index].name);
    for (int32_t index : info.outputs)
      info.outputNames.push_back(info.tensors[index].name);
  }
  return readSignatures(model);
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

LogicalResult TfliteFile::readTensors(const schema::Model &model,
                                      const schema::SubGraph &graph,
                                      GraphInfo &info) {
  if (!graph.tensors())
    return success();
  for (const schema::Tensor *tensor : *graph.tensors())
    if (failed(readTensor(model, *tensor, info.tensors.emplace_back())))
      return failure();
  return success();
}

LogicalResult TfliteFile::readTensor(const schema::Model &model,
                                     const schema::Tensor &tensor,
                                     TensorInfo &info) {
  info.name = toString(tensor.name());
  if (info.name.empty())
    info.name = "tensor" + std::to_string(graphs.back().tensors.size() - 1);
  info.type = tensor.type();
  info.isVariable = tensor.is_variable();
  info.isSparse = tensor.sparsity() != nullptr;
  if (tensor.shape())
    info.shape.assign(tensor.shape()->begin(), tensor.shape()->end());
  if (static_cast<int64_t>(info.shape.size()) > kMaxRank ||
      !countElements(info.shape))
    return fail("tensor '" + info.name + "' has impossible shape " +
                formatShape(info.shape));
  if (tensor.quantization() && failed(readQuant(*tensor.quantization(), info)))
    return failure();
  return readData(model, tensor, info);
}

LogicalResult TfliteFile::readQuant(const schema::QuantizationParameters &quant,
                                    TensorInfo &info) {
  if (!quant.scale() || quant.scale()->size() == 0 ||
      info.type == schema::ElementType_FLOAT32)
    return success();
  TensorQuant result;
  result.scales.assign(quant.scale()->begin(), quant.scale()->end());
  // A scale of 0 marks integers that are no reals.
  if (result.isPerTensor() && result.scales[0] == 0.0f)
    return success();
  for (auto [i, scale] : llvm::enumerate(result.scales))
    if (!std::isfinite(scale) || scale <= 0.0f)
      return fail(llvm::formatv("tensor '{0}' has scale {1} at index {2}, "
                                "expected one above 0",
                                info.name, scale, i));
  result.zeroPoints.assign(result.scales.size(), 0);
  if (quant.zero_point() && quant.zero_point()->size() > 0) {
    if (quant.zero_point()->size() != result.scales.size() &&
        quant.zero_point()->size() != 1)
      return fail(llvm::formatv("tensor '{0}' has {1} scales and {2} zero "
                                "points",
                                info.name, result.scales.size(),
                                quant.zero_point()->size()));
    for (auto [i, zeroPoint] : llvm::enumerate(result.zeroPoints)) {
      int64_t value =
          quant.zero_point()->Get(quant.zero_point()->size() == 1 ? 0 : i);
      if (value < -32768 || value > 65535)
        return fail(llvm::formatv("tensor '{0}' has impossible zero point {1}",
                                  info.name, value));
      zeroPoint = static_cast<int32_t>(value);
    }
  }
  result.axis = quant.quantized_dimension();
  if (!result.isPerTensor() &&
      (result.axis < 0 ||
       result.axis >= static_cast<int64_t>(info.shape.size()) ||
       info.shape[result.axis] != static_cast<int64_t>(result.scales.size())))
    return fail(llvm::formatv("tensor '{0}' of shape {1} has {2} scales along "
                              "dimension {3}",
                              info.name, formatShape(info.shape),
                              result.scales.size(), result.axis));
  info.quant = std::move(result);
  return success();
}

LogicalResult TfliteFile::readData(const schema::Model &model,
                                   const schema::Tensor &tensor,
                                   TensorInfo &info) {
  // Buffer 0 is the empty one.
  if (tensor.buffer() == 0)
    return success();
  if (!model.buffers() || tensor.buffer() >= model.buffers()->size())
    return fail("tensor '" + info.name + "' names buffer " +
                Twine(tensor.buffer()) + ", which does not exist");
  const schema::Buffer &buffer = *model.buffers()->Get(tensor.buffer());
  if (buffer.offset() > 1) {
    if (buffer.offset() > bytes.size() ||
        buffer.size() > bytes.size() - buffer.offset())
      return fail("tensor '" + info.name + "' lies behind the end of the file");
    info.data = ArrayRef(reinterpret_cast<const uint8_t *>(bytes.data()) +
                             buffer.offset(),
                         buffer.size());
  } else if (buffer.data()) {
    info.data = ArrayRef(buffer.data()->data(), buffer.data()->size());
  }
  // An empty list, such as the shape of a scalar, is a constant too.
  info.isConstant = !info.data.empty() || *countElements(info.shape) == 0;
  unsigned bits = fileBits(info.type);
  if (!info.isConstant || info.isSparse || bits == 0)
    return success();
  int64_t expected = (*countElements(info.shape) * bits + 7) / 8;
  if (static_cast<int64_t>(info.data.size()) != expected)
    return fail(
        llvm::formatv("tensor '{0}' of {1} [{2}] holds {3} bytes, expected {4}",
                      info.name, typeName(info.type), formatShape(info.shape),
                      info.data.size(), expected));
  return success();
}

HostTensorRef readConstant(const TensorInfo &tensor, std::string &reason) {
  std::optional<Elem> elem = elemOf(tensor.type);
  if (!elem || tensor.isSparse) {
    reason = tensor.isSparse ? "is stored sparse, which is not supported"
                             : "has element type " + typeName(tensor.type) +
                                   ", which is not supported";
    return nullptr;
  }
  auto result =
      std::make_shared<HostTensor>(HostTensor::zeros(tensor.shape, *elem));
  auto *data = reinterpret_cast<const char *>(tensor.data.data());
  int64_t size = result->size();
  switch (*elem) {
  case Elem::Int4:
    for (int64_t i = 0; i < size; ++i) {
      int8_t pair = tensor.data[i / 2];
      int8_t low = static_cast<int8_t>(pair << 4);
      result->setInt(i, (i % 2 ? pair : low) >> 4);
    }
    break;
  case Elem::Float16:
  case Elem::BFloat16:
    for (int64_t i = 0; i < size; ++i) {
      uint16_t bits;
      std::memcpy(&bits, data + 2 * i, 2);
      result->set(i, *elem == Elem::Float16 ? onnx_import::halfToFloat(bits)
                                            : onnx_import::bfloatToFloat(bits));
    }
    break;
  default:
    std::memcpy(result->bytes.data(), data, tensor.data.size());
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Operators
//===----------------------------------------------------------------------===//

LogicalResult TfliteFile::readIndices(const flatbuffers::Vector<int32_t> *from,
                                      const GraphInfo &graph, StringRef what,
                                      bool mayOmit,
                                      SmallVectorImpl<int32_t> &indices) {
  if (!from)
    return success();
  for (int32_t index : *from) {
    if ((index < 0 && !(mayOmit && index == -1)) ||
        index >= static_cast<int64_t>(graph.tensors.size()))
      return fail("an " + what + " names tensor " + Twine(index) +
                  ", which does not exist");
    indices.push_back(index);
  }
  return success();
}

LogicalResult TfliteFile::readOps(const schema::Model &model,
                                  const schema::SubGraph &graph,
                                  GraphInfo &info) {
  if (!graph.operators())
    return success();
  for (const schema::Operator *op : *graph.operators()) {
    OpInfo &entry = info.ops.emplace_back();
    if (!model.operator_codes() ||
        op->opcode_index() >= model.operator_codes()->size())
      return fail("an operator names code " + Twine(op->opcode_index()) +
                  ", which does not exist");
    const schema::OperatorCode &code =
        *model.operator_codes()->Get(op->opcode_index());
    entry.code = static_cast<schema::OpCode>(
        std::max<int32_t>(code.deprecated_builtin_code(), code.builtin_code()));
    entry.custom = toString(code.custom_code());
    entry.op = op;
    if (!*schema::EnumNameOpCode(entry.code))
      return fail("operator code " + Twine(static_cast<int32_t>(entry.code)) +
                  " is unknown");
    if (failed(readIndices(op->inputs(), info, "operator's input", true,
                           entry.inputs)) ||
        failed(readIndices(op->outputs(), info, "operator's output", false,
                           entry.outputs)))
      return failure();
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Signatures
//===----------------------------------------------------------------------===//

/// The first signature of each graph names its inputs and outputs.
LogicalResult TfliteFile::readSignatures(const schema::Model &model) {
  if (!model.signature_defs())
    return success();
  SmallVector<bool> named(graphs.size(), false);
  auto rename = [&](const auto *maps, ArrayRef<int32_t> indices,
                    std::vector<std::string> &names) {
    if (!maps)
      return;
    // Backwards: of two names of one tensor, the first stays.
    for (size_t m = maps->size(); m-- > 0;) {
      const schema::TensorMap &map = *maps->Get(m);
      std::string name = toString(map.name());
      for (auto [i, index] : llvm::enumerate(indices))
        if (index == static_cast<int64_t>(map.tensor_index()) && !name.empty())
          names[i] = name;
    }
  };
  for (const schema::SignatureDef *signature : *model.signature_defs()) {
    uint32_t index = signature->subgraph_index();
    if (index >= graphs.size())
      return fail("signature '" + toString(signature->signature_key()) +
                  "' names graph " + Twine(index) + ", which does not exist");
    if (named[index])
      continue;
    named[index] = true;
    GraphInfo &graph = graphs[index];
    rename(signature->inputs(), graph.inputs, graph.inputNames);
    rename(signature->outputs(), graph.outputs, graph.outputNames);
  }
  return success();
}

} // namespace mlir::qnt::tflite_import
