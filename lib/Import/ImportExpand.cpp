//===- ImportExpand.cpp - repetition and padding --------------------------===//
//
// Expand, Tile and Pad in all modes. What is repeated or mirrored is said per
// axis, so no mode has code of its own beyond its list of runs.
//
//===----------------------------------------------------------------------===//

#include "AxisMap.h"
#include "HostMove.h"
#include "OpTable.h"

#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::onnx_import {

//===----------------------------------------------------------------------===//
// Expand and Tile
//===----------------------------------------------------------------------===//

LogicalResult buildExpand(NodeImporter &n) {
  FailureOr<Shape> target = n.intsOf(1, "shape");
  if (failed(target))
    return failure();
  FailureOr<Shape> wanted = broadcastShapes(n, n.shapeOf(0), *target);
  if (failed(wanted))
    return failure();
  FailureOr<Shape> shape = checkShape(n, *wanted);
  if (failed(shape))
    return failure();
  Shape from(n.shapeOf(0));
  from.insert(from.begin(), shape->size() - from.size(), 1);
  FailureOr<OnnxValue> x = sourceAs(n, 0, from);
  return failed(x) ? failure() : setExpanded(n, 0, *x, *shape);
}

LogicalResult buildTile(NodeImporter &n) {
  FailureOr<Shape> repeats = n.intsOf(1, "repeats");
  if (failed(repeats))
    return failure();
  Shape from(n.shapeOf(0)), shape = from;
  if (repeats->size() != from.size())
    return n.invalid(llvm::formatv("{0} repeats for rank {1}", repeats->size(),
                                   from.size()));
  AxisMap map = wholeMap(from);
  for (size_t i = 0; i < from.size(); ++i) {
    int64_t repeat = (*repeats)[i];
    if (repeat < 0 || repeat > kMaxDim)
      return n.invalid(llvm::formatv("a number of repeats is {0}", repeat));
    shape[i] *= repeat;
    map[i].repeat = repeat;
    if (repeat == 0)
      map[i] = AxisRuns();
  }
  if (failed(checkShape(n, shape)))
    return failure();
  FailureOr<OnnxValue> x = sourceOf(n, 0);
  return failed(x) ? failure() : setMapped(n, 0, *x, map);
}

//===----------------------------------------------------------------------===//
// Pad
//===----------------------------------------------------------------------===//

namespace {
struct Pads {
  Shape low, high;
};
} // namespace

/// Low and high amounts of every dimension, which may be negative.
static FailureOr<Pads> readPads(NodeImporter &n) {
  int64_t rank = n.rankOf(0);
  Shape given = n.getInts("pads"), axes;
  if (n.opset >= 11) {
    if (!n.hasInput(1))
      return n.invalid("input 1 is missing");
    FailureOr<Shape> list = n.intsOf(1, "pads");
    if (failed(list))
      return failure();
    given = *list;
  }
  for (int64_t i = 0; i < rank; ++i)
    axes.push_back(i);
  if (n.hasInput(3)) {
    FailureOr<Shape> list = n.intsOf(3, "axes");
    if (failed(list))
      return failure();
    axes = *list;
  }
  if (given.size() != 2 * axes.size())
    return n.invalid(llvm::formatv("{0} amounts for {1} dimensions",
                                   given.size(), axes.size()));
  Pads pads{Shape(rank, 0), Shape(rank, 0)};
  for (size_t i = 0; i < axes.size(); ++i) {
    FailureOr<int64_t> axis = n.normalizeAxis(axes[i], rank);
    if (failed(axis))
      return failure();
    pads.low[*axis] = given[i];
    pads.high[*axis] = given[axes.size() + i];
    if (std::min(pads.low[*axis], pads.high[*axis]) < -kMaxDim ||
        std::max(pads.low[*axis], pads.high[*axis]) > kMaxDim)
      return n.invalid("an amount is impossibly large");
  }
  return pads;
}

