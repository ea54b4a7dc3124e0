//===- FoldConstants.cpp - nodes computed on the host ---------------------===//
//
// Exporters leave the computation of shapes in the graph. A node of this
// file's table whose inputs are all constants is computed here and leaves no
// trace in the IR; ops that only move elements see to that in their builders.
// The number of elements computed is bounded by a budget.
//
//===----------------------------------------------------------------------===//

#include "FoldArithmetic.h"
#include "OpTable.h"
#include "TensorReader.h"

#include "llvm/Support/FormatVariadic.h"

#include <cmath>

namespace mlir::qnt::onnx_import {

/// The single element of a tensor attribute, as a host tensor.
static FailureOr<HostTensor> readTensorAttr(NodeImporter &n, StringRef name) {
  std::string error;
  HostTensorRef tensor =
      readTensor(n.findAttr(name)->t(), n.externalDir, error);
  if (!tensor)
    return n.invalid("attribute '" + name + "' " + error);
  return *tensor;
}

LogicalResult buildConstant(NodeImporter &n) {
  if (n.node.attribute_size() != 1)
    return n.invalid("exactly one attribute is expected");
  const onnx::AttributeProto &attr = n.node.attribute(0);
  if (attr.name() == "value") {
    FailureOr<HostTensor> value = readTensorAttr(n, "value");
    if (failed(value))
      return failure();
    n.setResult(0, std::move(*value));
    return success();
  }
  if (attr.name() == "sparse_value") {
    std::string error;
    HostTensorRef dense = readSparse(attr.sparse_tensor(), n.externalDir,
                                     n.getBudget().left, error);
    if (!dense)
      return n.invalid("attribute 'sparse_value' " + error);
    n.setResult(0, OnnxValue(dense));
    return n.takeElements(dense->size());
  }
  std::vector<float> floats(attr.floats().begin(), attr.floats().end());
  std::vector<int64_t> ints(attr.ints().begin(), attr.ints().end());
  int64_t count = floats.size() + ints.size();
  if (attr.name() == "value_float")
    n.setResult(0, HostTensor::ofFloats({}, {attr.f()}));
  else if (attr.name() == "value_int")
    n.setResult(0, HostTensor::ofInts({}, {attr.i()}));
  else if (attr.name() == "value_floats")
    n.setResult(0, HostTensor::ofFloats(count, floats));
  else
    n.setResult(0, HostTensor::ofInts(count, ints));
  return success();
}

namespace {
struct FoldRow {
  const char *name;
  FoldFn fold;
};
} // namespace

static const FoldRow foldTable[] = {
    {"Abs", foldUnary},          {"Add", foldBinary},
    {"And", foldBinary},         {"BitwiseAnd", foldBinary},
    {"BitwiseNot", foldUnary},   {"BitwiseOr", foldBinary},
    {"BitwiseXor", foldBinary},  {"Cast", foldCast},
    {"CastLike", foldCast},      {"Ceil", foldUnary},
    {"Clip", foldClip},          {"Cos", foldUnary},
    {"CumSum", foldCumSum},      {"Div", foldBinary},
    {"Equal", foldBinary},       {"Erf", foldUnary},
    {"Exp", foldUnary},          {"Floor", foldUnary},
    {"Greater", foldBinary},     {"GreaterOrEqual", foldBinary},
    {"IsNaN", foldUnary},        {"Less", foldBinary},
    {"LessOrEqual", foldBinary}, {"Log", foldUnary},
    {"Max", foldBinary},         {"Min", foldBinary},
    {"Mod", foldBinary},         {"Mul", foldBinary},
    {"Neg", foldUnary},          {"Not", foldUnary},
    {"Or", foldBinary},          {"Pow", foldBinary},
    {"Reciprocal", foldUnary},   {"ReduceMax", foldReduce},
    {"ReduceMean", foldReduce},  {"ReduceMin", foldReduce},
    {"ReduceProd", foldReduce},  {"ReduceSum", foldReduce},
    {"Relu", foldUnary},         {"Round", foldUnary},
    {"Sigmoid", foldUnary},      {"Sign", foldUnary},
    {"Sin", foldUnary},          {"Sqrt", foldUnary},
    {"Sub", foldBinary},         {"Sum", foldBinary},
    {"Tanh", foldUnary},         {"Xor", foldBinary},
};

/// What folding takes from the budget at most; more is left for run time.
static bool isWithinBudget(NodeImporter &n) {
  int64_t largest = 0;
  for (unsigned i = 0; i < n.numInputs(); ++i)
    if (n.hasInput(i))
      largest = std::max(largest, n.constantOf(i)->size());
  return n.hasBudget(4 * largest);
}

LogicalResult foldNode(NodeImporter &n) {
  for (unsigned i = 0; i < n.numInputs(); ++i)
    if (n.hasInput(i) && !n.constantOf(i))
      return success();
  if (n.numInputs() == 0 || !isWithinBudget(n))
    return success();
  for (const FoldRow &row : foldTable) {
    if (n.node.op_type() != row.name)
      continue;
    FailureOr<HostTensor> result = row.fold(n);
    if (failed(result))
      return failure();
    n.setResult(0, std::move(*result));
    return success();
  }
  return success();
}

} // namespace mlir::qnt::onnx_import
