//===- SimulateQuantization.cpp - quantization in float arithmetic --------===//
//
// Types first (quantized and unsigned tensors become signless integers), ops as
// elementwise linalg. Rounding is N12 and N13, so the integers in between are
// those that compiled integer code will hold.
//
//===----------------------------------------------------------------------===//

#include "qnt/Float/Passes.h"
#include "qnt/Numerics/Multiplier.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Func/Transforms/FuncConversions.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Transforms/DialectConversion.h"

namespace mlir::qnt {
#define GEN_PASS_DEF_QNTSIMULATEQUANTIZATION
#include "qnt/Float/Passes.h.inc"
} // namespace mlir::qnt

using namespace mlir;
using namespace mlir::qnt;

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

/// The signless integer that holds a stored number; null if there is none.
static Type getStorage(Type element) {
  if (auto quantized = dyn_cast<mlir::qnt::QuantizedType>(element))
    element = quantized.getStorage();
  auto integer = dyn_cast<IntegerType>(element);
  if (!integer || !llvm::is_contained({4, 8, 16, 32}, integer.getWidth()))
    return {};
  return IntegerType::get(element.getContext(), integer.getWidth());
}

static void addConversions(TypeConverter &converter) {
  converter.addConversion([](Type type) { return type; });
  converter.addConversion([](RankedTensorType type) -> Type {
    Type element = type.getElementType();
    if (!isa<mlir::qnt::QuantizedType>(element) && !element.isUnsignedInteger())
      return type;
    Type storage = getStorage(element);
    return storage ? type.clone(storage) : Type();
  });
}

//===----------------------------------------------------------------------===//
// Parameters
//===----------------------------------------------------------------------===//

namespace {
/// Scales and zero points as operands of a linalg.generic.
struct Params {
  Value scale, zeroPoint;
  AffineMap map;
  int64_t min, max;
  unsigned width;
  bool isSigned;
};
} // namespace

/// Repeats each block's parameters so that the tensor has one per element.
static DenseElementsAttr expandBlocks(DenseElementsAttr blocks,
                                      RankedTensorType type, int64_t axis,
                                      int64_t blockSize) {
  auto values = llvm::to_vector(blocks.getValues<Attribute>());
  SmallVector<Attribute> expanded;
  int64_t inner = 1;
  for (int64_t size : type.getShape().drop_front(axis + 1))
    inner *= size;
  int64_t size = type.getDimSize(axis);
  int64_t perAxis = size / blockSize;
  for (int64_t i = 0, e = type.getNumElements(); i < e; ++i) {
    int64_t outer = i / (inner * size), at = i / inner % size;
    expanded.push_back(
        values[(outer * perAxis + at / blockSize) * inner + i % inner]);
  }
  return DenseElementsAttr::get(type.clone(blocks.getElementType()), expanded);
}

/// Constant operands for a complete scheme.
static LogicalResult addConstants(ImplicitLocOpBuilder &b,
                                  RankedTensorType type,
                                  SchemeAttrInterface scheme, Params &params) {
  SmallVector<float> scales = scheme.getScaleValues();
  SmallVector<int32_t> zeroPoints = scheme.getZeroPointValues();
  if (scales.empty() || zeroPoints.size() != scales.size())
    return failure();
  int64_t count = scales.size(), rank = type.getRank();
  SmallVector<int64_t> shape;
  params.map = AffineMap::get(rank, 0, b.getContext());
  std::optional<int64_t> axis = scheme.getQuantizedAxis();
  if (auto block = dyn_cast<PerBlockAttr>(scheme)) {
    auto blocks = block.getScales().getType();
    auto zeros = DenseElementsAttr::get(blocks.clone(b.getI32Type()),
                                        ArrayRef<int32_t>(zeroPoints));
    params.scale = arith::ConstantOp::create(
        b, expandBlocks(block.getScales(), type, block.getAxis(),
                        block.getBlockSize()));
    params.zeroPoint = arith::ConstantOp::create(
        b, expandBlocks(zeros, type, block.getAxis(), block.getBlockSize()));
    params.map = b.getMultiDimIdentityMap(rank);
    return success();
  }
  if (axis) {
    shape.push_back(count);
    params.map = AffineMap::get(rank, 0, b.getAffineDimExpr(*axis));
  } else if (count != 1) {
    return failure();
  }
  params.scale = arith::ConstantOp::create(
      b, DenseElementsAttr::get(RankedTensorType::get(shape, b.getF32Type()),
                                ArrayRef<float>(scales)));
  params.zeroPoint = arith::ConstantOp::create(
      b, DenseElementsAttr::get(RankedTensorType::get(shape, b.getI32Type()),
                                ArrayRef<int32_t>(zeroPoints)));
  return success();
}

