//===- ImportDense.cpp - FULLY_CONNECTED and BATCH_MATMUL -----------------===//
//
// FULLY_CONNECTED is a convolution of a kernel of one pixel: that takes the
// bias and one scale per row of weights along.
//
//===----------------------------------------------------------------------===//

#include "Common.h"

#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::tflite_import {

/// [rows, depth] x [units, depth] -> [rows, units].
static FailureOr<Value> emitDense(OpImporter &o, int64_t rows, int64_t depth,
                                  int64_t units) {
  NodeImporter &n = o.n();
  FailureOr<Value> input = o.realOf(0);
  FailureOr<Value> bias =
      emitBias(o, 2, units, o.input(0).quant, o.input(1).quant);
  FailureOr<Value> weights;
  HostTensorRef constant = o.constantOf(1);
  if (constant)
    weights =
        o.emitWeight(onnx_import::reshapeHost(*constant, {units, 1, 1, depth}),
                     o.input(1).quant);
  else if (succeeded(weights = o.realOf(1)))
    weights = n.reshape(*weights, {units, 1, 1, depth});
  FailureOr<RankedTensorType> type = n.tensorType({rows, 1, 1, units});
  FailureOr<Value> zero = n.splat(1, 0.0f);
  if (failed(input) || failed(bias) || failed(weights) || failed(type) ||
      failed(zero) || failed(input = n.reshape(*input, {rows, 1, 1, depth})))
    return failure();
  return tosa::Conv2DOp::create(
             n.builder, n.loc, *type, *input, *weights, *bias, *zero, *zero,
             ArrayRef<int64_t>{0, 0, 0, 0}, ArrayRef<int64_t>{1, 1},
             ArrayRef<int64_t>{1, 1}, n.builder.getF32Type())
      .getResult();
}

LogicalResult buildFullyConnected(OpImporter &o) {
  const auto *options = optionsOf<schema::FullyConnectedOptions>(o);
  if (!options)
    return failure();
  if (options->weights_format() != 0)
    return o.unsupported("shuffled weights");
  if (o.rankOf(1) != 2 || o.shapeOf(1)[0] < 1 || o.shapeOf(1)[1] < 1)
    return o.invalid(
        llvm::formatv("the weights have shape {0}, expected rank 2",
                      onnx_import::formatShape(o.shapeOf(1))));
  const std::optional<TensorQuant> &quant = o.input(1).quant;
  if (quant && !quant->isPerTensor() && quant->axis != 0)
    return o.unsupported("weights quantized along another dimension than 0");
  int64_t units = o.shapeOf(1)[0], depth = o.shapeOf(1)[1];
  int64_t count = *onnx_import::countElements(o.shapeOf(0));
  if (count == 0 || count % depth != 0)
    return o.invalid(
        llvm::formatv("weights of shape {0} do not fit an input of {1}",
                      onnx_import::formatShape(o.shapeOf(1)),
                      onnx_import::formatShape(o.shapeOf(0))));
  int64_t rows = count / depth;
  Shape shape{rows, units};
  if (options->keep_num_dims()) {
    shape.assign(o.shapeOf(0).begin(), o.shapeOf(0).end());
    if (shape.empty() || shape.back() != depth)
      return o.invalid("the last dimension of the input is not that of the "
                       "weights");
    shape.back() = units;
  }
  FailureOr<Value> result = emitDense(o, rows, depth, units);
  if (failed(result) ||
      failed(result =
                 o.activate(*result, options->fused_activation_function())) ||
      failed(result = o.n().reshape(*result, shape)))
    return failure();
  o.setResult(0, *result);
  return success();
}

/// Swaps the last two dimensions.
static FailureOr<OnnxValue> transposed(OpImporter &o, OnnxValue value) {
  Shape perm;
  for (size_t i = 0; i < value.shape().size(); ++i)
    perm.push_back(i);
  std::swap(perm[perm.size() - 1], perm[perm.size() - 2]);
  return o.emitOne("Transpose", value, EmitAttr{"perm", ArrayRef(perm)});
}

LogicalResult buildBatchMatMul(OpImporter &o) {
  const auto *options = optionsOf<schema::BatchMatMulOptions>(o);
  if (!options)
    return failure();
  if (o.rankOf(0) < 2 || o.rankOf(1) < 2)
    return o.invalid("the inputs are no matrices");
  FailureOr<OnnxValue> a = o.valueOf(0), b = o.valueOf(1);
  if ((options->adj_x() && failed(a = transposed(o, *a))) ||
      (options->adj_y() && failed(b = transposed(o, *b))))
    return failure();
  FailureOr<OnnxValue> result = o.emitOne("MatMul", {*a, *b});
  if (failed(result))
    return failure();
  o.setResult(0, *result);
  return success();
}

} // namespace mlir::qnt::tflite_import
