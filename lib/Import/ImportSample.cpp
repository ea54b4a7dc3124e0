//===- ImportSample.cpp - GridSample and AffineGrid -----------------------===//
//
// GridSample reads the input at coordinates that the model computes, so each
// coordinate is made finite and each index clamped before it is used. Any
// number of spatial dimensions and any mode are one product of taps.
//
//===----------------------------------------------------------------------===//

#include "Emit.h"
#include "Loops.h"
#include "OpTable.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::onnx_import {

namespace {
enum class SampleMode { Nearest, Linear, Cubic };
enum class Padding { Zeros, Border, Reflection };

struct GridOptions {
  SampleMode mode;
  Padding padding;
  bool alignCorners;
};

/// One neighbour along one dimension.
struct Tap {
  Scalar index;
  Scalar weight;
  Scalar inside;
};
} // namespace

/// Where a coordinate lands when it bounces between the borders.
static Scalar reflect(Scalar x, double low, double high) {
  double range = high - low;
  if (range <= 0)
    return x.like(low);
  Scalar below = x < low;
  Scalar excess = select(below, x.like(low) - x, x - high);
  Scalar turns = floorOf(excess / range);
  Scalar rest = excess - turns * range;
  Scalar odd = (turns - floorOf(turns / 2.0) * 2.0) > 0.5;
  // An even number of turns ends at the border that was left first.
  Scalar fromLow = rest + low, fromHigh = rest.like(high) - rest;
  Scalar even = select(below, fromLow, fromHigh);
  Scalar flipped = select(below, fromHigh, fromLow);
  Scalar bounced = select(odd, flipped, even);
  return select((x < low) | (x > high), bounced, x);
}

/// Keys' cubic weights with a = -0.75 of the taps at -1, 0, 1, 2.
static Scalars cubicWeights(Scalar t) {
  constexpr double a = -0.75;
  auto outer = [&](Scalar d) {
    return ((d * a - 5 * a) * d + 8 * a) * d - 4 * a;
  };
  auto inner = [&](Scalar d) { return (d * (a + 2) - (a + 3)) * d * d + 1.0; };
  Scalar rest = t.like(1.0) - t;
  return {outer(t + 1.0), inner(t), inner(rest), outer(rest + 1.0)};
}

/// The taps of a normalized coordinate over a dimension of `size`.
static SmallVector<Tap> tapsOf(Scalar grid, int64_t size,
                               const GridOptions &options) {
  double low = options.alignCorners ? 0.0 : -0.5;
  double high = low + size - (options.alignCorners ? 1 : 0);
  Scalar x = options.alignCorners
                 ? (grid + 1.0) / 2.0 * static_cast<double>(size - 1)
                 : ((grid + 1.0) * static_cast<double>(size) - 1.0) / 2.0;
  x = clampOf(x, -16777216.0, 16777216.0);
  if (options.mode == SampleMode::Nearest)
    x = roundEvenOf(x);
  // The cubic mode repeats the border under its taps instead.
  if (options.padding == Padding::Border && options.mode != SampleMode::Cubic)
    x = select((x < low) | (x > high), clampOf(x, 0.0, size - 1), x);
  if (options.padding == Padding::Reflection)
    x = reflect(x, low, high);
  Scalar base = options.mode == SampleMode::Nearest ? x : floorOf(x);
  Scalars weights{x.like(1.0)};
  int64_t first = 0;
  if (options.mode == SampleMode::Linear)
    weights = {base + 1.0 - x, x - base};
  if (options.mode == SampleMode::Cubic) {
    weights = cubicWeights(x - base);
    first = -1;
  }
  SmallVector<Tap> taps;
  for (auto [k, weight] : llvm::enumerate(weights)) {
    Scalar place = base + static_cast<double>(first + static_cast<int64_t>(k));
    if (options.padding == Padding::Reflection)
      place = reflect(place, low, high);
    Scalar index = truncateToIndex(place);
    Scalar inside = (index >= 0) & (index < size);
    Scalar safe = clampOf(index, 0, size - 1);
    taps.push_back({safe, weight, inside});
  }
  return taps;
}

/// The weighted sum over the product of the taps of each dimension.
static Scalar sumTaps(Value x, Scalars &indices, bool zeros,
                      ArrayRef<SmallVector<Tap>> dims, Scalar weight,
                      std::optional<Scalar> inside) {
  if (dims.empty()) {
    Scalar value = at(x, indices);
    if (zeros)
      value = select(*inside, value, value.like(0.0));
    return value * weight;
  }
  std::optional<Scalar> sum;
  for (const Tap &tap : dims.front()) {
    indices.push_back(tap.index);
    Scalar term =
        sumTaps(x, indices, zeros, dims.drop_front(), weight * tap.weight,
                inside ? *inside & tap.inside : tap.inside);
    indices.pop_back();
    sum = sum ? *sum + term : term;
  }
  return *sum;
}

static FailureOr<Value> gridSampleBody(NodeImporter &n, Value x, Value grid,
                                       ArrayRef<int64_t> shape,
                                       const GridOptions &options) {
  size_t dims = shape.size() - 2;
  return emitLoops(n, shape, n.builder.getF32Type(), [&](ArrayRef<Scalar> o) {
    SmallVector<SmallVector<Tap>> taps;
    for (size_t d = 0; d < dims; ++d) {
      // The last entry of the grid is for the first dimension.
      Scalars from{o[0]};
      llvm::append_range(from, o.drop_front(2));
      from.push_back(o[0].like(dims - 1 - d));
      taps.push_back(tapsOf(at(grid, from), shapeOf(x)[2 + d], options));
    }
    Scalars indices{o[0], o[1]};
    return sumTaps(x, indices, options.padding == Padding::Zeros, taps,
                   taps[0][0].weight.like(1.0), std::nullopt);
  });
}

