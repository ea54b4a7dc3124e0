//===- ImportPool.cpp - pools and resizing of TFLite ----------------------===//
//
// Pools are tosa's in layout and in that an average leaves padding out of the
// count. Resizing maps coordinates by one of three rules, which tosa takes as
// integers: in = (out * d + offset) / n.
//
//===----------------------------------------------------------------------===//

#include "../Emit.h"
#include "Common.h"

#include "llvm/Support/FormatVariadic.h"

#include <numeric>

namespace mlir::qnt::tflite_import {

namespace {
/// The operands of a pool after shapes were checked.
struct Pool {
  Value input;
  RankedTensorType type;
  Window window;
};
} // namespace

static FailureOr<Value> emitAverage(OpImporter &o, const Pool &pool, Value x) {
  FailureOr<Value> zero = o.n().splat(1, 0.0f);
  if (failed(zero))
    return failure();
  const Window &w = pool.window;
  return tosa::AvgPool2dOp::create(o.builder, o.loc, pool.type, x, *zero, *zero,
                                   ArrayRef<int64_t>{w[0].kernel, w[1].kernel},
                                   ArrayRef<int64_t>{w[0].stride, w[1].stride},
                                   onnx_import::tosaPad(w),
                                   o.builder.getF32Type())
      .getResult();
}

/// Stored integers are averaged by a rule of their own, which the name says.
static FailureOr<Value> emitAveragePool(OpImporter &o, const Pool &pool) {
  if (!o.isQuantized(0))
    return emitAverage(o, pool, pool.input);
  const Window &w = pool.window;
  Builder &b = o.builder;
  NamedAttribute attributes[] = {
      b.getNamedAttr("kernel",
                     b.getDenseI64ArrayAttr({w[0].kernel, w[1].kernel})),
      b.getNamedAttr("offset",
                     b.getI32IntegerAttr(signedOffset(*o.input(0).info))),
      b.getNamedAttr("pad", b.getDenseI64ArrayAttr(onnx_import::tosaPad(w))),
      b.getNamedAttr("stride",
                     b.getDenseI64ArrayAttr({w[0].stride, w[1].stride}))};
  return onnx_import::emitComposite(
      o.n(), "average_pool", pool.input, pool.type, attributes,
      [&](ValueRange args) { return emitAverage(o, pool, args[0]); });
}

static FailureOr<Value> emitMaxPool(OpImporter &o, const Pool &pool) {
  const Window &w = pool.window;
  return tosa::MaxPool2dOp::create(o.builder, o.loc, pool.type, pool.input,
                                   ArrayRef<int64_t>{w[0].kernel, w[1].kernel},
                                   ArrayRef<int64_t>{w[0].stride, w[1].stride},
                                   onnx_import::tosaPad(w))
      .getResult();
}

LogicalResult buildPool2d(OpImporter &o) {
  const auto *options = optionsOf<schema::Pool2DOptions>(o);
  if (!options)
    return failure();
  if (o.rankOf(0) != 4)
    return o.invalid(
        llvm::formatv("the input has rank {0}, expected 4", o.rankOf(0)));
  FailureOr<Window> window = makeWindow(
      o, o.shapeOf(0), {options->filter_height(), options->filter_width()},
      {options->stride_h(), options->stride_w()}, {1, 1}, options->padding());
  FailureOr<Value> input =
      failed(window) ? FailureOr<Value>(failure()) : o.realOf(0);
  if (failed(input) || failed(input = fitToTosa(o.n(), *input, *window)))
    return failure();
  ArrayRef<int64_t> shape = onnx_import::shapeOf(*input);
  FailureOr<RankedTensorType> type = o.n().tensorType(
      {shape[0], (*window)[0].output, (*window)[1].output, shape[3]});
  if (failed(type))
    return failure();
  Pool pool{*input, *type, *window};
  FailureOr<Value> result = o.op.code == schema::OpCode_MAX_POOL_2D
                                ? emitMaxPool(o, pool)
                                : emitAveragePool(o, pool);
  if (failed(result))
    return failure();
  if (failed(result =
                 o.activate(*result, options->fused_activation_function())))
    return failure();
  o.setResult(0, *result);
  return success();
}

namespace {
/// One dimension of a resize.
struct AxisMap {
  int64_t numerator, denominator, offset, border;
};
} // namespace

/// Coordinates times two, so that halves are integers. Nearest takes the floor
/// of the coordinate, or with aligned corners the rounded one; tosa rounds
/// halves up.
static AxisMap mapAxis(int64_t in, int64_t out, bool alignCorners,
                       bool halfPixel, bool nearest) {
  int64_t up = out, down = in;
  if (alignCorners && out > 1) {
    up = out - 1;
    down = in - 1;
  }
  // One input pixel: every output is that one.
  if (down == 0)
    up = down = 1;
  int64_t common = std::gcd(up, down);
  AxisMap map{2 * (up / common), 2 * (down / common), 0, 0};
  if (nearest) {
    // floor((out + half) * d / n): tosa adds n / 2 before it divides.
    map.offset = (halfPixel ? map.denominator / 2 : 0) -
                 (alignCorners ? 0 : map.numerator / 2);
  } else if (halfPixel) {
    map.offset = (map.denominator - map.numerator) / 2;
  }
  if (in == 1) {
    map.denominator = map.numerator;
    map.offset = 0;
  }
  map.border =
      (out - 1) * map.denominator - (in - 1) * map.numerator + map.offset;
  return map;
}

static LogicalResult buildResize(OpImporter &o, bool alignCorners,
                                 bool halfPixel, bool nearest) {
  FailureOr<Shape> size = o.intsOf(1, "the output size");
  FailureOr<Value> input =
      failed(size) ? FailureOr<Value>(failure()) : o.realOf(0);
  if (failed(input))
    return failure();
  if (o.rankOf(0) != 4 || size->size() != 2)
    return o.invalid(
        "the input is not of rank 4, or the size not of 2 entries");
  for (int64_t dim : *size)
    if (dim < 1 || dim > (1 << 20))
      return o.invalid(llvm::formatv("size {0} is impossible", dim));
  ArrayRef<int64_t> in = onnx_import::shapeOf(*input);
  AxisMap y = mapAxis(in[1], (*size)[0], alignCorners, halfPixel, nearest);
  AxisMap x = mapAxis(in[2], (*size)[1], alignCorners, halfPixel, nearest);
  FailureOr<RankedTensorType> type =
      o.n().tensorType({in[0], (*size)[0], (*size)[1], in[3]});
  if (failed(type))
    return failure();
  auto mode = tosa::ResizeModeAttr::get(
      o.builder.getContext(), nearest ? tosa::ResizeMode::NEAREST_NEIGHBOR
                                      : tosa::ResizeMode::BILINEAR);
  o.setResult(
      0, tosa::ResizeOp::create(o.builder, o.loc, *type, *input,
                                o.n().shapeValue({y.numerator, y.denominator,
                                                  x.numerator, x.denominator}),
                                o.n().shapeValue({y.offset, x.offset}),
                                o.n().shapeValue({y.border, x.border}), mode)
             .getResult());
  return success();
}

LogicalResult buildResizeBilinear(OpImporter &o) {
  const auto *options = optionsOf<schema::ResizeBilinearOptions>(o);
  return options ? buildResize(o, options->align_corners(),
                               options->half_pixel_centers(), false)
                 : failure();
}

LogicalResult buildResizeNearest(OpImporter &o) {
  const auto *options = optionsOf<schema::ResizeNearestNeighborOptions>(o);
  return options ? buildResize(o, options->align_corners(),
                               options->half_pixel_centers(), true)
                 : failure();
}

} // namespace mlir::qnt::tflite_import
