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

LogicalResult buildBinary(NodeImporter &n) {
  StringRef op = n.node.op_type();
  if ((op == "Max" || op == "Min") && n.numInputs() == 2) {
    FailureOr<Value> clamped = tryClamp(n, n.constantOf(1) ? 0 : 1);
    if (failed(clamped))
      return failure();
    if (*clamped) {
      n.setResult(0, *clamped);
      return success();
    }
  }
  FailureOr<Value> result = n.valueOf(0);
  if (failed(result))
    return failure();
  for (unsigned i = 1; i < n.numInputs(); ++i) {
    if (failed(broadcastShapes(n, shapeOf(*result), n.shapeOf(i))))
      return failure();
    FailureOr<Value> operand = n.valueOf(i);
    if (failed(operand))
      return failure();
    // Constants keep their rank right from the start, so that no reshape of a
    // constant is left for later.
    if (n.constantOf(i) && shapeOf(*operand).size() < shapeOf(*result).size()) {
      Shape shape(shapeOf(*operand));
      shape.insert(shape.begin(), shapeOf(*result).size() - shape.size(), 1);
      operand = n.constant(reshapeHost(*n.constantOf(i), shape));
      if (failed(operand))
        return failure();
    }
    Value a = *result, b = *operand;
    if (failed(alignRanks(n, a, b)))
      return failure();
    result = binaryFunction(op)(n, a, b);
    if (failed(result))
      return failure();
  }
  n.setResult(0, *result);
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
  FailureOr<Value> x = n.valueOf(0);
  const HostTensor *exponent = n.constantOf(1);
  if (failed(x))
    return failure();
  if (!exponent || exponent->size() != 1 || exponent->rank() > n.rankOf(0))
    return n.unsupported("the exponent is not a constant number");
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
    if (!constant)
      return n.unsupported("bound '" + attr + "' is not a constant");
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
  float low = -FLT_MAX, high = FLT_MAX;
  if (failed(readBound(n, 1, "min", low)) ||
      failed(readBound(n, 2, "max", high)))
    return failure();
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
  return success();
}

LogicalResult buildCast(NodeImporter &n) {
  int64_t to = n.getInt("to", 0);
  if (to != onnx::TensorProto::FLOAT && to != onnx::TensorProto::FLOAT16 &&
      to != onnx::TensorProto::DOUBLE && to != onnx::TensorProto::BFLOAT16)
    return n.unsupported("cast of an activation to an integer type");
  return buildIdentity(n);
}

} // namespace mlir::qnt::onnx_import
