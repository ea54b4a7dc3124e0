//===- TileFloatConvs.cpp - convolutions in registers ---------------------===//
//
// A tile of output columns by vectors of channels is loaded once, carried
// through the loops over the kernel as loop results, and stored once. Additions
// into each element keep the order of the reference loops.
//
//===----------------------------------------------------------------------===//

#include "qnt/Float/Passes.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::qnt {
#define GEN_PASS_DEF_QNTTILEFLOATCONVS
#include "qnt/Float/Passes.h.inc"
} // namespace mlir::qnt

using namespace mlir;
using namespace mlir::qnt;

namespace {
/// A convolution over NHWC buffers, its last dimensions the channels.
struct Conv {
  Value input, filter, output;
  int64_t n, oh, ow, channels; // of the output
  int64_t kh, kw;
  /// Input channels to sum over; 1 for a depthwise one.
  int64_t depth;
  int64_t strideH, strideW, dilationH, dilationW;
  bool depthwise;
};

/// Emits the loops of one convolution.
class ConvEmitter {
public:
  ConvEmitter(ImplicitLocOpBuilder &builder, const Conv &conv,
              int64_t vectorLength, int64_t tileVectors)
      : builder(builder), conv(conv), vectorLength(vectorLength),
        tileVectors(tileVectors) {}

  void emit() {
    loop(conv.n, [&](Value n) {
      int64_t whole = conv.channels / vectorLength * vectorLength;
      // With few columns, a tile takes more channels instead.
      int64_t vectors = std::max<int64_t>(
          1, std::min(tileVectors / std::min(conv.ow, tileVectors),
                      whole / vectorLength));
      int64_t step = vectors * vectorLength, tiled = whole / step * step;
      emitChannels(n, 0, tiled, step, vectors, vectorLength);
      emitChannels(n, tiled, whole, vectorLength, 1, vectorLength);
      emitChannels(n, whole, conv.channels, conv.channels - whole, 1,
                   conv.channels - whole);
    });
  }

private:
  using Body = function_ref<void(Value)>;

  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(builder, value);
  }
  Value add(Value a, Value b) { return arith::AddIOp::create(builder, a, b); }
  Value add(Value a, int64_t b) { return b ? add(a, index(b)) : a; }
  Value scale(Value a, int64_t b) {
    return b == 1 ? a : arith::MulIOp::create(builder, a, index(b));
  }

  void loop(int64_t from, int64_t to, int64_t step, Body body) {
    if (from >= to)
      return;
    auto op = scf::ForOp::create(builder, index(from), index(to), index(step));
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(op.getBody());
    body(op.getInductionVar());
  }
  void loop(int64_t to, Body body) { loop(0, to, 1, body); }

  /// Channels [from, to) in tiles of `vectors` vectors of `width`.
  void emitChannels(Value n, int64_t from, int64_t to, int64_t step,
                    int64_t vectors, int64_t width) {
    loop(from, to, step, [&](Value channel) {
      loop(conv.oh, [&](Value row) {
        int64_t columns =
            std::min(conv.ow, std::max<int64_t>(1, tileVectors / vectors));
        int64_t whole = conv.ow / columns * columns;
        loop(0, whole, columns, [&](Value column) {
          emitTile(n, row, column, channel, columns, vectors, width);
        });
        if (whole < conv.ow)
          emitTile(n, row, index(whole), channel, conv.ow - whole, vectors,
                   width);
      });
    });
  }

  void emitTile(Value n, Value row, Value column, Value channel,
                int64_t columns, int64_t vectors, int64_t width) {
    auto type = VectorType::get({width}, builder.getF32Type());
    auto at = [&](int64_t c, int64_t v) -> SmallVector<Value> {
      return {n, row, add(column, c), add(channel, v * width)};
    };
    SmallVector<Value> sums;
    for (int64_t c = 0; c < columns; ++c)
      for (int64_t v = 0; v < vectors; ++v)
        sums.push_back(
            vector::LoadOp::create(builder, type, conv.output, at(c, v)));
    SmallVector<Value> results =
        emitKernel(sums, 0, {}, [&](ValueRange position, ValueRange carried) {
          return emitProducts(n, row, column, channel, position, carried,
                              columns, vectors, type);
        });
    for (int64_t c = 0; c < columns; ++c)
      for (int64_t v = 0; v < vectors; ++v)
        vector::StoreOp::create(builder, results[c * vectors + v], conv.output,
                                at(c, v));
  }

  using Inner =
      function_ref<SmallVector<Value>(ValueRange position, ValueRange carried)>;

  /// The loops over kernel rows, kernel columns and input channels around
  /// `inner`, with the sums as loop results.
  SmallVector<Value> emitKernel(ValueRange carried, unsigned level,
                                ArrayRef<Value> position, Inner inner) {
    int64_t sizes[] = {conv.kh, conv.kw, conv.depth};
    if (level == 3)
      return inner(position, carried);
    SmallVector<Value> next(position);
    if (sizes[level] == 1) {
      next.push_back(index(0));
      return emitKernel(carried, level + 1, next, inner);
    }
    auto op = scf::ForOp::create(builder, index(0), index(sizes[level]),
                                 index(1), carried);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(op.getBody());
    next.push_back(op.getInductionVar());
    SmallVector<Value> results =
        emitKernel(op.getRegionIterArgs(), level + 1, next, inner);
    scf::YieldOp::create(builder, results);
    return op.getResults();
  }

