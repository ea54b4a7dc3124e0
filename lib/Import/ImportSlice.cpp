//===- ImportSlice.cpp - parts of a tensor --------------------------------===//
//
// Slice, Split, CenterCropPad and Compress: each says per axis which elements
// are taken.
//
//===----------------------------------------------------------------------===//

#include "AxisMap.h"
#include "HostMove.h"
#include "OpTable.h"

#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::onnx_import {

//===----------------------------------------------------------------------===//
// Slice
//===----------------------------------------------------------------------===//

/// Start, end and step of one dimension, clamped as ONNX wants it.
static FailureOr<AxisRuns> readRange(NodeImporter &n, int64_t dim,
                                     int64_t start, int64_t end, int64_t step) {
  if (step == 0 || step == INT64_MIN)
    return n.invalid("a step is zero or too large");
  int64_t count;
  if (step > 0) {
    start = std::clamp<int64_t>(wrapIndex(start, dim), 0, dim);
    end = std::clamp<int64_t>(wrapIndex(end, dim), 0, dim);
    step = std::min<int64_t>(step, kMaxDim);
    count = end > start ? (end - start + step - 1) / step : 0;
  } else {
    start = std::clamp<int64_t>(wrapIndex(start, dim), -1, dim - 1);
    end = std::clamp<int64_t>(wrapIndex(end, dim), -1, dim - 1);
    step = std::max<int64_t>(step, -kMaxDim);
    count = start > end ? (start - end - step - 1) / -step : 0;
  }
  AxisRuns axis;
  axis.append(start, step, count);
  return axis;
}

LogicalResult buildSlice(NodeImporter &n) {
  Shape lists[4] = {
      n.getInts("starts"), n.getInts("ends"), n.getInts("axes"), {}};
  const char *names[] = {"starts", "ends", "axes", "steps"};
  for (unsigned i = 0; i < 4; ++i) {
    if (!n.hasInput(i + 1))
      continue;
    FailureOr<Shape> list = n.intsOf(i + 1, names[i]);
    if (failed(list))
      return failure();
    lists[i] = *list;
  }
  auto &[starts, ends, axes, steps] = lists;
  if (axes.empty())
    for (size_t i = 0; i < starts.size(); ++i)
      axes.push_back(i);
  if (steps.empty())
    steps.assign(starts.size(), 1);
  if (starts.size() != ends.size() || starts.size() != axes.size() ||
      starts.size() != steps.size())
    return n.invalid("starts, ends, axes and steps differ in length");
  Shape shape(n.shapeOf(0));
  AxisMap map = wholeMap(shape);
  for (size_t i = 0; i < axes.size(); ++i) {
    FailureOr<int64_t> axis = n.normalizeAxis(axes[i], shape.size());
    if (failed(axis))
      return failure();
    FailureOr<AxisRuns> runs =
        readRange(n, shape[*axis], starts[i], ends[i], steps[i]);
    if (failed(runs))
      return failure();
    map[*axis] = *runs;
  }
  FailureOr<OnnxValue> x = sourceOf(n, 0);
  return failed(x) ? failure() : setMapped(n, 0, *x, map);
}

//===----------------------------------------------------------------------===//
// Split
//===----------------------------------------------------------------------===//

FailureOr<Shape> readSplitSizes(NodeImporter &n, int64_t dim, int64_t parts) {
  Shape sizes;
  if (n.hasInput(1)) {
    FailureOr<Shape> given = n.intsOf(1, "split");
    if (failed(given))
      return failure();
    sizes = *given;
  } else if (n.hasAttr("split")) {
    sizes = n.getInts("split");
  } else {
    int64_t chunk = (dim + parts - 1) / parts;
    if (n.opset < 18 && dim % parts != 0)
      return n.invalid(
          llvm::formatv("{0} is not divisible by {1}", dim, parts));
    // The last one is smaller where they do not divide evenly.
    sizes.assign(parts, chunk);
    sizes.back() = dim - chunk * (parts - 1);
  }
  int64_t left = dim;
  for (int64_t size : sizes) {
    if (size < 0 || size > left)
      return n.invalid("the sizes do not add up to the dimension");
    left -= size;
  }
  if (left != 0)
    return n.invalid("the sizes do not add up to the dimension");
  return sizes;
}

