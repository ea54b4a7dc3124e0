//===- ImportMatMul.cpp - Gemm and MatMul ---------------------------------===//
//
// A product with constant right-hand side is a fully connected layer, which
// tosa spells as a 1x1 convolution:
//
//   y = x * B + c  ->  r = reshape x to [1, 1, M, K]
//                      v = tosa.conv2d r, B' ([N, 1, 1, K]), c
//                      y = reshape v to [M, N]
//
// A product of two activations becomes tosa.matmul.
//
//===----------------------------------------------------------------------===//

#include "OpTable.h"

#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::onnx_import {

/// x, of any rank with last dimension K, times weights [N, K], plus bias.
static FailureOr<Value> emitDense(NodeImporter &n, Value x, HostTensor weights,
                                  std::vector<float> bias) {
  Shape shape(shapeOf(x));
  int64_t k = shape.back();
  int64_t out = weights.shape[0];
  int64_t rows = *countElements(shape) / k;
  FailureOr<Value> input = n.reshape(x, {1, 1, rows, k});
  weights.shape = {out, 1, 1, k};
  if (failed(n.requireFinite(weights, "the weights")))
    return failure();
  FailureOr<Value> weightValue = n.constant(weights);
  FailureOr<Value> biasValue = n.constant(HostTensor::ofFloats({out}, bias));
  FailureOr<Value> zero = n.splat(1, 0.0f);
  FailureOr<RankedTensorType> type = n.tensorType({1, 1, rows, out});
  if (failed(input) || failed(weightValue) || failed(biasValue) ||
      failed(zero) || failed(type))
    return failure();
  Value conv = tosa::Conv2DOp::create(
      n.builder, n.loc, *type, *input, *weightValue, *biasValue, *zero, *zero,
      ArrayRef<int64_t>{0, 0, 0, 0}, ArrayRef<int64_t>{1, 1},
      ArrayRef<int64_t>{1, 1}, n.builder.getF32Type());
  shape.back() = out;
  return n.reshape(conv, shape);
}

/// tosa.matmul of [B, M, K] and [B, K, N].
static FailureOr<Value> emitMatMul(NodeImporter &n, Value a, Value b) {
  FailureOr<RankedTensorType> type =
      n.tensorType({shapeOf(a)[0], shapeOf(a)[1], shapeOf(b)[2]});
  FailureOr<Value> zero = n.splat(1, 0.0f);
  if (failed(type) || failed(zero))
    return failure();
  return tosa::MatMulOp::create(n.builder, n.loc, *type, a, b, *zero, *zero)
      .getResult();
}

static LogicalResult mismatch(NodeImporter &n) {
  return n.invalid(llvm::formatv("shapes {0} and {1} cannot be multiplied",
                                 formatShape(n.shapeOf(0)),
                                 formatShape(n.shapeOf(1))));
}

//===----------------------------------------------------------------------===//
// MatMul
//===----------------------------------------------------------------------===//

/// Both operands as batches of matrices; batches are equal, or `b` has one,
/// which then counts for all rows of `a`.
static FailureOr<Value> multiplyBatches(NodeImporter &n, Value a, Value b) {
  Shape aShape(shapeOf(a)), bShape(shapeOf(b));
  int64_t m = aShape[aShape.size() - 2], k = aShape.back();
  int64_t cols = bShape.back();
  ArrayRef<int64_t> aBatch = ArrayRef(aShape).drop_back(2);
  ArrayRef<int64_t> bBatch = ArrayRef(bShape).drop_back(2);
  int64_t aCount = *countElements(aBatch), bCount = *countElements(bBatch);
  Shape result(aBatch.size() >= bBatch.size() ? aBatch : bBatch);
  if (bCount == 1 && aBatch.size() >= bBatch.size()) {
    // One matrix for all: fold the batch of `a` into its rows.
    m *= aCount;
    aCount = 1;
  } else if (aBatch != bBatch && !(aCount == bCount && aCount == 1)) {
    return n.unsupported(llvm::formatv("batches of shapes {0} and {1} differ",
                                       formatShape(aShape),
                                       formatShape(bShape)));
  }
  FailureOr<Value> lhs = n.reshape(a, {aCount, m, k});
  FailureOr<Value> rhs = n.reshape(b, {bCount, k, cols});
  if (failed(lhs) || failed(rhs))
    return failure();
  FailureOr<Value> product = emitMatMul(n, *lhs, *rhs);
  if (failed(product))
    return failure();
  result.push_back(aShape[aShape.size() - 2]);
  result.push_back(cols);
  return n.reshape(*product, result);
}

