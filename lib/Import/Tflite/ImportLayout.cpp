//===- ImportLayout.cpp - joining, splitting and slicing of TFLite --------===//
//
// All are ONNX's under other conventions: sizes instead of ends, masks of bits,
// axes that are inputs.
//
//===----------------------------------------------------------------------===//

#include "Common.h"

#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::tflite_import {

using onnx_import::kMaxDim;

static LogicalResult setResult(OpImporter &o, FailureOr<OnnxValue> value) {
  if (failed(value))
    return failure();
  o.setResult(0, *value);
  return success();
}

/// A constant input of one number.
static FailureOr<int64_t> readNumber(OpImporter &o, unsigned i,
                                     StringRef what) {
  FailureOr<Shape> values = o.intsOf(i, what);
  if (failed(values))
    return failure();
  if (values->size() != 1)
    return o.invalid(what + " (input " + Twine(i) + ") is not one number");
  return values->front();
}

LogicalResult buildConcatenation(OpImporter &o) {
  const auto *options = optionsOf<schema::ConcatenationOptions>(o);
  if (!options)
    return failure();
  SmallVector<OnnxValue> values;
  for (unsigned i = 0; i < o.numInputs(); ++i)
    values.push_back(o.valueOf(i));
  FailureOr<OnnxValue> result =
      o.emitOne("Concat", values, EmitAttr{"axis", int64_t(options->axis())});
  // Interpreters ignore it, so there is no saying what is meant.
  if (options->fused_activation_function() != schema::Activation_NONE)
    return o.unsupported("a fused activation");
  return setResult(o, result);
}

LogicalResult buildPack(OpImporter &o) {
  const auto *options = optionsOf<schema::PackOptions>(o);
  if (!options)
    return failure();
  FailureOr<int64_t> axis =
      o.n().normalizeAxis(options->axis(), o.rankOf(0) + 1);
  if (failed(axis))
    return failure();
  SmallVector<OnnxValue> values;
  for (unsigned i = 0; i < o.numInputs(); ++i) {
    FailureOr<OnnxValue> value =
        o.emitOne("Unsqueeze", {o.valueOf(i), o.ints({*axis})});
    if (failed(value))
      return failure();
    values.push_back(*value);
  }
  return setResult(o, o.emitOne("Concat", values, EmitAttr{"axis", *axis}));
}

/// Pieces of the given sizes along an axis, one per output.
static LogicalResult splitInto(OpImporter &o, const OnnxValue &x, int64_t axis,
                               ArrayRef<int64_t> sizes, bool squeeze) {
  if (sizes.size() != o.numOutputs())
    return o.invalid(llvm::formatv("{0} sizes for {1} outputs", sizes.size(),
                                   o.numOutputs()));
  FailureOr<SmallVector<OnnxValue>> parts =
      o.emit("Split", {x, o.ints(sizes)}, EmitAttr{"axis", axis}, sizes.size());
  if (failed(parts))
    return failure();
  for (auto [i, part] : llvm::enumerate(*parts)) {
    FailureOr<OnnxValue> result = part;
    if (squeeze &&
        failed(result = o.emitOne("Squeeze", {part, o.ints({axis})})))
      return failure();
    o.setResult(i, *result);
  }
  return success();
}

LogicalResult buildUnpack(OpImporter &o) {
  const auto *options = optionsOf<schema::UnpackOptions>(o);
  if (!options)
    return failure();
  FailureOr<int64_t> axis = o.n().normalizeAxis(options->axis(), o.rankOf(0));
  if (failed(axis))
    return failure();
  if (o.shapeOf(0)[*axis] != static_cast<int64_t>(o.numOutputs()))
    return o.invalid(llvm::formatv("{0} outputs for a dimension of {1}",
                                   o.numOutputs(), o.shapeOf(0)[*axis]));
  return splitInto(o, o.valueOf(0), *axis, Shape(o.numOutputs(), 1), true);
}

