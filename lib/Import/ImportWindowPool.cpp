//===- ImportWindowPool.cpp - pools without a tosa op ---------------------===//
//
// Pools with dilations, windows beyond the padding, indices, integers or Lp
// norms are composites of loops over each window; max unpooling scatters by
// the indices that a max pool gave, and ignores those outside of its result.
//
//===----------------------------------------------------------------------===//

#include "Emit.h"
#include "Loops.h"
#include "OpTable.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/FormatVariadic.h"

#include <limits>

namespace mlir::qnt::onnx_import {

static Shape outputShape(NodeImporter &n, const Window &window) {
  Shape shape(n.shapeOf(0).take_front(2));
  for (const WindowDim &dim : window)
    shape.push_back(dim.output);
  return shape;
}

static Shape kernelOf(const Window &window) {
  Shape kernel;
  for (const WindowDim &dim : window)
    kernel.push_back(dim.kernel);
  return kernel;
}

/// Where tap `k` of output `o` [n, c, ...] reads, and whether that is inside.
static Scalars tapPosition(const Window &window, ArrayRef<Scalar> o,
                           ArrayRef<Scalar> k, std::optional<Scalar> &inside) {
  Scalars at{o[0], o[1]};
  for (auto [i, dim] : llvm::enumerate(window)) {
    Scalar p = o[2 + i] * dim.stride + k[i] * dim.dilation - dim.padLow;
    Scalar within = (p >= 0) & (p < dim.input);
    inside = inside ? *inside & within : within;
    at.push_back(p);
  }
  return at;
}

/// The sum over each window of `term(x)`.
static Scalar sumWindow(Value x, const Window &window, ArrayRef<Scalar> o,
                        Scalar zero, llvm::function_ref<Scalar(Scalar)> term) {
  return loops(kernelOf(window), zero, [&](ArrayRef<Scalar> k, Scalar sum) {
    std::optional<Scalar> inside;
    Scalars at = tapPosition(window, o, k, inside);
    return sum + term(atOr(x, at, *inside, 0.0));
  });
}

/// 1 / the taps of each window along one dimension that count.
static FailureOr<Value> emitShares(NodeImporter &n, const WindowDim &dim,
                                   bool countPadding) {
  int64_t low = countPadding ? -dim.padLow : 0;
  int64_t high = dim.input + (countPadding ? dim.padHigh : 0);
  if (failed(n.takeElements(dim.output)))
    return failure();
  std::vector<float> shares;
  for (int64_t o = 0; o < dim.output; ++o) {
    int64_t first = o * dim.stride - dim.padLow;
    int64_t skipped =
        first < low ? (low - first + dim.dilation - 1) / dim.dilation : 0;
    int64_t reached =
        high > first ? (high - first + dim.dilation - 1) / dim.dilation : 0;
    int64_t count = std::min(dim.kernel, reached) - skipped;
    shares.push_back(count > 0 ? 1.0f / count : 0.0f);
  }
  return n.constant(HostTensor::ofFloats({dim.output}, shares));
}

static FailureOr<Value> averageBody(NodeImporter &n, Value x,
                                    const Window &window, bool countPadding) {
  SmallVector<Value> shares;
  for (const WindowDim &dim : window) {
    FailureOr<Value> share = emitShares(n, dim, countPadding);
    if (failed(share))
      return failure();
    shares.push_back(*share);
  }
  Type f32 = n.builder.getF32Type();
  return emitLoops(n, outputShape(n, window), f32, [&](ArrayRef<Scalar> o) {
    Scalar zero = o[0].with(
        arith::ConstantOp::create(n.builder, n.loc, FloatAttr::get(f32, 0.0)));
    Scalar sum =
        sumWindow(x, window, o, zero, [](Scalar value) { return value; });
    for (auto [i, share] : llvm::enumerate(shares))
      sum = sum * at(share, o[2 + i]);
    return sum;
  });
}

LogicalResult buildWindowAveragePool(NodeImporter &n, const Window &window) {
  FailureOr<Value> x = n.valueOf(0);
  FailureOr<RankedTensorType> type = n.tensorType(outputShape(n, window));
  if (failed(x) || failed(type))
    return failure();
  bool countPadding = n.getInt("count_include_pad", 0) != 0;
  FailureOr<Value> result = emitComposite(
      n, "window_average_pool", *x, *type,
      configInt(n, "count_include_pad", countPadding), [&](ValueRange args) {
        return averageBody(n, args[0], window, countPadding);
      });
  if (failed(result))
    return failure();
  n.setResult(0, *result);
  return success();
}

/// (sum |x|^p)^(1/p)
static LogicalResult buildLpWindow(NodeImporter &n, const Window &window) {
  int64_t p = n.getInt("p", 2);
  if (p < 1 || p > kMaxDim)
    return n.invalid(llvm::formatv("attribute 'p' is {0}", p));
  FailureOr<Value> x = n.valueOf(0);
  FailureOr<RankedTensorType> type = n.tensorType(outputShape(n, window));
  if (failed(x) || failed(type))
    return failure();
  Type f32 = n.builder.getF32Type();
  FailureOr<Value> result = emitComposite(
      n, "lp_pool", *x, *type, configInt(n, "p", p), [&](ValueRange args) {
        return emitLoops(n, type->getShape(), f32, [&](ArrayRef<Scalar> o) {
          Scalar zero = o[0].with(arith::ConstantOp::create(
              n.builder, n.loc, FloatAttr::get(f32, 0.0)));
          Scalar sum = sumWindow(args[0], window, o, zero, [&](Scalar value) {
            return powerOf(value, p);
          });
          return powerOf(sum, 1.0 / p);
        });
      });
  if (failed(result))
    return failure();
  n.setResult(0, *result);
  return success();
}

LogicalResult buildLpPool(NodeImporter &n) {
  FailureOr<Window> window = readPoolWindow(n);
  return failed(window) ? failure() : buildLpWindow(n, *window);
}

LogicalResult buildGlobalLpPool(NodeImporter &n) {
  if (n.rankOf(0) < 3)
    return n.invalid("the input has no spatial dimension");
  Window window;
  for (int64_t size : n.shapeOf(0).drop_front(2)) {
    WindowDim dim;
    dim.input = dim.kernel = size;
    window.push_back(dim);
  }
  return buildLpWindow(n, window);
}

//===----------------------------------------------------------------------===//
// Max pools
//===----------------------------------------------------------------------===//

/// The least value of a type as a constant.
static Scalar leastOf(NodeImporter &n, Type type, bool isUnsigned) {
  TypedAttr attr;
  if (isa<FloatType>(type))
    attr = FloatAttr::get(type, -std::numeric_limits<double>::infinity());
  else
    attr = IntegerAttr::get(
        type, isUnsigned
                  ? APInt::getZero(type.getIntOrFloatBitWidth())
                  : APInt::getSignedMinValue(type.getIntOrFloatBitWidth()));
  return Scalar(n.builder, n.loc,
                arith::ConstantOp::create(n.builder, n.loc, attr));
}

static Scalar isGreater(Scalar a, Scalar b, bool isUnsigned) {
  if (!isUnsigned)
    return a > b;
  return a.with(arith::CmpIOp::create(
      *a.builder, a.loc, arith::CmpIPredicate::ugt, a.value, b.value));
}

/// The flat index of a position; `columnMajor` swaps the order of the spatial
/// dimensions.
static Scalar flatIndex(ArrayRef<int64_t> shape, ArrayRef<Scalar> at,
                        bool columnMajor) {
  Scalar flat = at[0] * shape[1] + at[1];
  int64_t area = 1;
  for (int64_t dim : shape.drop_front(2))
    area *= dim;
  flat = flat * area;
  int64_t stride = columnMajor ? 1 : area;
  for (size_t i = 2; i < shape.size(); ++i) {
    if (!columnMajor)
      stride /= shape[i];
    flat = flat + at[i] * stride;
    if (columnMajor)
      stride *= shape[i];
  }
  return flat;
}

/// The maximum of each window and where it is.
static FailureOr<SmallVector<Value>> maxBody(NodeImporter &n, Value x,
                                             const Window &window) {
  Type element = elementTypeOf(x), i64 = n.builder.getI64Type();
  bool isUnsigned = n.isUnsigned(0);
  bool columnMajor = n.getInt("storage_order", 0) != 0;
  return emitLoops(
      n, outputShape(n, window), {element, i64},
      [&](ArrayRef<Scalar> o) -> Scalars {
        Scalars found = loops(
            kernelOf(window), {leastOf(n, element, isUnsigned), o[0].like(0)},
            [&](ArrayRef<Scalar> k, ArrayRef<Scalar> best) -> Scalars {
              std::optional<Scalar> inside;
              Scalars p = tapPosition(window, o, k, inside);
              Scalar value = atOr(x, p, *inside, 0.0);
              Scalar better = isGreater(value, best[0], isUnsigned) & *inside;
              Scalar flat = flatIndex(shapeOf(x), p, columnMajor);
              return {select(better, value, best[0]),
                      select(better, flat, best[1])};
            });
        return {found[0], toInteger(found[1], i64)};
      });
}

LogicalResult buildWindowMaxPool(NodeImporter &n, const Window &window) {
  FailureOr<Value> x = n.tosaValueOf(0);
  if (failed(x))
    return failure();
  FailureOr<RankedTensorType> type =
      n.tensorType(outputShape(n, window), elementTypeOf(*x));
  if (failed(type))
    return failure();
  FailureOr<SmallVector<Value>> results = emitComposite(
      n, "window_max_pool", *x,
      {Type(*type), Type(type->clone(n.builder.getI64Type()))},
      configInt(n, "storage_order", n.getInt("storage_order", 0)),
      [&](ValueRange args) { return maxBody(n, args[0], window); });
  if (failed(results))
    return failure();
  n.setResult(0, results->front());
  n.setResult(1, results->back(), Elem::Int64);
  return success();
}

//===----------------------------------------------------------------------===//
// MaxUnpool
//===----------------------------------------------------------------------===//

/// The size of what was pooled.
static FailureOr<Shape> unpooledShape(NodeImporter &n) {
  Shape shape(n.shapeOf(0));
  size_t rank = shape.size() < 2 ? 0 : shape.size() - 2;
  FailureOr<Shape> kernel = readList(n, "kernel_shape", rank, 1, 1);
  FailureOr<Shape> strides = readList(n, "strides", rank, 1, 1);
  FailureOr<Shape> pads = readList(n, "pads", 2 * rank, 0, 0);
  if (failed(kernel) || failed(strides) || failed(pads))
    return failure();
  for (size_t i = 0; i < rank; ++i)
    shape[2 + i] = (shape[2 + i] - 1) * (*strides)[i] + (*kernel)[i] -
                   (*pads)[i] - (*pads)[rank + i];
  return shape;
}

/// Scatters a flat value into zeros.
static FailureOr<Value> unpoolBody(NodeImporter &n, Value x, Value indices,
                                   ArrayRef<int64_t> shape) {
  int64_t from = *countElements(shapeOf(x)), to = *countElements(shape);
  FailureOr<Value> flat = n.reshape(x, {from});
  FailureOr<Value> places = n.reshape(indices, {from});
  if (failed(flat) || failed(places))
    return failure();
  OpBuilder &b = n.builder;
  Scalar zero(b, n.loc,
              arith::ConstantOp::create(b, n.loc, b.getF32FloatAttr(0.0f)));
  Value empty = tensor::EmptyOp::create(b, n.loc, ArrayRef(to), b.getF32Type());
  Value filled = linalg::FillOp::create(b, n.loc, zero.value, empty).result();
  Scalar count(b, n.loc, arith::ConstantIndexOp::create(b, n.loc, from));
  Scalar result = loop(count, Scalar(b, n.loc, filled),
                       [&](Scalar i, ArrayRef<Scalar> out) -> Scalars {
                         Scalar place = toIndex(at(*places, i));
                         Scalar inside = (place >= 0) & (place < to);
                         Scalar safe = clampOf(place, 0, to - 1);
                         Scalar value = select(inside, at(*flat, i),
                                               at(out[0].value, safe));
                         return {i.with(tensor::InsertOp::create(
                             b, n.loc, value.value, out[0].value, safe.value))};
                       })[0];
  return n.reshape(result.value, shape);
}

LogicalResult buildMaxUnpool(NodeImporter &n) {
  if (n.elemOf(1) != Elem::Int64 || n.shapeOf(0) != n.shapeOf(1))
    return n.invalid("the indices are not int64 of the input's shape");
  FailureOr<Shape> shape = unpooledShape(n);
  FailureOr<Value> x = n.valueOf(0);
  FailureOr<Value> indices = n.anyValueOf(1);
  if (failed(shape) || failed(x) || failed(indices))
    return failure();
  FailureOr<RankedTensorType> type = n.tensorType(*shape);
  if (failed(type))
    return failure();
  FailureOr<Value> result = emitComposite(
      n, "max_unpool", {*x, *indices}, *type,
      n.builder.getNamedAttr("shape", n.builder.getI64ArrayAttr(*shape)),
      [&](ValueRange args) { return unpoolBody(n, args[0], args[1], *shape); });
  if (failed(result))
    return failure();
  if (n.hasInput(2)) {
    FailureOr<Shape> wanted = n.intsOf(2, "the output shape");
    if (failed(wanted))
      return failure();
    Shape low(shape->size(), 0), high;
    if (wanted->size() != shape->size())
      return n.invalid("the output shape has another rank than the input");
    for (auto [now, want] : llvm::zip_equal(*shape, *wanted)) {
      if (want < now || want > kMaxDim)
        return n.invalid(llvm::formatv("the output shape {0} does not hold {1}",
                                       formatShape(*wanted),
                                       formatShape(*shape)));
      high.push_back(want - now);
    }
    if (failed(result = n.pad(*result, low, high, 0.0)))
      return failure();
  }
  n.setResult(0, *result);
  return success();
}

} // namespace mlir::qnt::onnx_import
