//===- ImportElementwise.cpp - elementwise arithmetic ---------------------===//
//
// Unary and binary functions with a tosa op of their own, and the few that take
// two or three. Broadcasting follows numpy: ranks are made equal first, since
// tosa asks for that.
//
//===----------------------------------------------------------------------===//

#include "Emit.h"
#include "OpTable.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FormatVariadic.h"

#include <cfloat>
#include <cmath>

namespace mlir::qnt::onnx_import {

FailureOr<Shape> broadcastShapes(NodeImporter &n, ArrayRef<int64_t> a,
                                 ArrayRef<int64_t> b) {
  Shape result(std::max(a.size(), b.size()), 1);
  for (size_t i = 0; i < result.size(); ++i) {
    int64_t da = i < a.size() ? a[a.size() - 1 - i] : 1;
    int64_t db = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (da != db && da != 1 && db != 1)
      return n.invalid(llvm::formatv("shapes {0} and {1} do not broadcast",
                                     formatShape(a), formatShape(b)));
    result[result.size() - 1 - i] = da == 1 ? db : da;
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Binary
//===----------------------------------------------------------------------===//

/// a / b as a * (1 / b); the reciprocal of a constant is taken here.
static FailureOr<Value> emitDiv(NodeImporter &n, Value a, Value b) {
  if (auto constant = b.getDefiningOp<tosa::ConstOp>()) {
    auto values = cast<DenseElementsAttr>(constant.getValues());
    std::vector<float> inverse;
    for (float value : values.getValues<float>())
      inverse.push_back(static_cast<float>(1.0 / value));
    FailureOr<Value> factor =
        n.constant(HostTensor::ofFloats(shapeOf(b), inverse));
    return failed(factor) ? factor : emitMul(n, a, *factor);
  }
  return emitMul(n, a, emitReciprocal(n, b));
}

using BinaryFn = FailureOr<Value> (*)(NodeImporter &, Value, Value);

static BinaryFn binaryFunction(StringRef op) {
  return llvm::StringSwitch<BinaryFn>(op)
      .Cases({"Add", "Sum"}, emitAdd)
      .Case("Sub", emitSub)
      .Case("Mul", emitMul)
      .Case("Div", emitDiv)
      .Case("Max", emitMaximum)
      .Case("Min", emitMinimum)
      .Default(nullptr);
}

/// Max(x, 0) and Min(x, 6) with a scalar are clamps.
static FailureOr<Value> tryClamp(NodeImporter &n, unsigned activation) {
  const HostTensor *bound = n.constantOf(1 - activation);
  bool isMax = n.node.op_type() == "Max";
  if (!bound || bound->size() != 1 || bound->rank() > n.rankOf(activation))
    return Value();
  FailureOr<Value> value = n.valueOf(activation);
  if (failed(value))
    return failure();
  float limit = static_cast<float>(bound->at(0));
  return isMax ? n.clamp(*value, limit, FLT_MAX)
               : n.clamp(*value, -FLT_MAX, limit);
}

/// Until operator set 6 the second input broadcasts where `axis` says: its
/// shape with dimensions of 1 behind it.
static FailureOr<Shape> alignToAxis(NodeImporter &n) {
  ArrayRef<int64_t> shape = n.shapeOf(1);
  Shape result(shape);
  int64_t rank = n.rankOf(0);
  FailureOr<int64_t> axis = n.normalizeAxis(n.getInt("axis", 0), rank);
  int64_t behind = failed(axis) ? -1 : rank - *axis - n.rankOf(1);
  if (behind < 0)
    return n.invalid("attribute 'axis' does not fit the inputs");
  result.append(behind, 1);
  return result;
}

/// fn(...fn(fn(in0, in1), in2)...), broadcast.
static FailureOr<Value> foldInputs(NodeImporter &n, BinaryFn fn) {
  FailureOr<Value> result = n.valueOf(0);
  if (failed(result))
    return failure();
  for (unsigned i = 1; i < n.numInputs(); ++i) {
    Shape own(n.shapeOf(i));
    if (n.opset < 7 && n.hasAttr("axis")) {
      FailureOr<Shape> aligned = alignToAxis(n);
      if (failed(aligned))
        return failure();
      own = *aligned;
    }
    if (failed(broadcastShapes(n, shapeOf(*result), own)))
      return failure();
    FailureOr<Value> operand = n.valueOf(i);
    if (failed(operand))
      return failure();
    // Constants keep their rank right from the start, so that no reshape of a
    // constant is left for later.
    if (failed(operand))
      return failure();
    if (n.constantOf(i) && own.size() < shapeOf(*result).size()) {
      Shape shape(own);
      shape.insert(shape.begin(), shapeOf(*result).size() - shape.size(), 1);
      operand = n.constant(reshapeHost(*n.floatConstantOf(i), shape));
      if (failed(operand))
        return failure();
    }
    if (shapeOf(*operand).size() < own.size() &&
        failed(operand = n.reshape(*operand, own)))
      return failure();
    Value a = *result, b = *operand;
    if (failed(alignRanks(n, a, b)))
      return failure();
    result = fn(n, a, b);
    if (failed(result))
      return failure();
  }
  return result;
}

LogicalResult buildBinary(NodeImporter &n) {
  StringRef op = n.node.op_type();
  if (!isSingle(n))
    return buildGenericBinary(n);
  if ((op == "Max" || op == "Min") && n.numInputs() == 2) {
    FailureOr<Value> clamped = tryClamp(n, n.constantOf(1) ? 0 : 1);
    if (failed(clamped))
      return failure();
    if (*clamped) {
      n.setResult(0, *clamped);
      return success();
    }
  }
  FailureOr<Value> result = foldInputs(n, binaryFunction(op));
  if (failed(result))
    return failure();
  n.setResult(0, *result);
  return success();
}

LogicalResult buildMean(NodeImporter &n) {
  FailureOr<Value> sum = foldInputs(n, emitAdd);
  if (failed(sum) || failed(sum = emitScale(n, *sum, 1.0f / n.numInputs())))
    return failure();
  n.setResult(0, *sum);
  return success();
}

//===----------------------------------------------------------------------===//
// Unary
//===----------------------------------------------------------------------===//

template <typename OpTy>
static FailureOr<Value> emitUnary(NodeImporter &n, Value x) {
  return OpTy::create(n.builder, n.loc, x.getType(), x).getResult();
}

static FailureOr<Value> emitRelu(NodeImporter &n, Value x) {
  return n.clamp(x, 0.0f, FLT_MAX);
}

using UnaryFn = FailureOr<Value> (*)(NodeImporter &, Value);

static UnaryFn unaryFunction(StringRef op) {
  return llvm::StringSwitch<UnaryFn>(op)
      .Case("Abs", emitUnary<tosa::AbsOp>)
      .Case("Ceil", emitUnary<tosa::CeilOp>)
      .Case("Cos", emitUnary<tosa::CosOp>)
      .Case("Erf", emitUnary<tosa::ErfOp>)
      .Case("Exp", emitUnary<tosa::ExpOp>)
      .Case("Floor", emitUnary<tosa::FloorOp>)
      .Case("Log", emitUnary<tosa::LogOp>)
      .Case("Neg", emitNegate)
      .Case("Reciprocal", emitUnary<tosa::ReciprocalOp>)
      .Case("Relu", emitRelu)
      .Case("Sigmoid", emitUnary<tosa::SigmoidOp>)
      .Case("Sin", emitUnary<tosa::SinOp>)
      .Case("Sqrt", emitSqrt)
      .Case("Tanh", emitUnary<tosa::TanhOp>)
      .Default(nullptr);
}

LogicalResult buildUnary(NodeImporter &n) {
  if (isGenericUnary(n))
    return buildGenericUnary(n);
  FailureOr<Value> x = n.valueOf(0);
  if (failed(x))
    return failure();
  FailureOr<Value> result = unaryFunction(n.node.op_type())(n, *x);
  if (failed(result))
    return failure();
  n.setResult(0, *result);
  return success();
}

LogicalResult buildPow(NodeImporter &n) {
  const HostTensor *exponent = n.constantOf(1);
  if (!n.isFloat(0) || n.elemOf(0) == Elem::Double || !exponent ||
      exponent->size() != 1 || exponent->rank() > n.rankOf(0))
    return buildGenericPow(n);
  FailureOr<Value> x = n.valueOf(0);
  if (failed(x))
    return failure();
  double power = exponent->at(0);
  FailureOr<Value> result = *x;
  if (power == 2.0) {
    result = emitMul(n, *x, *x);
  } else if (power == 0.5) {
    result = emitSqrt(n, *x);
  } else if (power == -1.0) {
    result = emitReciprocal(n, *x);
  } else if (power != 1.0) {
    FailureOr<Value> value = n.splat(n.rankOf(0), static_cast<float>(power));
    if (failed(value))
      return failure();
    result = tosa::PowOp::create(n.builder, n.loc, x->getType(), *x, *value)
                 .getResult();
  }
  if (failed(result))
    return failure();
  n.setResult(0, *result);
  return success();
}

//===----------------------------------------------------------------------===//
// Others
//===----------------------------------------------------------------------===//

/// A bound of Clip: an attribute until 10, then a constant input.
static LogicalResult readBound(NodeImporter &n, unsigned input, StringRef attr,
                               float &bound) {
  if (n.opset < 11) {
    bound = n.getFloat(attr, bound);
  } else if (n.hasInput(input)) {
    const HostTensor *constant = n.constantOf(input);
    if (constant->size() != 1)
      return n.invalid("bound '" + attr + "' is not a scalar");
    bound = static_cast<float>(constant->at(0));
  }
  if (std::isnan(bound))
    return n.invalid("bound '" + attr + "' is nan");
  bound = std::clamp(bound, -FLT_MAX, FLT_MAX);
  return success();
}

LogicalResult buildClip(NodeImporter &n) {
  bool constant = (!n.hasInput(1) || n.constantOf(1)) &&
                  (!n.hasInput(2) || n.constantOf(2));
  if (n.opset >= 11 && (!constant || !isSingle(n)))
    return buildGenericClip(n);
  float low = -FLT_MAX, high = FLT_MAX;
  if (failed(readBound(n, 1, "min", low)) ||
      failed(readBound(n, 2, "max", high)))
    return failure();
  // The upper bound is applied last.
  low = std::min(low, high);
  FailureOr<Value> x = n.valueOf(0);
  if (failed(x) || failed(x = n.clamp(*x, low, high)))
    return failure();
  n.setResult(0, *x);
  return success();
}

LogicalResult buildIdentity(NodeImporter &n) {
  const HostTensor *training = n.constantOf(2);
  if (n.hasInput(2) &&
      !(training && training->size() == 1 && training->at(0) == 0))
    return n.unsupported("dropout in training mode");
  n.setResult(0, n.inputOf(0));
  // The mask of Dropout keeps everything.
  if (n.node.output_size() > 1 && !n.node.output(1).empty() && n.opset >= 10) {
    std::optional<int64_t> count = countElements(n.shapeOf(0));
    if (!count || failed(n.takeElements(*count)))
      return failure();
    HostTensor mask = HostTensor::zeros(n.shapeOf(0), Elem::Bool);
    for (int64_t i = 0; i < *count; ++i)
      mask.setInt(i, 1);
    n.setResult(1, std::move(mask));
  }
  return success();
}

} // namespace mlir::qnt::onnx_import