/// Inputs: axis, value.
LogicalResult buildSplit(OpImporter &o) {
  FailureOr<int64_t> axis = readNumber(o, 0, "the axis");
  if (failed(axis) || failed(axis = o.n().normalizeAxis(*axis, o.rankOf(1))))
    return failure();
  int64_t dim = o.shapeOf(1)[*axis], count = o.numOutputs();
  if (dim % count != 0)
    return o.invalid(llvm::formatv("{0} is not divisible by {1}", dim, count));
  return splitInto(o, o.valueOf(1), *axis, Shape(count, dim / count), false);
}

/// Inputs: value, sizes (one may be -1), axis.
LogicalResult buildSplitV(OpImporter &o) {
  FailureOr<Shape> sizes = o.intsOf(1, "the sizes");
  FailureOr<int64_t> axis = failed(sizes) ? FailureOr<int64_t>(failure())
                                          : readNumber(o, 2, "the axis");
  if (failed(axis) || failed(axis = o.n().normalizeAxis(*axis, o.rankOf(0))))
    return failure();
  int64_t left = o.shapeOf(0)[*axis];
  int64_t *rest = nullptr;
  for (int64_t &size : *sizes) {
    if (size == -1 && !rest)
      rest = &size;
    else if (size < 0 || size > kMaxDim)
      return o.invalid(llvm::formatv("a piece of size {0}", size));
    else
      left -= size;
  }
  if (rest)
    *rest = left;
  return splitInto(o, o.valueOf(0), *axis, *sizes, false);
}

static FailureOr<OnnxValue> emitSlice(OpImporter &o, const OnnxValue &x,
                                      ArrayRef<int64_t> starts,
                                      ArrayRef<int64_t> ends,
                                      ArrayRef<int64_t> steps) {
  Shape axes;
  for (size_t i = 0; i < starts.size(); ++i)
    axes.push_back(i);
  return o.emitOne(
      "Slice", {x, o.ints(starts), o.ints(ends), o.ints(axes), o.ints(steps)});
}

/// Begin and size; -1 is the rest.
LogicalResult buildSlice(OpImporter &o) {
  FailureOr<Shape> begin = o.intsOf(1, "the begin");
  FailureOr<Shape> size =
      failed(begin) ? FailureOr<Shape>(failure()) : o.intsOf(2, "the size");
  if (failed(size))
    return failure();
  ArrayRef<int64_t> shape = o.shapeOf(0);
  if (begin->size() != shape.size() || size->size() != shape.size())
    return o.invalid("begin and size do not have an entry per dimension");
  Shape ends;
  for (size_t i = 0; i < shape.size(); ++i) {
    int64_t first = (*begin)[i];
    int64_t count = (*size)[i] == -1 ? shape[i] - first : (*size)[i];
    if (first < 0 || first > shape[i] || count < 0 || count > shape[i] - first)
      return o.invalid(
          llvm::formatv("a slice of {0} from {1} of a dimension of "
                        "{2}",
                        (*size)[i], first, shape[i]));
    ends.push_back(first + count);
  }
  return setResult(
      o, emitSlice(o, o.valueOf(0), *begin, ends, Shape(shape.size(), 1)));
}

namespace {
/// What a strided slice takes of each dimension, and the dimensions of the
/// result: one of the input each, or -1 for a new one.
struct StridedRanges {
  Shape starts, ends, steps, result;
};
} // namespace

/// Start and end as ONNX takes them; masks leave one open.
static LogicalResult addRange(OpImporter &o,
                              const schema::StridedSliceOptions &options,
                              unsigned bit, int64_t dim, int64_t begin,
                              int64_t end, int64_t step,
                              StridedRanges &ranges) {
  bool shrink = options.shrink_axis_mask() >> bit & 1;
  if (step == 0)
    return o.invalid("a step is 0");
  if (shrink) {
    int64_t at = begin < 0 ? begin + dim : begin;
    if (at < 0 || at >= dim)
      return o.invalid(
          llvm::formatv("index {0} of a dimension of {1}", begin, dim));
    begin = at;
    end = at + 1;
    step = 1;
  } else {
    if (options.offset())
      end += begin;
    if (options.begin_mask() >> bit & 1)
      begin = step > 0 ? 0 : dim - 1;
    if (options.end_mask() >> bit & 1)
      end = step > 0 ? dim : -dim - 1;
  }
  ranges.starts.push_back(begin);
  ranges.ends.push_back(end);
  ranges.steps.push_back(step);
  if (!shrink)
    ranges.result.push_back(ranges.starts.size() - 1);
  return success();
}