LogicalResult buildMatMul(NodeImporter &n) {
  Shape aShape(n.shapeOf(0)), bShape(n.shapeOf(1));
  if (aShape.empty() || bShape.empty())
    return n.invalid("an operand is a scalar");
  // Vectors are matrices of one row or column that vanishes from the result.
  bool vectorA = aShape.size() == 1, vectorB = bShape.size() == 1;
  if (vectorA)
    aShape.insert(aShape.begin(), 1);
  if (vectorB)
    bShape.push_back(1);
  if (aShape.back() != bShape[bShape.size() - 2])
    return mismatch(n);
  FailureOr<Value> a = n.valueOf(0);
  if (failed(a) || failed(a = n.reshape(*a, aShape)))
    return failure();
  FailureOr<Value> product;
  HostTensorRef weights = n.floatConstantOf(1);
  std::optional<int64_t> matrix = countElements(ArrayRef(bShape).take_back(2));
  if (weights && weights->size() > 0 && bShape.size() <= aShape.size() &&
      weights->size() == *matrix) {
    int64_t k = bShape[bShape.size() - 2], cols = bShape.back();
    HostTensor byRow = transposeHost(reshapeHost(*weights, {k, cols}), {1, 0});
    product = emitDense(n, *a, std::move(byRow), std::vector<float>(cols));
  } else {
    FailureOr<Value> b = n.valueOf(1);
    if (failed(b) || failed(b = n.reshape(*b, bShape)))
      return failure();
    product = multiplyBatches(n, *a, *b);
  }
  if (failed(product))
    return failure();
  Shape result(shapeOf(*product));
  if (vectorB)
    result.pop_back();
  if (vectorA)
    result.erase(result.end() - (vectorB ? 1 : 2));
  if (failed(product = n.reshape(*product, result)))
    return failure();
  n.setResult(0, *product);
  return success();
}

//===----------------------------------------------------------------------===//
// Gemm
//===----------------------------------------------------------------------===//

static void scale(MutableArrayRef<float> values, float factor) {
  if (factor != 1.0f)
    for (float &value : values)
      value *= factor;
}

/// C as one value per column, if it is a constant that broadcasts so.
static std::optional<std::vector<float>> columnBias(NodeImporter &n,
                                                    int64_t cols) {
  if (!n.hasInput(2))
    return std::vector<float>(cols, 0.0f);
  HostTensorRef c = n.floatConstantOf(2);
  if (!c || c->rank() > 2 || c->size() == 0 ||
      (c->rank() == 2 && c->shape[0] != 1))
    return std::nullopt;
  if (c->size() == 1)
    return std::vector<float>(cols, c->floats()[0]);
  if (c->size() != cols)
    return std::nullopt;
  return c->floats().vec();
}

/// value + beta * C for a C that is not one value per column.
static FailureOr<Value> addMatrix(NodeImporter &n, Value value, float beta) {
  FailureOr<Shape> shape = broadcastShapes(n, shapeOf(value), n.shapeOf(2));
  if (failed(shape))
    return failure();
  if (ArrayRef(*shape) != shapeOf(value))
    return n.invalid(llvm::formatv("C of shape {0} does not broadcast to {1}",
                                   formatShape(n.shapeOf(2)),
                                   formatShape(shapeOf(value))));
  FailureOr<Value> c = n.valueOf(2);
  if (failed(c))
    return failure();
  Shape padded(n.shapeOf(2));
  padded.insert(padded.begin(), 2 - padded.size(), 1);
  if (failed(c = n.reshape(*c, padded)))
    return failure();
  if (beta != 1.0f) {
    FailureOr<Value> factor = n.splat(2, beta);
    if (failed(factor))
      return failure();
    Value shift = tosa::ConstOp::create(
        n.builder, n.loc, RankedTensorType::get({1}, n.builder.getI8Type()),
        DenseElementsAttr::get(
            RankedTensorType::get({1}, n.builder.getI8Type()), int8_t{0}));
    c = tosa::MulOp::create(n.builder, n.loc, c->getType(), *c, *factor, shift)
            .getResult();
  }
  return tosa::AddOp::create(n.builder, n.loc, value.getType(), value, *c)
      .getResult();
}

/// alpha * A * B with both known only at run time.
static FailureOr<Value> multiplyActivations(NodeImporter &n, Value a,
                                            bool transB) {
  FailureOr<Value> b = n.valueOf(1);
  if (failed(b) || (transB && failed(b = n.transpose(*b, {1, 0}))))
    return failure();
  if (n.getFloat("alpha", 1.0f) != 1.0f)
    return n.unsupported("attribute 'alpha' with two activations");
  return multiplyBatches(n, a, *b);
}

LogicalResult buildGemm(NodeImporter &n) {
  if (n.rankOf(0) != 2 || n.rankOf(1) != 2)
    return n.invalid("A and B have to be matrices");
  bool transA = n.getInt("transA", 0) != 0, transB = n.getInt("transB", 0) != 0;
  float alpha = n.getFloat("alpha", 1.0f), beta = n.getFloat("beta", 1.0f);
  int64_t cols = n.shapeOf(1)[transB ? 0 : 1];
  if (n.shapeOf(0)[transA ? 0 : 1] != n.shapeOf(1)[transB ? 1 : 0])
    return mismatch(n);
  FailureOr<Value> a = n.valueOf(0);
  if (failed(a) || (transA && failed(a = n.transpose(*a, {1, 0}))))
    return failure();
  HostTensorRef weights = n.floatConstantOf(1);
  bool dense = weights && weights->size() > 0;
  std::optional<std::vector<float>> bias;
  FailureOr<Value> result;
  if (dense) {
    bias = columnBias(n, cols);
    std::vector<float> scaledBias =
        bias.value_or(std::vector<float>(cols, 0.0f));
    scale(scaledBias, beta);
    HostTensor byRow = transB ? *weights : transposeHost(*weights, {1, 0});
    scale(byRow.as<float>(), alpha);
    result = emitDense(n, *a, std::move(byRow), std::move(scaledBias));
  } else {
    result = multiplyActivations(n, *a, transB);
  }
  if (failed(result))
    return failure();
  if (!bias && n.hasInput(2) && failed(result = addMatrix(n, *result, beta)))
    return failure();
  n.setResult(0, *result);
  return success();
}

} // namespace mlir::qnt::onnx_import
