//===- ImportShape.cpp - shapes of TFLite ---------------------------------===//
//
// Ops that give a tensor another shape, and those that compute with shapes:
// the latter are folded on the host by the ONNX ops that they ask for.
//
//===----------------------------------------------------------------------===//

#include "Common.h"

#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::tflite_import {

static LogicalResult setResult(OpImporter &o, FailureOr<OnnxValue> value) {
  if (failed(value))
    return failure();
  o.setResult(0, *value);
  return success();
}

static OnnxValue intTensor(ArrayRef<int64_t> shape, ArrayRef<int64_t> values,
                           Elem elem) {
  return OnnxValue(
      std::make_shared<HostTensor>(HostTensor::ofInts(shape, values, elem)));
}

/// The new shape is an input, else in the options, else that of the output.
LogicalResult buildReshape(OpImporter &o) {
  Shape shape;
  const auto *options = o.op.op->builtin_options_as_ReshapeOptions();
  if (o.hasInput(1) && o.constantOf(1)) {
    FailureOr<Shape> given = o.intsOf(1, "the shape");
    if (failed(given))
      return failure();
    shape = *given;
  } else if (!o.hasInput(1) && options && options->new_shape()) {
    shape.assign(options->new_shape()->begin(), options->new_shape()->end());
    // How old converters spell a scalar.
    if (shape == Shape{0})
      shape.clear();
  } else if (o.hasInput(1)) {
    return o.unsupported("the shape (input 1) is not known at compile time");
  } else {
    shape = o.output(0).shape;
  }
  return setResult(o, o.emitOne("Reshape", {o.valueOf(0), o.ints(shape)},
                                EmitAttr{"allowzero", int64_t(1)}));
}

LogicalResult buildSqueeze(OpImporter &o) {
  const auto *options = o.op.op->builtin_options_as_SqueezeOptions();
  SmallVector<OnnxValue> operands{o.valueOf(0)};
  if (options && options->squeeze_dims() && options->squeeze_dims()->size()) {
    Shape axes(options->squeeze_dims()->begin(),
               options->squeeze_dims()->end());
    operands.push_back(o.ints(axes));
  }
  return setResult(o, o.emitOne("Squeeze", operands));
}

LogicalResult buildExpandDims(OpImporter &o) {
  FailureOr<Shape> axis = o.intsOf(1, "the axis");
  if (failed(axis))
    return failure();
  if (axis->size() != 1)
    return o.invalid("the axis is not one number");
  return setResult(o, o.emitOne("Unsqueeze", {o.valueOf(0), o.ints(*axis)}));
}

LogicalResult buildTranspose(OpImporter &o) {
  FailureOr<Shape> perm = o.intsOf(1, "the permutation");
  if (failed(perm))
    return failure();
  for (int64_t &axis : *perm) {
    FailureOr<int64_t> normal = o.n().normalizeAxis(axis, o.rankOf(0));
    if (failed(normal))
      return failure();
    axis = *normal;
  }
  return setResult(o, o.emitOne("Transpose", o.valueOf(0),
                                EmitAttr{"perm", ArrayRef<int64_t>(*perm)}));
}

LogicalResult buildShapeOf(OpImporter &o) {
  std::optional<Elem> elem = elemOf(o.output(0).type);
  if (!elem)
    return o.unsupported("a shape of " + typeName(o.output(0).type));
  o.setResult(0, intTensor({o.rankOf(0)}, o.shapeOf(0), *elem));
  return success();
}

LogicalResult buildRank(OpImporter &o) {
  o.setResult(0, intTensor({}, {o.rankOf(0)}, Elem::Int32));
  return success();
}

LogicalResult buildFill(OpImporter &o) {
  FailureOr<Shape> shape = o.intsOf(0, "the shape");
  if (failed(shape))
    return failure();
  return setResult(o, o.emitOne("Expand", {o.valueOf(1), o.ints(*shape)}));
}

LogicalResult buildRange(OpImporter &o) {
  return setResult(
      o, o.emitOne("Range", {o.valueOf(0), o.valueOf(1), o.valueOf(2)}));
}

LogicalResult buildBroadcastTo(OpImporter &o) {
  FailureOr<Shape> shape = o.intsOf(1, "the shape");
  if (failed(shape))
    return failure();
  return setResult(o, o.emitOne("Expand", {o.valueOf(0), o.ints(*shape)}));
}

} // namespace mlir::qnt::tflite_import