static FailureOr<StridedRanges>
readRanges(OpImporter &o, const schema::StridedSliceOptions &options) {
  FailureOr<Shape> begin = o.intsOf(1, "the begin");
  FailureOr<Shape> end =
      failed(begin) ? FailureOr<Shape>(failure()) : o.intsOf(2, "the end");
  FailureOr<Shape> step =
      failed(end) ? FailureOr<Shape>(failure()) : o.intsOf(3, "the steps");
  if (failed(step))
    return failure();
  size_t count = begin->size();
  if (end->size() != count || step->size() != count || count > 31)
    return o.invalid("begin, end and steps differ in length");
  ArrayRef<int64_t> shape = o.shapeOf(0);
  size_t added = 0, ellipses = 0;
  for (size_t i = 0; i < count; ++i) {
    bool ellipsis = options.ellipsis_mask() >> i & 1;
    ellipses += ellipsis;
    added += !ellipsis && (options.new_axis_mask() >> i & 1);
  }
  size_t taken = count - added - ellipses;
  if (ellipses > 1 || taken > shape.size())
    return o.invalid(llvm::formatv("{0} indices for a tensor of rank {1}",
                                   taken, shape.size()));
  StridedRanges ranges;
  size_t d = 0;
  auto whole = [&] {
    ranges.starts.push_back(0);
    ranges.ends.push_back(shape[d++]);
    ranges.steps.push_back(1);
    ranges.result.push_back(ranges.starts.size() - 1);
  };
  for (size_t i = 0; i < count; ++i) {
    if (options.ellipsis_mask() >> i & 1) {
      for (size_t rest = shape.size() - taken; rest > 0; --rest)
        whole();
    } else if (options.new_axis_mask() >> i & 1) {
      ranges.result.push_back(-1);
    } else {
      if (failed(addRange(o, options, i, shape[d], (*begin)[i], (*end)[i],
                          (*step)[i], ranges)))
        return failure();
      ++d;
    }
  }
  while (d < shape.size())
    whole();
  return ranges;
}

LogicalResult buildStridedSlice(OpImporter &o) {
  const auto *options = optionsOf<schema::StridedSliceOptions>(o);
  FailureOr<StridedRanges> ranges =
      options ? readRanges(o, *options) : FailureOr<StridedRanges>(failure());
  if (failed(ranges))
    return failure();
  FailureOr<OnnxValue> x =
      emitSlice(o, o.valueOf(0), ranges->starts, ranges->ends, ranges->steps);
  if (failed(x))
    return failure();
  Shape result;
  for (int64_t dim : ranges->result)
    result.push_back(dim < 0 ? 1 : x->shape()[dim]);
  return setResult(o, o.emitOne("Reshape", {*x, o.ints(result)},
                                EmitAttr{"allowzero", int64_t(1)}));
}

//===----------------------------------------------------------------------===//
// Reversing
//===----------------------------------------------------------------------===//

LogicalResult buildReverse(OpImporter &o) {
  FailureOr<Shape> axes = o.intsOf(1, "the axes");
  if (failed(axes))
    return failure();
  ArrayRef<int64_t> shape = o.shapeOf(0);
  Shape starts(shape.size(), 0), ends(shape), steps(shape.size(), 1);
  for (int64_t axis : *axes) {
    FailureOr<int64_t> normal = o.n().normalizeAxis(axis, shape.size());
    if (failed(normal))
      return failure();
    starts[*normal] = -1;
    ends[*normal] = -kMaxDim;
    steps[*normal] = -1;
  }
  return setResult(o, emitSlice(o, o.valueOf(0), starts, ends, steps));
}

LogicalResult buildReverseSequence(OpImporter &o) {
  const auto *options = optionsOf<schema::ReverseSequenceOptions>(o);
  if (!options)
    return failure();
  return setResult(
      o, o.emitOne("ReverseSequence", {o.valueOf(0), o.valueOf(1)},
                   {EmitAttr{"batch_axis", int64_t(options->batch_dim())},
                    EmitAttr{"time_axis", int64_t(options->seq_dim())}}));
}

} // namespace mlir::qnt::tflite_import
