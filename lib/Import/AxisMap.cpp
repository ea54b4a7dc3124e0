//===- AxisMap.cpp - rearrangements that treat axes apart -----------------===//
//
// See the header. The tosa form is, in this order: one slice to the part of the
// source that is used at all; per axis strides, reversals and pieces in a row;
// one tile; one pad. Each is left out where it would change nothing.
//
//===----------------------------------------------------------------------===//

#include "AxisMap.h"

#include "HostMove.h"
#include "Indexing.h"

#include "llvm/ADT/STLExtras.h"

namespace mlir::qnt::onnx_import {

/// More pieces than this along an axis are gathered by a list of indices.
constexpr size_t kMaxPieces = 16;

//===----------------------------------------------------------------------===//
// The map
//===----------------------------------------------------------------------===//

AxisRuns AxisRuns::whole(int64_t dim) {
  AxisRuns axis;
  axis.append(0, 1, dim);
  return axis;
}

void AxisRuns::append(int64_t start, int64_t step, int64_t count) {
  if (count > 0)
    runs.push_back({start, count > 1 ? step : 1, count});
}

AxisRuns AxisRuns::ofIndices(ArrayRef<int64_t> indices) {
  AxisRuns axis;
  for (int64_t index : indices) {
    if (axis.runs.empty()) {
      axis.append(index, 1, 1);
      continue;
    }
    AxisRun &run = axis.runs.back();
    bool joins = run.isFill() == (index < 0) &&
                 (run.isFill() || run.count == 1 ||
                  index == run.start + run.step * run.count);
    if (!joins) {
      axis.append(index, 1, 1);
      continue;
    }
    if (run.count == 1)
      run.step = run.isFill() ? 0 : index - run.start;
    ++run.count;
  }
  return axis;
}

int64_t AxisRuns::size() const {
  int64_t count = 0;
  for (const AxisRun &run : runs)
    count += run.count;
  return count * repeat;
}

AxisMap wholeMap(ArrayRef<int64_t> shape) {
  AxisMap map;
  for (int64_t dim : shape)
    map.push_back(AxisRuns::whole(dim));
  return map;
}

Shape shapeOf(const AxisMap &map) {
  Shape shape;
  for (const AxisRuns &axis : map)
    shape.push_back(axis.size());
  return shape;
}

/// The index of the source, or kFill, at every place of the axis.
static std::vector<int64_t> indicesOf(const AxisRuns &axis) {
  std::vector<int64_t> indices;
  for (int64_t i = 0; i < axis.repeat; ++i)
    for (const AxisRun &run : axis.runs)
      for (int64_t k = 0; k < run.count; ++k)
        indices.push_back(run.isFill() ? kFill : run.start + k * run.step);
  return indices;
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

static HostTensor applyHost(const HostTensor &x, const AxisMap &map,
                            const HostTensor *fill) {
  Shape shape = shapeOf(map), strides = stridesOf(x.shape);
  if (*countElements(shape) == 0)
    return pickOrFill(x, shape, {}, nullptr);
  SmallVector<std::vector<int64_t>, 4> indices;
  for (const AxisRuns &axis : map)
    indices.push_back(indicesOf(axis));
  std::vector<int64_t> flat =
      flatIndices(shape, [&](ArrayRef<int64_t> position) {
        int64_t source = 0;
        for (size_t d = 0; d < position.size(); ++d) {
          int64_t index = indices[d][position[d]];
          if (index < 0)
            return kFill;
          source += index * strides[d];
        }
        return source;
      });
  return pickOrFill(x, shape, flat, fill);
}

FailureOr<OnnxValue> sourceOf(NodeImporter &n, unsigned input) {
  return sourceAs(n, input, n.shapeOf(input));
}

FailureOr<OnnxValue> sourceAs(NodeImporter &n, unsigned input,
                              ArrayRef<int64_t> shape) {
  if (HostTensorRef constant = n.constantRef(input)) {
    if (ArrayRef(constant->shape) == shape)
      return OnnxValue(constant);
    return OnnxValue(
        std::make_shared<HostTensor>(reshapeHost(*constant, shape)));
  }
  FailureOr<Value> value = n.anyValueOf(input);
  if (failed(value) || failed(value = n.reshape(*value, shape)))
    return failure();
  return OnnxValue(*value, n.elemOf(input));
}

FailureOr<Value> materialize(NodeImporter &n, const OnnxValue &source) {
  return source.value ? FailureOr<Value>(source.value)
                      : n.constant(*source.constant);
}

LogicalResult setMapped(NodeImporter &n, unsigned i, const OnnxValue &source,
                        const AxisMap &map, const OnnxValue *fill) {
  return setMappedAs(n, i, source, map, shapeOf(map), fill);
}

LogicalResult setMappedAs(NodeImporter &n, unsigned i, const OnnxValue &source,
                          const AxisMap &map, ArrayRef<int64_t> shape,
                          const OnnxValue *fill) {
  std::optional<int64_t> count = countElements(shapeOf(map));
  if (!count)
    return n.invalid("a tensor of impossible shape " +
                     formatShape(shapeOf(map)) + " arises");
  const HostTensor *fillHost = fill ? fill->constant.get() : nullptr;
  bool isKnown = source.constant && (!fill || fillHost);
  if (isKnown && n.hasBudget(*count)) {
    if (failed(n.takeElements(*count)))
      return failure();
    n.setResult(i,
                reshapeHost(applyHost(*source.constant, map, fillHost), shape));
    return success();
  }
  if (*count == 0) {
    n.setResult(i, HostTensor::zeros(shape, source.elem));
    return success();
  }
  FailureOr<Value> value = materialize(n, source);
  if (failed(value))
    return failure();
  Value fillValue;
  if (fill) {
    FailureOr<Value> scalar = materialize(n, *fill);
    if (failed(scalar) || failed(scalar = n.reshape(*scalar, {1})))
      return failure();
    fillValue = *scalar;
  }
  FailureOr<Value> result = emitAxisMap(n, *value, map, fillValue);
  if (failed(result) || failed(result = n.reshape(*result, shape)))
    return failure();
  n.setResult(i, *result, source.elem);
  return success();
}

LogicalResult setExpanded(NodeImporter &n, unsigned i, const OnnxValue &source,
                          ArrayRef<int64_t> shape) {
  AxisMap map = wholeMap(source.shape());
  for (size_t d = 0; d < shape.size(); ++d)
    if (source.shape()[d] != shape[d]) {
      map[d] = AxisRuns();
      map[d].append(0, 0, shape[d]);
    }
  return setMapped(n, i, source, map);
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

static FailureOr<Value> reverse(NodeImporter &n, Value x, int64_t axis) {
  if (shapeOf(x)[axis] == 1)
    return x;
  return tosa::ReverseOp::create(n.builder, n.loc, x.getType(), x,
                                 n.builder.getI32IntegerAttr(axis))
      .getResult();
}

static FailureOr<Value> tile(NodeImporter &n, Value x,
                             ArrayRef<int64_t> multiples) {
  if (llvm::all_of(multiples, [](int64_t m) { return m == 1; }))
    return x;
  Shape shape(shapeOf(x));
  for (size_t i = 0; i < shape.size(); ++i)
    shape[i] *= multiples[i];
  FailureOr<RankedTensorType> type = n.tensorType(shape, elementTypeOf(x));
  if (failed(type))
    return failure();
  return tosa::TileOp::create(n.builder, n.loc, *type, x,
                              n.shapeValue(multiples))
      .getResult();
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

/// One run along `axis` of a value that holds nothing else along it.
static FailureOr<Value> emitRun(NodeImporter &n, Value x, int64_t axis,
                                const AxisRun &run) {
  FailureOr<Value> v = x;
  int64_t step = std::abs(run.step);
  if (run.count == 1)
    return v;
  if (run.step == 0) {
    Shape multiples(shapeOf(x).size(), 1);
    multiples[axis] = run.count;
    return tile(n, x, multiples);
  }
  if (run.step < 0 && failed(v = reverse(n, *v, axis)))
    return failure();
  return step == 1 ? v : takeEvery(n, *v, axis, step, run.count);
}

/// A tensor of the fill value.
static FailureOr<Value> emitFill(NodeImporter &n, Value fill,
                                 ArrayRef<int64_t> shape) {
  FailureOr<Value> v = n.reshape(fill, Shape(shape.size(), 1));
  return failed(v) ? v : tile(n, *v, shape);
}

/// Runs in a row: pieces along the axis, or a gather where there are many.
static FailureOr<Value> emitRow(NodeImporter &n, Value x, int64_t axis,
                                const AxisRuns &row, Value fill) {
  if (row.runs.size() == 1)
    return emitRun(n, x, axis, row.runs.front());
  bool fills =
      llvm::any_of(row.runs, [](const AxisRun &r) { return r.isFill(); });
  if (row.runs.size() > kMaxPieces && !fills)
    return emitTake(n, x, axis, indicesOf(row));
  SmallVector<Value> pieces;
  for (const AxisRun &run : row.runs) {
    Shape start(shapeOf(x).size(), 0), size(shapeOf(x));
    FailureOr<Value> piece;
    if (run.isFill()) {
      size[axis] = run.count;
      piece = emitFill(n, fill, size);
    } else {
      start[axis] = run.lowest();
      size[axis] = run.highest() - run.lowest() + 1;
      piece = n.slice(x, start, size);
      if (succeeded(piece))
        piece = emitRun(n, *piece, axis, run);
    }
    if (failed(piece))
      return failure();
    pieces.push_back(*piece);
  }
  return n.concat(pieces, axis);
}

static FailureOr<Value> padWith(NodeImporter &n, Value x, ArrayRef<int64_t> low,
                                ArrayRef<int64_t> high, Value fill) {
  Shape shape(shapeOf(x)), amounts;
  for (size_t i = 0; i < shape.size(); ++i) {
    shape[i] += low[i] + high[i];
    amounts.append({low[i], high[i]});
  }
  if (ArrayRef(shape) == shapeOf(x))
    return x;
  FailureOr<RankedTensorType> type = n.tensorType(shape, elementTypeOf(x));
  if (failed(type))
    return failure();
  return tosa::PadOp::create(n.builder, n.loc, *type, x, n.shapeValue(amounts),
                             fill)
      .getResult();
}

namespace {
/// The steps that all axes take at once.
struct Steps {
  Shape start, size, multiples, low, high;
  /// What is left to do per axis, on the sliced source.
  AxisMap rows;
};
} // namespace

/// Splits an axis into window, row, repetition and padding. Repetition and
/// padding of one axis do not occur together.
static void splitAxis(const AxisRuns &axis, Steps &steps) {
  AxisRuns row = axis;
  row.repeat = 1;
  int64_t low = 0, high = 0;
  if (axis.repeat == 1 && row.runs.front().isFill()) {
    low = row.runs.front().count;
    row.runs.erase(row.runs.begin());
  }
  if (axis.repeat == 1 && row.runs.back().isFill()) {
    high = row.runs.back().count;
    row.runs.pop_back();
  }
  int64_t from = INT64_MAX, to = 0, multiple = axis.repeat;
  for (const AxisRun &run : row.runs)
    if (!run.isFill()) {
      from = std::min(from, run.lowest());
      to = std::max(to, run.highest());
    }
  for (AxisRun &run : row.runs)
    if (!run.isFill())
      run.start -= from;
  if (row.runs.size() == 1 && row.runs[0].step == 0) {
    multiple *= row.runs[0].count;
    row.runs[0] = {0, 1, 1};
  }
  steps.start.push_back(from);
  steps.size.push_back(to - from + 1);
  steps.multiples.push_back(multiple);
  steps.low.push_back(low);
  steps.high.push_back(high);
  steps.rows.push_back(std::move(row));
}

static bool isAllFill(const AxisRuns &axis) {
  return llvm::all_of(axis.runs, [](const AxisRun &r) { return r.isFill(); });
}

FailureOr<Value> emitAxisMap(NodeImporter &n, Value x, const AxisMap &map,
                             Value fill) {
  Shape shape = shapeOf(map);
  if (failed(n.tensorType(shape, elementTypeOf(x))))
    return failure();
  if (llvm::any_of(map, isAllFill))
    return emitFill(n, fill, shape);
  Steps steps;
  for (const AxisRuns &axis : map)
    splitAxis(axis, steps);
  FailureOr<Value> v = n.slice(x, steps.start, steps.size);
  for (size_t axis = 0; axis < map.size() && succeeded(v); ++axis)
    v = emitRow(n, *v, axis, steps.rows[axis], fill);
  if (failed(v) || failed(v = tile(n, *v, steps.multiples)))
    return failure();
  return fill ? padWith(n, *v, steps.low, steps.high, fill) : v;
}

} // namespace mlir::qnt::onnx_import
