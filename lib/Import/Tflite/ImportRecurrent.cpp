//===- ImportRecurrent.cpp - UNIDIRECTIONAL_SEQUENCE_LSTM -----------------===//
//
// The cell is ONNX's LSTM with the weights of the four gates in one tensor.
// TFLite keeps the state between calls of an interpreter; here every run starts
// from zeros, as after a reset.
//
//===----------------------------------------------------------------------===//

#include "Common.h"

#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::tflite_import {

namespace {
/// Positions of the inputs: four gates each, in the order input, forget, cell,
/// output.
enum LstmInput : unsigned {
  kWeights = 1,
  kRecurrent = 5,
  kPeephole = 9,
  kBias = 12,
  kProjection = 16,
  kLayerNorm = 20
};
} // namespace

/// The parts of ONNX's gate order (input, output, forget, cell) in one tensor
/// with a direction in front.
static FailureOr<OnnxValue> joinGates(OpImporter &o, unsigned first) {
  constexpr unsigned order[] = {0, 3, 1, 2};
  SmallVector<OnnxValue> parts;
  for (unsigned gate : order) {
    if (!o.hasInput(first + gate))
      return o.unsupported("a cell without input gate");
    parts.push_back(o.valueOf(first + gate));
    if (!parts.back().isKnown())
      return failure();
  }
  FailureOr<OnnxValue> joined =
      o.emitOne("Concat", parts, EmitAttr{"axis", int64_t(0)});
  if (failed(joined))
    return failure();
  return o.emitOne("Unsqueeze", {*joined, o.ints({0})});
}

/// What the cell has that ONNX's has not.
static LogicalResult
checkCell(OpImporter &o,
          const schema::UnidirectionalSequenceLSTMOptions &options) {
  for (unsigned i = kPeephole; i < kPeephole + 3; ++i)
    if (o.hasInput(i))
      return o.unsupported("peephole connections");
  if (o.hasInput(kProjection) || o.hasInput(kProjection + 1))
    return o.unsupported("a projection");
  for (unsigned i = kLayerNorm; i < kLayerNorm + 4; ++i)
    if (o.hasInput(i))
      return o.unsupported("layer normalization of the gates");
  if (options.fused_activation_function() != schema::Activation_TANH)
    return o.unsupported("an activation other than tanh");
  if (options.cell_clip() != 0.0f || options.proj_clip() != 0.0f)
    return o.unsupported("clipping of the state");
  if (o.rankOf(0) != 3)
    return o.invalid(
        llvm::formatv("the input has rank {0}, expected 3", o.rankOf(0)));
  return success();
}

LogicalResult buildSequenceLstm(OpImporter &o) {
  const auto *options = optionsOf<schema::UnidirectionalSequenceLSTMOptions>(o);
  if (!options || failed(checkCell(o, *options)))
    return failure();
  FailureOr<OnnxValue> weights = joinGates(o, kWeights);
  FailureOr<OnnxValue> recurrent =
      failed(weights) ? weights : joinGates(o, kRecurrent);
  FailureOr<OnnxValue> bias =
      failed(recurrent) ? recurrent : joinGates(o, kBias);
  if (failed(bias))
    return failure();
  // ONNX adds a second bias behind the recurrent product.
  OnnxValue zeros(std::make_shared<HostTensor>(
      HostTensor::zeros(bias->shape(), Elem::Float)));
  FailureOr<OnnxValue> biases =
      o.emitOne("Concat", {*bias, zeros}, EmitAttr{"axis", int64_t(1)});
  FailureOr<OnnxValue> x = o.valueOf(0);
  int64_t swap[] = {1, 0, 2};
  EmitAttr perm{"perm", ArrayRef<int64_t>(swap)};
  if (failed(biases) ||
      (!options->time_major() && failed(x = o.emitOne("Transpose", *x, perm))))
    return failure();
  FailureOr<OnnxValue> y =
      o.emitOne("LSTM", {*x, *weights, *recurrent, *biases},
                EmitAttr{"hidden_size", recurrent->shape()[2]});
  if (failed(y) || failed(y = o.emitOne("Squeeze", {*y, o.ints({1})})) ||
      (!options->time_major() && failed(y = o.emitOne("Transpose", *y, perm))))
    return failure();
  o.setResult(0, *y);
  return success();
}

} // namespace mlir::qnt::tflite_import
