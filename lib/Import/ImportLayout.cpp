//===- ImportLayout.cpp - concat, slice, split, pad, depth to space -------===//
//
// Ops that move elements. Strided slices become a slice, a reshape that splits
// off the stride, and a slice of its first element; reversed ones are refused.
//
//===----------------------------------------------------------------------===//

#include "Emit.h"
#include "OpTable.h"

#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::onnx_import {

//===----------------------------------------------------------------------===//
// Concat
//===----------------------------------------------------------------------===//

LogicalResult buildConcat(NodeImporter &n) {
  if (!n.hasAttr("axis"))
    return n.invalid("attribute 'axis' is missing");
  int64_t rank = n.rankOf(0);
  FailureOr<int64_t> axis = n.normalizeAxis(n.getInt("axis", 0), rank);
  if (failed(axis))
    return failure();
  SmallVector<Value> parts;
  for (unsigned i = 0; i < n.numInputs(); ++i) {
    Shape expected(n.shapeOf(0));
    if (n.rankOf(i) == rank)
      expected[*axis] = n.shapeOf(i)[*axis];
    if (ArrayRef(expected) != n.shapeOf(i))
      return n.invalid(llvm::formatv(
          "shapes {0} and {1} do not match beside axis {2}",
          formatShape(n.shapeOf(0)), formatShape(n.shapeOf(i)), *axis));
    // Empty constants take part in shape only.
    if (n.constantOf(i) && n.constantOf(i)->size() == 0)
      continue;
    FailureOr<Value> part = n.valueOf(i);
    if (failed(part))
      return failure();
    parts.push_back(*part);
  }
  FailureOr<Value> result = n.concat(parts, *axis);
  if (failed(result))
    return failure();
  n.setResult(0, *result);
  return success();
}

//===----------------------------------------------------------------------===//
// Slice
//===----------------------------------------------------------------------===//

/// Start, end and step of one dimension, clamped as ONNX wants it.
static LogicalResult readRange(NodeImporter &n, int64_t dim, int64_t start,
                               int64_t end, int64_t step, SliceRange &range,
                               int64_t axis) {
  if (step == 0 || step == INT64_MIN)
    return n.invalid("a step is zero");
  auto fromEnd = [dim](int64_t i) { return i < 0 ? i + dim : i; };
  start = fromEnd(start);
  end = fromEnd(end);
  int64_t count;
  if (step > 0) {
    start = std::clamp<int64_t>(start, 0, dim);
    end = std::clamp<int64_t>(end, 0, dim);
    step = std::min<int64_t>(step, kMaxDim);
    count = end > start ? (end - start + step - 1) / step : 0;
  } else {
    start = std::clamp<int64_t>(start, -1, dim - 1);
    end = std::clamp<int64_t>(end, -1, dim - 1);
    step = std::max<int64_t>(step, -kMaxDim);
    count = start > end ? (start - end - step - 1) / -step : 0;
  }
  range.start[axis] = start;
  range.step[axis] = step;
  range.size[axis] = count;
  return success();
}

FailureOr<SliceRange> readSlice(NodeImporter &n) {
  ArrayRef<int64_t> shape = n.shapeOf(0);
  Shape starts = n.getInts("starts"), ends = n.getInts("ends");
  Shape axes = n.getInts("axes"), steps;
  if (n.opset >= 10) {
    Shape *lists[] = {&starts, &ends, &axes, &steps};
    const char *names[] = {"starts", "ends", "axes", "steps"};
    for (unsigned i = 0; i < 4; ++i) {
      if (!n.hasInput(i + 1))
        continue;
      FailureOr<Shape> list = n.intsOf(i + 1, names[i]);
      if (failed(list))
        return failure();
      *lists[i] = *list;
    }
  }
  if (axes.empty())
    for (size_t i = 0; i < starts.size(); ++i)
      axes.push_back(i);
  if (steps.empty())
    steps.assign(starts.size(), 1);
  if (starts.size() != ends.size() || starts.size() != axes.size() ||
      starts.size() != steps.size())
    return n.invalid("starts, ends, axes and steps differ in length");
  SliceRange range;
  range.start.assign(shape.size(), 0);
  range.step.assign(shape.size(), 1);
  range.size.assign(shape.begin(), shape.end());
  for (size_t i = 0; i < axes.size(); ++i) {
    FailureOr<int64_t> axis = n.normalizeAxis(axes[i], shape.size());
    if (failed(axis) || failed(readRange(n, shape[*axis], starts[i], ends[i],
                                         steps[i], range, *axis)))
      return failure();
  }
  return range;
}

