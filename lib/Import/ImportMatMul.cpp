//===- ImportMatMul.cpp - Gemm and MatMul ---------------------------------===//
//
// A product with a constant matrix is a fully connected layer, which tosa
// spells as a 1x1 convolution:
//
//   y = x * B + c  ->  r = reshape x to [1, 1, M, K]
//                      v = tosa.conv2d r, B' ([N, 1, 1, K]), c
//                      y = reshape v to [M, N]
//
// A product of two activations becomes tosa.matmul.
//
//===----------------------------------------------------------------------===//

#include "OpTable.h"
#include "ValueMath.h"

#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::onnx_import {

static LogicalResult mismatch(NodeImporter &n) {
  return n.invalid(llvm::formatv("shapes {0} and {1} cannot be multiplied",
                                 formatShape(n.shapeOf(0)),
                                 formatShape(n.shapeOf(1))));
}

//===----------------------------------------------------------------------===//
// MatMul
//===----------------------------------------------------------------------===//

/// Swaps the last two dimensions.
static Value transposeMatrix(ValueMath &math, Value x) {
  if (!x)
    return {};
  Shape perm;
  for (size_t i = 0; i < shapeOf(x).size(); ++i)
    perm.push_back(i);
  std::swap(perm[perm.size() - 1], perm[perm.size() - 2]);
  return math.transpose(x, perm);
}

/// The float constant of an input that is one matrix, [rows, columns].
static HostTensorRef matrixOf(NodeImporter &n, unsigned input,
                              ArrayRef<int64_t> shape) {
  HostTensorRef tensor = n.floatConstantOf(input);
  ArrayRef<int64_t> matrix = shape.take_back(2);
  if (!tensor || tensor->size() == 0 || tensor->size() != matrix[0] * matrix[1])
    return nullptr;
  return std::make_shared<HostTensor>(reshapeHost(*tensor, matrix));
}

/// The operand as a value of that shape.
static Value operand(NodeImporter &n, unsigned input, ArrayRef<int64_t> shape) {
  FailureOr<Value> value = n.tosaValueOf(input);
  return failed(value) ? Value() : ValueMath(n).reshape(*value, shape);
}

/// Both as matrices, by whichever of them is constant.
static Value multiply(NodeImporter &n, ArrayRef<int64_t> aShape,
                      ArrayRef<int64_t> bShape) {
  ValueMath math(n);
  HostTensorRef b = matrixOf(n, 1, bShape);
  if (b && bShape.size() <= aShape.size()) {
    auto weights = std::make_shared<HostTensor>(transposeHost(*b, {1, 0}));
    return math.apply(math.linear(OnnxValue(weights)), operand(n, 0, aShape));
  }
  HostTensorRef a = matrixOf(n, 0, aShape);
  if (a && aShape.size() <= bShape.size() && !n.constantOf(1)) {
    // A * x = (x^T * A^T)^T
    Value columns = transposeMatrix(math, operand(n, 1, bShape));
    return transposeMatrix(math,
                           math.apply(math.linear(OnnxValue(a)), columns));
  }
  return math.matmul(operand(n, 0, aShape), operand(n, 1, bShape));
}

LogicalResult buildMatMul(NodeImporter &n) {
  Shape aShape(n.shapeOf(0)), bShape(n.shapeOf(1));
  if (aShape.empty() || bShape.empty())
    return n.invalid("an operand is a scalar");
  if (n.elemOf(0) != n.elemOf(1) || n.elemOf(0) == Elem::Bool)
    return n.invalid(llvm::formatv("operands of element types {0} and {1} "
                                   "have no product",
                                   elementTypeName(n.elemOf(0)),
                                   elementTypeName(n.elemOf(1))));
  // Vectors are matrices of one row or column that vanishes from the result.
  bool vectorA = aShape.size() == 1, vectorB = bShape.size() == 1;
  if (vectorA)
    aShape.insert(aShape.begin(), 1);
  if (vectorB)
    bShape.push_back(1);
  if (aShape.back() != bShape[bShape.size() - 2])
    return mismatch(n);
  if (failed(broadcastShapes(n, ArrayRef(aShape).drop_back(2),
                             ArrayRef(bShape).drop_back(2))))
    return mismatch(n);
  Value product = multiply(n, aShape, bShape);
  if (!product)
    return failure();
  Shape result(shapeOf(product));
  if (vectorB)
    result.pop_back();
  if (vectorA)
    result.erase(result.end() - (vectorB ? 1 : 2));
  FailureOr<Value> shaped = n.reshape(product, result);
  if (failed(shaped))
    return failure();
  n.setResult(0, *shaped, n.elemOf(0));
  return success();
}

