//===- FoldConstants.cpp - nodes computed on the host ---------------------===//
//
// Exporters leave the computation of shapes in the graph. A node of this
// file's table whose inputs are all constants is computed here and leaves no
// trace in the IR. The number of elements computed is bounded by a budget.
//
//===----------------------------------------------------------------------===//

#include "FoldArithmetic.h"
#include "OpTable.h"
#include "TensorReader.h"

#include "llvm/Support/FormatVariadic.h"

#include <cmath>

namespace mlir::qnt::onnx_import {

static FailureOr<HostTensor> viewAs(NodeImporter &n, FailureOr<Shape> shape) {
  if (failed(shape) || failed(n.takeElements(n.constantOf(0)->size())))
    return failure();
  return reshapeHost(*n.constantOf(0), *shape);
}

static FailureOr<HostTensor> foldReshape(NodeImporter &n) {
  FailureOr<Shape> target = n.intsOf(1, "shape");
  if (failed(target))
    return failure();
  return viewAs(
      n, inferReshape(n, n.shapeOf(0), *target, n.getInt("allowzero", 0) != 0));
}

static FailureOr<HostTensor> foldSqueeze(NodeImporter &n) {
  return viewAs(n, inferSqueeze(n));
}

static FailureOr<HostTensor> foldUnsqueeze(NodeImporter &n) {
  return viewAs(n, inferUnsqueeze(n));
}

static FailureOr<HostTensor> foldTranspose(NodeImporter &n) {
  FailureOr<Shape> perm = readPerm(n);
  if (failed(perm) || failed(n.takeElements(n.constantOf(0)->size())))
    return failure();
  return transposeHost(*n.constantOf(0), *perm);
}

/// Walks all indices of `shape` in row-major order.
static std::vector<int64_t>
flatIndices(ArrayRef<int64_t> shape,
            llvm::function_ref<int64_t(ArrayRef<int64_t>)> source) {
  std::vector<int64_t> flat;
  int64_t count = *countElements(shape);
  Shape index(shape.size(), 0);
  for (int64_t i = 0; i < count; ++i) {
    flat.push_back(source(index));
    for (int64_t d = static_cast<int64_t>(shape.size()) - 1; d >= 0; --d) {
      if (++index[d] < shape[d])
        break;
      index[d] = 0;
    }
  }
  return flat;
}

static FailureOr<HostTensor> foldSlice(NodeImporter &n) {
  FailureOr<SliceRange> range = readSlice(n);
  if (failed(range) || failed(n.takeElements(*countElements(range->size))))
    return failure();
  const HostTensor &x = *n.constantOf(0);
  Shape strides = stridesOf(x.shape);
  return pickHost(
      x, range->size, flatIndices(range->size, [&](ArrayRef<int64_t> index) {
        int64_t flat = 0;
        for (size_t d = 0; d < index.size(); ++d)
          flat += (range->start[d] + index[d] * range->step[d]) * strides[d];
        return flat;
      }));
}

static FailureOr<HostTensor> foldGather(NodeImporter &n) {
  const HostTensor &x = *n.constantOf(0), &indices = *n.constantOf(1);
  FailureOr<int64_t> axis = n.normalizeAxis(n.getInt("axis", 0), x.rank());
  if (failed(axis))
    return failure();
  if (!indices.isInteger())
    return n.invalid("the indices are not integers");
  for (int64_t i : indices.toInts())
    if (i < -x.shape[*axis] || i >= x.shape[*axis])
      return n.invalid(
          llvm::formatv("index {0} is outside of {1}", i, x.shape[*axis]));
  Shape shape(x.shape.begin(), x.shape.begin() + *axis);
  shape.append(indices.shape.begin(), indices.shape.end());
  shape.append(x.shape.begin() + *axis + 1, x.shape.end());
  std::optional<int64_t> count = countElements(shape);
  if (!count || static_cast<int64_t>(shape.size()) > kMaxRank)
    return n.invalid("a result of impossible shape " + formatShape(shape));
  if (failed(n.takeElements(*count)))
    return failure();
  Shape strides = stridesOf(x.shape), indexStrides = stridesOf(indices.shape);
  return pickHost(x, shape, flatIndices(shape, [&](ArrayRef<int64_t> index) {
                    int64_t flat = 0, position = 0;
                    for (int64_t d = 0; d < *axis; ++d)
                      flat += index[d] * strides[d];
                    for (int64_t d = 0; d < indices.rank(); ++d)
                      position += index[*axis + d] * indexStrides[d];
                    int64_t chosen = indices.intAt(position);
                    flat += (chosen < 0 ? chosen + x.shape[*axis] : chosen) *
                            strides[*axis];
                    for (int64_t d = *axis + 1; d < x.rank(); ++d)
                      flat += index[indices.rank() + d - 1] * strides[d];
                    return flat;
                  }));
}

static FailureOr<HostTensor> foldConcat(NodeImporter &n) {
  const HostTensor &first = *n.constantOf(0);
  FailureOr<int64_t> axis = n.normalizeAxis(n.getInt("axis", 0), first.rank());
  if (failed(axis))
    return failure();
  Shape total = first.shape;
  total[*axis] = 0;
  for (unsigned i = 0; i < n.numInputs(); ++i) {
    const HostTensor &part = *n.constantOf(i);
    Shape expected = first.shape;
    if (part.rank() == first.rank())
      expected[*axis] = part.shape[*axis];
    if (part.shape != expected || part.elem != first.elem)
      return n.invalid(llvm::formatv("shapes {0} and {1} do not match",
                                     formatShape(first.shape),
                                     formatShape(part.shape)));
    total[*axis] += part.shape[*axis];
  }
  std::optional<int64_t> count = countElements(total);
  if (!count || failed(n.takeElements(*count)))
    return n.invalid("a result of impossible shape " + formatShape(total));
  HostTensor result = HostTensor::zeros(total, first.elem);
  if (*count == 0)
    return result;
  int64_t outer = *countElements(ArrayRef(first.shape).take_front(*axis));
  char *to = result.bytes.data();
  for (int64_t row = 0; row < outer; ++row)
    for (unsigned i = 0; i < n.numInputs(); ++i) {
      const std::vector<char> &part = n.constantOf(i)->bytes;
      int64_t length = part.size() / outer;
      to = std::copy_n(part.begin() + row * length, length, to);
    }
  return result;
}

/// The single element of a tensor attribute, as a host tensor.
static FailureOr<HostTensor> readTensorAttr(NodeImporter &n, StringRef name) {
  std::string error;
  HostTensorRef tensor =
      readTensor(n.findAttr(name)->t(), n.externalDir, error);
  if (!tensor)
    return n.invalid("attribute '" + name + "' " + error);
  return *tensor;
}

static FailureOr<HostTensor> foldConstantOfShape(NodeImporter &n) {
  FailureOr<Shape> shape = n.intsOf(0, "shape");
  if (failed(shape))
    return failure();
  HostTensor fill = HostTensor::ofFloats({}, {0.0f});
  if (n.hasAttr("value")) {
    FailureOr<HostTensor> value = readTensorAttr(n, "value");
    if (failed(value))
      return failure();
    fill = *value;
  }
  if (fill.size() != 1)
    return n.invalid("attribute 'value' is not one element");
  std::optional<int64_t> count = countElements(*shape);
  if (!count || static_cast<int64_t>(shape->size()) > kMaxRank)
    return n.invalid("a result of impossible shape " + formatShape(*shape));
  if (failed(n.takeElements(*count)))
    return failure();
  return pickHost(fill, *shape, std::vector<int64_t>(*count, 0));
}

static FailureOr<HostTensor> foldRange(NodeImporter &n) {
  for (unsigned i = 0; i < 3; ++i)
    if (!n.constantOf(i)->isInteger() || n.constantOf(i)->size() != 1 ||
        std::abs(n.constantOf(i)->at(0)) > kMaxDim)
      return n.unsupported("bounds that are not small integers");
  int64_t start = n.constantOf(0)->intAt(0), limit = n.constantOf(1)->intAt(0);
  int64_t delta = n.constantOf(2)->intAt(0);
  if (delta == 0)
    return n.invalid("the step is zero");
  int64_t span = delta > 0 ? limit - start : start - limit;
  int64_t step = std::abs(delta);
  int64_t count = span > 0 ? (span + step - 1) / step : 0;
  if (failed(n.takeElements(count)))
    return failure();
  std::vector<int64_t> values;
  for (int64_t i = 0; i < count; ++i)
    values.push_back(start + i * delta);
  return HostTensor::ofInts(count, values, n.elemOf(0));
}

static FailureOr<HostTensor> foldSize(NodeImporter &n) {
  return HostTensor::ofInts({}, {n.constantOf(0)->size()});
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
    {"Abs", foldUnary},           {"Add", foldBinary},
    {"Cast", foldCast},           {"Ceil", foldUnary},
    {"Concat", foldConcat},       {"ConstantOfShape", foldConstantOfShape},
    {"Div", foldBinary},          {"Equal", foldBinary},
    {"Exp", foldUnary},           {"Expand", foldExpand},
    {"Floor", foldUnary},         {"Gather", foldGather},
    {"Max", foldBinary},          {"Min", foldBinary},
    {"Mul", foldBinary},          {"Neg", foldUnary},
    {"Pow", foldBinary},          {"Range", foldRange},
    {"ReduceProd", foldReduce},   {"ReduceSum", foldReduce},
    {"Reshape", foldReshape},     {"Size", foldSize},
    {"Slice", foldSlice},         {"Sqrt", foldUnary},
    {"Squeeze", foldSqueeze},     {"Sub", foldBinary},
    {"Transpose", foldTranspose}, {"Unsqueeze", foldUnsqueeze},
    {"Where", foldWhere},
};

LogicalResult foldNode(NodeImporter &n) {
  for (unsigned i = 0; i < n.numInputs(); ++i)
    if (n.hasInput(i) && !n.constantOf(i))
      return success();
  if (n.numInputs() == 0)
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
