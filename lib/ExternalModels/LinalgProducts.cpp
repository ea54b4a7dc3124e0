//===- LinalgProducts.cpp - convolutions, products, pools of linalg -------===//
//
// Their integer forms are the tosa ops, which the code generator knows: stored
// weights are permuted at compile time, channels-first data is transposed.
// Invariant: an op whose init is neither zeros nor a constant bias has no
// roles.
//
//===----------------------------------------------------------------------===//

#include "IntegerForms.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/Matchers.h"
#include "qnt/Numerics/Multiplier.h"
#include "qnt/Numerics/Reference.h"

using namespace mlir;
using namespace mlir::qnt;
using namespace mlir::qnt::models;
namespace num = ::qnt::num;

namespace {

//===----------------------------------------------------------------------===//
// Inits
//===----------------------------------------------------------------------===//

/// The one number that a value is filled with.
std::optional<double> filledWith(Value value) {
  if (std::optional<double> splat = splatValue(value))
    return splat;
  auto fill = value.getDefiningOp<linalg::FillOp>();
  FloatAttr number;
  if (!fill || !matchPattern(fill.getInputs()[0], m_Constant(&number)))
    return std::nullopt;
  return number.getValueAsDouble();
}

/// The bias that `init` broadcasts along `channelDim`: empty for zeros.
std::optional<SmallVector<float>> biasOf(Value init, int64_t channelDim) {
  if (std::optional<double> number = filledWith(init)) {
    if (*number == 0)
      return SmallVector<float>();
    return SmallVector<float>{static_cast<float>(*number)};
  }
  auto broadcast = init.getDefiningOp<linalg::BroadcastOp>();
  DenseFPElementsAttr values;
  if (!broadcast || !matchPattern(broadcast.getInput(), m_Constant(&values)) ||
      values.getType().getRank() != 1 ||
      llvm::is_contained(broadcast.getDimensions(), channelDim))
    return std::nullopt;
  return llvm::to_vector(values.getValues<float>());
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

SmallVector<int64_t> permuted(ArrayRef<int64_t> shape, ArrayRef<int32_t> perm) {
  return llvm::map_to_vector(perm, [&](int32_t dim) { return shape[dim]; });
}

Value transposed(OpBuilder &builder, Location loc, Value value,
                 ArrayRef<int32_t> perm) {
  auto type = cast<RankedTensorType>(value.getType());
  return tosa::TransposeOp::create(builder, loc,
                                   type.clone(permuted(type.getShape(), perm)),
                                   value, builder.getDenseI32ArrayAttr(perm));
}

Value reshaped(OpBuilder &builder, Location loc, Value value,
               ArrayRef<int64_t> shape) {
  auto type = cast<RankedTensorType>(value.getType());
  Value extents = tosa::ConstShapeOp::create(
      builder, loc, tosa::shapeType::get(builder.getContext(), shape.size()),
      builder.getIndexTensorAttr(shape));
  return tosa::ReshapeOp::create(builder, loc, type.clone(shape), value,
                                 extents);
}

/// The dimensions of a constant in another order.
DenseElementsAttr permuted(DenseIntElementsAttr values,
                           ArrayRef<int32_t> perm) {
  ArrayRef<int64_t> from = values.getType().getShape();
  SmallVector<int64_t> to = permuted(from, perm);
  SmallVector<int8_t> in = llvm::to_vector(values.getValues<int8_t>());
  SmallVector<int8_t> out;
  out.reserve(in.size());
  SmallVector<int64_t> index(to.size(), 0);
  for (size_t count = 0; count < in.size(); ++count) {
    SmallVector<int64_t> source(from.size());
    for (auto [dim, at] : llvm::zip(perm, index))
      source[dim] = at;
    int64_t flat = 0;
    for (auto [size, at] : llvm::zip(from, source))
      flat = flat * size + at;
    out.push_back(in[flat]);
    for (size_t dim = to.size(); dim-- > 0;) {
      if (++index[dim] < to[dim])
        break;
      index[dim] = 0;
    }
  }
  return DenseElementsAttr::get(values.getType().clone(to),
                                ArrayRef<int8_t>(out));
}

/// Cuts what a window of whole strides does not reach: tosa wants none left.
Value cutRest(OpBuilder &builder, Location loc, Value input,
              ArrayRef<int64_t> kernel, ArrayRef<int64_t> stride,
              ArrayRef<int64_t> dilation) {
  auto type = cast<RankedTensorType>(input.getType());
  SmallVector<int64_t> sizes(type.getShape());
  for (unsigned i : {0u, 1u})
    sizes[i + 1] -=
        (sizes[i + 1] - dilation[i] * (kernel[i] - 1) - 1) % stride[i];
  if (type.getShape() == ArrayRef(sizes))
    return input;
  auto shapeType = tosa::shapeType::get(builder.getContext(), 4);
  Value start = tosa::ConstShapeOp::create(
      builder, loc, shapeType, builder.getIndexTensorAttr({0, 0, 0, 0}));
  Value size = tosa::ConstShapeOp::create(builder, loc, shapeType,
                                          builder.getIndexTensorAttr(sizes));
  return tosa::SliceOp::create(builder, loc, type.clone(sizes), input, start,
                               size);
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// A product as tosa.conv2d or tosa.depthwise_conv2d sees it.
struct Product {
  /// NHWC input, OHWI or HWCM weights, NHWC result.
  Value input;
  DenseElementsAttr weights;
  SmallVector<int64_t> outputShape;
  SmallVector<int64_t> stride{1, 1}, dilation{1, 1};
  SmallVector<float> bias;
  bool isDepthwise = false;
};

/// The bias in units of the product, the absorbed summand included.
FailureOr<SmallVector<int32_t>> storeBias(const Product &product,
                                          const IntegerForm &form,
                                          std::string &reason) {
  float inputScale = paramsOf(form.operandTypes[0]).scale;
  SmallVector<float> scales = form.operandTypes[1].getScheme().getScaleValues();
  IntegerForm biased;
  SmallVector<int32_t> stored(product.outputShape.back(), 0);
  for (const SmallVector<float> &addend : {product.bias, form.addend}) {
    biased.addend = addend;
    FailureOr<SmallVector<int32_t>> sums =
        addAddend(biased, stored, inputScale, scales, reason);
    if (failed(sums))
      return failure();
    stored = std::move(*sums);
  }
  return stored;
}

/// Convolution and rescale; the result is NHWC.
FailureOr<Value> buildProduct(RewriterBase &rewriter, Operation *op,
                              const Product &product, const IntegerForm &form,
                              std::string &reason) {
  int64_t count = product.weights.getNumElements() / product.outputShape.back();
  FailureOr<SmallVector<int32_t>> bias = storeBias(product, form, reason);
  if (failed(bias) || failed(checkSum(count, 127, reason)))
    return failure();
  Location loc = op->getLoc();
  num::QuantParams input = paramsOf(form.operandTypes[0]);
  Type i8 = rewriter.getI8Type(), i32 = rewriter.getI32Type();
  int64_t channels = product.outputShape.back();
  ArrayRef<int64_t> shape = product.weights.getType().getShape();
  SmallVector<int64_t> kernel(shape.slice(product.isDepthwise ? 0 : 1, 2));
  Values operands{
      cutRest(rewriter, loc, product.input, kernel, product.stride,
              product.dilation),
      intConst(rewriter, loc, product.weights),
      intConst(rewriter, loc,
               DenseElementsAttr::get(RankedTensorType::get({channels}, i32),
                                      ArrayRef<int32_t>(*bias))),
      zeroPointConst(rewriter, loc, input.zeroPoint, i8),
      zeroPointConst(rewriter, loc, 0, i8)};
  SmallVector<NamedAttribute> attrs{
      rewriter.getNamedAttr("pad", rewriter.getDenseI64ArrayAttr({0, 0, 0, 0})),
      rewriter.getNamedAttr("stride",
                            rewriter.getDenseI64ArrayAttr(product.stride)),
      rewriter.getNamedAttr("dilation",
                            rewriter.getDenseI64ArrayAttr(product.dilation)),
      rewriter.getNamedAttr("acc_type", TypeAttr::get(i32))};
  auto type = RankedTensorType::get(product.outputShape, i32);
  Value sum = product.isDepthwise
                  ? Value(tosa::DepthwiseConv2DOp::create(
                        rewriter, loc, TypeRange{type}, operands, attrs))
                  : Value(tosa::Conv2DOp::create(rewriter, loc, TypeRange{type},
                                                 operands, attrs));
  return buildRescale(
      rewriter, op, form, sum,
      multipliers(form, input.scale,
                  form.operandTypes[1].getScheme().getScaleValues(), channels));
}

/// The stored weights, or a reason.
FailureOr<DenseIntElementsAttr> storedWeights(const IntegerForm &form,
                                              std::string &reason) {
  DenseIntElementsAttr weights;
  if (matchPattern(form.operands[1], m_Constant(&weights)))
    return weights;
  reason = "its weights are no constant; exclude the op";
  return failure();
}

/// How a named convolution lays out its data.
template <typename OpTy> struct ConvLayout;
template <> struct ConvLayout<linalg::Conv2DNhwcHwcfOp> {
  static constexpr int32_t weightsToTosa[] = {3, 0, 1, 2};
  static constexpr int64_t weightAxis = 3, channelDim = 3;
  static constexpr bool isChannelsFirst = false, isDepthwise = false;
};
template <> struct ConvLayout<linalg::Conv2DNhwcFhwcOp> {
  static constexpr int32_t weightsToTosa[] = {0, 1, 2, 3};
  static constexpr int64_t weightAxis = 0, channelDim = 3;
  static constexpr bool isChannelsFirst = false, isDepthwise = false;
};
template <> struct ConvLayout<linalg::Conv2DNchwFchwOp> {
  static constexpr int32_t weightsToTosa[] = {0, 2, 3, 1};
  static constexpr int64_t weightAxis = 0, channelDim = 1;
  static constexpr bool isChannelsFirst = true, isDepthwise = false;
};
template <> struct ConvLayout<linalg::DepthwiseConv2DNhwcHwcOp> {
  static constexpr int32_t weightsToTosa[] = {0, 1, 2};
  static constexpr int64_t weightAxis = 2, channelDim = 3;
  static constexpr bool isChannelsFirst = false, isDepthwise = true;
};
template <> struct ConvLayout<linalg::DepthwiseConv2DNchwChwOp> {
  static constexpr int32_t weightsToTosa[] = {1, 2, 0};
  static constexpr int64_t weightAxis = 0, channelDim = 1;
  static constexpr bool isChannelsFirst = true, isDepthwise = true;
};

constexpr StringLiteral kInitReason =
    "its init is neither zeros nor a broadcast constant; add the init "
    "afterwards, or exclude the op";

template <typename OpTy>
struct ConvModel
    : QuantizableOpInterface::ExternalModel<ConvModel<OpTy>, OpTy> {
  using Layout = ConvLayout<OpTy>;

  SmallVector<OperandRole> getOperandRoles(Operation *op) const {
    if (!isFloatOp(op) || !biasOf(op->getOperand(2), Layout::channelDim))
      return {};
    return {activation(0), weight(1, Layout::weightAxis)};
  }
  bool absorbsClamp(Operation *) const { return true; }
  bool absorbsFactor(Operation *) const { return true; }
  /// A summand per last dimension is one per channel only there.
  bool absorbsAddend(Operation *) const { return !Layout::isChannelsFirst; }
  FailureOr<Values> buildInteger(Operation *op, RewriterBase &rewriter,
                                 const IntegerForm &form,
                                 std::string &reason) const {
    std::optional<SmallVector<float>> bias =
        biasOf(op->getOperand(2), Layout::channelDim);
    if (!bias) {
      reason = kInitReason;
      return failure();
    }
    if (failed(checkForm(op, form, reason)))
      return failure();
    FailureOr<DenseIntElementsAttr> weights = storedWeights(form, reason);
    if (failed(weights))
      return failure();
    auto conv = cast<OpTy>(op);
    Location loc = op->getLoc();
    Product product;
    product.input = form.operands[0];
    product.weights = permuted(*weights, Layout::weightsToTosa);
    product.bias = std::move(*bias);
    product.isDepthwise = Layout::isDepthwise;
    product.stride =
        llvm::to_vector(conv.getStrides().template getValues<int64_t>());
    product.dilation =
        llvm::to_vector(conv.getDilations().template getValues<int64_t>());
    product.outputShape = llvm::to_vector(
        cast<ShapedType>(op->getResult(0).getType()).getShape());
    if (Layout::isDepthwise) {
      // HWC -> HWCM with one output per channel.
      SmallVector<int64_t> shape(product.weights.getType().getShape());
      shape.push_back(1);
      product.weights =
          product.weights.reshape(product.weights.getType().clone(shape));
    }
    if (Layout::isChannelsFirst) {
      product.input = transposed(rewriter, loc, product.input, {0, 2, 3, 1});
      product.outputShape = permuted(product.outputShape, {0, 2, 3, 1});
    }
    FailureOr<Value> result = buildProduct(rewriter, op, product, form, reason);
    if (failed(result))
      return failure();
    if (Layout::isChannelsFirst)
      result = transposed(rewriter, loc, *result, {0, 3, 1, 2});
    return Values{*result};
  }
};

/// x [M, K] times constant w [K, N]: a convolution of M pixels.
struct MatmulModel
    : QuantizableOpInterface::ExternalModel<MatmulModel, linalg::MatmulOp> {
  SmallVector<OperandRole> getOperandRoles(Operation *op) const {
    auto matmul = cast<linalg::MatmulOp>(op);
    if (!isFloatOp(op) || matmul.hasUserDefinedMaps() ||
        !biasOf(op->getOperand(2), 1) || !constantBehind(op->getOperand(1)))
      return {};
    return {activation(0), weight(1, 1)};
  }
  bool absorbsClamp(Operation *) const { return true; }
  bool absorbsFactor(Operation *) const { return true; }
  bool absorbsAddend(Operation *) const { return true; }
  FailureOr<Values> buildInteger(Operation *op, RewriterBase &rewriter,
                                 const IntegerForm &form,
                                 std::string &reason) const {
    if (getOperandRoles(op).empty()) {
      reason =
          biasOf(op->getOperand(2), 1)
              ? "only a plain product with constant weights has an integer "
                "form; use tosa.matmul, or exclude the op"
              : kInitReason.str();
      return failure();
    }
    if (failed(checkForm(op, form, reason)))
      return failure();
    FailureOr<DenseIntElementsAttr> stored = storedWeights(form, reason);
    if (failed(stored))
      return failure();
    ArrayRef<int64_t> shape = stored->getType().getShape();
    int64_t k = shape[0], n = shape[1];
    int64_t m = cast<ShapedType>(op->getResult(0).getType()).getDimSize(0);
    DenseElementsAttr weights = permuted(*stored, {1, 0});
    Product product;
    product.input =
        reshaped(rewriter, op->getLoc(), form.operands[0], {1, 1, m, k});
    product.weights = weights.reshape(weights.getType().clone({n, 1, 1, k}));
    product.bias = *biasOf(op->getOperand(2), 1);
    product.outputShape = {1, 1, m, n};
    FailureOr<Value> result = buildProduct(rewriter, op, product, form, reason);
    if (failed(result))
      return failure();
    return Values{reshaped(rewriter, op->getLoc(), *result, {m, n})};
  }
};

//===----------------------------------------------------------------------===//
// Pools
//===----------------------------------------------------------------------===//

/// Pools with an init that does not count: zeros for a sum, -inf for a maximum.
template <typename OpTy>
struct PoolModel
    : QuantizableOpInterface::ExternalModel<PoolModel<OpTy>, OpTy> {
  static constexpr bool kIsSum = std::is_same_v<OpTy, linalg::PoolingNhwcSumOp>;

  bool hasNeutralInit(Operation *op) const {
    std::optional<double> init = filledWith(op->getOperand(2));
    return init && (kIsSum ? *init == 0
                           : *init <= std::numeric_limits<float>::lowest());
  }
  SmallVector<OperandRole> getOperandRoles(Operation *op) const {
    if (!isFloatOp(op) || !hasNeutralInit(op))
      return {};
    return {activation(0)};
  }
  SmallVector<ScaleConstraint> getScaleConstraints(Operation *) const {
    if (kIsSum)
      return {};
    return {sameScale({0}, /*resultRangeSuffices=*/true)};
  }
  bool absorbsClamp(Operation *) const { return kIsSum; }
  bool absorbsFactor(Operation *) const { return kIsSum; }
  FailureOr<Values> buildInteger(Operation *op, RewriterBase &rewriter,
                                 const IntegerForm &form,
                                 std::string &reason) const {
    if (!hasNeutralInit(op)) {
      reason = kIsSum ? "its init is not zero; add the init afterwards"
                      : "its init is above the lowest float; take the maximum "
                        "with the init afterwards";
      return failure();
    }
    if (failed(checkForm(op, form, reason)))
      return failure();
    auto pool = cast<OpTy>(op);
    Location loc = op->getLoc();
    ArrayRef<int64_t> kernel =
        cast<ShapedType>(op->getOperand(1).getType()).getShape();
    Type element = kIsSum ? rewriter.getI32Type() : rewriter.getI8Type();
    auto type =
        cast<RankedTensorType>(op->getResult(0).getType()).clone(element);
    Value init = arith::ConstantOp::create(
        rewriter, loc, rewriter.getIntegerAttr(element, kIsSum ? 0 : -128));
    Value empty =
        tensor::EmptyOp::create(rewriter, loc, type.getShape(), element);
    Value filled =
        linalg::FillOp::create(rewriter, loc, init, empty).getResult(0);
    Value window =
        tensor::EmptyOp::create(rewriter, loc, kernel, rewriter.getI8Type());
    Value pooled =
        OpTy::create(rewriter, loc, TypeRange{type},
                     ValueRange{form.operands[0], window}, ValueRange{filled},
                     pool.getStrides(), pool.getDilations())
            .getResult(0);
    if (!kIsSum)
      return Values{pooled};
    num::QuantParams input = paramsOf(form.operandTypes[0]);
    int32_t count = kernel[0] * kernel[1];
    return Values{buildRescale(rewriter, op, form, pooled,
                               multipliers(form, input.scale, {1.0f}, 1),
                               input.zeroPoint * count)};
  }
};

template <typename... OpTy> void attachConvolutions(MLIRContext &context) {
  (OpTy::template attachInterface<ConvModel<OpTy>>(context), ...);
}

} // namespace

void models::attachLinalgProducts(MLIRContext &context) {
  using namespace linalg;
  attachConvolutions<Conv2DNhwcHwcfOp, Conv2DNhwcFhwcOp, Conv2DNchwFchwOp,
                     DepthwiseConv2DNhwcHwcOp, DepthwiseConv2DNchwChwOp>(
      context);
  linalg::MatmulOp::attachInterface<MatmulModel>(context);
  PoolingNhwcSumOp::attachInterface<PoolModel<PoolingNhwcSumOp>>(context);
  PoolingNhwcMaxOp::attachInterface<PoolModel<PoolingNhwcMaxOp>>(context);
}
