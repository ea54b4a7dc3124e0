//===- OpImporter.h - what the builder of one TFLite op sees ----*- C++ -*-===//
//
// A builder turns one TFLite op into float tosa. Where ONNX has an op of the
// same meaning, the builder asks for that (`emit`), so both importers share one
// definition; ops of another layout (NHWC windows, weights) are built here.
// Quantized tensors appear as the reals that they stand for: the graph importer
// puts quantize and dequantize around each op.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_TFLITE_OPIMPORTER_H
#define QNT_LIB_IMPORT_TFLITE_OPIMPORTER_H

#include "../NodeImporter.h"
#include "TfliteFile.h"

#include <variant>

namespace mlir::qnt::tflite_import {

using onnx_import::NodeImporter;
using onnx_import::OnnxValue;

/// One value of a TFLite graph.
struct TfliteValue {
  const TensorInfo *info = nullptr;
  /// The value, for quantized tensors as reals. Unknown where the producer is
  /// not supported.
  OnnxValue value;
  /// Quantized tensors: parameters of signed storage, and the stored integers
  /// (of a constant) or the value of quantized type (of an activation).
  std::optional<TensorQuant> quant;
  HostTensorRef stored;
  Value quantized;

  bool isKnown() const { return value.isKnown() || stored; }
  ArrayRef<int64_t> shape() const {
    return stored ? ArrayRef<int64_t>(stored->shape) : value.shape();
  }
};

/// An attribute of an ONNX node that a builder asks for.
struct EmitAttr {
  StringRef name;
  std::variant<int64_t, float, StringRef, ArrayRef<int64_t>> value;
};

class OpImporter {
public:
  OpImporter(const OpInfo &op, const char *onnxName, OpBuilder &builder,
             Location loc, ArrayRef<TfliteValue *> inputs,
             ArrayRef<const TensorInfo *> outputs,
             onnx_import::ElementBudget &budget);

  const OpInfo &op;
  /// The ONNX op that the table gives for this one, or null.
  const char *const onnxName;
  OpBuilder &builder;
  const Location loc;
  /// Builds tosa; its inputs are those of the op.
  NodeImporter &n() { return *node; }

  //===- Errors -----------------------------------------------------------===//

  LogicalResult unsupported(const Twine &reason);
  LogicalResult invalid(const Twine &reason);
  StringRef getReason() const { return node->getReason(); }
  bool isInvalid() const { return node->isInvalid(); }

  //===- Inputs -----------------------------------------------------------===//

  unsigned numInputs() const { return inputs.size(); }
  unsigned numOutputs() const { return outputs.size(); }
  bool hasInput(unsigned i) const { return i < inputs.size() && inputs[i]; }
  const TfliteValue &input(unsigned i) const { return *inputs[i]; }
  const TensorInfo &output(unsigned i) const { return *outputs[i]; }
  ArrayRef<int64_t> shapeOf(unsigned i) const { return inputs[i]->shape(); }
  int64_t rankOf(unsigned i) const { return shapeOf(i).size(); }
  bool isQuantized(unsigned i) const { return inputs[i]->quant.has_value(); }
  /// The value as the ONNX builders take it; stored weights are dequantized.
  OnnxValue valueOf(unsigned i);
  /// The same as an f32 value.
  FailureOr<Value> realOf(unsigned i);
  /// A constant of floats or of stored integers; null for other values.
  HostTensorRef constantOf(unsigned i) const;
  /// The integers of a constant input that the op takes as a parameter.
  FailureOr<Shape> intsOf(unsigned i, StringRef what);

  //===- Building ---------------------------------------------------------===//

  /// The results of an ONNX op of the newest operator set on `operands` (those
  /// without value are left out).
  FailureOr<SmallVector<OnnxValue>> emit(StringRef onnxOp,
                                         ArrayRef<OnnxValue> operands,
                                         ArrayRef<EmitAttr> attributes = {},
                                         unsigned results = 1);
  /// The first result of one.
  FailureOr<OnnxValue> emitOne(StringRef onnxOp, ArrayRef<OnnxValue> operands,
                               ArrayRef<EmitAttr> attributes = {});
  OnnxValue ints(ArrayRef<int64_t> values) const;
  /// A weight of the layout in which `tensor` is: floats as they are, stored
  /// integers dequantized along `axis`.
  FailureOr<Value> emitWeight(HostTensor tensor,
                              const std::optional<TensorQuant> &quant);
  FailureOr<Value> activate(Value value, schema::Activation activation);
  FailureOr<OnnxValue> activate(OnnxValue value, schema::Activation activation);

  //===- Results ----------------------------------------------------------===//

  void setResult(unsigned i, OnnxValue value) { results[i] = value; }
  void setResult(unsigned i, Value value) {
    results[i] = OnnxValue(value, Elem::Float);
  }
  ArrayRef<OnnxValue> getResults() const { return results; }

private:
  ArrayRef<TfliteValue *> inputs;
  ArrayRef<const TensorInfo *> outputs;
  SmallVector<OnnxValue, 2> results;
  onnx_import::ElementBudget &budget;
  SmallVector<OnnxValue> nodeValues;
  SmallVector<OnnxValue *> nodeInputs;
  std::unique_ptr<NodeImporter> node;
};

/// What uint8 loses on the way to signed storage: 128, else 0.
int32_t signedOffset(const TensorInfo &tensor);
/// Parameters as the IR holds them: signed storage, so those of uint8 move by
/// 128.
TensorQuant signedQuant(const TensorInfo &tensor);
/// The integers of a quantized constant in signed storage.
HostTensorRef signedConstant(const TensorInfo &tensor, std::string &reason);
/// `!qnt.quantized` with signed storage of `bits`.
Type quantizedElement(MLIRContext *context, unsigned bits,
                      const TensorQuant &quant);
/// The same with the storage that the file says: what callers exchange.
Type interfaceElement(MLIRContext *context, const TensorInfo &tensor);

} // namespace mlir::qnt::tflite_import

#endif // QNT_LIB_IMPORT_TFLITE_OPIMPORTER_H