/// Every step-th element along one axis of a value that starts at one:
/// [.., d, ..] -> [.., d / step, step, ..] -> the first of each.
static FailureOr<Value> takeEvery(NodeImporter &n, Value x, int64_t axis,
                                  int64_t step, int64_t count) {
  Shape shape(shapeOf(x));
  Shape low(shape.size(), 0), high(shape.size(), 0);
  high[axis] = count * step - shape[axis];
  FailureOr<Value> v = n.pad(x, low, high, 0.0f);
  if (failed(v))
    return failure();
  Shape split = shape;
  split[axis] = count;
  split.insert(split.begin() + axis + 1, step);
  if (failed(v = n.reshape(*v, split)))
    return failure();
  Shape start(split.size(), 0);
  split[axis + 1] = 1;
  if (failed(v = n.slice(*v, start, split)))
    return failure();
  shape[axis] = count;
  return n.reshape(*v, shape);
}

LogicalResult buildSlice(NodeImporter &n) {
  FailureOr<SliceRange> range = readSlice(n);
  FailureOr<Value> x = n.valueOf(0);
  if (failed(range) || failed(x))
    return failure();
  // First the contiguous part: the last element taken is the last one kept.
  Shape size = range->size;
  for (size_t i = 0; i < size.size(); ++i) {
    if (range->size[i] == 0)
      return n.invalid("the result is empty");
    if (range->step[i] < 0)
      return n.unsupported("a negative step");
    size[i] = (range->size[i] - 1) * range->step[i] + 1;
  }
  if (failed(x = n.slice(*x, range->start, size)))
    return failure();
  for (size_t i = 0; i < size.size(); ++i)
    if (range->step[i] > 1 && range->size[i] > 1 &&
        failed(x = takeEvery(n, *x, i, range->step[i], range->size[i])))
      return failure();
  n.setResult(0, *x);
  return success();
}

//===----------------------------------------------------------------------===//
// Split
//===----------------------------------------------------------------------===//

static FailureOr<Shape> readSplitSizes(NodeImporter &n, int64_t dim) {
  int64_t outputs = n.node.output_size();
  if (n.hasInput(1))
    return n.intsOf(1, "split");
  if (n.hasAttr("split"))
    return n.getInts("split");
  int64_t chunk = (dim + outputs - 1) / outputs;
  if (n.opset < 18 && dim % outputs != 0)
    return n.invalid(
        llvm::formatv("{0} is not divisible by {1}", dim, outputs));
  Shape sizes(outputs, chunk);
  sizes.back() = dim - chunk * (outputs - 1);
  return sizes;
}

LogicalResult buildSplit(NodeImporter &n) {
  FailureOr<int64_t> axis = n.normalizeAxis(n.getInt("axis", 0), n.rankOf(0));
  if (failed(axis))
    return failure();
  Shape shape(n.shapeOf(0));
  FailureOr<Shape> sizes = readSplitSizes(n, shape[*axis]);
  FailureOr<Value> x =
      failed(sizes) ? FailureOr<Value>(failure()) : n.valueOf(0);
  if (failed(x))
    return failure();
  int64_t left = shape[*axis];
  if (static_cast<int>(sizes->size()) != n.node.output_size())
    return n.invalid(llvm::formatv("{0} sizes for {1} outputs", sizes->size(),
                                   n.node.output_size()));
  Shape start(shape.size(), 0), size = shape;
  for (auto [i, count] : llvm::enumerate(*sizes)) {
    if (count < 1 || count > left)
      return n.invalid("the sizes do not add up to the dimension");
    left -= count;
    size[*axis] = count;
    FailureOr<Value> part = n.slice(*x, start, size);
    if (failed(part))
      return failure();
    n.setResult(i, *part);
    start[*axis] += count;
  }
  if (left != 0)
    return n.invalid("the sizes do not add up to the dimension");
  return success();
}

//===----------------------------------------------------------------------===//
// Pad
//===----------------------------------------------------------------------===//

