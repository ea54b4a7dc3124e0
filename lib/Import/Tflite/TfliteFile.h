//===- TfliteFile.h - a verified TFLite file --------------------*- C++ -*-===//
//
// What the importer reads instead of the flatbuffer. `TfliteFile::open` checks
// everything that the format leaves to the reader: indices into tables, shapes,
// sizes of buffers, scales. Afterwards reading cannot fail.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_TFLITE_TFLITEFILE_H
#define QNT_LIB_IMPORT_TFLITE_TFLITEFILE_H

#include "../HostTensor.h"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include "Tflite_generated.h"
#pragma clang diagnostic pop

#include <array>
#include <string>
#include <vector>

namespace mlir::qnt::tflite_import {

namespace schema = ::tflite_schema;
using onnx_import::Elem;
using onnx_import::HostTensor;
using onnx_import::HostTensorRef;
using onnx_import::Shape;

/// Scales and zero points of a tensor: one of each, or one per index of `axis`.
struct TensorQuant {
  SmallVector<float> scales;
  SmallVector<int32_t> zeroPoints;
  int64_t axis = 0;

  bool isPerTensor() const { return scales.size() == 1; }
  bool operator==(const TensorQuant &other) const {
    return scales == other.scales && zeroPoints == other.zeroPoints &&
           (isPerTensor() || axis == other.axis);
  }
  bool operator!=(const TensorQuant &other) const { return !(*this == other); }
};

struct TensorInfo {
  std::string name;
  Shape shape;
  schema::ElementType type = schema::ElementType_FLOAT32;
  /// Set for stored integers that stand for reals.
  std::optional<TensorQuant> quant;
  /// The bytes of a constant; empty for values that are computed.
  ArrayRef<uint8_t> data;
  bool isConstant = false;
  /// State that an interpreter keeps between calls.
  bool isVariable = false;
  bool isSparse = false;
};

/// A convolution between SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND: how dilation
/// is spelt by older converters. Height, then width.
struct BlockedConv {
  std::array<int64_t, 2> size, padLow, padHigh, cropHigh;
};

struct OpInfo {
  schema::OpCode code = schema::OpCode_ADD;
  /// The name of a custom op.
  std::string custom;
  /// Indices of tensors; -1 for an input that is left out.
  SmallVector<int32_t> inputs;
  SmallVector<int32_t> outputs;
  const schema::Operator *op = nullptr;
  std::optional<BlockedConv> blocks;

  std::string name() const;
};

struct GraphInfo {
  std::vector<TensorInfo> tensors;
  std::vector<OpInfo> ops;
  SmallVector<int32_t> inputs;
  SmallVector<int32_t> outputs;
  /// What callers name inputs and outputs by.
  std::vector<std::string> inputNames;
  std::vector<std::string> outputNames;
};

class TfliteFile {
public:
  /// Reads the file in `bytes`, which outlives this. On failure `error` says
  /// what is wrong.
  static std::unique_ptr<TfliteFile> open(StringRef bytes, std::string &error);

  ArrayRef<GraphInfo> getGraphs() const { return graphs; }

private:
  TfliteFile() = default;

  LogicalResult read(const schema::Model &model);
  LogicalResult readTensors(const schema::Model &model,
                            const schema::SubGraph &graph, GraphInfo &info);
  LogicalResult readTensor(const schema::Model &model,
                           const schema::Tensor &tensor, TensorInfo &info);
  LogicalResult readQuant(const schema::QuantizationParameters &quant,
                          TensorInfo &info);
  LogicalResult readData(const schema::Model &model,
                         const schema::Tensor &tensor, TensorInfo &info);
  LogicalResult readOps(const schema::Model &model,
                        const schema::SubGraph &graph, GraphInfo &info);
  LogicalResult readIndices(const flatbuffers::Vector<int32_t> *from,
                            const GraphInfo &graph, StringRef what,
                            bool mayOmit, SmallVectorImpl<int32_t> &indices);
  LogicalResult readSignatures(const schema::Model &model);
  LogicalResult fail(const Twine &message);

  StringRef bytes;
  /// The bytes again, where the caller's were not aligned.
  std::vector<uint64_t> aligned;
  std::vector<GraphInfo> graphs;
  std::string error;
};

/// The element type as the ONNX builders know it; nothing for strings, complex
/// numbers, resources and the like.
std::optional<Elem> elemOf(schema::ElementType type);

/// `int8`, `float32`, ...
std::string typeName(schema::ElementType type);

/// The elements of a constant; null with a reason where they cannot be read.
HostTensorRef readConstant(const TensorInfo &tensor, std::string &reason);

} // namespace mlir::qnt::tflite_import

#endif // QNT_LIB_IMPORT_TFLITE_TFLITEFILE_H
