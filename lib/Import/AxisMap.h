//===- AxisMap.h - rearrangements that treat axes apart ---------*- C++ -*-===//
//
// Slice, Pad, Tile, Expand and their like take, along every axis on its own,
// some elements of the source or a fill value. An AxisMap says which, in a few
// runs whatever the size, and is applied to a host constant or emitted as tosa.
// Invariant: every index of a run is inside of its source axis.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_AXISMAP_H
#define QNT_LIB_IMPORT_AXISMAP_H

#include "NodeImporter.h"

namespace mlir::qnt::onnx_import {

/// `count` indices from `start` on, `step` apart; all the fill value if
/// `start` is kFill.
struct AxisRun {
  int64_t start;
  int64_t step;
  int64_t count;

  bool isFill() const { return start < 0; }
  int64_t last() const { return start + step * (count - 1); }
  int64_t lowest() const { return std::min(start, last()); }
  int64_t highest() const { return std::max(start, last()); }
};

constexpr int64_t kFill = -1;

/// What one axis of the result holds: the runs in a row, `repeat` times over.
struct AxisRuns {
  SmallVector<AxisRun, 2> runs;
  int64_t repeat = 1;

  static AxisRuns whole(int64_t dim);
  /// The indices as they are, each inside of the axis or kFill.
  static AxisRuns ofIndices(ArrayRef<int64_t> indices);

  /// Appends a run, if it has elements.
  void append(int64_t start, int64_t step, int64_t count);
  int64_t size() const;
};

/// One entry per axis of the source, which the result has as well.
using AxisMap = SmallVector<AxisRuns, 4>;

AxisMap wholeMap(ArrayRef<int64_t> shape);
Shape shapeOf(const AxisMap &map);

/// Sets result `i` to a source under the map: a constant if the source is one
/// and the budget holds, else tosa. `fill`, of one element, is read where the
/// map has fill runs.
LogicalResult setMapped(NodeImporter &n, unsigned i, const OnnxValue &source,
                        const AxisMap &map, const OnnxValue *fill = nullptr);
/// The same with the elements under another shape.
LogicalResult setMappedAs(NodeImporter &n, unsigned i, const OnnxValue &source,
                          const AxisMap &map, ArrayRef<int64_t> shape,
                          const OnnxValue *fill = nullptr);

/// Sets result `i` to a source of the same rank, its dimensions of one repeated
/// to fill the shape.
LogicalResult setExpanded(NodeImporter &n, unsigned i, const OnnxValue &source,
                          ArrayRef<int64_t> shape);

/// An input as a source, under its own shape or another.
FailureOr<OnnxValue> sourceOf(NodeImporter &n, unsigned input);
FailureOr<OnnxValue> sourceAs(NodeImporter &n, unsigned input,
                              ArrayRef<int64_t> shape);
/// The IR value of a source.
FailureOr<Value> materialize(NodeImporter &n, const OnnxValue &source);

/// The tosa form on a value; `fill` as a tensor<1xT>.
FailureOr<Value> emitAxisMap(NodeImporter &n, Value x, const AxisMap &map,
                             Value fill = {});

} // namespace mlir::qnt::onnx_import

#endif // QNT_LIB_IMPORT_AXISMAP_H