static FailureOr<Params> getParams(ImplicitLocOpBuilder &b, Type tensor,
                                   Value scale, Value zeroPoint) {
  auto type = cast<RankedTensorType>(tensor);
  auto quantized = cast<mlir::qnt::QuantizedType>(type.getElementType());
  Params params;
  params.min = quantized.getStorageMin();
  params.max = quantized.getStorageMax();
  params.width = quantized.getStorageWidth();
  params.isSigned = quantized.isSigned();
  if (!scale) {
    if (failed(addConstants(b, type, quantized.getScheme(), params)))
      return failure();
    return params;
  }
  params.scale = scale;
  params.zeroPoint = zeroPoint;
  // Per tensor (rank 0), or per token: all dimensions but the last.
  int64_t rank = cast<RankedTensorType>(scale.getType()).getRank();
  params.map = AffineMap::getMultiDimIdentityMap(type.getRank(), b.getContext())
                   .getMajorSubMap(rank);
  return params;
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

static Value getFloat(ImplicitLocOpBuilder &b, Type type, double value) {
  return arith::ConstantOp::create(b, b.getFloatAttr(type, value));
}

/// clamp(rne(x / scale) + zp), NaN as 0 // N12
static Value quantizeElement(ImplicitLocOpBuilder &b, Value x, Value scale,
                             Value zeroPoint, const Params &params) {
  Type f32 = b.getF32Type();
  Value quotient = arith::DivFOp::create(b, x, scale);
  Value isNan =
      arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, quotient, quotient);
  quotient = arith::SelectOp::create(b, isNan, getFloat(b, f32, 0.0), quotient);
  Value rounded = math::RoundEvenOp::create(b, quotient);
  // Bounds of 8 and 16 bits are exact in f32, those of 32 bits in f64.
  bool wide = params.width > 16;
  Type real = wide ? Type(b.getF64Type()) : f32;
  Type integer = wide ? b.getI64Type() : b.getI32Type();
  if (wide)
    rounded = arith::ExtFOp::create(b, real, rounded);
  Value zero = arith::SIToFPOp::create(b, real, zeroPoint);
  Value sum = arith::AddFOp::create(b, rounded, zero);
  // The sum of two integers is exact below 2^24; beyond, it saturates anyway.
  sum = arith::MaximumFOp::create(b, sum, getFloat(b, real, params.min));
  sum = arith::MinimumFOp::create(b, sum, getFloat(b, real, params.max));
  Value stored = arith::FPToSIOp::create(b, integer, sum);
  return arith::TruncIOp::create(b, b.getIntegerType(params.width), stored);
}

/// float(q - zp) * scale // N13
static Value dequantizeElement(ImplicitLocOpBuilder &b, Value q, Value scale,
                               Value zeroPoint, const Params &params) {
  Type wide = b.getI64Type();
  Value stored = params.isSigned ? Value(arith::ExtSIOp::create(b, wide, q))
                                 : Value(arith::ExtUIOp::create(b, wide, q));
  Value zero = arith::ExtSIOp::create(b, wide, zeroPoint);
  Value difference = arith::SubIOp::create(b, stored, zero);
  if (params.width <= 16)
    difference = arith::TruncIOp::create(b, b.getI32Type(), difference);
  Value real = arith::SIToFPOp::create(b, b.getF32Type(), difference);
  return arith::MulFOp::create(b, real, scale);
}

using Element = function_ref<Value(ImplicitLocOpBuilder &, ValueRange)>;

/// An elementwise op over `input` and parameter tensors.
static Value buildElementwise(ImplicitLocOpBuilder &b, Value input,
                              Type element, ArrayRef<Value> operands,
                              ArrayRef<AffineMap> operandMaps, Element body) {
  auto type = cast<RankedTensorType>(input.getType());
  AffineMap identity = b.getMultiDimIdentityMap(type.getRank());
  SmallVector<AffineMap> maps = {identity};
  llvm::append_range(maps, operandMaps);
  maps.push_back(identity);
  SmallVector<Value> inputs = {input};
  llvm::append_range(inputs, operands);
  Value init = tensor::EmptyOp::create(b, type.getShape(), element);
  SmallVector<utils::IteratorType> loops(type.getRank(),
                                         utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             b, init.getType(), inputs, init, maps, loops,
             [&](OpBuilder &nested, Location loc, ValueRange values) {
               ImplicitLocOpBuilder inner(loc, nested);
               linalg::YieldOp::create(inner, body(inner, values));
             })
      .getResult(0);
}

