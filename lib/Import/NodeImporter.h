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

/// Loads every dialect that the builders make ops of.
void loadImportDialects(MLIRContext *context);

/// One value of the ONNX graph: a host constant, or an IR value, or unknown
/// because its producer is not supported. The IR value has the element type
/// `irType(elem)`, so float16 and bfloat16 are f32 and uint8 is i8 in the IR.
struct OnnxValue {
  HostTensorRef constant;
  Value value;
  /// The members, where the value is a sequence; then it is nothing else.
  std::shared_ptr<const std::vector<OnnxValue>> sequence;
  Elem elem = Elem::Float;

  OnnxValue() = default;
  OnnxValue(HostTensorRef constant)
      : constant(std::move(constant)), elem(this->constant->elem) {}
  OnnxValue(Value value, Elem elem) : value(value), elem(elem) {}

  bool isKnown() const { return constant || value || sequence; }
  ArrayRef<int64_t> shape() const;
};

using OnnxSequence = std::vector<OnnxValue>;

/// Where constants count against the memory that the model's size allows.
struct ElementBudget {
  int64_t left = 0;
  bool take(int64_t count);
};

using BuildFn = LogicalResult (*)(NodeImporter &);

/// Imports the graphs that are attributes of a node, in the scope of that node.
class SubgraphImporter {
public:
  virtual ~SubgraphImporter() = default;
  /// The outputs of the graph for the given inputs, unknown where its nodes are
  /// not supported; failure if the graph is malformed, which is diagnosed. The
  /// operator set is that of the node unless another is given.
  virtual FailureOr<SmallVector<OnnxValue>>
  importSubgraph(const onnx::GraphProto &body, ArrayRef<OnnxValue> inputs,
                 std::optional<int64_t> opset = std::nullopt) = 0;
};

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
  /// For the graphs among the attributes; null where there can be none.
  SubgraphImporter *subgraphs = nullptr;
  /// Whether results of unknown length are padded to their longest.
  bool padDetections = false;

  //===- Errors -----------------------------------------------------------===//

  /// The node is valid but outside of what the importer reads; such nodes are
  /// collected into one diagnostic.
  LogicalResult unsupported(const Twine &reason);
  /// The model is malformed.
  LogicalResult invalid(const Twine &reason);
  /// Something inside of the node failed and has been diagnosed.
  LogicalResult reported() {
    diagnosed = true;
    return failure();
  }
  bool wasReported() const { return diagnosed; }
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
  const OnnxValue &inputOf(unsigned i) const { return *inputs[i]; }
  ArrayRef<int64_t> shapeOf(unsigned i) const { return inputs[i]->shape(); }
  int64_t rankOf(unsigned i) const { return shapeOf(i).size(); }
  /// The ONNX element type.
  Elem elemOf(unsigned i) const { return inputs[i]->elem; }
  bool isFloat(unsigned i) const { return onnx_import::isFloat(elemOf(i)); }
  bool isInteger(unsigned i) const { return onnx_import::isInteger(elemOf(i)); }
  bool isUnsigned(unsigned i) const {
    return onnx_import::isUnsigned(elemOf(i));
  }
  bool isBool(unsigned i) const { return elemOf(i) == Elem::Bool; }
  /// The input itself, which is there.
  const OnnxValue &inputValue(unsigned i) const { return *inputs[i]; }
  ElementBudget &getBudget() { return budget; }
  /// The constant, or null if the input is absent or not known at import.
  const HostTensor *constantOf(unsigned i) const;
  HostTensorRef constantRef(unsigned i) const;
  /// The constant as float32 (`floats()` may be read), or null if the input is
  /// not a constant of floats.
  HostTensorRef floatConstantOf(unsigned i) const;
  /// The IR value as f32, for builders that compute in float: float64 is
  /// rounded, integers are refused. Constants are materialized.
  FailureOr<Value> valueOf(unsigned i);
  /// The IR value in its own type, for builders that take any.
  FailureOr<Value> anyValueOf(unsigned i);
  /// One of the two: in f32 if the input is float, else in its own type.
  FailureOr<Value> tosaValueOf(unsigned i) {
    return isFloat(i) ? valueOf(i) : anyValueOf(i);
  }
  /// Refuses NaN and infinity in what has to be a number; `what` is plural.
  LogicalResult requireFinite(const HostTensor &tensor, StringRef what);
  /// The integers of a constant input that an op takes as a parameter.
  FailureOr<Shape> intsOf(unsigned i, StringRef what);

  //===- Results ----------------------------------------------------------===//

  /// The element type is that of the first input whose type the value has
  /// (a float16 input makes an f32 result float16), else what the IR type
  /// stands for. Give it where that is wrong.
  void setResult(unsigned i, Value value);
  /// A float value of another width is converted.
  void setResult(unsigned i, Value value, Elem elem);
  void setResult(unsigned i, HostTensor tensor);
  void setResult(unsigned i, OnnxValue value);
  ArrayRef<OnnxValue> getResults() const { return results; }

  //===- Building ---------------------------------------------------------===//

  /// The type of a shape that tosa can hold; f32 if nothing is said.
  FailureOr<RankedTensorType> tensorType(ArrayRef<int64_t> shape);
  FailureOr<RankedTensorType> tensorType(ArrayRef<int64_t> shape, Type elem);
  FailureOr<RankedTensorType> tensorType(ArrayRef<int64_t> shape, Elem elem) {
    return tensorType(shape, irType(elem));
  }
  Type irType(Elem elem) const {
    return onnx_import::irType(builder.getContext(), elem);
  }
  /// A constant of any element type, as `irType` holds it.
  FailureOr<Value> constant(const HostTensor &tensor);
  /// A constant of one element in each of `rank` dimensions.
  FailureOr<Value> splat(int64_t rank, Elem elem, double value);
  FailureOr<Value> splat(int64_t rank, float value);
  FailureOr<Value> reshape(Value value, ArrayRef<int64_t> shape);
  FailureOr<Value> transpose(Value value, ArrayRef<int64_t> perm);
  FailureOr<Value> slice(Value value, ArrayRef<int64_t> start,
                         ArrayRef<int64_t> size);
  /// `fill` around a value of any type: low and high amounts by dimension.
  FailureOr<Value> pad(Value value, ArrayRef<int64_t> low,
                       ArrayRef<int64_t> high, double fill);
  FailureOr<Value> clamp(Value value, float low, float high);
  FailureOr<Value> concat(ValueRange values, int64_t axis);
  /// NCHW -> NHWC and back, rank 4.
  FailureOr<Value> toNhwc(Value value) {
    return transpose(value, {0, 2, 3, 1});
  }
  FailureOr<Value> toNchw(Value value) {
    return transpose(value, {0, 3, 1, 2});
  }
  /// The value with float elements of another width.
  Value convertFloat(Value value, Type elem);
  /// True if `count` more constant elements are within the budget.
  bool hasBudget(int64_t count) const { return count <= budget.left; }
  /// Takes them out of the budget, or fails.
  LogicalResult takeElements(int64_t count);
  /// A constant of tosa's shape type.
  Value shapeValue(ArrayRef<int64_t> dims);

private:
  /// The integers behind the floats, if there are some; null if not.
  Value storedConstant(const HostTensor &tensor);

  MutableArrayRef<OnnxValue *> inputs;
  SmallVector<OnnxValue, 2> results;
  ElementBudget &budget;
  std::string reason;
  bool malformed = false;
  bool diagnosed = false;
};

/// The shape of an IR value.
ArrayRef<int64_t> shapeOf(Value value);
/// The element type of an IR value.
Type elementTypeOf(Value value);

} // namespace mlir::qnt::onnx_import

#endif // QNT_LIB_IMPORT_NODEIMPORTER_H