//===----------------------------------------------------------------------===//
// Gemm
//===----------------------------------------------------------------------===//

static void scale(HostTensor &tensor, float factor) {
  if (factor != 1.0f)
    for (float &value : tensor.as<float>())
      value *= factor;
}

/// beta * C as one value per column, if it is a constant that broadcasts so.
static HostTensorRef columnBias(NodeImporter &n, int64_t cols, float beta) {
  HostTensorRef c = n.floatConstantOf(2);
  if (!c || c->rank() > 2 || (c->rank() == 2 && c->shape[0] != 1) ||
      (c->size() != 1 && c->size() != cols))
    return nullptr;
  HostTensor bias =
      HostTensor::ofFloats(cols, std::vector<float>(cols, c->floats().front()));
  if (c->size() == cols)
    bias = reshapeHost(*c, cols);
  scale(bias, beta);
  return std::make_shared<HostTensor>(std::move(bias));
}

static LogicalResult checkGemm(NodeImporter &n, ArrayRef<int64_t> result) {
  if (!n.isFloat(0) &&
      (n.getFloat("alpha", 1.0f) != 1.0f || n.getFloat("beta", 1.0f) != 1.0f))
    return n.unsupported("integers with attribute 'alpha' or 'beta'");
  if (!n.hasInput(2))
    return success();
  FailureOr<Shape> shape = broadcastShapes(n, result, n.shapeOf(2));
  if (failed(shape) || ArrayRef(*shape) != result)
    return n.invalid(llvm::formatv("C of shape {0} does not broadcast to {1}",
                                   formatShape(n.shapeOf(2)),
                                   formatShape(result)));
  return success();
}

LogicalResult buildGemm(NodeImporter &n) {
  if (n.rankOf(0) != 2 || n.rankOf(1) != 2)
    return n.invalid("A and B have to be matrices");
  bool transA = n.getInt("transA", 0) != 0, transB = n.getInt("transB", 0) != 0;
  float alpha = n.getFloat("alpha", 1.0f), beta = n.getFloat("beta", 1.0f);
  int64_t rows = n.shapeOf(0)[transA ? 1 : 0];
  int64_t cols = n.shapeOf(1)[transB ? 0 : 1];
  if (n.shapeOf(0)[transA ? 0 : 1] != n.shapeOf(1)[transB ? 1 : 0])
    return mismatch(n);
  if (failed(checkGemm(n, {rows, cols})))
    return failure();
  ValueMath math(n);
  Value a = operand(n, 0, n.shapeOf(0));
  if (transA)
    a = math.transpose(a, {1, 0});
  HostTensorRef weights = n.floatConstantOf(1), bias;
  Value result;
  if (weights && weights->size() > 0) {
    bias = columnBias(n, cols, beta);
    HostTensor byRow = transB ? *weights : transposeHost(*weights, {1, 0});
    scale(byRow, alpha);
    LinearLayer layer =
        math.linear(OnnxValue(std::make_shared<HostTensor>(std::move(byRow))),
                    bias ? OnnxValue(bias) : OnnxValue());
    result = math.apply(layer, a);
  } else {
    Value b = operand(n, 1, n.shapeOf(1));
    if (transB)
      b = math.transpose(b, {1, 0});
    result = math.scale(math.matmul(a, b), alpha);
  }
  if (!bias && n.hasInput(2)) {
    FailureOr<Value> c = n.tosaValueOf(2);
    if (failed(c))
      return failure();
    result = math.add(result, math.scale(*c, beta));
  }
  if (!result)
    return failure();
  n.setResult(0, result, n.elemOf(0));
  return success();
}

} // namespace mlir::qnt::onnx_import
