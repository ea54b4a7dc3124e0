//===- ImportGather.cpp - gathering, scattering, choosing -----------------===//
//
// ONNX's under other conventions.
//
//===----------------------------------------------------------------------===//

#include "Common.h"

namespace mlir::qnt::tflite_import {

static LogicalResult setResult(OpImporter &o, FailureOr<OnnxValue> value) {
  if (failed(value))
    return failure();
  o.setResult(0, *value);
  return success();
}

LogicalResult buildGather(OpImporter &o) {
  const auto *options = optionsOf<schema::GatherOptions>(o);
  if (!options)
    return failure();
  FailureOr<int64_t> axis = o.n().normalizeAxis(options->axis(), o.rankOf(0));
  if (failed(axis))
    return failure();
  OnnxValue x = o.valueOf(0), indices = o.valueOf(1);
  int64_t batch = options->batch_dims();
  if (batch < 0)
    batch += o.rankOf(1);
  if (batch < 0 || batch > o.rankOf(1) || batch > *axis)
    return o.invalid("the batch dimensions are impossible");
  if (batch == 0)
    return setResult(
        o, o.emitOne("Gather", {x, indices}, EmitAttr{"axis", *axis}));
  // Along the axis behind the batch, GatherND has the same meaning.
  if (*axis != batch)
    return o.unsupported("batch dimensions together with an axis behind them");
  FailureOr<OnnxValue> tuples = o.emitOne("Unsqueeze", {indices, o.ints({-1})});
  if (failed(tuples))
    return failure();
  return setResult(
      o, o.emitOne("GatherND", {x, *tuples}, EmitAttr{"batch_dims", batch}));
}

/// Inputs: indices, depth, value where they meet, value elsewhere.
LogicalResult buildOneHot(OpImporter &o) {
  const auto *options = optionsOf<schema::OneHotOptions>(o);
  if (!options)
    return failure();
  SmallVector<OnnxValue> pair;
  for (unsigned i : {3u, 2u}) {
    FailureOr<OnnxValue> value =
        o.emitOne("Reshape", {o.valueOf(i), o.ints({1})});
    if (failed(value))
      return failure();
    pair.push_back(*value);
  }
  FailureOr<OnnxValue> values =
      o.emitOne("Concat", pair, EmitAttr{"axis", int64_t(0)});
  if (failed(values))
    return failure();
  return setResult(o, o.emitOne("OneHot", {o.valueOf(0), o.valueOf(1), *values},
                                EmitAttr{"axis", int64_t(options->axis())}));
}

/// Inputs: indices, updates, shape. Updates of one place add up.
LogicalResult buildScatterNd(OpImporter &o) {
  FailureOr<Shape> shape = o.intsOf(2, "the shape");
  std::optional<Elem> elem = elemOf(o.output(0).type);
  if (failed(shape))
    return failure();
  std::optional<int64_t> count = onnx_import::countElements(*shape);
  if (!elem || !count)
    return o.invalid("an output of impossible type or shape");
  if (failed(o.n().takeElements(*count)))
    return failure();
  OnnxValue zeros(
      std::make_shared<HostTensor>(HostTensor::zeros(*shape, *elem)));
  return setResult(o,
                   o.emitOne("ScatterND", {zeros, o.valueOf(0), o.valueOf(1)},
                             EmitAttr{"reduction", StringRef("add")}));
}

/// The condition of the older SELECT may be one per row.
LogicalResult buildSelect(OpImporter &o) {
  FailureOr<OnnxValue> condition = o.valueOf(0);
  if (o.op.code == schema::OpCode_SELECT && o.rankOf(0) == 1 &&
      o.rankOf(1) > 1) {
    Shape shape(o.rankOf(1), 1);
    shape[0] = o.shapeOf(0)[0];
    condition = o.emitOne("Reshape", {o.valueOf(0), o.ints(shape)});
    if (failed(condition))
      return failure();
  }
  return setResult(
      o, o.emitOne("Where", {*condition, o.valueOf(1), o.valueOf(2)}));
}

} // namespace mlir::qnt::tflite_import
