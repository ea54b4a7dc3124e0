//===- ImportDetection.cpp - NonMaxSuppression ----------------------------===//
//
// How many boxes are left is known only at run time, and tensors here have
// static shapes. So the op is refused, unless the importer was told to pad:
// then the result has as many rows as there can be boxes, and rows behind the
// last box are -1.
//
//===----------------------------------------------------------------------===//

#include "LoopBuilder.h"
#include "Loops.h"
#include "OpTable.h"

#include "llvm/Support/FormatVariadic.h"

#include <limits>

namespace mlir::qnt::onnx_import {

namespace {

enum { kBoxes, kScores, kMaxOutput, kIouThreshold, kScoreThreshold };

/// The loops over batches, classes, picks and boxes. `alive` tells which boxes
/// of one class may still be picked.
struct Suppression {
  NodeImporter &n;
  LoopBuilder loops;
  Value boxes, scores;
  int64_t batches, classes, count, picks;
  double iouThreshold, scoreThreshold;
  bool centered;

  Scalar scalar(Value value) { return Scalar(n.builder, n.loc, value); }

  /// Low and high corner of a box along one of its two axes.
  std::pair<Scalar, Scalar> extent(Value b, Value box, int64_t axis) {
    auto part = [&](int64_t i) {
      return scalar(loops.extract(boxes, {b, box, loops.index(i)}));
    };
    Scalar first = part(axis), second = part(axis + 2);
    if (centered) {
      Scalar half = second * 0.5;
      return {first - half, first + half};
    }
    return {minOf(first, second), maxOf(first, second)};
  }

  /// Whether the two overlap by more than the threshold.
  Value overlaps(Value b, Value box, Value other) {
    auto [top, bottom] = extent(b, box, 0);
    auto [left, right] = extent(b, box, 1);
    auto [otherTop, otherBottom] = extent(b, other, 0);
    auto [otherLeft, otherRight] = extent(b, other, 1);
    Scalar height = minOf(bottom, otherBottom) - maxOf(top, otherTop);
    Scalar width = minOf(right, otherRight) - maxOf(left, otherLeft);
    Scalar shared =
        maxOf(height, height.like(0.0)) * maxOf(width, width.like(0.0));
    Scalar all = (bottom - top) * (right - left) +
                 (otherBottom - otherTop) * (otherRight - otherLeft) - shared;
    // shared / all > threshold, where nothing shared is no overlap.
    return ((shared > 0.0) & (shared / all > iouThreshold)).value;
  }

  /// Boxes whose score is above the threshold.
  Value begin(Value alive, Value b, Value c) {
    return loops.loop(
        count, alive, [&](Value i, ValueRange carried) -> SmallVector<Value> {
          Value score = loops.extract(scores, {b, c, i});
          Value limit = loops.number(score.getType(), scoreThreshold);
          return {loops.insert(loops.less(limit, score), carried[0], {i})};
        })[0];
  }

  /// The first box of the largest score, or -1.
  Value best(Value alive, Value b, Value c) {
    Value none = loops.index(-1);
    Value lowest = loops.number(n.builder.getF32Type(),
                                -std::numeric_limits<float>::infinity());
    return loops.loop(count, {lowest, none},
                      [&](Value i, ValueRange carried) -> SmallVector<Value> {
                        Value score = loops.extract(scores, {b, c, i});
                        Value better =
                            loops.either(loops.equal(carried[1], none),
                                         loops.less(carried[0], score));
                        Value take =
                            loops.both(loops.extract(alive, {i}), better);
                        return {loops.select(take, score, carried[0]),
                                loops.select(take, i, carried[1])};
                      })[1];
  }

  /// Takes out the picked box and those that overlap it.
  Value suppress(Value alive, Value b, Value picked) {
    Value no = loops.number(n.builder.getI1Type(), 0);
    return loops.loop(
        count, alive, [&](Value i, ValueRange carried) -> SmallVector<Value> {
          Value gone =
              loops.either(loops.equal(i, picked), overlaps(b, picked, i));
          Value kept = loops.select(gone, no, loops.extract(carried[0], {i}));
          return {loops.insert(kept, carried[0], {i})};
        })[0];
  }

