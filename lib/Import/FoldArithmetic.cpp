//===- FoldArithmetic.cpp - elementwise arithmetic on the host ------------===//
//
// See the header. Integer arithmetic wraps, conversions saturate and division
// by zero is refused, so nothing here is undefined. Floats are computed in
// double and rounded once.
//
//===----------------------------------------------------------------------===//

#include "FoldArithmetic.h"

#include "OpTable.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

namespace mlir::qnt::onnx_import {

/// Strides of `shape` inside of `target`, 0 where it broadcasts.
static Shape broadcastStrides(ArrayRef<int64_t> shape,
                              ArrayRef<int64_t> target) {
  Shape strides(target.size(), 0);
  Shape own = stridesOf(shape);
  size_t shift = target.size() - shape.size();
  for (size_t i = 0; i < shape.size(); ++i)
    strides[shift + i] = shape[i] == 1 ? 0 : own[i];
  return strides;
}

/// The tensor with its elements repeated to fill `target`.
static FailureOr<HostTensor>
broadcast(NodeImporter &n, const HostTensor &tensor, ArrayRef<int64_t> target) {
  if (ArrayRef(tensor.shape) == target)
    return tensor;
  std::optional<int64_t> count = countElements(target);
  if (!count || static_cast<int64_t>(target.size()) > kMaxRank)
    return n.invalid("a result of impossible shape " + formatShape(target));
  if (failed(n.takeElements(*count)))
    return failure();
  Shape strides = broadcastStrides(tensor.shape, target);
  Shape index = stridesOf(target);
  std::vector<int64_t> flat;
  flat.reserve(*count);
  for (int64_t i = 0; i < *count; ++i) {
    int64_t source = 0;
    for (size_t d = 0; d < target.size(); ++d)
      source += i / index[d] % target[d] * strides[d];
    flat.push_back(source);
  }
  return pickHost(tensor, target, flat);
}

//===----------------------------------------------------------------------===//
// Binary
//===----------------------------------------------------------------------===//

static double computeFloat(StringRef op, double a, double b) {
  return llvm::StringSwitch<double>(op)
      .Case("Add", a + b)
      .Case("Sub", a - b)
      .Case("Mul", a * b)
      .Case("Div", a / b)
      .Case("Max", std::max(a, b))
      .Case("Min", std::min(a, b))
      .Case("Pow", std::pow(a, b))
      .Default(a == b);
}

static FailureOr<int64_t> divideInt(NodeImporter &n, int64_t a, int64_t b,
                                    bool isUnsigned) {
  if (b == 0 || (!isUnsigned && a == INT64_MIN && b == -1))
    return n.invalid(llvm::formatv("{0} is divided by {1}", a, b));
  if (isUnsigned)
    return static_cast<int64_t>(static_cast<uint64_t>(a) /
                                static_cast<uint64_t>(b));
  return a / b;
}

static FailureOr<int64_t> computeInt(NodeImporter &n, StringRef op, int64_t a,
                                     int64_t b, bool isUnsigned) {
  uint64_t ua = a, ub = b;
  if (op == "Div")
    return divideInt(n, a, b, isUnsigned);
  if (op == "Pow") {
    if (b < 0 || b > 64)
      return n.unsupported(llvm::formatv("integer power {0}", b));
    uint64_t power = 1;
    for (int64_t i = 0; i < b; ++i)
      power *= ua;
    return static_cast<int64_t>(power);
  }
  bool less = isUnsigned ? ua < ub : a < b;
  return static_cast<int64_t>(llvm::StringSwitch<uint64_t>(op)
                                  .Case("Add", ua + ub)
                                  .Case("Sub", ua - ub)
                                  .Case("Mul", ua * ub)
                                  .Case("Max", less ? ub : ua)
                                  .Case("Min", less ? ua : ub)
                                  .Default(a == b));
}

FailureOr<HostTensor> foldBinary(NodeImporter &n) {
  const HostTensor &a = *n.constantOf(0), &b = *n.constantOf(1);
  StringRef op = n.node.op_type();
  if (n.numInputs() != 2)
    return n.unsupported("more than two constants");
  if (a.elem != b.elem && op != "Pow")
    return n.invalid("the inputs are of different types");
  FailureOr<Shape> shape = broadcastShapes(n, a.shape, b.shape);
  if (failed(shape))
    return failure();
  FailureOr<HostTensor> x = broadcast(n, a, *shape);
  FailureOr<HostTensor> y = broadcast(n, b, *shape);
  if (failed(x) || failed(y) || failed(n.takeElements(x->size())))
    return failure();
  HostTensor result =
      HostTensor::zeros(*shape, op == "Equal" ? Elem::Bool : a.elem);
  bool anyFloat = a.isFloat() || b.isFloat();
  for (int64_t i = 0; i < x->size(); ++i) {
    if (anyFloat) {
      result.set(i, computeFloat(op, x->at(i), y->at(i)));
      continue;
    }
    FailureOr<int64_t> value =
        computeInt(n, op, x->intAt(i), y->intAt(i), isUnsigned(a.elem));
    if (failed(value))
      return failure();
    result.setInt(i, *value);
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Unary
//===----------------------------------------------------------------------===//

FailureOr<HostTensor> foldUnary(NodeImporter &n) {
  const HostTensor &x = *n.constantOf(0);
  StringRef op = n.node.op_type();
  if (failed(n.takeElements(x.size())))
    return failure();
  HostTensor result = x;
  if (x.isFloat()) {
    for (int64_t i = 0; i < x.size(); ++i) {
      double v = x.at(i);
      result.set(i, llvm::StringSwitch<double>(op)
                        .Case("Abs", std::fabs(v))
                        .Case("Ceil", std::ceil(v))
                        .Case("Exp", std::exp(v))
                        .Case("Floor", std::floor(v))
                        .Case("Neg", -v)
                        .Default(std::sqrt(v)));
    }
    return result;
  }
  if (op != "Abs" && op != "Neg")
    return n.unsupported("the op is not supported on integers");
  for (int64_t i = 0; i < x.size(); ++i) {
    int64_t v = x.intAt(i);
    if (op == "Neg" || (v < 0 && !isUnsigned(x.elem)))
      result.setInt(i, static_cast<int64_t>(0 - static_cast<uint64_t>(v)));
  }
  return result;
}

FailureOr<HostTensor> foldCast(NodeImporter &n) {
  const HostTensor &x = *n.constantOf(0);
  int64_t to = n.getInt("to", 0);
  std::optional<Elem> elem = elemFromOnnx(static_cast<int32_t>(to));
  if (!elem)
    return n.unsupported("cast to element type " + elementTypeName(to));
  if (failed(n.takeElements(x.size())))
    return failure();
  return convertHost(x, *elem);
}

//===----------------------------------------------------------------------===//
// Selection and repetition
//===----------------------------------------------------------------------===//

FailureOr<HostTensor> foldWhere(NodeImporter &n) {
  const HostTensor &condition = *n.constantOf(0);
  const HostTensor &a = *n.constantOf(1), &b = *n.constantOf(2);
  if (condition.elem != Elem::Bool || a.elem != b.elem)
    return n.invalid("the inputs are of the wrong types");
  FailureOr<Shape> shape = broadcastShapes(n, a.shape, b.shape);
  if (failed(shape) ||
      failed(shape = broadcastShapes(n, *shape, condition.shape)))
    return failure();
  FailureOr<HostTensor> pick = broadcast(n, condition, *shape);
  FailureOr<HostTensor> x = broadcast(n, a, *shape);
  FailureOr<HostTensor> y = broadcast(n, b, *shape);
  if (failed(pick) || failed(x) || failed(y) ||
      failed(n.takeElements(x->size())))
    return failure();
  int64_t width = storedBytes(a.elem);
  for (int64_t i = 0; i < x->size(); ++i)
    if (!pick->intAt(i))
      std::copy_n(&y->bytes[i * width], width, &x->bytes[i * width]);
  return x;
}

FailureOr<HostTensor> foldExpand(NodeImporter &n) {
  FailureOr<Shape> target = n.intsOf(1, "shape");
  if (failed(target))
    return failure();
  FailureOr<Shape> shape = broadcastShapes(n, n.shapeOf(0), *target);
  if (failed(shape))
    return failure();
  return broadcast(n, *n.constantOf(0), *shape);
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

/// All elements of an integer vector to one, which is all that shape
/// arithmetic asks for.
FailureOr<HostTensor> foldReduce(NodeImporter &n) {
  const HostTensor &x = *n.constantOf(0);
  if (!x.isInteger() || x.rank() > 1)
    return n.unsupported("a reduction of a constant that is not a vector of "
                         "integers");
  StringRef op = n.node.op_type();
  bool product = op == "ReduceProd";
  if (!product && op != "ReduceSum")
    return n.unsupported("the op is not supported on integers");
  int64_t sinceInput = product ? 18 : 13;
  FailureOr<Shape> axes = readAxes(n, 1, x.rank(), sinceInput);
  if (failed(axes))
    return failure();
  if (axes->empty() && n.getInt("noop_with_empty_axes", 0) != 0)
    return x;
  uint64_t total = product ? 1 : 0;
  for (int64_t value : x.toInts())
    total = product ? total * static_cast<uint64_t>(value)
                    : total + static_cast<uint64_t>(value);
  bool keep = n.getInt("keepdims", 1) != 0 && x.rank() == 1;
  return HostTensor::ofInts(keep ? Shape{1} : Shape{},
                            {static_cast<int64_t>(total)}, x.elem);
}

} // namespace mlir::qnt::onnx_import
