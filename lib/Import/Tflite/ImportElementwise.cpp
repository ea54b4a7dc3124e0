//===- ImportElementwise.cpp - elementwise TFLite ops ---------------------===//
//
// Nearly all have an ONNX op of the same meaning and broadcast alike; here are
// the fused activations and the few that differ.
//
//===----------------------------------------------------------------------===//

#include "Common.h"

namespace mlir::qnt::tflite_import {

static LogicalResult setResult(OpImporter &o, FailureOr<OnnxValue> value) {
  if (failed(value))
    return failure();
  o.setResult(0, *value);
  return success();
}

static SmallVector<OnnxValue> allValues(OpImporter &o) {
  SmallVector<OnnxValue> values;
  for (unsigned i = 0; i < o.numInputs(); ++i)
    values.push_back(o.valueOf(i));
  return values;
}

LogicalResult buildSame(OpImporter &o) {
  return setResult(o, o.emitOne(o.onnxName, allValues(o)));
}

/// The activation that is fused into an elementwise op; options may be absent.
static schema::Activation fusedActivation(const schema::Operator &op) {
  if (const auto *options = op.builtin_options_as_AddOptions())
    return options->fused_activation_function();
  if (const auto *options = op.builtin_options_as_SubOptions())
    return options->fused_activation_function();
  if (const auto *options = op.builtin_options_as_MulOptions())
    return options->fused_activation_function();
  if (const auto *options = op.builtin_options_as_DivOptions())
    return options->fused_activation_function();
  return schema::Activation_NONE;
}

LogicalResult buildBinary(OpImporter &o) {
  FailureOr<OnnxValue> value = o.emitOne(o.onnxName, allValues(o));
  if (failed(value))
    return failure();
  return setResult(o, o.activate(*value, fusedActivation(*o.op.op)));
}

/// tosa has the reciprocal square root as one op, ONNX as two.
LogicalResult buildUnary(OpImporter &o) {
  if (StringRef(o.onnxName) != "Rsqrt")
    return buildSame(o);
  FailureOr<Value> x = o.realOf(0);
  if (failed(x))
    return failure();
  o.setResult(
      0, tosa::RsqrtOp::create(o.builder, o.loc, x->getType(), *x).getResult());
  return success();
}

LogicalResult buildSquare(OpImporter &o) {
  OnnxValue x = o.valueOf(0);
  return setResult(o, o.emitOne("Mul", {x, x}));
}

LogicalResult buildSquaredDifference(OpImporter &o) {
  FailureOr<OnnxValue> difference = o.emitOne("Sub", allValues(o));
  if (failed(difference))
    return failure();
  return setResult(o, o.emitOne("Mul", {*difference, *difference}));
}

static bool isFloatOp(OpImporter &o) {
  return onnx_import::isFloat(o.valueOf(0).elem);
}

/// Of integers: the quotient, less one where the remainder has the other sign
/// than the divisor.
LogicalResult buildFloorDiv(OpImporter &o) {
  OnnxValue a = o.valueOf(0), b = o.valueOf(1);
  if (isFloatOp(o)) {
    FailureOr<OnnxValue> quotient = o.emitOne("Div", {a, b});
    if (failed(quotient))
      return failure();
    return setResult(o, o.emitOne("Floor", *quotient));
  }
  // (a - mod(a, b)) / b, where the remainder has the sign of the divisor.
  FailureOr<OnnxValue> rest = o.emitOne("Mod", {a, b});
  if (failed(rest))
    return failure();
  FailureOr<OnnxValue> whole = o.emitOne("Sub", {a, *rest});
  if (failed(whole))
    return failure();
  return setResult(o, o.emitOne("Div", {*whole, b}));
}

/// a - floor(a / b) * b
LogicalResult buildFloorMod(OpImporter &o) {
  OnnxValue a = o.valueOf(0), b = o.valueOf(1);
  if (!isFloatOp(o))
    return setResult(o, o.emitOne("Mod", {a, b}));
  FailureOr<OnnxValue> v = o.emitOne("Div", {a, b});
  if (failed(v) || failed(v = o.emitOne("Floor", *v)) ||
      failed(v = o.emitOne("Mul", {*v, b})))
    return failure();
  return setResult(o, o.emitOne("Sub", {a, *v}));
}

LogicalResult buildNotEqual(OpImporter &o) {
  FailureOr<OnnxValue> equal = o.emitOne("Equal", allValues(o));
  if (failed(equal))
    return failure();
  return setResult(o, o.emitOne("Not", *equal));
}

LogicalResult buildCast(OpImporter &o) {
  std::optional<Elem> to = elemOf(o.output(0).type);
  if (!to)
    return o.unsupported("a cast to " + typeName(o.output(0).type));
  return setResult(o, o.emitOne("Cast", o.valueOf(0),
                                EmitAttr{"to", static_cast<int64_t>(*to)}));
}

/// QUANTIZE and DEQUANTIZE pass reals on; what they store is said by the
/// parameters of the tensors around them. Constants become floats at once.
LogicalResult buildDequantize(OpImporter &o) {
  HostTensorRef stored = o.input(0).stored;
  if (stored) {
    const TensorQuant &quant = *o.input(0).quant;
    HostTensor reals = HostTensor::zeros(stored->shape, Elem::Float);
    int64_t inner = 1;
    if (!quant.isPerTensor())
      for (int64_t dim : ArrayRef(stored->shape).drop_front(quant.axis + 1))
        inner *= dim;
    for (int64_t i = 0, e = stored->size(); i < e; ++i) {
      size_t at = i / inner % quant.scales.size();
      reals.set(i, static_cast<float>(stored->intAt(i) - quant.zeroPoints[at]) *
                       quant.scales[at]);
    }
    o.setResult(0, OnnxValue(std::make_shared<HostTensor>(std::move(reals))));
    return success();
  }
  OnnxValue value = o.valueOf(0);
  if (!onnx_import::isFloat(value.elem))
    return o.unsupported("an input of " +
                         onnx_import::elementTypeName(value.elem) +
                         " without scale");
  if (value.constant)
    value = OnnxValue(std::make_shared<HostTensor>(
        convertHost(*value.constant, Elem::Float)));
  o.setResult(0, value);
  return success();
}

LogicalResult buildZerosLike(OpImporter &o) {
  std::optional<Elem> elem = elemOf(o.output(0).type);
  if (!elem)
    return o.unsupported("zeros of " + typeName(o.output(0).type));
  if (failed(o.n().takeElements(*onnx_import::countElements(o.shapeOf(0)))))
    return failure();
  o.setResult(0, OnnxValue(std::make_shared<HostTensor>(
                     HostTensor::zeros(o.shapeOf(0), *elem))));
  return success();
}

} // namespace mlir::qnt::tflite_import