  Value writeRow(Value rows, Value row, ValueRange entries) {
    for (auto [i, entry] : llvm::enumerate(entries))
      rows = loops.insert(loops.castIndex(entry, n.builder.getI64Type()), rows,
                          {row, loops.index(i)});
    return rows;
  }

  /// Carries the rows, how many are written, and `alive`.
  SmallVector<Value> oneClass(Value b, Value c, ValueRange carried) {
    SmallVector<Value> state(carried);
    state[2] = begin(state[2], b, c);
    return loops.loop(picks, state,
                      [&](Value, ValueRange at) -> SmallVector<Value> {
                        Value picked = best(at[2], b, c);
                        Value found = loops.less(loops.index(-1), picked);
                        return loops.when(
                            found,
                            [&]() -> SmallVector<Value> {
                              return {writeRow(at[0], at[1], {b, c, picked}),
                                      loops.add(at[1], loops.index(1)),
                                      suppress(at[2], b, picked)};
                            },
                            [&] { return SmallVector<Value>(at); });
                      });
  }

  Value run() {
    OpBuilder &builder = n.builder;
    Value rows = loops.filled({batches * classes * picks, 3},
                              builder.getI64Type(), -1.0);
    Value alive = loops.empty({count}, builder.getI1Type());
    return loops.loop(
        batches, {rows, loops.index(0), alive}, [&](Value b, ValueRange outer) {
          return loops.loop(classes, outer, [&](Value c, ValueRange inner) {
            return oneClass(b, c, inner);
          });
        })[0];
  }
};

} // namespace

/// A parameter of one element; `otherwise` if it is left out.
static FailureOr<double> readParameter(NodeImporter &n, unsigned input,
                                       double otherwise) {
  if (!n.hasInput(input))
    return otherwise;
  const HostTensor *tensor = n.constantOf(input);
  if (!tensor)
    return n.unsupported(
        llvm::formatv("input {0} is not known at compile time", input));
  if (tensor->size() != 1)
    return n.invalid(llvm::formatv("input {0} is not one element", input));
  return tensor->at(0);
}

LogicalResult buildNonMaxSuppression(NodeImporter &n) {
  if (n.rankOf(kBoxes) != 3 || n.rankOf(kScores) != 3 ||
      n.shapeOf(kBoxes)[2] != 4 ||
      n.shapeOf(kBoxes)[0] != n.shapeOf(kScores)[0] ||
      n.shapeOf(kBoxes)[1] != n.shapeOf(kScores)[2])
    return n.invalid(llvm::formatv(
        "boxes of shape {0} do not fit scores of {1}",
        formatShape(n.shapeOf(kBoxes)), formatShape(n.shapeOf(kScores))));
  if (!n.padDetections)
    return n.unsupported(
        "how many boxes are left is known only at run time; pad-detections "
        "gives the result as many rows as there can be, -1 behind the last "
        "box, or end the model before this node");
  FailureOr<double> most = readParameter(n, kMaxOutput, 0.0);
  FailureOr<double> iou = readParameter(n, kIouThreshold, 0.0);
  FailureOr<double> score = readParameter(
      n, kScoreThreshold, -std::numeric_limits<float>::infinity());
  FailureOr<Value> boxes = n.valueOf(kBoxes), scores = n.valueOf(kScores);
  if (failed(most) || failed(iou) || failed(score) || failed(boxes) ||
      failed(scores))
    return failure();
  int64_t count = n.shapeOf(kBoxes)[1];
  int64_t picks =
      static_cast<int64_t>(std::min(*most, static_cast<double>(count)));
  if (picks < 1)
    return n.unsupported("no box may be selected, which makes an empty result");
  FailureOr<RankedTensorType> type =
      n.tensorType({n.shapeOf(kScores)[0] * n.shapeOf(kScores)[1] * picks, 3},
                   n.builder.getI64Type());
  if (failed(type))
    return failure();
  emitRemark(n.loc) << "the result has " << type->getDimSize(0)
                    << " rows; those behind the last box are -1";
  Suppression suppression{n,
                          LoopBuilder(n),
                          *boxes,
                          *scores,
                          n.shapeOf(kScores)[0],
                          n.shapeOf(kScores)[1],
                          count,
                          picks,
                          *iou,
                          *score,
                          n.getInt("center_point_box", 0) != 0};
  n.setResult(0, suppression.run(), Elem::Int64);
  return success();
}

} // namespace mlir::qnt::onnx_import
