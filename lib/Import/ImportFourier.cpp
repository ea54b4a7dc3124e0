//===- ImportFourier.cpp - DFT and STFT -----------------------------------===//
//
// Sums of products with a table of one period of cosine and sine: entry
// j * k modulo the length, so the table stays as small as the transform. Sums
// are in double, because small results arise from large terms.
//
//===----------------------------------------------------------------------===//

#include "Emit.h"
#include "Loops.h"
#include "OpTable.h"

#include "llvm/Support/FormatVariadic.h"

#include <cmath>

namespace mlir::qnt::onnx_import {

namespace {
/// One-dimensional transform of `length` points.
struct Transform {
  int64_t axis = 0;
  int64_t length = 0;
  bool inverse = false;
  bool onesided = false;

  /// The real result of half a spectrum.
  bool isReal() const { return inverse && onesided; }
  int64_t outputs() const {
    return onesided && !inverse ? length / 2 + 1 : length;
  }
};
} // namespace

/// [length, 2]: cosine and sine of each fraction of a turn.
static FailureOr<Value> emitTable(NodeImporter &n, int64_t length) {
  if (length < 1 || length > kMaxDim || failed(n.takeElements(2 * length)))
    return n.invalid(llvm::formatv("a transform of {0} points", length));
  HostTensor table = HostTensor::zeros({length, 2}, Elem::Double);
  for (int64_t i = 0; i < length; ++i) {
    double angle = 2.0 * M_PI * static_cast<double>(i) / length;
    table.set(2 * i, std::cos(angle));
    table.set(2 * i + 1, std::sin(angle));
  }
  return n.constant(table);
}

namespace {
/// A complex number and its product with a unit vector.
struct Complex {
  Scalar real;
  Scalar imaginary;
};
} // namespace

static Complex rotate(Complex x, Scalar cosine, Scalar sine) {
  return {x.real * cosine - x.imaginary * sine,
          x.real * sine + x.imaginary * cosine};
}

/// The sum over `count` points of point(j) turned by -+ j * k / length.
static Complex transformAt(Value table, const Transform &t, int64_t count,
                           Scalar k, Scalar zero,
                           llvm::function_ref<Complex(Scalar)> point) {
  Scalars sums =
      loops({count}, ArrayRef<Scalar>{zero, zero},
            [&](ArrayRef<Scalar> j, ArrayRef<Scalar> sum) -> Scalars {
              Scalar turn = j[0] * k % static_cast<double>(t.length);
              Scalar cosine = at(table, {turn, turn.like(0)});
              Scalar sine = at(table, {turn, turn.like(1)});
              if (!t.inverse)
                sine = sine.like(0.0) - sine;
              Complex term = rotate(point(j[0]), cosine, sine);
              if (t.isReal()) {
                // Each point stands for its conjugate too, but for the first
                // and, of an even length, the last.
                Scalar alone = (j[0] == 0.0) | (j[0] * 2 == double(t.length));
                term.real =
                    term.real * select(alone, zero.like(1.0), zero.like(2.0));
              }
              return {sum[0] + term.real, sum[1] + term.imaginary};
            });
  if (t.inverse)
    for (Scalar &sum : sums)
      sum = sum / static_cast<double>(t.length);
  return {sums[0], sums[1]};
}

static Scalar pickPart(Complex value, Scalar part) {
  return select(part == 0.0, value.real, value.imaginary);
}

/// A complex element whose last dimension may lack the imaginary part.
static Complex readComplex(Value x, ArrayRef<Scalar> prefix, bool isComplex) {
  Scalars indices(prefix);
  indices.push_back(prefix[0].like(0));
  Scalar real = toDouble(at(x, indices));
  if (!isComplex)
    return {real, real.like(0.0)};
  indices.back() = prefix[0].like(1);
  return {real, toDouble(at(x, indices))};
}

static FailureOr<Value> dftBody(NodeImporter &n, Value x,
                                ArrayRef<int64_t> shape, const Transform &t) {
  FailureOr<Value> table = emitTable(n, t.length);
  if (failed(table))
    return failure();
  ArrayRef<int64_t> in = shapeOf(x);
  int64_t points = t.isReal() ? t.length / 2 + 1 : t.length;
  int64_t count = std::min(in[t.axis], points);
  return emitLoops(n, shape, n.builder.getF32Type(), [&](ArrayRef<Scalar> o) {
    Scalar zero = at(*table, {o[0].like(0), o[0].like(0)}).like(0.0);
    Complex sum = transformAt(*table, t, count, o[t.axis], zero, [&](Scalar j) {
      Scalars from(o.drop_back());
      from[t.axis] = j;
      return readComplex(x, from, in.back() == 2);
    });
    return toSingle(t.isReal() ? sum.real : pickPart(sum, o.back()));
  });
}

/// An integer that an input holds, or `otherwise` if it is absent.
static FailureOr<int64_t> readNumber(NodeImporter &n, unsigned input,
                                     StringRef what, int64_t otherwise) {
  if (!n.hasInput(input))
    return otherwise;
  FailureOr<Shape> values = n.intsOf(input, what);
  if (failed(values))
    return failure();
  if (values->size() != 1)
    return n.invalid(what + " is not one number");
  return values->front();
}

LogicalResult buildDft(NodeImporter &n) {
  Transform t;
  int64_t rank = n.rankOf(0);
  if (rank < 2 || n.shapeOf(0).back() < 1 || n.shapeOf(0).back() > 2)
    return n.invalid(
        llvm::formatv("a signal of shape {0}", formatShape(n.shapeOf(0))));
  FailureOr<int64_t> axis = n.opset >= 20
                                ? readNumber(n, 2, "the axis", -2)
                                : FailureOr<int64_t>(n.getInt("axis", 1));
  if (failed(axis) || failed(axis = n.normalizeAxis(*axis, rank)))
    return failure();
  if (*axis == rank - 1)
    return n.invalid("the axis is that of the complex parts");
  t.axis = *axis;
  t.inverse = n.getInt("inverse", 0) != 0;
  t.onesided = n.getInt("onesided", 0) != 0;
  int64_t size = n.shapeOf(0)[t.axis];
  FailureOr<int64_t> length =
      readNumber(n, 1, "the length", t.isReal() ? 2 * (size - 1) : size);
  if (failed(length))
    return failure();
  t.length = *length;
  if (t.length < 1 || t.length > kMaxDim)
    return n.invalid(llvm::formatv("a transform of {0} points", t.length));
  Shape shape(n.shapeOf(0));
  shape[t.axis] = t.outputs();
  shape.back() = t.isReal() ? 1 : 2;
  FailureOr<RankedTensorType> type = n.tensorType(shape);
  FailureOr<Value> x = n.valueOf(0);
  if (failed(type) || failed(x))
    return failure();
  FailureOr<Value> result = emitComposite(
      n, "dft", *x, *type,
      {configInt(n, "axis", t.axis), configInt(n, "inverse", t.inverse),
       configInt(n, "onesided", t.onesided)},
      [&](ValueRange args) { return dftBody(n, args[0], shape, t); });
  if (failed(result))
    return failure();
  n.setResult(0, *result);
  return success();
}

//===----------------------------------------------------------------------===//
// STFT
//===----------------------------------------------------------------------===//

static FailureOr<Value> stftBody(NodeImporter &n, Value signal, Value window,
                                 ArrayRef<int64_t> shape, const Transform &t,
                                 int64_t step) {
  FailureOr<Value> table = emitTable(n, t.length);
  if (failed(table))
    return failure();
  return emitLoops(n, shape, n.builder.getF32Type(), [&](ArrayRef<Scalar> o) {
    Scalar zero = at(*table, {o[0].like(0), o[0].like(0)}).like(0.0);
    Complex sum = transformAt(*table, t, t.length, o[2], zero, [&](Scalar j) {
      Complex x =
          readComplex(signal, {o[0], o[1] * step + j}, shapeOf(signal)[2] == 2);
      if (!window)
        return x;
      Scalar weight = toDouble(at(window, j));
      return Complex{x.real * weight, x.imaginary * weight};
    });
    return toSingle(pickPart(sum, o[3]));
  });
}

LogicalResult buildStft(NodeImporter &n) {
  Shape signal(n.shapeOf(0));
  if (signal.size() == 2)
    signal.push_back(1);
  if (signal.size() != 3 || signal[2] < 1 || signal[2] > 2)
    return n.invalid(
        llvm::formatv("a signal of shape {0}", formatShape(n.shapeOf(0))));
  bool windowed = n.hasInput(2);
  if (windowed && n.rankOf(2) != 1)
    return n.invalid("the window has a rank other than 1");
  FailureOr<int64_t> step = readNumber(n, 1, "the frame step", 1);
  FailureOr<int64_t> length = readNumber(
      n, 3, "the frame length", windowed ? n.shapeOf(2)[0] : signal[1]);
  if (failed(step) || failed(length))
    return failure();
  if (*step < 1 || *length < 1 || *length > signal[1] ||
      (windowed && n.shapeOf(2)[0] != *length))
    return n.invalid(llvm::formatv("frames of {0} every {1} of a signal of {2}",
                                   *length, *step, signal[1]));
  Transform t;
  t.length = *length;
  t.onesided = n.getInt("onesided", 1) != 0;
  Shape shape{signal[0], (signal[1] - *length) / *step + 1, t.outputs(), 2};
  FailureOr<RankedTensorType> type = n.tensorType(shape);
  FailureOr<Value> x = n.valueOf(0);
  if (failed(type) || failed(x) || failed(x = n.reshape(*x, signal)))
    return failure();
  SmallVector<Value> inputs{*x};
  if (windowed) {
    FailureOr<Value> window = n.valueOf(2);
    if (failed(window))
      return failure();
    inputs.push_back(*window);
  }
  FailureOr<Value> result = emitComposite(
      n, "stft", inputs, *type,
      {configInt(n, "frame_step", *step),
       configInt(n, "frame_length", *length)},
      [&](ValueRange args) {
        return stftBody(n, args[0], args.size() > 1 ? args[1] : Value(), shape,
                        t, *step);
      });
  if (failed(result))
    return failure();
  n.setResult(0, *result);
  return success();
}

} // namespace mlir::qnt::onnx_import