static Value buildQuantize(ImplicitLocOpBuilder &b, Value x,
                           const Params &params) {
  return buildElementwise(
      b, x, b.getIntegerType(params.width), {params.scale, params.zeroPoint},
      {params.map, params.map}, [&](ImplicitLocOpBuilder &inner, ValueRange v) {
        return quantizeElement(inner, v[0], v[1], v[2], params);
      });
}
static Value buildDequantize(ImplicitLocOpBuilder &b, Value q,
                             const Params &params) {
  return buildElementwise(
      b, q, b.getF32Type(), {params.scale, params.zeroPoint},
      {params.map, params.map}, [&](ImplicitLocOpBuilder &inner, ValueRange v) {
        return dequantizeElement(inner, v[0], v[1], v[2], params);
      });
}

//===----------------------------------------------------------------------===//
// Patterns
//===----------------------------------------------------------------------===//

static constexpr StringLiteral kNoParams =
    "the scheme has no parameters yet; calibrate first";

namespace {
struct SimulateQuantize : OpConversionPattern<QuantizeOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(QuantizeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    FailureOr<Params> params =
        getParams(b, op.getResult().getType(), adaptor.getScale(),
                  adaptor.getZeroPoint());
    if (failed(params))
      return rewriter.notifyMatchFailure(op, kNoParams);
    rewriter.replaceOp(op, buildQuantize(b, adaptor.getInput(), *params));
    return success();
  }
};

struct SimulateDequantize : OpConversionPattern<DequantizeOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(DequantizeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    FailureOr<Params> params = getParams(
        b, op.getInput().getType(), adaptor.getScale(), adaptor.getZeroPoint());
    if (failed(params))
      return rewriter.notifyMatchFailure(op, kNoParams);
    rewriter.replaceOp(op, buildDequantize(b, adaptor.getInput(), *params));
    return success();
  }
};

struct SimulateFakeQuant : OpConversionPattern<FakeQuantOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(FakeQuantOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = cast<RankedTensorType>(op.getInput().getType());
    FailureOr<Params> params =
        getParams(b, type.clone(op.getTarget()), nullptr, nullptr);
    if (failed(params))
      return rewriter.notifyMatchFailure(op, kNoParams);
    Value stored = buildQuantize(b, adaptor.getInput(), *params);
    rewriter.replaceOp(op, buildDequantize(b, stored, *params));
    return success();
  }
};

/// clamp(rne(float(q - zin) * M) + zout): a quantize with the scale 1 / M would
/// divide, so the product is formed first.
struct SimulateRequantize : OpConversionPattern<RequantizeOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(RequantizeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    auto element = [](Value value) {
      return cast<mlir::qnt::QuantizedType>(
          cast<ShapedType>(value.getType()).getElementType());
    };
    auto from = element(op.getInput()).getPerTensorParams();
    auto to = element(op.getResult()).getPerTensorParams();
    if (!from || !to || op.getRounding() != Rounding::Fp32Rne)
      return rewriter.notifyMatchFailure(
          op, "only fp32_rne between per-tensor schemes has a float form");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    FailureOr<Params> in =
        getParams(b, op.getInput().getType(), nullptr, nullptr);
    FailureOr<Params> out =
        getParams(b, op.getResult().getType(), nullptr, nullptr);
    if (failed(in) || failed(out))
      return rewriter.notifyMatchFailure(op, kNoParams);
    float multiplier = ::qnt::num::realMultiplier(
        from->first, to->first, ::qnt::num::Rounding::Fp32Rne);
    Value result = buildElementwise(
        b, adaptor.getInput(), b.getIntegerType(out->width),
        {in->zeroPoint, out->zeroPoint}, {in->map, out->map},
        [&](ImplicitLocOpBuilder &inner, ValueRange v) {
          Value scale = getFloat(inner, inner.getF32Type(), multiplier);
          Value one = getFloat(inner, inner.getF32Type(), 1.0);
          Value real = dequantizeElement(inner, v[0], scale, v[1], *in);
          return quantizeElement(inner, real, one, v[2], *out);
        });
    rewriter.replaceOp(op, result);
    return success();
  }
};