  /// One multiply and add per vector of the tile.
  SmallVector<Value> emitProducts(Value n, Value row, Value column,
                                  Value channel, ValueRange position,
                                  ValueRange sums, int64_t columns,
                                  int64_t vectors, VectorType type) {
    Value kernelRow = position[0], kernelColumn = position[1];
    Value depth = position[2];
    int64_t width = type.getNumElements();
    SmallVector<Value> weights;
    for (int64_t v = 0; v < vectors; ++v) {
      SmallVector<Value> at = {kernelRow, kernelColumn};
      if (!conv.depthwise)
        at.push_back(depth);
      at.push_back(add(channel, v * width));
      weights.push_back(vector::LoadOp::create(builder, type, conv.filter, at));
    }
    Value y = add(scale(row, conv.strideH), scale(kernelRow, conv.dilationH));
    Value x =
        add(scale(column, conv.strideW), scale(kernelColumn, conv.dilationW));
    // Fused where the target has such an instruction.
    auto contract = arith::FastMathFlags::contract;
    SmallVector<Value> results;
    for (int64_t c = 0; c < columns; ++c) {
      Value xc = add(x, c * conv.strideW);
      Value splat;
      if (!conv.depthwise)
        splat = vector::BroadcastOp::create(
            builder, type,
            memref::LoadOp::create(builder, conv.input,
                                   ValueRange{n, y, xc, depth}));
      for (int64_t v = 0; v < vectors; ++v) {
        Value in = splat ? splat
                         : vector::LoadOp::create(
                               builder, type, conv.input,
                               ValueRange{n, y, xc, add(channel, v * width)});
        Value product =
            arith::MulFOp::create(builder, in, weights[v], contract);
        results.push_back(arith::AddFOp::create(builder, sums[c * vectors + v],
                                                product, contract));
      }
    }
    return results;
  }

  ImplicitLocOpBuilder &builder;
  const Conv &conv;
  int64_t vectorLength, tileVectors;
};
} // namespace

/// Static f32 buffers whose last dimension is contiguous.
static bool hasVectorAccess(Operation *op) {
  return llvm::all_of(op->getOperandTypes(), [](Type type) {
    auto buffer = dyn_cast<MemRefType>(type);
    return buffer && buffer.hasStaticShape() &&
           buffer.getElementType().isF32() &&
           buffer.areTrailingDimsContiguous(1) &&
           llvm::all_of(buffer.getShape(), [](int64_t d) { return d > 0; });
  });
}

template <typename OpTy>
static Conv describe(OpTy op, ArrayRef<int64_t> out, ArrayRef<int64_t> filter) {
  Conv conv;
  conv.input = op.getInputs()[0];
  conv.filter = op.getInputs()[1];
  conv.output = op.getOutputs()[0];
  conv.n = out[0];
  conv.oh = out[1];
  conv.ow = out[2];
  conv.channels = out[3];
  conv.kh = filter[0];
  conv.kw = filter[1];
  auto strides = llvm::to_vector(op.getStrides().template getValues<int64_t>());
  auto dilations =
      llvm::to_vector(op.getDilations().template getValues<int64_t>());
  conv.strideH = strides[0];
  conv.strideW = strides[1];
  conv.dilationH = dilations[0];
  conv.dilationW = dilations[1];
  return conv;
}

static ArrayRef<int64_t> getShape(Value value) {
  return cast<MemRefType>(value.getType()).getShape();
}

static std::optional<Conv> match(linalg::Conv2DNhwcHwcfOp op) {
  Conv conv =
      describe(op, getShape(op.getOutputs()[0]), getShape(op.getInputs()[1]));
  conv.depth = getShape(op.getInputs()[1])[2];
  conv.depthwise = false;
  return conv;
}

/// Drops the last dimension, which is 1.
static Value dropLast(OpBuilder &builder, Location loc, Value value) {
  auto type = cast<MemRefType>(value.getType());
  SmallVector<ReassociationIndices> groups;
  for (int64_t i = 0; i + 1 < type.getRank(); ++i)
    groups.push_back({i});
  groups.back().push_back(type.getRank() - 1);
  return memref::CollapseShapeOp::create(builder, loc, value, groups);
}

static std::optional<Conv> match(OpBuilder &builder,
                                 linalg::DepthwiseConv2DNhwcHwcmOp op) {
  Value filter = op.getInputs()[1], output = op.getOutputs()[0];
  if (getShape(filter).back() != 1 ||
      !cast<MemRefType>(filter.getType()).areTrailingDimsContiguous(4) ||
      !cast<MemRefType>(output.getType()).areTrailingDimsContiguous(5))
    return std::nullopt;
  Conv conv = describe(op, getShape(output), getShape(filter));
  conv.filter = dropLast(builder, op.getLoc(), filter);
  conv.output = dropLast(builder, op.getLoc(), output);
  conv.depth = 1;
  conv.depthwise = true;
  return conv;
}

namespace {
class TileFloatConvs : public qnt::impl::QntTileFloatConvsBase<TileFloatConvs> {
public:
  using Base::Base;

private:
  void runOnOperation() override {
    if (vectorLength < 1 || tileVectors < 1) {
      getOperation()->emitError("expected vector-length and tile-vectors of at "
                                "least 1, found ")
          << vectorLength.getValue() << " and " << tileVectors.getValue();
      return signalPassFailure();
    }
    getOperation()->walk([&](Operation *op) {
      if (!isa<linalg::Conv2DNhwcHwcfOp, linalg::DepthwiseConv2DNhwcHwcmOp>(
              op) ||
          !hasVectorAccess(op))
        return;
      ImplicitLocOpBuilder builder(op->getLoc(), op);
      auto conv2d = dyn_cast<linalg::Conv2DNhwcHwcfOp>(op);
      std::optional<Conv> conv =
          conv2d ? match(conv2d)
                 : match(builder, cast<linalg::DepthwiseConv2DNhwcHwcmOp>(op));
      if (!conv)
        return;
      ConvEmitter(builder, *conv, vectorLength, tileVectors).emit();
      op->erase();
      ++numTiled;
    });
  }
};
} // namespace
