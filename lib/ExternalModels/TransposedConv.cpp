//===- TransposedConv.cpp - transposed convolutions in integers -----------===//
//
// A transposed convolution is a convolution by the turned weights over the
// input with its zero point between the pixels. Invariant: the sums are those
// of the definition, since every pixel that is put in adds nothing (N19).
//
//===----------------------------------------------------------------------===//

#include "IntegerForms.h"

#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::qnt;
using namespace mlir::qnt::models;

namespace {
/// Builds tosa ops on stored bytes.
class ByteBuilder {
public:
  ByteBuilder(OpBuilder &builder, Location loc) : builder(builder), loc(loc) {}

  Value reshape(Value value, ArrayRef<int64_t> shape) {
    return tosa::ReshapeOp::create(builder, loc, bytes(shape), value,
                                   dims(shape));
  }
  /// `count` times `fill` behind the elements of dimension 2.
  Value padDim2(Value value, int64_t count, int32_t fill) {
    SmallVector<int64_t> shape(typeOf(value).getShape());
    shape[2] += count;
    Value constant = zeroPointConst(builder, loc, fill, builder.getI8Type());
    return tosa::PadOp::create(builder, loc, bytes(shape), value,
                               dims({0, 0, 0, 0, 0, count, 0, 0}), constant);
  }
  Value slice(Value value, ArrayRef<int64_t> size) {
    SmallVector<int64_t> start(size.size(), 0);
    return tosa::SliceOp::create(builder, loc, bytes(size), value, dims(start),
                                 dims(size));
  }

private:
  /// An argument is still of quantized type while its users are lowered.
  RankedTensorType bytes(ArrayRef<int64_t> shape) {
    return RankedTensorType::get(shape, builder.getI8Type());
  }
  static RankedTensorType typeOf(Value value) {
    return cast<RankedTensorType>(value.getType());
  }
  Value dims(ArrayRef<int64_t> values) {
    return tosa::ConstShapeOp::create(
        builder, loc, tosa::shapeType::get(builder.getContext(), values.size()),
        builder.getIndexTensorAttr(values));
  }

  OpBuilder &builder;
  Location loc;
};
} // namespace

/// [N, H, W, C] -> [N, H * strideH, W * strideW, C].
static Value spread(ByteBuilder &bytes, Value input, ArrayRef<int64_t> stride,
                    int32_t zeroPoint) {
  ArrayRef<int64_t> s = cast<RankedTensorType>(input.getType()).getShape();
  int64_t n = s[0], h = s[1], w = s[2], c = s[3];
  if (stride[1] > 1)
    input = bytes.padDim2(bytes.reshape(input, {n * h, w, 1, c}), stride[1] - 1,
                          zeroPoint);
  w *= stride[1];
  if (stride[0] > 1)
    input = bytes.padDim2(bytes.reshape(input, {n, h, 1, w * c}), stride[0] - 1,
                          zeroPoint);
  return bytes.reshape(input, {n, h * stride[0], w, c});
}

/// OHWI weights with height and width reversed.
static Value turn(OpBuilder &builder, Location loc,
                  DenseIntElementsAttr weights) {
  ArrayRef<int64_t> s = weights.getType().getShape();
  auto stored = llvm::to_vector(weights.getValues<int8_t>());
  int64_t window = s[1] * s[2], channels = s[3];
  SmallVector<int8_t> turned(stored.size());
  for (int64_t o = 0; o < s[0]; ++o)
    for (int64_t tap = 0; tap < window; ++tap)
      for (int64_t i = 0; i < channels; ++i)
        turned[(o * window + window - 1 - tap) * channels + i] =
            stored[(o * window + tap) * channels + i];
  return intConst(
      builder, loc,
      DenseElementsAttr::get(weights.getType(), ArrayRef<int8_t>(turned)));
}

FailureOr<Values> models::buildTransposedConv(RewriterBase &rewriter,
                                              Operation *operation,
                                              const IntegerForm &form,
                                              std::string &reason) {
  auto op = cast<tosa::TransposeConv2DOp>(operation);
  DenseIntElementsAttr weights;
  if (form.operands.empty() ||
      !matchPattern(form.operands[1], m_Constant(&weights))) {
    reason = "the weights are no constant stored as integers; run "
             "qnt-propagate first";
    return failure();
  }
  if (failed(checkForm(op, form, reason, /*centresWeights=*/true)))
    return failure();
  Location loc = op.getLoc();
  ByteBuilder bytes(rewriter, loc);
  Value input = spread(bytes, form.operands[0], op.getStride(),
                       paramsOf(form.operandTypes[0]).zeroPoint);
  SmallVector<int64_t> size(cast<RankedTensorType>(input.getType()).getShape());
  auto result = cast<RankedTensorType>(op.getResult().getType());
  SmallVector<int64_t> pad;
  for (int64_t i = 0; i < 2; ++i) {
    int64_t kernel = weights.getType().getDimSize(1 + i);
    int64_t low = kernel - 1 + op.getOutPad()[2 * i];
    int64_t high = result.getDimSize(1 + i) + kernel - 1 - size[1 + i] - low;
    // What no window reaches goes; the last pixel put in is often of that kind.
    size[1 + i] += std::min<int64_t>(high, 0);
    pad.append({low, std::max<int64_t>(high, 0)});
  }
  if (size[1] < 1 || size[2] < 1 || pad[0] < 0 || pad[2] < 0) {
    reason = "its paddings cut away more than a window";
    return failure();
  }
  IntegerForm inner = form;
  inner.operands[0] = bytes.slice(input, size);
  inner.operands[1] = turn(rewriter, loc, weights);
  Type f32 = rewriter.getF32Type();
  auto conv = tosa::Conv2DOp::create(
      rewriter, loc, result, inner.operands[0], inner.operands[1],
      inner.operands[2], zeroPointConst(rewriter, loc, 0, rewriter.getI8Type()),
      zeroPointConst(rewriter, loc, 0, rewriter.getI8Type()), pad,
      ArrayRef<int64_t>{1, 1}, ArrayRef<int64_t>{1, 1}, f32);
  FailureOr<Values> built = buildConvolution(rewriter, conv, inner, reason);
  rewriter.eraseOp(conv);
  return built;
}