LogicalResult buildSplit(NodeImporter &n) {
  FailureOr<int64_t> axis = n.normalizeAxis(n.getInt("axis", 0), n.rankOf(0));
  if (failed(axis))
    return failure();
  int64_t outputs = n.node.output_size();
  if (n.hasAttr("num_outputs") && n.getInt("num_outputs", 0) != outputs)
    return n.invalid(llvm::formatv("attribute 'num_outputs' is {0}, but there "
                                   "are {1} outputs",
                                   n.getInt("num_outputs", 0), outputs));
  FailureOr<Shape> sizes = readSplitSizes(n, n.shapeOf(0)[*axis], outputs);
  if (failed(sizes))
    return failure();
  if (static_cast<int64_t>(sizes->size()) != outputs)
    return n.invalid(
        llvm::formatv("{0} sizes for {1} outputs", sizes->size(), outputs));
  FailureOr<OnnxValue> x = sourceOf(n, 0);
  if (failed(x))
    return failure();
  AxisMap map = wholeMap(n.shapeOf(0));
  int64_t start = 0;
  for (auto [i, size] : llvm::enumerate(*sizes)) {
    map[*axis] = AxisRuns();
    map[*axis].append(start, 1, size);
    start += size;
    if (failed(setMapped(n, i, *x, map)))
      return failure();
  }
  return success();
}

//===----------------------------------------------------------------------===//
// CenterCropPad
//===----------------------------------------------------------------------===//

LogicalResult buildCenterCropPad(NodeImporter &n) {
  FailureOr<Shape> target = n.intsOf(1, "shape");
  if (failed(target))
    return failure();
  Shape shape(n.shapeOf(0)), axes = n.getInts("axes");
  if (!n.hasAttr("axes"))
    axes.assign(llvm::seq<int64_t>(shape.size()).begin(),
                llvm::seq<int64_t>(shape.size()).end());
  if (axes.size() != target->size())
    return n.invalid(
        llvm::formatv("{0} sizes for {1} axes", target->size(), axes.size()));
  AxisMap map = wholeMap(shape);
  for (auto [given, size] : llvm::zip(axes, *target)) {
    FailureOr<int64_t> axis = n.normalizeAxis(given, shape.size());
    if (failed(axis))
      return failure();
    if (size < 0 || size > kMaxDim)
      return n.invalid("a size is impossible");
    int64_t dim = shape[*axis];
    map[*axis] = AxisRuns();
    if (size <= dim) {
      map[*axis].append((dim - size) / 2, 1, size);
      continue;
    }
    int64_t before = (size - dim) / 2;
    map[*axis].append(kFill, 0, before);
    map[*axis].append(0, 1, dim);
    map[*axis].append(kFill, 0, size - dim - before);
  }
  OnnxValue zero(
      std::make_shared<HostTensor>(HostTensor::zeros({}, n.elemOf(0))));
  FailureOr<OnnxValue> x = sourceOf(n, 0);
  return failed(x) ? failure() : setMapped(n, 0, *x, map, &zero);
}

//===----------------------------------------------------------------------===//
// Compress
//===----------------------------------------------------------------------===//

LogicalResult buildCompress(NodeImporter &n) {
  const HostTensor *condition = n.constantOf(1);
  if (!condition)
    return n.unsupported("the size of the result depends on the condition, "
                         "which is not known at compile time");
  if (condition->elem != Elem::Bool || condition->rank() != 1)
    return n.invalid("the condition is not a list of bool");
  Shape shape(n.shapeOf(0));
  FailureOr<int64_t> axis = 0;
  if (n.hasAttr("axis"))
    axis = n.normalizeAxis(n.getInt("axis", 0), shape.size());
  else
    shape = {*countElements(shape)};
  if (failed(axis))
    return failure();
  if (condition->size() > shape[*axis])
    return n.invalid(llvm::formatv("{0} conditions for {1} elements",
                                   condition->size(), shape[*axis]));
  SmallVector<int64_t> kept;
  for (int64_t i = 0; i < condition->size(); ++i)
    if (condition->intAt(i))
      kept.push_back(i);
  AxisMap map = wholeMap(shape);
  map[*axis] = AxisRuns::ofIndices(kept);
  FailureOr<OnnxValue> x = sourceAs(n, 0, shape);
  return failed(x) ? failure() : setMapped(n, 0, *x, map);
}

} // namespace mlir::qnt::onnx_import
