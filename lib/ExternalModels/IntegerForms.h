//===- IntegerForms.h - what the models of all dialects share --*- C++ -*-===//
//
// Roles, constraints and the few ways to build an integer form: the same op on
// stored integers, an accumulator and a rescale, a table. All arithmetic on
// scales is Numerics'.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_EXTERNALMODELS_INTEGERFORMS_H
#define QNT_LIB_EXTERNALMODELS_INTEGERFORMS_H

#include "qnt/Dialect/IR/QntNumerics.h"
#include "qnt/Numerics/QuantParams.h"

namespace mlir::qnt::models {

using Values = SmallVector<Value>;

//===----------------------------------------------------------------------===//
// Queries
//===----------------------------------------------------------------------===//

/// True if every operand in `operands` and every result is a tensor of f32
/// with a static shape; other ops have no roles.
bool isFloatOp(Operation *op);

inline OperandRole activation(unsigned operand) {
  return {operand, OperandRole::Activation, std::nullopt};
}
inline OperandRole weight(unsigned operand, int64_t axis) {
  return {operand, OperandRole::Weight, axis};
}
inline OperandRole bias(unsigned operand) {
  return {operand, OperandRole::Bias, 0};
}

/// The constant behind a value, through quantize, dequantize and storage casts;
/// null if there is none.
Attribute constantBehind(Value value);

/// The one value of a constant whose elements are all equal.
std::optional<double> splatValue(Value value);

/// The last dimension of a constant that has size 1 in all others; nothing for
/// other values.
std::optional<SmallVector<float>> rowValues(Value value);

/// `stored` plus the summand of `form`, in units of input times weight scale;
/// fails with a reason if a sum does not fit 32 bits.
FailureOr<SmallVector<int32_t>>
addAddend(const IntegerForm &form, ArrayRef<int32_t> stored, float inputScale,
          ArrayRef<float> weightScales, std::string &reason);

/// The given operands and result 0 share scale and zero point.
ScaleConstraint sameScale(ArrayRef<unsigned> operands,
                          bool resultRangeSuffices = false);

/// Result 0 has exactly these parameters.
ScaleConstraint fixedResult(float scale, int32_t zeroPoint);

/// The bias operand has the product of the scales of two others.
ScaleConstraint derivedBias(unsigned bias, unsigned lhs, unsigned rhs);

//===----------------------------------------------------------------------===//
// Building
//===----------------------------------------------------------------------===//

/// Checks what every integer form needs: 8-bit signed per-tensor activations,
/// 8-bit weights with zero point 0 (any if `centresWeights`), i32 bias, 8-bit
/// per-tensor results.
LogicalResult checkForm(Operation *op, const IntegerForm &form,
                        std::string &reason, bool centresWeights = false);

/// Fails with a reason if a sum of `count` products of a stored activation and
/// a stored operand of magnitude `largest` can leave 32 bits.
LogicalResult checkSum(int64_t count, int64_t largest, std::string &reason);

/// Scale and zero point of a per-tensor type.
::qnt::num::QuantParams paramsOf(QuantizedType type);

/// Parameters and saturation of result 0, the absorbed clamp and factor
/// included: the scale is that of the result before the factor.
struct ResultForm {
  ::qnt::num::QuantParams params;
  int32_t min;
  int32_t max;
};
ResultForm resultForm(const IntegerForm &form);

/// The type of result `index` of `op` on stored integers.
RankedTensorType storedType(Operation *op, const IntegerForm &form,
                            unsigned index = 0);

/// The same op on other operands and result element types.
Operation *rebuild(OpBuilder &builder, Operation *op, ValueRange operands,
                   ArrayRef<Type> resultTypes);

/// tosa.const of these integers.
Value intConst(OpBuilder &builder, Location loc, DenseElementsAttr values);

/// tosa.const of shape [1] and the element type of `like`.
Value zeroPointConst(OpBuilder &builder, Location loc, int64_t value,
                     Type element);

/// One multiplier per weight scale, repeated for `channels`; a single one if
/// all are equal.
SmallVector<double> multipliers(const IntegerForm &form, float inputScale,
                                ArrayRef<float> weightScales, int64_t channels);

/// The rescale that ends an integer form.
Value buildRescale(OpBuilder &builder, Operation *op, const IntegerForm &form,
                   Value accumulator, ArrayRef<double> multipliers,
                   int32_t inputZp = 0);

/// The integer form of ops that only move stored integers: the same op.
FailureOr<Values> buildSameOp(RewriterBase &rewriter, Operation *op,
                              const IntegerForm &form, std::string &reason);

/// The integer form of scalar functions: a table of 256 entries.
FailureOr<Values> buildTable(RewriterBase &rewriter, Operation *op,
                             unsigned operand, const IntegerForm &form,
                             std::string &reason);

/// How a sum, difference or product is computed at its home.
struct BinaryMode {
  Rounding rounding;
  Home home = Home::Native;
};
/// LiteRT takes sums whose scales differ too much, and such products, to
/// kernels of another rounding (N60, N61).
BinaryMode binaryMode(const IntegerForm &form, bool isProduct);

/// qnt.add, qnt.sub or qnt.mul of operands 0 and 1.
template <typename IntOp>
FailureOr<Values> buildBinary(RewriterBase &rewriter, Operation *op,
                              const IntegerForm &form, std::string &reason) {
  if (failed(checkForm(op, form, reason)))
    return failure();
  ::qnt::num::QuantParams lhs = paramsOf(form.operandTypes[0]);
  ::qnt::num::QuantParams rhs = paramsOf(form.operandTypes[1]);
  ResultForm result = resultForm(form);
  Value a = form.operands[0], b = form.operands[1];
  // ONNX Runtime takes a scalar first (N43).
  if (form.home == Home::OnnxRuntime && std::is_same_v<IntOp, qnt::AddOp> &&
      op->getOperand(0).getType() != op->getResult(0).getType()) {
    std::swap(a, b);
    std::swap(lhs, rhs);
  }
  BinaryMode mode = binaryMode(form, std::is_same_v<IntOp, MulOp>);
  return Values{IntOp::create(
      rewriter, op->getLoc(), storedType(op, form), a, b, APFloat(lhs.scale),
      lhs.zeroPoint, APFloat(rhs.scale), rhs.zeroPoint,
      APFloat(result.params.scale), result.params.zeroPoint, result.min,
      result.max, mode.rounding, mode.home, form.isUnsigned)};
}

/// The sum over windows of [N, H, W, C] without padding, in i32.
Value buildSumPool(RewriterBase &rewriter, Location loc, Value input,
                   ArrayRef<int64_t> kernel, ArrayRef<int64_t> stride,
                   ArrayRef<int64_t> resultShape);

/// Composites that only LiteRT has: `average_pool` and `mean`.
bool isLitertComposite(CompositeOp op);
FailureOr<Values> buildLitertComposite(RewriterBase &rewriter, CompositeOp op,
                                       const IntegerForm &form,
                                       std::string &reason);
/// The softmax of LiteRT along the last dimension (N68).
FailureOr<Values> buildLitertSoftmax(RewriterBase &rewriter, CompositeOp op,
                                     const IntegerForm &form,
                                     std::string &reason);
/// The table of a scalar function where LiteRT's is not that of N16.
std::optional<std::array<int8_t, 256>>
litertTable(Operation *op, unsigned operand, const IntegerForm &form);

/// Convolutions: operands 0 to 2 of `op` are input, weight and bias; `channels`
/// output channels lie last.
FailureOr<Values> buildConvolution(RewriterBase &rewriter, Operation *op,
                                   const IntegerForm &form,
                                   std::string &reason);

/// tosa.transpose_conv2d as a convolution over a spread input.
FailureOr<Values> buildTransposedConv(RewriterBase &rewriter, Operation *op,
                                      const IntegerForm &form,
                                      std::string &reason);

/// Attaches the models of LinalgProducts.cpp.
void attachLinalgProducts(MLIRContext &context);

/// Attaches the model of TosaResize.cpp.
void attachTosaResize(MLIRContext &context);

} // namespace mlir::qnt::models

#endif // QNT_LIB_EXTERNALMODELS_INTEGERFORMS_H
