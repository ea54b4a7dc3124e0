//===- ValueMath.h - chains of tensor arithmetic ----------------*- C++ -*-===//
//
// What builders of compound ops (recurrent cells, attention, norms) write their
// formulas with. A null value stands for a failure whose reason the node
// already holds: null operands give null results, so a chain of any length
// needs one check at its end. Binary ops broadcast as numpy does.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_VALUEMATH_H
#define QNT_LIB_IMPORT_VALUEMATH_H

#include "NodeImporter.h"

namespace mlir::qnt::onnx_import {

/// x * W^T + b with the operands as the target op takes them.
struct LinearLayer {
  /// [N, 1, 1, K] of a convolution, or [1, K, N] of a matrix product.
  Value weights;
  /// Bias of the convolution.
  Value bias;
  /// What is added behind the product, if not null.
  Value addend;
  bool isConv = false;
};

class ValueMath {
public:
  explicit ValueMath(NodeImporter &n) : n(n) {}

  //===- Elementwise ------------------------------------------------------===//

  Value add(Value a, Value b);
  Value sub(Value a, Value b);
  Value mul(Value a, Value b);
  Value div(Value a, Value b) { return mul(a, reciprocal(b)); }
  Value maximum(Value a, Value b);
  Value minimum(Value a, Value b);
  Value scale(Value x, double factor);
  Value shift(Value x, double term);
  Value square(Value x) { return mul(x, x); }
  template <typename OpTy> Value unary(Value x) {
    return x ? OpTy::create(n.builder, n.loc, x.getType(), x).getResult()
             : Value();
  }
  Value exp(Value x) { return unary<tosa::ExpOp>(x); }
  Value log(Value x) { return unary<tosa::LogOp>(x); }
  Value tanh(Value x) { return unary<tosa::TanhOp>(x); }
  Value sigmoid(Value x) { return unary<tosa::SigmoidOp>(x); }
  Value abs(Value x) { return unary<tosa::AbsOp>(x); }
  Value erf(Value x) { return unary<tosa::ErfOp>(x); }
  Value sqrt(Value x);
  Value rsqrt(Value x) { return unary<tosa::RsqrtOp>(x); }
  Value reciprocal(Value x) { return unary<tosa::ReciprocalOp>(x); }
  Value negate(Value x) { return scale(x, -1.0); }
  Value clamp(Value x, float low, float high);
  Value relu(Value x);
  /// a > b and a >= b as i1 tensors, and the choice by one.
  Value greater(Value a, Value b);
  Value greaterEqual(Value a, Value b);
  Value select(Value condition, Value a, Value b);

  //===- Shapes -----------------------------------------------------------===//

  Value reshape(Value x, ArrayRef<int64_t> shape);
  Value transpose(Value x, ArrayRef<int64_t> perm);
  /// `size` entries of one dimension.
  Value slice(Value x, int64_t axis, int64_t start, int64_t size);
  Value concat(ArrayRef<Value> values, int64_t axis);
  /// Repeats dimensions of size 1 to fill the shape, of the same rank.
  Value expand(Value x, ArrayRef<int64_t> shape);

  //===- Reductions and products ------------------------------------------===//

  /// The dimension stays with size 1.
  Value reduceSum(Value x, int64_t axis);
  Value reduceMax(Value x, int64_t axis);
  Value reduceMin(Value x, int64_t axis);
  Value reduceProduct(Value x, int64_t axis);
  Value reduceMean(Value x, int64_t axis);
  Value softmax(Value x, int64_t axis);
  /// Matrix product of the last two dimensions; the others broadcast.
  Value matmul(Value a, Value b);
  /// Weights [N, K] and bias [N], which may be left out.
  LinearLayer linear(const OnnxValue &weights, const OnnxValue &bias = {});
  /// The layer on an input of any rank whose last dimension is K.
  Value apply(const LinearLayer &layer, Value x);

  //===- Constants --------------------------------------------------------===//

  Value constant(const HostTensor &tensor);
  Value splat(int64_t rank, double value);
  /// The value in the current region; constants are written into it anew.
  Value materialize(const OnnxValue &value);

private:
  template <typename OpTy, typename... Extra>
  Value binary(Value a, Value b, Extra... extra);
  template <typename OpTy> Value compare(Value a, Value b);
  template <typename OpTy> Value reduce(Value x, int64_t axis);
  bool align(Value &a, Value &b);

  NodeImporter &n;
};

/// `size` entries of one dimension of a constant or of a value; unknown on
/// failure.
OnnxValue sliceOnnx(NodeImporter &n, const OnnxValue &value, int64_t axis,
                    int64_t start, int64_t size);
/// The same elements in another shape; unknown on failure.
OnnxValue reshapeOnnx(NodeImporter &n, const OnnxValue &value,
                      ArrayRef<int64_t> shape);
/// The sum of two float vectors of one length; unknown on failure.
OnnxValue addOnnx(NodeImporter &n, const OnnxValue &a, const OnnxValue &b);

} // namespace mlir::qnt::onnx_import

#endif // QNT_LIB_IMPORT_VALUEMATH_H