/// Low and high amounts of every dimension.
static FailureOr<std::pair<Shape, Shape>> readPads(NodeImporter &n) {
  int64_t rank = n.rankOf(0);
  Shape pads = n.getInts("pads");
  if (n.opset >= 11) {
    if (!n.hasInput(1))
      return n.invalid("input 1 is missing");
    FailureOr<Shape> given = n.intsOf(1, "pads");
    if (failed(given))
      return failure();
    pads = *given;
  }
  Shape axes;
  if (n.hasInput(3)) {
    FailureOr<Shape> given = readAxes(n, 3, rank, 18);
    if (failed(given))
      return failure();
    axes = *given;
    FailureOr<Shape> raw = n.intsOf(3, "axes");
    if (failed(raw) || !llvm::is_sorted(*raw) || (*raw)[0] < 0)
      return n.unsupported("axes that are not sorted");
  } else {
    for (int64_t i = 0; i < rank; ++i)
      axes.push_back(i);
  }
  if (pads.size() != 2 * axes.size())
    return n.invalid(llvm::formatv("{0} amounts for {1} dimensions",
                                   pads.size(), axes.size()));
  Shape low(rank, 0), high(rank, 0);
  for (size_t i = 0; i < axes.size(); ++i) {
    low[axes[i]] = pads[i];
    high[axes[i]] = pads[axes.size() + i];
  }
  return std::make_pair(low, high);
}

/// Cuts where amounts are negative and leaves the positive ones.
static FailureOr<Value> cropNegative(NodeImporter &n, Value x, Shape &low,
                                     Shape &high) {
  Shape start(low.size(), 0), size(shapeOf(x));
  for (size_t i = 0; i < low.size(); ++i) {
    if (std::min(low[i], high[i]) < -kMaxDim ||
        std::max(low[i], high[i]) > kMaxDim)
      return n.invalid("an amount is impossibly large");
    start[i] = std::max<int64_t>(-low[i], 0);
    size[i] -= start[i] + std::max<int64_t>(-high[i], 0);
    if (size[i] < 1)
      return n.unsupported("everything of a dimension is cut off");
    low[i] = std::max<int64_t>(low[i], 0);
    high[i] = std::max<int64_t>(high[i], 0);
  }
  return n.slice(x, start, size);
}

LogicalResult buildPad(NodeImporter &n) {
  if (n.getString("mode", "constant") != "constant")
    return n.unsupported("mode '" + n.getString("mode", "") + "'");
  FailureOr<std::pair<Shape, Shape>> pads = readPads(n);
  FailureOr<Value> x =
      failed(pads) ? FailureOr<Value>(failure()) : n.valueOf(0);
  if (failed(x))
    return failure();
  float fill = n.getFloat("value", 0.0f);
  if (n.hasInput(2)) {
    const HostTensor *constant = n.constantOf(2);
    if (!constant || constant->size() != 1)
      return n.unsupported("the value to pad with is not a constant number");
    fill = static_cast<float>(constant->at(0));
  }
  auto [low, high] = *pads;
  if (failed(x = cropNegative(n, *x, low, high)) ||
      failed(x = n.pad(*x, low, high, fill)))
    return failure();
  n.setResult(0, *x);
  return success();
}

//===----------------------------------------------------------------------===//
// DepthToSpace
//===----------------------------------------------------------------------===//

LogicalResult buildDepthToSpace(NodeImporter &n) {
  int64_t block = n.getInt("blocksize", 0);
  StringRef mode = n.getString("mode", "DCR");
  if (n.rankOf(0) != 4)
    return n.invalid("the input is not of rank 4");
  ArrayRef<int64_t> s = n.shapeOf(0);
  if (block < 1 || block > (1 << 15) || s[1] % (block * block) != 0)
    return n.invalid(llvm::formatv("block size {0} does not divide {1} "
                                   "channels",
                                   block, s[1]));
  if (mode != "DCR" && mode != "CRD")
    return n.invalid("attribute 'mode' is '" + mode + "'");
  int64_t depth = s[1] / (block * block);
  bool columnFirst = mode == "DCR";
  // On NHWC, where channels hold [block, block, depth] or [depth, block,
  // block], both blocks move behind their spatial dimension.
  FailureOr<Value> x = n.valueOf(0);
  if (failed(x) || failed(x = n.toNhwc(*x)))
    return failure();
  Shape split = columnFirst ? Shape{s[0], s[2], s[3], block, block, depth}
                            : Shape{s[0], s[2], s[3], depth, block, block};
  Shape perm = columnFirst ? Shape{0, 1, 3, 2, 4, 5} : Shape{0, 1, 4, 2, 5, 3};
  if (failed(x = n.reshape(*x, split)) || failed(x = n.transpose(*x, perm)) ||
      failed(x = n.reshape(*x, {s[0], s[2] * block, s[3] * block, depth})) ||
      failed(x = n.toNchw(*x)))
    return failure();
  n.setResult(0, *x);
  return success();
}

} // namespace mlir::qnt::onnx_import
