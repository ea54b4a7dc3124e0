//===- NodeImporter.h - what the builder of one op kind sees ----*- C++ -*-===//
//
// A builder turns one ONNX node into tosa through this class. Before it runs,
// the number of inputs and the names and types of attributes were checked
// against the op table, so reading them cannot fail; every shape that reaches
// a tosa builder goes through `tensorType`, which refuses what tosa would
// crash on.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_NODEIMPORTER_H
#define QNT_LIB_IMPORT_NODEIMPORTER_H

#include "HostTensor.h"
#include "OnnxProto.h"

#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Value.h"

#include <string>

namespace mlir::qnt::onnx_import {

class NodeImporter;

/// One value of the ONNX graph: a host constant, or an IR value of float32,
/// or unknown because its producer is not supported.
struct OnnxValue {
  HostTensorRef constant;
  Value value;

  bool isKnown() const { return constant || value; }
  ArrayRef<int64_t> shape() const;
};

/// Where constants count against the memory that the model's size allows.
struct ElementBudget {
  int64_t left = 0;
  bool take(int64_t count);
};

using BuildFn = LogicalResult (*)(NodeImporter &);

class NodeImporter {
public:
  NodeImporter(const onnx::NodeProto &node, int64_t opset, OpBuilder &builder,
               Location loc, MutableArrayRef<OnnxValue *> inputs,
               ElementBudget &budget, StringRef externalDir);

  const onnx::NodeProto &node;
  /// The version of the default operator set of the model.
  const int64_t opset;
  OpBuilder &builder;
  const Location loc;
  const StringRef externalDir;

  //===- Errors -----------------------------------------------------------===//

  /// The node is valid but outside of what the importer reads; such nodes are
  /// collected into one diagnostic.
  LogicalResult unsupported(const Twine &reason);
  /// The model is malformed.
  LogicalResult invalid(const Twine &reason);
  StringRef getReason() const { return reason; }
  bool isInvalid() const { return malformed; }

  //===- Attributes -------------------------------------------------------===//

  bool hasAttr(StringRef name) const { return findAttr(name); }
  int64_t getInt(StringRef name, int64_t otherwise) const;
  float getFloat(StringRef name, float otherwise) const;
  StringRef getString(StringRef name, StringRef otherwise) const;
  Shape getInts(StringRef name) const;
  const onnx::AttributeProto *findAttr(StringRef name) const;
  /// `axis` in [0, rank), or failure; negative ones count from the end.
  FailureOr<int64_t> normalizeAxis(int64_t axis, int64_t rank);

  //===- Inputs -----------------------------------------------------------===//

  unsigned numInputs() const { return inputs.size(); }
  bool hasInput(unsigned i) const { return i < inputs.size() && inputs[i]; }
  ArrayRef<int64_t> shapeOf(unsigned i) const { return inputs[i]->shape(); }
  int64_t rankOf(unsigned i) const { return shapeOf(i).size(); }
  /// The constant, or null if the input is absent or not known at import.
  const HostTensor *constantOf(unsigned i) const;
  HostTensorRef constantRef(unsigned i) const;
  /// The IR value; constants are materialized.
  FailureOr<Value> valueOf(unsigned i);
  /// The integers of a constant input that an op takes as a parameter.
  FailureOr<Shape> intsOf(unsigned i, StringRef what);

  //===- Results ----------------------------------------------------------===//

  void setResult(unsigned i, Value value);
  void setResult(unsigned i, HostTensor tensor);
  void setResult(unsigned i, OnnxValue value);
  ArrayRef<OnnxValue> getResults() const { return results; }

  //===- Building ---------------------------------------------------------===//

  /// The f32 type of a shape that tosa can hold.
  FailureOr<RankedTensorType> tensorType(ArrayRef<int64_t> shape);
  /// A tosa.const of floats; fails on NaN and infinity.
  FailureOr<Value> constant(const HostTensor &tensor);
  FailureOr<Value> splat(int64_t rank, float value);
  FailureOr<Value> reshape(Value value, ArrayRef<int64_t> shape);
  FailureOr<Value> transpose(Value value, ArrayRef<int64_t> perm);
  FailureOr<Value> slice(Value value, ArrayRef<int64_t> start,
                         ArrayRef<int64_t> size);
  /// Zeros (or `fill`) around a value: low and high amounts by dimension.
  FailureOr<Value> pad(Value value, ArrayRef<int64_t> low,
                       ArrayRef<int64_t> high, float fill);
  FailureOr<Value> clamp(Value value, float low, float high);
  FailureOr<Value> concat(ValueRange values, int64_t axis);
  /// NCHW -> NHWC and back, rank 4.
  FailureOr<Value> toNhwc(Value value) {
    return transpose(value, {0, 2, 3, 1});
  }
  FailureOr<Value> toNchw(Value value) {
    return transpose(value, {0, 3, 1, 2});
  }
  /// True if `count` more constant elements are within the budget.
  LogicalResult takeElements(int64_t count);
  /// A constant of tosa's shape type.
  Value shapeValue(ArrayRef<int64_t> dims);

private:
  MutableArrayRef<OnnxValue *> inputs;
  SmallVector<OnnxValue, 2> results;
  ElementBudget &budget;
  std::string reason;
  bool malformed = false;
};

/// The f32 shape of an IR value.
ArrayRef<int64_t> shapeOf(Value value);

} // namespace mlir::qnt::onnx_import

#endif // QNT_LIB_IMPORT_NODEIMPORTER_H