struct SimulateStorageCast : OpConversionPattern<StorageCastOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(StorageCastOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Type type = getTypeConverter()->convertType(op.getType());
    if (adaptor.getInput().getType() != type)
      return rewriter.notifyMatchFailure(op, "the storage types differ");
    rewriter.replaceOp(op, adaptor.getInput());
    return success();
  }
};

struct SimulateToInt : OpConversionPattern<ToIntOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(ToIntOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Params params;
    params.min = static_cast<int32_t>(op.getMin());
    params.max = static_cast<int32_t>(op.getMax());
    params.width = getElementTypeOrSelf(op.getType()).getIntOrFloatBitWidth();
    Value result = buildElementwise(
        b, adaptor.getInput(), b.getIntegerType(params.width), {}, {},
        [&](ImplicitLocOpBuilder &inner, ValueRange v) {
          Value scale = getFloat(inner, inner.getF32Type(),
                                 op.getScale().convertToDouble());
          Value zero = arith::ConstantOp::create(
              inner, inner.getI32IntegerAttr(op.getZeroPoint()));
          return quantizeElement(inner, v[0], scale, zero, params);
        });
    rewriter.replaceOp(op, result);
    return success();
  }
};

struct SimulateToFloat : OpConversionPattern<ToFloatOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(ToFloatOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Type element = getElementTypeOrSelf(op.getInput().getType());
    Params params;
    params.width = element.getIntOrFloatBitWidth();
    params.isSigned = !element.isUnsignedInteger();
    Value result = buildElementwise(
        b, adaptor.getInput(), b.getF32Type(), {}, {},
        [&](ImplicitLocOpBuilder &inner, ValueRange v) {
          Value scale = getFloat(inner, inner.getF32Type(),
                                 op.getScale().convertToDouble());
          Value zero = arith::ConstantOp::create(
              inner, inner.getI32IntegerAttr(op.getZeroPoint()));
          return dequantizeElement(inner, v[0], scale, zero, params);
        });
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// Unsigned constants become the same bits without a sign.
struct ConvertConstant : ConversionPattern {
  ConvertConstant(const TypeConverter &converter, MLIRContext *context)
      : ConversionPattern(converter, MatchAnyOpTypeTag(), 1, context) {}
  LogicalResult
  matchAndRewrite(Operation *op, ArrayRef<Value>,
                  ConversionPatternRewriter &rewriter) const override {
    DenseElementsAttr value;
    if (!matchPattern(op, m_Constant(&value)))
      return rewriter.notifyMatchFailure(op, "not a constant");
    Type type = getTypeConverter()->convertType(op->getResult(0).getType());
    if (!type)
      return rewriter.notifyMatchFailure(op, "no signless form of its type");
    rewriter.replaceOpWithNewOp<arith::ConstantOp>(
        op, value.bitcast(cast<ShapedType>(type).getElementType()));
    return success();
  }
};

class SimulateQuantization
    : public mlir::qnt::impl::QntSimulateQuantizationBase<
          SimulateQuantization> {
  void runOnOperation() override {
    TypeConverter converter;
    addConversions(converter);
    MLIRContext *context = &getContext();
    ConversionTarget target(*context);
    target.addIllegalOp<QuantizeOp, DequantizeOp, FakeQuantOp, RequantizeOp,
                        StorageCastOp, ToIntOp, ToFloatOp>();
    target.addDynamicallyLegalOp<func::FuncOp>([&](func::FuncOp op) {
      return converter.isSignatureLegal(op.getFunctionType()) &&
             converter.isLegal(&op.getBody());
    });
    target.markUnknownOpDynamicallyLegal(
        [&](Operation *op) { return converter.isLegal(op); });
    RewritePatternSet patterns(context);
    patterns.add<SimulateQuantize, SimulateDequantize, SimulateFakeQuant,
                 SimulateRequantize, SimulateStorageCast, SimulateToInt,
                 SimulateToFloat, ConvertConstant>(converter, context);
    populateFunctionOpInterfaceTypeConversionPattern<func::FuncOp>(patterns,
                                                                   converter);
    populateCallOpTypeConversionPattern(patterns, converter);
    populateReturnOpTypeConversionPattern(patterns, converter);
    getOperation()->walk([&](Operation *op) {
      numSimulated +=
          isa<QntDialect>(op->getDialect()) && !isa<CompositeOp, YieldOp>(op);
    });
    if (failed(applyPartialConversion(getOperation(), target,
                                      std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
