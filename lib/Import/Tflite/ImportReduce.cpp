//===- ImportReduce.cpp - reductions of TFLite ----------------------------===//
//
// All are ONNX's; the axes are an input and negative ones count from the end.
// A mean over height and width is an average pool of one window, which has an
// integer form.
//
//===----------------------------------------------------------------------===//

#include "../Emit.h"
#include "Common.h"

#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::tflite_import {

static LogicalResult setResult(OpImporter &o, FailureOr<OnnxValue> value) {
  if (failed(value))
    return failure();
  o.setResult(0, *value);
  return success();
}

namespace {
struct Reduction {
  /// Sorted, each once.
  Shape axes;
  bool keepDims;
};
} // namespace

static FailureOr<Reduction> readReduction(OpImporter &o) {
  const auto *options = optionsOf<schema::ReducerOptions>(o);
  FailureOr<Shape> axes =
      options ? o.intsOf(1, "axes") : FailureOr<Shape>(failure());
  if (failed(axes))
    return failure();
  Reduction reduction{{}, options->keep_dims()};
  for (int64_t axis : *axes) {
    FailureOr<int64_t> normal = o.n().normalizeAxis(axis, o.rankOf(0));
    if (failed(normal))
      return failure();
    reduction.axes.push_back(*normal);
  }
  llvm::sort(reduction.axes);
  reduction.axes.erase(llvm::unique(reduction.axes), reduction.axes.end());
  return reduction;
}

/// The mean over dimensions 1 and 2 of rank 4, as a pool of one window.
static FailureOr<Value> emitMean2d(OpImporter &o, Value x) {
  ArrayRef<int64_t> s = onnx_import::shapeOf(x);
  FailureOr<RankedTensorType> type = o.n().tensorType({s[0], 1, 1, s[3]});
  FailureOr<Value> zero = o.n().splat(1, 0.0f);
  if (failed(type) || failed(zero))
    return failure();
  return tosa::AvgPool2dOp::create(
             o.builder, o.loc, *type, x, *zero, *zero,
             ArrayRef<int64_t>{s[1], s[2]}, ArrayRef<int64_t>{1, 1},
             ArrayRef<int64_t>{0, 0, 0, 0}, o.builder.getF32Type())
      .getResult();
}

/// Stored integers have a rule of their own, which the name says.
static LogicalResult buildMean2d(OpImporter &o, bool keepDims) {
  FailureOr<Value> x = o.realOf(0);
  if (failed(x))
    return failure();
  Shape s(onnx_import::shapeOf(*x));
  FailureOr<Value> mean;
  if (o.isQuantized(0)) {
    NamedAttribute offset = o.builder.getNamedAttr(
        "offset", o.builder.getI32IntegerAttr(signedOffset(o.output(0))));
    auto type =
        RankedTensorType::get({s[0], 1, 1, s[3]}, o.builder.getF32Type());
    mean = onnx_import::emitComposite(
        o.n(), "mean", *x, type, offset,
        [&](ValueRange args) { return emitMean2d(o, args[0]); });
  } else {
    mean = emitMean2d(o, *x);
  }
  if (failed(mean) ||
      (!keepDims && failed(mean = o.n().reshape(*mean, {s[0], s[3]}))))
    return failure();
  o.setResult(0, *mean);
  return success();
}

LogicalResult buildReduce(OpImporter &o) {
  FailureOr<Reduction> reduction = readReduction(o);
  if (failed(reduction))
    return failure();
  // Over no dimension at all.
  if (reduction->axes.empty()) {
    o.setResult(0, o.valueOf(0));
    return success();
  }
  OnnxValue x = o.valueOf(0);
  if (o.op.code == schema::OpCode_MEAN && o.rankOf(0) == 4 &&
      reduction->axes == Shape{1, 2} && x.elem == Elem::Float)
    return buildMean2d(o, reduction->keepDims);
  return setResult(
      o, o.emitOne(o.onnxName, {x, o.ints(reduction->axes)},
                   EmitAttr{"keepdims", int64_t(reduction->keepDims)}));
}

/// Of truth values: the maximum or minimum of 0 and 1.
LogicalResult buildAnyAll(OpImporter &o) {
  FailureOr<Reduction> reduction = readReduction(o);
  if (failed(reduction))
    return failure();
  EmitAttr toInt{"to", static_cast<int64_t>(Elem::Int32)};
  EmitAttr toBool{"to", static_cast<int64_t>(Elem::Bool)};
  FailureOr<OnnxValue> x = o.emitOne("Cast", o.valueOf(0), toInt);
  if (failed(x) ||
      (!reduction->axes.empty() &&
       failed(
           x = o.emitOne(o.onnxName, {*x, o.ints(reduction->axes)},
                         EmitAttr{"keepdims", int64_t(reduction->keepDims)}))))
    return failure();
  return setResult(o, o.emitOne("Cast", *x, toBool));
}

LogicalResult buildArg(OpImporter &o) {
  FailureOr<Shape> axis = o.intsOf(1, "the axis");
  if (failed(axis))
    return failure();
  if (axis->size() != 1)
    return o.invalid("the axis is not one number");
  FailureOr<OnnxValue> index = o.emitOne(
      o.onnxName, o.valueOf(0),
      {EmitAttr{"axis", (*axis)[0]}, EmitAttr{"keepdims", int64_t(0)}});
  std::optional<Elem> elem = elemOf(o.output(0).type);
  if (failed(index) || !elem || index->elem == *elem)
    return setResult(o, index);
  return setResult(o, o.emitOne("Cast", *index,
                                EmitAttr{"to", static_cast<int64_t>(*elem)}));
}

LogicalResult buildTopK(OpImporter &o) {
  FailureOr<Shape> count = o.intsOf(1, "the count");
  if (failed(count))
    return failure();
  if (count->size() != 1)
    return o.invalid("the count is not one number");
  FailureOr<SmallVector<OnnxValue>> made = o.emit(
      "TopK", {o.valueOf(0), o.ints(*count)}, EmitAttr{"axis", int64_t(-1)}, 2);
  if (failed(made))
    return failure();
  o.setResult(0, (*made)[0]);
  if (o.numOutputs() < 2)
    return success();
  std::optional<Elem> elem = elemOf(o.output(1).type);
  if (!elem)
    return o.unsupported("indices of " + typeName(o.output(1).type));
  FailureOr<OnnxValue> indices = o.emitOne(
      "Cast", (*made)[1], EmitAttr{"to", static_cast<int64_t>(*elem)});
  if (failed(indices))
    return failure();
  o.setResult(1, *indices);
  return success();
}

LogicalResult buildCumsum(OpImporter &o) {
  const auto *options = optionsOf<schema::CumsumOptions>(o);
  if (!options)
    return failure();
  return setResult(
      o, o.emitOne("CumSum", {o.valueOf(0), o.valueOf(1)},
                   {EmitAttr{"exclusive", int64_t(options->exclusive())},
                    EmitAttr{"reverse", int64_t(options->reverse())}}));
}

} // namespace mlir::qnt::tflite_import
