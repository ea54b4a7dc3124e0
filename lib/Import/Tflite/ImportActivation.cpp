//===- ImportActivation.cpp - activations and norms of TFLite -------------===//
//
// By the ONNX op of the same name where there is one; L2 and local response
// norms are built from their definitions.
//
//===----------------------------------------------------------------------===//

#include "../Emit.h"
#include "Common.h"

#include <cfloat>

namespace mlir::qnt::tflite_import {

using onnx_import::emitScale;

static LogicalResult setResult(OpImporter &o, FailureOr<OnnxValue> value) {
  if (failed(value))
    return failure();
  o.setResult(0, *value);
  return success();
}

LogicalResult buildRelu(OpImporter &o) {
  FailureOr<Value> x = o.realOf(0);
  if (failed(x))
    return failure();
  FailureOr<Value> result;
  if (o.op.code == schema::OpCode_RELU)
    result = o.activate(*x, schema::Activation_RELU);
  else if (o.op.code == schema::OpCode_RELU6)
    result = o.activate(*x, schema::Activation_RELU6);
  else if (o.op.code == schema::OpCode_RELU_N1_TO_1)
    result = o.activate(*x, schema::Activation_RELU_N1_TO_1);
  else
    result = o.n().clamp(*x, 0.0f, 1.0f);
  if (failed(result))
    return failure();
  o.setResult(0, *result);
  return success();
}

LogicalResult buildLeakyRelu(OpImporter &o) {
  const auto *options = optionsOf<schema::LeakyReluOptions>(o);
  if (!options)
    return failure();
  return setResult(o, o.emitOne("LeakyRelu", o.valueOf(0),
                                EmitAttr{"alpha", options->alpha()}));
}

LogicalResult buildGelu(OpImporter &o) {
  const auto *options = o.op.op->builtin_options_as_GeluOptions();
  bool approximate = options && options->approximate();
  return setResult(
      o, o.emitOne("Gelu", o.valueOf(0),
                   EmitAttr{"approximate",
                            StringRef(approximate ? "tanh" : "none")}));
}

LogicalResult buildSoftmax(OpImporter &o) {
  const auto *options = optionsOf<schema::SoftmaxOptions>(o);
  if (!options)
    return failure();
  OnnxValue value = o.valueOf(0);
  if (options->beta() != 1.0f) {
    FailureOr<Value> x = o.realOf(0);
    if (failed(x) || failed(x = emitScale(o.n(), *x, options->beta())))
      return failure();
    value = OnnxValue(*x, Elem::Float);
  }
  return setResult(o,
                   o.emitOne("Softmax", value, EmitAttr{"axis", int64_t(-1)}));
}

LogicalResult buildLogSoftmax(OpImporter &o) {
  return setResult(
      o, o.emitOne("LogSoftmax", o.valueOf(0), EmitAttr{"axis", int64_t(-1)}));
}

/// x / max(sqrt(sum of squares of the last dimension), 1e-6)
LogicalResult buildL2Norm(OpImporter &o) {
  if (o.rankOf(0) < 1)
    return o.invalid("the input is a scalar");
  FailureOr<Value> x = o.realOf(0);
  if (failed(x))
    return failure();
  OnnxValue value(*x, Elem::Float);
  FailureOr<OnnxValue> sum = o.emitOne("Mul", {value, value});
  if (failed(sum) ||
      failed(sum = o.emitOne("ReduceSum", {*sum, o.ints({-1})},
                             EmitAttr{"keepdims", int64_t(1)})) ||
      failed(sum = o.emitOne("Sqrt", *sum)))
    return failure();
  FailureOr<Value> norm = o.n().clamp(sum->value, 1e-6f, FLT_MAX);
  if (failed(norm))
    return failure();
  const auto *options = o.op.op->builtin_options_as_L2NormOptions();
  FailureOr<OnnxValue> result =
      o.emitOne("Div", {value, OnnxValue(*norm, Elem::Float)});
  if (failed(result) || !options)
    return setResult(o, result);
  return setResult(o,
                   o.activate(*result, options->fused_activation_function()));
}

/// x / (bias + alpha * sum of squares of the 2 * radius + 1 channels around)
/// ^ beta; ONNX divides alpha by the size of the window.
LogicalResult buildLrn(OpImporter &o) {
  const auto *options = optionsOf<schema::LocalResponseNormalizationOptions>(o);
  if (!options)
    return failure();
  if (o.rankOf(0) != 4)
    return o.invalid("the input is not of rank 4");
  if (options->radius() < 0 || options->radius() > (1 << 20))
    return o.invalid("the radius is impossible");
  int64_t size = 2 * int64_t(options->radius()) + 1;
  int64_t toNchw[] = {0, 3, 1, 2}, toNhwc[] = {0, 2, 3, 1};
  FailureOr<OnnxValue> x = o.emitOne(
      "Transpose", o.valueOf(0), EmitAttr{"perm", ArrayRef<int64_t>(toNchw)});
  if (failed(x) ||
      failed(x = o.emitOne("LRN", *x,
                           {EmitAttr{"size", size},
                            EmitAttr{"alpha", options->alpha() * size},
                            EmitAttr{"beta", options->beta()},
                            EmitAttr{"bias", options->bias()}})))
    return failure();
  return setResult(o, o.emitOne("Transpose", *x,
                                EmitAttr{"perm", ArrayRef<int64_t>(toNhwc)}));
}

} // namespace mlir::qnt::tflite_import
