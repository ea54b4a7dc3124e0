//===- ImportBlocks.cpp - padding and blocks of TFLite --------------------===//
//
// Padding by a constant or a mirror image, and the ops that move blocks of
// pixels into another dimension: each a reshape, a transpose and a reshape.
//
//===----------------------------------------------------------------------===//

#include "Common.h"

#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::tflite_import {

using onnx_import::kMaxDim;

static LogicalResult setResult(OpImporter &o, FailureOr<Value> value) {
  if (failed(value))
    return failure();
  o.setResult(0, *value);
  return success();
}

/// Amounts before and after each dimension of input `i`, of shape [rank, 2].
static LogicalResult readAmounts(OpImporter &o, unsigned i, size_t rank,
                                 Shape &low, Shape &high) {
  HostTensorRef amounts = o.constantOf(i);
  if (!amounts)
    return o.unsupported(
        llvm::formatv("input {0} is not known at compile time", i));
  if (!amounts->isInteger() ||
      ArrayRef<int64_t>(amounts->shape) !=
          ArrayRef<int64_t>{static_cast<int64_t>(rank), 2})
    return o.invalid(llvm::formatv("input {0} has shape {1}, expected {2}x2", i,
                                   onnx_import::formatShape(amounts->shape),
                                   rank));
  for (size_t d = 0; d < rank; ++d) {
    low.push_back(amounts->intAt(2 * d));
    high.push_back(amounts->intAt(2 * d + 1));
    if (std::min(low[d], high[d]) < 0 || std::max(low[d], high[d]) > kMaxDim)
      return o.invalid(llvm::formatv("amounts {0} and {1}", low[d], high[d]));
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Padding
//===----------------------------------------------------------------------===//

LogicalResult buildPad(OpImporter &o) {
  Shape low, high;
  if (failed(readAmounts(o, 1, o.rankOf(0), low, high)))
    return failure();
  Shape amounts = low;
  amounts.append(high);
  SmallVector<OnnxValue> operands{o.valueOf(0), o.ints(amounts)};
  if (o.hasInput(2)) {
    OnnxValue fill = o.valueOf(2);
    if (HostTensorRef stored = o.input(2).stored) {
      const TensorQuant &quant = *o.input(2).quant;
      float real = static_cast<float>(stored->intAt(0) - quant.zeroPoints[0]) *
                   quant.scales[0];
      fill = OnnxValue(
          std::make_shared<HostTensor>(HostTensor::ofFloats({}, {real})));
    }
    operands.push_back(fill);
  }
  FailureOr<OnnxValue> result = o.emitOne("Pad", operands);
  if (failed(result))
    return failure();
  o.setResult(0, *result);
  return success();
}

/// The image of `count` elements next to one end of dimension `axis`.
static FailureOr<OnnxValue> mirror(OpImporter &o, const OnnxValue &x,
                                   int64_t axis, int64_t first, int64_t count) {
  int64_t last = first - count;
  return o.emitOne("Slice",
                   {x, o.ints({first}), o.ints({last < 0 ? -kMaxDim : last}),
                    o.ints({axis}), o.ints({-1})});
}

LogicalResult buildMirrorPad(OpImporter &o) {
  const auto *options = optionsOf<schema::MirrorPadOptions>(o);
  Shape low, high;
  if (!options || failed(readAmounts(o, 1, o.rankOf(0), low, high)))
    return failure();
  // A reflection leaves out the element at the end itself.
  int64_t skip = options->mode() == schema::MirrorPadMode_REFLECT ? 1 : 0;
  OnnxValue x = o.valueOf(0);
  for (int64_t axis = 0; axis < o.rankOf(0); ++axis) {
    int64_t dim = x.shape()[axis];
    if (std::max(low[axis], high[axis]) > dim - skip)
      return o.invalid(llvm::formatv("a mirror image of {0} beside {1}",
                                     std::max(low[axis], high[axis]), dim));
    SmallVector<OnnxValue> parts;
    if (low[axis] > 0) {
      FailureOr<OnnxValue> part =
          mirror(o, x, axis, low[axis] - 1 + skip, low[axis]);
      if (failed(part))
        return failure();
      parts.push_back(*part);
    }
    parts.push_back(x);
    if (high[axis] > 0) {
      FailureOr<OnnxValue> part =
          mirror(o, x, axis, dim - 1 - skip, high[axis]);
      if (failed(part))
        return failure();
      parts.push_back(*part);
    }
    if (parts.size() == 1)
      continue;
    FailureOr<OnnxValue> joined =
        o.emitOne("Concat", parts, EmitAttr{"axis", axis});
    if (failed(joined))
      return failure();
    x = *joined;
  }
  o.setResult(0, x);
  return success();
}

//===----------------------------------------------------------------------===//
// Blocks and depth
//===----------------------------------------------------------------------===//

static FailureOr<Value> shuffle(OpImporter &o, FailureOr<Value> x,
                                ArrayRef<int64_t> split, ArrayRef<int64_t> perm,
                                ArrayRef<int64_t> joined) {
  NodeImporter &n = o.n();
  if (failed(x) || failed(x = n.reshape(*x, split)) ||
      failed(x = n.transpose(*x, perm)) || failed(x = n.reshape(*x, joined)))
    return failure();
  return x;
}

LogicalResult buildSpaceToDepth(OpImporter &o) {
  const auto *options = optionsOf<schema::SpaceToDepthOptions>(o);
  if (!options)
    return failure();
  int64_t b = options->block_size();
  ArrayRef<int64_t> s = o.shapeOf(0);
  if (s.size() != 4 || b < 1 || s[1] % b != 0 || s[2] % b != 0)
    return o.invalid(llvm::formatv("block size {0} does not divide {1}", b,
                                   onnx_import::formatShape(s)));
  return setResult(
      o, shuffle(o, o.realOf(0), {s[0], s[1] / b, b, s[2] / b, b, s[3]},
                 {0, 1, 3, 2, 4, 5}, {s[0], s[1] / b, s[2] / b, b * b * s[3]}));
}

LogicalResult buildDepthToSpace(OpImporter &o) {
  const auto *options = optionsOf<schema::DepthToSpaceOptions>(o);
  if (!options)
    return failure();
  int64_t b = options->block_size();
  ArrayRef<int64_t> s = o.shapeOf(0);
  if (s.size() != 4 || b < 1 || b > (1 << 15) || s[3] % (b * b) != 0)
    return o.invalid(llvm::formatv("block size {0} does not divide {1}", b,
                                   onnx_import::formatShape(s)));
  int64_t depth = s[3] / (b * b);
  return setResult(o, shuffle(o, o.realOf(0), {s[0], s[1], s[2], b, b, depth},
                              {0, 1, 3, 2, 4, 5},
                              {s[0], s[1] * b, s[2] * b, depth}));
}

//===----------------------------------------------------------------------===//
// Blocks and batch
//===----------------------------------------------------------------------===//

/// The sizes of the blocks, one per spatial dimension behind the batch.
static FailureOr<Shape> readBlocks(OpImporter &o) {
  FailureOr<Shape> blocks = o.intsOf(1, "the block shape");
  if (failed(blocks))
    return failure();
  if (blocks->empty() ||
      static_cast<int64_t>(blocks->size()) + 1 > o.rankOf(0) ||
      blocks->size() > 2)
    return o.invalid(llvm::formatv("{0} block sizes for a tensor of rank {1}",
                                   blocks->size(), o.rankOf(0)));
  for (int64_t block : *blocks)
    if (block < 1 || block > (1 << 15))
      return o.invalid(llvm::formatv("a block of size {0}", block));
  return blocks;
}

/// [n, h, w, c..] -> pad -> [bh * bw * n, h / bh, w / bw, c..]
LogicalResult buildSpaceToBatch(OpImporter &o) {
  FailureOr<Shape> blocks = readBlocks(o);
  Shape low, high;
  if (failed(blocks) || failed(readAmounts(o, 2, blocks->size(), low, high)))
    return failure();
  low.insert(low.begin(), 0);
  high.insert(high.begin(), 0);
  low.resize(o.rankOf(0), 0);
  high.resize(o.rankOf(0), 0);
  FailureOr<Value> x = o.realOf(0);
  if (failed(x) || failed(x = o.n().pad(*x, low, high, 0.0f)))
    return failure();
  ArrayRef<int64_t> s = onnx_import::shapeOf(*x);
  int64_t rank = blocks->size();
  Shape split{s[0]}, perm, joined{s[0]};
  for (int64_t i = 0; i < rank; ++i) {
    int64_t block = (*blocks)[i];
    if (s[1 + i] % block != 0)
      return o.invalid(
          llvm::formatv("block size {0} does not divide {1}", block, s[1 + i]));
    split.append({s[1 + i] / block, block});
    joined.push_back(s[1 + i] / block);
    joined[0] *= block;
    perm.push_back(2 + 2 * i);
  }
  perm.push_back(0);
  for (int64_t i = 0; i < rank; ++i)
    perm.push_back(1 + 2 * i);
  for (size_t i = 1 + rank; i < s.size(); ++i) {
    perm.push_back(split.size());
    split.push_back(s[i]);
    joined.push_back(s[i]);
  }
  return setResult(o, shuffle(o, x, split, perm, joined));
}

/// [bh * bw * n, h, w, c..] -> [n, h * bh, w * bw, c..] -> crop
LogicalResult buildBatchToSpace(OpImporter &o) {
  FailureOr<Shape> blocks = readBlocks(o);
  Shape low, high;
  if (failed(blocks) || failed(readAmounts(o, 2, blocks->size(), low, high)))
    return failure();
  ArrayRef<int64_t> s = o.shapeOf(0);
  int64_t rank = blocks->size(), batch = s[0];
  Shape split(*blocks), perm, joined, start(s.size(), 0);
  for (int64_t block : *blocks) {
    if (batch % block != 0)
      return o.invalid(
          llvm::formatv("block size {0} does not divide the batch", block));
    batch /= block;
  }
  split.push_back(batch);
  joined.push_back(batch);
  perm.push_back(rank);
  for (int64_t i = 0; i < rank; ++i) {
    split.push_back(s[1 + i]);
    perm.push_back(rank + 1 + i);
    perm.push_back(i);
    joined.push_back(s[1 + i] * (*blocks)[i]);
  }
  for (size_t i = 1 + rank; i < s.size(); ++i) {
    perm.push_back(split.size());
    split.push_back(s[i]);
    joined.push_back(s[i]);
  }
  FailureOr<Value> x = shuffle(o, o.realOf(0), split, perm, joined);
  Shape size = joined;
  for (int64_t i = 0; i < rank; ++i) {
    start[1 + i] = low[i];
    size[1 + i] -= low[i] + high[i];
    if (size[1 + i] < 1)
      return o.invalid("the crops leave nothing");
  }
  if (failed(x) || failed(x = o.n().slice(*x, start, size)))
    return failure();
  return setResult(o, x);
}

} // namespace mlir::qnt::tflite_import
