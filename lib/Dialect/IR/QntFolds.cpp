//===- QntFolds.cpp - folders and canonicalizers --------------------------===//
//
// Constants and identities. Whatever a folder computes, Numerics computes, so
// folding never changes a bit of the result.
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"
#include "qnt/Dialect/IR/QntNumerics.h"

using namespace mlir;
using namespace mlir::qnt;
namespace num = ::qnt::num;

static QuantizedType elementOf(Value value) {
  return cast<QuantizedType>(getElementTypeOrSelf(value.getType()));
}

/// Constants above this many elements are left to the code generator.
static constexpr int64_t kMaxFolded = 1 << 16;

//===----------------------------------------------------------------------===//
// Casts
//===----------------------------------------------------------------------===//

/// quantize(dequantize(q)) -> q. Exact for stored numbers of at most 16 bits:
/// scale * k / scale then lies closer to k than to any other integer.
OpFoldResult QuantizeOp::fold(FoldAdaptor adaptor) {
  auto dequantize = getInput().getDefiningOp<DequantizeOp>();
  if (!dequantize || getScale() || dequantize.getScale() ||
      dequantize.getInput().getType() != getType())
    return {};
  QuantizedType element = elementOf(getResult());
  if (!isa<IntegerType>(element.getStorage()) || element.getStorageWidth() > 16)
    return {};
  return dequantize.getInput();
}

OpFoldResult RequantizeOp::fold(FoldAdaptor adaptor) {
  return getInput().getType() == getType() ? OpFoldResult(getInput())
                                           : OpFoldResult();
}

/// A cast and its reverse.
OpFoldResult StorageCastOp::fold(FoldAdaptor adaptor) {
  auto cast = getInput().getDefiningOp<StorageCastOp>();
  return cast && cast.getInput().getType() == getType()
             ? OpFoldResult(cast.getInput())
             : OpFoldResult();
}

/// The index along `axis` of element `flat` of a row-major tensor.
static int64_t indexAlong(ShapedType type, int64_t axis, int64_t flat) {
  int64_t inner = 1;
  for (int64_t size : type.getShape().drop_front(axis + 1))
    inner *= size;
  return flat / inner % type.getDimSize(axis);
}

namespace {
/// quantize(constant) -> storage_cast(constant integers).
struct QuantizeConstant : OpRewritePattern<QuantizeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(QuantizeOp op,
                                PatternRewriter &rewriter) const override {
    DenseFPElementsAttr values;
    if (!matchPattern(op.getInput(), m_Constant(&values)))
      return rewriter.notifyMatchFailure(op, "the input is no constant");
    QuantizedType element = elementOf(op.getResult());
    SchemeAttrInterface scheme = element.getScheme();
    auto storage = dyn_cast<IntegerType>(element.getStorage());
    if (!storage || isa<PerBlockAttr>(scheme) || !scheme.isComplete())
      return rewriter.notifyMatchFailure(
          op, "only integer storage, per tensor or per axis, is folded");
    ShapedType type = values.getType();
    if (type.getNumElements() > kMaxFolded)
      return rewriter.notifyMatchFailure(op, "the constant is too large");

    num::StorageRange range = storageRangeOf(element);
    auto scales = scheme.getScaleValues();
    auto zeroPoints = scheme.getZeroPointValues();
    std::optional<int64_t> axis = scheme.getQuantizedAxis();
    SmallVector<APInt> stored;
    for (auto [flat, value] : llvm::enumerate(values.getValues<float>())) {
      int64_t at = axis ? indexAlong(type, *axis, flat) : 0;
      int32_t q = num::quantize(value, scales[at], zeroPoints[at], range.min,
                                range.max);
      stored.emplace_back(storage.getWidth(), q, /*isSigned=*/true,
                          /*implicitTrunc=*/true);
    }
    Type arithmetic = IntegerType::get(op.getContext(), storage.getWidth());
    auto constant = DenseElementsAttr::get(type.clone(arithmetic), stored);
    Value integers = arith::ConstantOp::create(rewriter, op.getLoc(), constant);
    rewriter.replaceOpWithNewOp<StorageCastOp>(op, op.getType(), integers);
    return success();
  }
};