static FailureOr<GridOptions> readGridOptions(NodeImporter &n) {
  GridOptions options;
  StringRef mode = n.getString("mode", n.opset >= 20 ? "linear" : "bilinear");
  StringRef padding = n.getString("padding_mode", "zeros");
  if (mode == "nearest")
    options.mode = SampleMode::Nearest;
  else if (mode == "linear" || mode == "bilinear")
    options.mode = SampleMode::Linear;
  else if (mode == "cubic" || mode == "bicubic")
    options.mode = SampleMode::Cubic;
  else
    return n.invalid("attribute 'mode' is '" + mode + "'");
  if (padding == "zeros")
    options.padding = Padding::Zeros;
  else if (padding == "border")
    options.padding = Padding::Border;
  else if (padding == "reflection")
    options.padding = Padding::Reflection;
  else
    return n.invalid("attribute 'padding_mode' is '" + padding + "'");
  options.alignCorners = n.getInt("align_corners", 0) != 0;
  return options;
}

LogicalResult buildGridSample(NodeImporter &n) {
  int64_t rank = n.rankOf(0);
  FailureOr<GridOptions> options = readGridOptions(n);
  if (failed(options))
    return failure();
  if (rank < 3 || rank > 5)
    return n.unsupported(llvm::formatv("an input of rank {0}", rank));
  if (n.rankOf(1) != rank || n.shapeOf(1)[0] != n.shapeOf(0)[0] ||
      n.shapeOf(1).back() != rank - 2)
    return n.invalid(llvm::formatv("a grid of shape {0} does not fit {1}",
                                   formatShape(n.shapeOf(1)),
                                   formatShape(n.shapeOf(0))));
  Shape shape(n.shapeOf(0).take_front(2));
  llvm::append_range(shape, n.shapeOf(1).drop_front().drop_back());
  FailureOr<RankedTensorType> type = n.tensorType(shape);
  FailureOr<Value> x = n.valueOf(0);
  FailureOr<Value> grid = n.valueOf(1);
  if (failed(type) || failed(x) || failed(grid))
    return failure();
  FailureOr<Value> result = emitComposite(
      n, "grid_sample", {*x, *grid}, *type,
      {configString(n, "mode", n.getString("mode", "linear")),
       configString(n, "padding_mode", n.getString("padding_mode", "zeros")),
       configInt(n, "align_corners", options->alignCorners)},
      [&](ValueRange args) {
        return gridSampleBody(n, args[0], args[1], shape, *options);
      });
  if (failed(result))
    return failure();
  n.setResult(0, *result);
  return success();
}

//===----------------------------------------------------------------------===//
// AffineGrid
//===----------------------------------------------------------------------===//

/// theta * [x, y, ..., 1] with coordinates over [-1, 1].
static FailureOr<Value> affineBody(NodeImporter &n, Value theta,
                                   ArrayRef<int64_t> shape, bool align) {
  size_t dims = shape.size() - 2;
  return emitLoops(n, shape, n.builder.getF32Type(), [&](ArrayRef<Scalar> o) {
    Scalar row = o.back();
    Scalar sum = at(theta, {o[0], row, row.like(dims)});
    for (size_t d = 0; d < dims; ++d) {
      // Column 0 is the last dimension.
      size_t axis = dims - d;
      double size = shape[axis];
      Scalar i = toFloat(o[axis]);
      Scalar place = align ? i * (2.0 / std::max(size - 1, 1.0)) - 1.0
                           : (i * 2.0 + 1.0) / size - 1.0;
      sum = sum + at(theta, {o[0], row, row.like(d)}) * place;
    }
    return sum;
  });
}

LogicalResult buildAffineGrid(NodeImporter &n) {
  FailureOr<Shape> size = n.intsOf(1, "the size");
  if (failed(size))
    return failure();
  int64_t dims = static_cast<int64_t>(size->size()) - 2;
  if (dims < 2 || dims > 3 ||
      n.shapeOf(0) != ArrayRef<int64_t>{(*size)[0], dims, dims + 1})
    return n.invalid(llvm::formatv("theta of shape {0} does not fit size {1}",
                                   formatShape(n.shapeOf(0)),
                                   formatShape(*size)));
  Shape shape{(*size)[0]};
  llvm::append_range(shape, ArrayRef(*size).drop_front(2));
  shape.push_back(dims);
  FailureOr<RankedTensorType> type = n.tensorType(shape);
  FailureOr<Value> theta = n.valueOf(0);
  if (failed(type) || failed(theta))
    return failure();
  bool align = n.getInt("align_corners", 0) != 0;
  FailureOr<Value> result = emitComposite(
      n, "affine_grid", *theta, *type, configInt(n, "align_corners", align),
      [&](ValueRange args) { return affineBody(n, args[0], shape, align); });
  if (failed(result))
    return failure();
  n.setResult(0, *result);
  return success();
}

} // namespace mlir::qnt::onnx_import