/// `count` places of a periodic continuation of the axis, from place `first`
/// on, which may be negative: the axis over and over (wrap), or forth and back
/// without repeating its ends (reflect).
static FailureOr<AxisRuns> continueAxis(NodeImporter &n, int64_t dim,
                                        int64_t first, int64_t count,
                                        bool reflect) {
  constexpr size_t kMaxTurns = 4096;
  int64_t period = reflect ? std::max<int64_t>(2 * dim - 2, 1) : dim;
  AxisRuns axis;
  while (count > 0) {
    if (axis.runs.size() == kMaxTurns)
      return n.unsupported(llvm::formatv("padding that goes more than {0} "
                                         "times around the axis",
                                         kMaxTurns));
    int64_t phase = ((first % period) + period) % period;
    bool back = reflect && phase >= dim;
    // Going back, the turn ends at element 1, before the axis starts anew.
    int64_t length = back ? period - phase : dim - phase;
    length = std::min(length, count);
    axis.append(back ? period - phase : phase, back ? -1 : 1, length);
    first += length;
    count -= length;
  }
  return axis;
}

/// Fill or the nearest element around what is left of the axis.
static AxisRuns surroundAxis(int64_t dim, int64_t low, int64_t high,
                             bool edge) {
  int64_t start = std::max<int64_t>(-low, 0);
  int64_t end = dim - std::max<int64_t>(-high, 0);
  AxisRuns axis;
  axis.append(edge ? start : kFill, 0, std::max<int64_t>(low, 0));
  axis.append(start, 1, end - start);
  axis.append(edge ? end - 1 : kFill, 0, std::max<int64_t>(high, 0));
  return axis;
}

static FailureOr<AxisRuns> padAxis(NodeImporter &n, int64_t dim, int64_t low,
                                   int64_t high, StringRef mode) {
  if (low == 0 && high == 0)
    return AxisRuns::whole(dim);
  if (dim + low + high < 0)
    return n.invalid("more than a dimension has is cut off");
  if (mode == "constant") {
    // Where more is cut off at one end than there is, the rest is cut from the
    // padding of the other.
    int64_t cutLow = std::max<int64_t>(-low - dim, 0);
    int64_t cutHigh = std::max<int64_t>(-high - dim, 0);
    return surroundAxis(dim, low + cutLow - cutHigh, high + cutHigh - cutLow,
                        false);
  }
  if (dim == 0)
    return n.invalid("an empty dimension has nothing to pad with");
  if (mode == "edge") {
    if (std::min(low, high) <= -dim)
      return n.unsupported("everything of a dimension is cut off");
    return surroundAxis(dim, low, high, true);
  }
  if (mode == "reflect" || mode == "wrap")
    return continueAxis(n, dim, -low, dim + low + high, mode == "reflect");
  return n.invalid("attribute 'mode' is '" + mode + "'");
}

LogicalResult buildPad(NodeImporter &n) {
  FailureOr<Pads> pads = readPads(n);
  if (failed(pads))
    return failure();
  StringRef mode = n.getString("mode", "constant");
  Shape shape(n.shapeOf(0));
  AxisMap map;
  for (size_t i = 0; i < shape.size(); ++i) {
    FailureOr<AxisRuns> axis =
        padAxis(n, shape[i], pads->low[i], pads->high[i], mode);
    if (failed(axis))
      return failure();
    map.push_back(*axis);
  }
  if (failed(checkShape(n, shapeOf(map))))
    return failure();
  HostTensor number = HostTensor::zeros({}, n.elemOf(0));
  number.set(0, n.getFloat("value", 0.0f));
  FailureOr<OnnxValue> fill =
      OnnxValue(std::make_shared<HostTensor>(std::move(number)));
  if (n.hasInput(2)) {
    if (*countElements(n.shapeOf(2)) != 1)
      return n.invalid("the value to pad with is not one number");
    if (n.elemOf(2) != n.elemOf(0))
      return n.invalid("the value to pad with is of another type");
    fill = sourceOf(n, 2);
  }
  FailureOr<OnnxValue> x = sourceOf(n, 0);
  if (failed(x) || failed(fill))
    return failure();
  return setMapped(n, 0, *x, map, &*fill);
}

} // namespace mlir::qnt::onnx_import