/// fake_quant is idempotent.
struct FakeQuantTwice : OpRewritePattern<FakeQuantOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(FakeQuantOp op,
                                PatternRewriter &rewriter) const override {
    auto first = op.getInput().getDefiningOp<FakeQuantOp>();
    if (!first || first.getTarget() != op.getTarget())
      return rewriter.notifyMatchFailure(op, "not fed by its own like");
    rewriter.replaceOp(op, first);
    return success();
  }
};
} // namespace

void QuantizeOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                             MLIRContext *context) {
  patterns.add<QuantizeConstant>(context);
}

void FakeQuantOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                              MLIRContext *context) {
  patterns.add<FakeQuantTwice>(context);
}

//===----------------------------------------------------------------------===//
// Integer arithmetic
//===----------------------------------------------------------------------===//

/// The integer that `bits` stands for in `type`.
static int64_t valueOf(const APInt &bits, Type type) {
  return type.isUnsignedInteger() ? bits.getZExtValue() : bits.getSExtValue();
}

static Attribute makeConstant(ShapedType type, ArrayRef<int64_t> values) {
  auto element = cast<IntegerType>(type.getElementType());
  auto bits = llvm::map_to_vector(values, [&](int64_t value) {
    return APInt(element.getWidth(), value, /*isSigned=*/true,
                 /*implicitTrunc=*/true);
  });
  return DenseElementsAttr::get(type, bits);
}

OpFoldResult RescaleOp::fold(FoldAdaptor adaptor) {
  auto input = dyn_cast_or_null<DenseIntElementsAttr>(adaptor.getInput());
  auto type = cast<ShapedType>(getType());
  if (!input || !type.hasStaticShape() || type.getNumElements() > kMaxFolded ||
      input.getElementType().getIntOrFloatBitWidth() > 64)
    return {};
  SmallVector<num::Rescaler> channels;
  for (size_t i = 0; i < getMultipliers().size(); ++i)
    channels.emplace_back(rescaleParams(*this, i));
  SmallVector<int64_t> results;
  bool wide = input.getElementType().getIntOrFloatBitWidth() > 32;
  for (auto [flat, bits] : llvm::enumerate(input.getValues<APInt>())) {
    const num::Rescaler &rescaler = channels[flat % channels.size()];
    int64_t acc = valueOf(bits, input.getElementType());
    results.push_back(wide ? rescaler.apply64(acc)
                           : rescaler(static_cast<int32_t>(acc)));
  }
  return makeConstant(type, results);
}

/// The entry for a stored 8-bit number.
static int8_t lookUp(ArrayRef<int8_t> table, int64_t stored, Type type) {
  return table[type.isUnsignedInteger() ? stored : stored + 128];
}

OpFoldResult TableOp::fold(FoldAdaptor adaptor) {
  auto input = dyn_cast_or_null<DenseIntElementsAttr>(adaptor.getInput());
  auto type = cast<ShapedType>(getType());
  if (!input || !type.hasStaticShape() || type.getNumElements() > kMaxFolded)
    return {};
  SmallVector<int64_t> results;
  for (const APInt &bits : input.getValues<APInt>())
    results.push_back(lookUp(getTable(), valueOf(bits, input.getElementType()),
                             input.getElementType()));
  return makeConstant(type, results);
}

namespace {
/// table(table(x)) -> table(x) with the composed entries.
struct ComposeTables : OpRewritePattern<TableOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(TableOp op,
                                PatternRewriter &rewriter) const override {
    auto first = op.getInput().getDefiningOp<TableOp>();
    if (!first)
      return rewriter.notifyMatchFailure(op, "not fed by a table");
    Type middle = getElementTypeOrSelf(first.getType());
    SmallVector<int8_t> composed;
    for (int8_t entry : first.getTable()) {
      int64_t stored = middle.isUnsignedInteger() ? static_cast<uint8_t>(entry)
                                                  : static_cast<int64_t>(entry);
      composed.push_back(lookUp(op.getTable(), stored, middle));
    }
    rewriter.replaceOpWithNewOp<TableOp>(
        op, op.getType(), first.getInput(),
        rewriter.getDenseI8ArrayAttr(composed));
    return success();
  }
};
} // namespace

void TableOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                          MLIRContext *context) {
  patterns.add<ComposeTables>(context);
}
