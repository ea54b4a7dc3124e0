//===- TransposeReshape.cpp - through reshapes and into dense weights -----===//
//
// A reshape that splits dimensions, or merges some which were neighbours before
// the transpose too, can run first:
//
//   reshape(transpose(x : NxHxWxC, [0, 3, 1, 2]), [N, C, H*W])
//     -> transpose(reshape(x, [N, H*W, C]), [0, 2, 1])
//
// A flattening one in front of a fully connected layer only permutes the
// layer's inputs, which its weights absorb.
//
//===----------------------------------------------------------------------===//

#include "ConstantUtils.h"
#include "TransposePatterns.h"

namespace mlir::qnt {

namespace {
/// Dimensions before and after a reshape that hold the same elements; one of
/// the two is a single dimension.
struct Block {
  SmallVector<int64_t> from;
  SmallVector<int64_t> to;
};
} // namespace

/// Cuts a reshape into blocks; nothing if one regroups several dimensions into
/// several.
static std::optional<SmallVector<Block>> findBlocks(ArrayRef<int64_t> from,
                                                    ArrayRef<int64_t> to) {
  SmallVector<Block> blocks;
  size_t nextFrom = 0, nextTo = 0;
  while (nextFrom < from.size() && nextTo < to.size()) {
    Block block;
    int64_t before = from[nextFrom], after = to[nextTo];
    block.from.push_back(nextFrom++);
    block.to.push_back(nextTo++);
    while (before != after) {
      if (before < after && nextFrom < from.size()) {
        before *= from[nextFrom];
        block.from.push_back(nextFrom++);
      } else if (after < before && nextTo < to.size()) {
        after *= to[nextTo];
        block.to.push_back(nextTo++);
      } else {
        return std::nullopt;
      }
    }
    blocks.push_back(block);
  }
  if (blocks.empty())
    return std::nullopt;
  // What is left on either side has size 1.
  for (; nextFrom < from.size(); ++nextFrom)
    blocks.back().from.push_back(nextFrom);
  for (; nextTo < to.size(); ++nextTo)
    blocks.back().to.push_back(nextTo);
  for (const Block &block : blocks)
    if (block.from.size() > 1 && block.to.size() > 1)
      return std::nullopt;
  return blocks;
}

/// Where a group lies in the source: the position of its first dimension larger
/// than 1, or of its first. Nothing if its larger dimensions are not
/// neighbours there.
static std::optional<int64_t> sourcePosition(ArrayRef<int64_t> group,
                                             ArrayRef<int32_t> perms,
                                             ArrayRef<int64_t> source) {
  std::optional<int64_t> first, last;
  for (int64_t dim : group) {
    int64_t position = perms[dim];
    if (source[position] == 1)
      continue;
    if (last) {
      if (position < *last)
        return std::nullopt;
      for (int64_t between = *last + 1; between < position; ++between)
        if (source[between] != 1)
          return std::nullopt;
    }
    last = position;
    first = first.value_or(position);
  }
  return first.value_or(perms[group.front()]);
}

namespace {

struct SinkThroughReshape : OpRewritePattern<tosa::ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tosa::ReshapeOp op,
                                PatternRewriter &rewriter) const override {
    tosa::TransposeOp transpose = getTranspose(op.getInput1());
    auto type = dyn_cast<RankedTensorType>(op.getType());
    if (!transpose || !type || !type.hasStaticShape())
      return rewriter.notifyMatchFailure(op, "operand is not a transpose");
    ArrayRef<int64_t> source = shapeOf(transpose.getInput1());
    ArrayRef<int32_t> perms = transpose.getPerms();
    auto blocks = findBlocks(shapeOf(transpose), type.getShape());
    if (!blocks)
      return rewriter.notifyMatchFailure(op, "reshape regroups dimensions");
    // (position in the source, number of the block)
    SmallVector<std::pair<int64_t, int64_t>> order;
    for (auto [i, block] : llvm::enumerate(*blocks)) {
      auto position = sourcePosition(block.from, perms, source);
      if (!position)
        return rewriter.notifyMatchFailure(
            op, "merged dimensions are not neighbours in the source");
      order.emplace_back(*position, i);
    }
    llvm::sort(order);
    SmallVector<int64_t> shape;
    SmallVector<int32_t> newPerms(type.getRank());
    for (auto [position, block] : order) {
      for (int64_t dim : (*blocks)[block].to) {
        newPerms[dim] = shape.size();
        shape.push_back(type.getDimSize(dim));
      }
    }
    auto newType = RankedTensorType::get(shape, type.getElementType());
    Value reshaped = tosa::ReshapeOp::create(
        rewriter, op.getLoc(), newType, transpose.getInput1(),
        makeShape(rewriter, op.getLoc(), shape));
    rewriter.replaceOp(
        op, makeTranspose(rewriter, op.getLoc(), reshaped, newPerms));
    return success();
  }
};

/// conv2d(reshape(transpose(x, p), [1, 1, 1, K]), w : Nx1x1xK)
///   -> conv2d(reshape(x, [1, 1, 1, K]), w')
struct AbsorbIntoDense : OpRewritePattern<tosa::Conv2DOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tosa::Conv2DOp op,
                                PatternRewriter &rewriter) const override {
    auto reshape = op.getInput().getDefiningOp<tosa::ReshapeOp>();
    // Views between the flattening and the layer keep the order of elements.
    while (reshape && reshape.getInput1().getDefiningOp<tosa::ReshapeOp>())
      reshape = reshape.getInput1().getDefiningOp<tosa::ReshapeOp>();
    tosa::TransposeOp transpose =
        reshape ? getTranspose(reshape.getInput1()) : tosa::TransposeOp();
    DenseElementsAttr weights = getFloatConstant(op.getWeight());
    if (!transpose || !weights)
      return rewriter.notifyMatchFailure(op, "input is not a flattened "
                                             "transpose");
    auto inputType = cast<RankedTensorType>(op.getInput().getType());
    ArrayRef<int64_t> shape = weights.getType().getShape();
    if (shape[1] != 1 || shape[2] != 1 ||
        inputType.getNumElements() != shape[3] ||
        llvm::any_of(op.getPad(), [](int64_t pad) { return pad != 0; }))
      return rewriter.notifyMatchFailure(op, "not a fully connected layer over "
                                             "all elements");
    // [N, 1, 1, K] -> [N, dims as transposed] -> [N, dims of the source]
    SmallVector<int64_t> spread{shape[0]};
    llvm::append_range(spread, shapeOf(transpose));
    SmallVector<int32_t> back{0};
    for (int32_t perm : invert(transpose.getPerms()))
      back.push_back(perm + 1);
    auto spreadType = RankedTensorType::get(spread, weights.getElementType());
    DenseElementsAttr permuted =
        permuteConstant(weights.reshape(spreadType), back)
            .reshape(weights.getType());
    Value input = tosa::ReshapeOp::create(
        rewriter, op.getLoc(), inputType, transpose.getInput1(),
        makeShape(rewriter, op.getLoc(), inputType.getShape()));
    Value constant = makeConstant(rewriter, op.getWeight().getLoc(), permuted);
    rewriter.modifyOpInPlace(op, [&] {
      op.getInputMutable().assign(input);
      op.getWeightMutable().assign(constant);
    });
    return success();
  }
};

} // namespace

void populateTransposeThroughReshape(RewritePatternSet &patterns) {
  patterns.add<AbsorbIntoDense>(patterns.getContext(), /*benefit=*/2);
  patterns.add<SinkThroughReshape>(patterns.getContext());
}

} // namespace mlir::qnt
