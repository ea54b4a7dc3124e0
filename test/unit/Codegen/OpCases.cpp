//===- OpCases.cpp - one op with data and expected bytes ------------------===//
//
// Each maker draws a shape and parameters, writes the op, and asks qnt::num for
// the result. Ranges are drawn so that saturation and rounding both happen.
//
//===----------------------------------------------------------------------===//

#include "OpCases.h"

#include "qnt/Numerics/Softmax.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>
#include <cstring>

using namespace qnt_test;
using namespace qnt::num;
using llvm::formatv;
using llvm::StringRef;

static StringRef roundingName(Rounding rounding) {
  switch (rounding) {
  case Rounding::Fp32Rne:
    return "fp32_rne";
  case Rounding::TfliteDouble:
    return "tflite_double";
  case Rounding::TfliteSingle:
    return "tflite_single";
  }
  return "";
}

std::string qnt_test::joinNumbers(const std::vector<int64_t> &values,
                                  StringRef separator) {
  std::vector<std::string> parts;
  for (int64_t value : values)
    parts.push_back(std::to_string(value));
  return llvm::join(parts, separator);
}

/// The bits of a float, which MLIR reads back exactly.
static std::string hex(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return formatv("0x{0} : f32", llvm::utohexstr(bits, false, 8));
}
static std::string hex64(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return formatv("0x{0}", llvm::utohexstr(bits, false, 16));
}

OpTensor OpTensor::zeros(std::vector<int64_t> shape) {
  int64_t count = elementCount(shape);
  return {std::move(shape), "i8", Bytes(size_t(count))};
}

std::string OpTensor::type() const {
  return formatv("tensor<{0}x{1}>", joinNumbers(shape, "x"), element);
}

//===----------------------------------------------------------------------===//
// Drawing
//===----------------------------------------------------------------------===//

int64_t OpMaker::draw(int64_t low, int64_t high) {
  return std::uniform_int_distribution<int64_t>(low, high)(random);
}
float OpMaker::drawScale() {
  return std::exp2(std::uniform_real_distribution<float>(-6, 2)(random));
}
Rounding OpMaker::drawRounding() { return Rounding(draw(0, 2)); }
QuantParams OpMaker::drawParams() {
  return {drawScale(), int32_t(draw(-128, 127))};
}
StorageRange OpMaker::drawRange() {
  if (draw(0, 1))
    return {-128, 127};
  int32_t low = int32_t(draw(-128, 126));
  return {low, int32_t(draw(low, 127))};
}
OpTensor OpMaker::bytes(Shape shape) {
  OpTensor tensor = OpTensor::zeros(std::move(shape));
  for (uint8_t &byte : tensor.bytes)
    byte = uint8_t(draw(0, 255));
  return tensor;
}
OpMaker::Shape OpMaker::shape(unsigned rank, int64_t most) {
  Shape result;
  for (unsigned i = 0; i < rank; ++i)
    result.push_back(draw(1, most));
  return result;
}
std::string OpMaker::operand(unsigned i) const {
  return formatv("%c{0}_{1}", index, i);
}
std::string OpMaker::result() const { return formatv("%r{0}", index); }

//===----------------------------------------------------------------------===//
// Borders
//===----------------------------------------------------------------------===//

OpCase OpMaker::makeToInt() {
  Shape dims = shape(unsigned(draw(1, 3)), 40);
  QuantParams params = drawParams();
  StorageRange range = drawRange();
  OpCase c;
  c.inputs = {{dims, "f32", Bytes(size_t(elementCount(dims)) * 4)}};
  c.output = OpTensor::zeros(dims);
  for (int64_t i = 0; i < elementCount(dims); ++i) {
    // Ties, saturation, infinities and NaN, among common values.
    float x = params.scale * (float(draw(-300, 300)) * 0.5f);
    if (draw(0, 2) == 0)
      x = std::normal_distribution<float>(0, 100 * params.scale)(random);
    if (draw(0, 50) == 0)
      x = draw(0, 1) ? NAN : draw(0, 1) ? INFINITY : -3e38f;
    memcpy(&c.inputs[0].bytes[size_t(i) * 4], &x, 4);
    c.output.data()[i] = int8_t(
        quantize(x, params.scale, params.zeroPoint, range.min, range.max));
  }
  c.text = formatv("{0} = qnt.to_int {1} {{scale = {2}, zero_point = {3} : "
                   "i32, min = {4} : i32, max = {5} : i32} : {6} to {7}\n",
                   result(), operand(0), hex(params.scale), params.zeroPoint,
                   range.min, range.max, c.inputs[0].type(), c.output.type());
  return c;
}

OpCase OpMaker::makeToFloat() {
  Shape dims = shape(unsigned(draw(1, 3)), 40);
  QuantParams params = drawParams();
  OpCase c;
  c.inputs = {bytes(dims)};
  c.output = {dims, "f32", Bytes(size_t(elementCount(dims)) * 4)};
  for (int64_t i = 0; i < elementCount(dims); ++i) {
    float x = dequantize(c.inputs[0].data()[i], params.scale, params.zeroPoint);
    memcpy(&c.output.bytes[size_t(i) * 4], &x, 4);
  }
  c.text = formatv("{0} = qnt.to_float {1} {{scale = {2}, zero_point = {3} : "
                   "i32} : {4} to {5}\n",
                   result(), operand(0), hex(params.scale), params.zeroPoint,
                   c.inputs[0].type(), c.output.type());
  return c;
}

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

OpCase OpMaker::makeBinary(StringRef op) {
  Shape dims = shape(4, 9), aDims = dims, bDims = dims;
  for (size_t i = 0; i < dims.size(); ++i)
    if (draw(0, 4) == 0)
      (draw(0, 1) ? aDims : bDims)[i] = 1;
  for (size_t i = 0; i < dims.size(); ++i)
    dims[i] = std::max(aDims[i], bDims[i]);
  QuantParams a = drawParams(), b = drawParams(), out = drawParams();
  StorageRange range = drawRange();
  Rounding rounding = drawRounding();
  OpCase c;
  c.inputs = {bytes(aDims), bytes(bDims)};
  c.output = OpTensor::zeros(dims);
  if (op == "mul")
    mulTensors(c.inputs[0].data(), aDims, c.inputs[1].data(), bDims,
               c.output.data(), dims,
               makeMulParams(a, b, out, range.min, range.max, rounding));
  else
    addTensors(c.inputs[0].data(), aDims, c.inputs[1].data(), bDims,
               c.output.data(), dims,
               (op == "add" ? makeAddParams : makeSubParams)(
                   a, b, out, range.min, range.max, rounding, 20));
  c.text = formatv(
      "{0} = qnt.{1} {2}, {3} {{lhs_scale = {4}, lhs_zp = {5} : i32, rhs_scale "
      "= {6}, rhs_zp = {7} : i32, output_scale = {8}, output_zp = {9} : i32, "
      "min = {10} : i32, max = {11} : i32, rounding = #qnt.rounding<{12}>} : "
      "{13}, {14} to {15}\n",
      result(), op, operand(0), operand(1), hex(a.scale), a.zeroPoint,
      hex(b.scale), b.zeroPoint, hex(out.scale), out.zeroPoint, range.min,
      range.max, roundingName(rounding), c.inputs[0].type(), c.inputs[1].type(),
      c.output.type());
  return c;
}

OpCase OpMaker::makeTable() {
  Shape dims = shape(unsigned(draw(1, 4)), 9);
  std::array<int8_t, 256> table;
  std::vector<int64_t> values;
  for (int8_t &entry : table) {
    entry = int8_t(draw(-128, 127));
    values.push_back(entry);
  }
  OpCase c;
  c.inputs = {bytes(dims)};
  c.output = OpTensor::zeros(dims);
  applyTable(c.inputs[0].data(), c.output.data(), elementCount(dims), table);
  c.text = formatv("{0} = qnt.table {1} {{table = array<i8: {2}>} : {3} to "
                   "{4}\n",
                   result(), operand(0), joinNumbers(values, ", "),
                   c.inputs[0].type(), c.output.type());
  return c;
}

OpCase OpMaker::makeRescale() {
  Shape dims = shape(unsigned(draw(1, 4)), 9);
  bool perChannel = draw(0, 1) == 0;
  Rounding rounding = drawRounding();
  StorageRange range = drawRange();
  QuantParams in = drawParams(), out = drawParams();
  std::vector<RescaleParams> params;
  std::vector<std::string> multipliers;
  for (int64_t i = 0; i < (perChannel ? dims.back() : 1); ++i) {
    double multiplier = realMultiplier(in.scale, drawScale(), rounding);
    params.push_back({multiplier, in.zeroPoint, out.zeroPoint, range.min,
                      range.max, rounding});
    multipliers.push_back(hex64(multiplier));
  }
  OpCase c;
  c.inputs = {bytes(dims)};
  c.output = OpTensor::zeros(dims);
  std::vector<int32_t> wide(c.inputs[0].data(),
                            c.inputs[0].data() + elementCount(dims));
  rescaleTensor(wide.data(), c.output.data(), dims, params,
                unsigned(dims.size() - 1));
  c.text = formatv(
      "{0} = qnt.rescale {1} {{multipliers = array<f64: {2}>, input_zp = {3} : "
      "i32, output_zp = {4} : i32, min = {5} : i32, max = {6} : i32, rounding "
      "= #qnt.rounding<{7}>} : {8} to {9}\n",
      result(), operand(0), llvm::join(multipliers, ", "), in.zeroPoint,
      out.zeroPoint, range.min, range.max, roundingName(rounding),
      c.inputs[0].type(), c.output.type());
  return c;
}

/// A rescale of the value `acc` of type `from`, the end of many cases.
static std::string rescaleText(StringRef result, StringRef acc,
                               const RescaleParams &p, StringRef from,
                               StringRef to) {
  return formatv("{0} = qnt.rescale {1} {{multipliers = array<f64: {2}>, "
                 "input_zp = {3} : i32, output_zp = {4} : i32, min = {5} : "
                 "i32, max = {6} : i32, rounding = #qnt.rounding<{7}>} : {8} "
                 "to {9}\n",
                 result, acc, hex64(p.multiplier), p.inputZeroPoint,
                 p.outputZeroPoint, p.min, p.max, roundingName(p.rounding),
                 from, to);
}

//===----------------------------------------------------------------------===//
// Lines and windows
//===----------------------------------------------------------------------===//

OpCase OpMaker::makeSoftmax() {
  Shape dims = shape(unsigned(draw(1, 3)), 20);
  size_t axis = size_t(draw(0, int64_t(dims.size()) - 1));
  SoftmaxTable table = buildSoftmaxTable(drawScale(), dims[axis]);
  int64_t outer = 1, inner = 1;
  for (size_t i = 0; i < dims.size(); ++i)
    (i < axis ? outer : inner) *= i == axis ? 1 : dims[i];
  OpCase c;
  c.inputs = {bytes(dims)};
  c.output = OpTensor::zeros(dims);
  softmax(c.inputs[0].data(), c.output.data(), outer, dims[axis], inner, table);
  std::vector<int64_t> values(table.begin(), table.end());
  c.text = formatv("{0} = qnt.softmax {1} {{axis = {2} : i64, table = "
                   "array<i32: {3}>} : {4} to {5}\n",
                   result(), operand(0), axis, joinNumbers(values, ", "),
                   c.inputs[0].type(), c.output.type());
  return c;
}

OpCase OpMaker::makeMaxPool() {
  WindowShape w;
  w.n = draw(1, 2);
  w.c = draw(1, 70);
  w.kh = draw(1, 4);
  w.kw = draw(1, 4);
  w.strideH = draw(1, 3);
  w.strideW = draw(1, 3);
  w.padTop = draw(0, w.kh - 1);
  w.padBottom = draw(0, w.kh - 1);
  w.padLeft = draw(0, w.kw - 1);
  w.padRight = draw(0, w.kw - 1);
  // TOSA wants windows that fill the padded input exactly.
  w.ih = w.kh + w.strideH * draw(2, 6) - w.padTop - w.padBottom;
  w.iw = w.kw + w.strideW * draw(2, 6) - w.padLeft - w.padRight;
  if (w.ih < 1 || w.iw < 1)
    return makeMaxPool();
  OpCase c;
  c.inputs = {bytes({w.n, w.ih, w.iw, w.c})};
  c.output = OpTensor::zeros({w.n, w.oh(), w.ow(), w.c});
  maxPool2d(c.inputs[0].data(), c.output.data(), w);
  c.text = formatv(
      "{0} = tosa.max_pool2d {1} {{kernel = array<i64: {2}, {3}>, stride = "
      "array<i64: {4}, {5}>, pad = array<i64: {6}, {7}, {8}, {9}>} : ({10}) -> "
      "{11}\n",
      result(), operand(0), w.kh, w.kw, w.strideH, w.strideW, w.padTop,
      w.padBottom, w.padLeft, w.padRight, c.inputs[0].type(), c.output.type());
  return c;
}

OpCase OpMaker::makeSumPool() {
  WindowShape w;
  w.n = draw(1, 2);
  w.c = draw(1, 70);
  w.kh = draw(1, 7);
  w.kw = draw(1, 7);
  w.strideH = draw(1, 3);
  w.strideW = draw(1, 3);
  w.ih = w.kh + w.strideH * draw(0, 4);
  w.iw = w.kw + w.strideW * draw(0, 4);
  QuantParams in = drawParams(), out = drawParams();
  StorageRange range = drawRange();
  Rounding rounding = drawRounding();
  RescaleParams mean = makeMeanRescale(in, out, w.kh * w.kw, range, rounding);
  OpCase c;
  c.inputs = {bytes({w.n, w.ih, w.iw, w.c})};
  c.output = OpTensor::zeros({w.n, w.oh(), w.ow(), w.c});
  averagePool2d(c.inputs[0].data(), c.output.data(), w, in, out, range,
                rounding, true);
  OpTensor sum = c.output;
  sum.element = "i32";
  c.text = formatv(
      "%z{0} = arith.constant 0 : i32\n%e{0} = tensor.empty() : {1}\n%i{0} = "
      "linalg.fill ins(%z{0} : i32) outs(%e{0} : {1}) -> {1}\n%w{0} = "
      "tensor.empty() : tensor<{2}x{3}xi8>\n%s{0} = linalg.pooling_nhwc_sum "
      "{{dilations = dense<1> : vector<2xi64>, strides = dense<[{4}, {5}]> : "
      "vector<2xi64>} ins({6}, %w{0} : {7}, tensor<{2}x{3}xi8>) outs(%i{0} : "
      "{1}) -> {1}\n",
      index, sum.type(), w.kh, w.kw, w.strideH, w.strideW, operand(0),
      c.inputs[0].type());
  c.text += rescaleText(result(), formatv("%s{0}", index).str(), mean,
                        sum.type(), c.output.type());
  return c;
}

OpCase OpMaker::makeReduceSum() {
  Shape dims = shape(unsigned(draw(1, 4)), 12), reduced = dims;
  unsigned axis = unsigned(draw(0, int64_t(dims.size()) - 1));
  reduced[axis] = 1;
  QuantParams in = drawParams(), out = drawParams();
  RescaleParams params =
      makeMeanRescale(in, out, dims[axis], drawRange(), drawRounding());
  OpCase c;
  c.inputs = {bytes(dims)};
  c.output = OpTensor::zeros(reduced);
  std::vector<int32_t> sums(c.output.bytes.size());
  reduceSum(c.inputs[0].data(), sums.data(), dims, axis);
  rescaleTensor(sums.data(), c.output.data(), reduced, {params});
  OpTensor wide = c.inputs[0], sum = c.output;
  wide.element = sum.element = "i32";
  c.text = formatv("%w{0} = tosa.cast {1} : ({2}) -> {3}\n%s{0} = "
                   "tosa.reduce_sum %w{0} {{axis = {4} : i32} : ({3}) -> {5}\n",
                   index, operand(0), c.inputs[0].type(), wide.type(), axis,
                   sum.type());
  c.text += rescaleText(result(), formatv("%s{0}", index).str(), params,
                        sum.type(), c.output.type());
  return c;
}

OpCase OpMaker::makeMatMul() {
  MatmulShape s;
  s.batch = draw(1, 3);
  s.m = draw(1, 12);
  s.k = draw(1, 40);
  s.n = draw(1, 40);
  int32_t zpA = int32_t(draw(-128, 127)), zpB = int32_t(draw(-128, 127));
  RescaleParams params;
  params.multiplier = double(drawScale()) / double(s.k * 64);
  params.rounding = drawRounding();
  if (params.rounding == Rounding::Fp32Rne)
    params.multiplier = double(float(params.multiplier));
  params.outputZeroPoint = int32_t(draw(-128, 127));
  OpCase c;
  c.inputs = {bytes({s.batch, s.m, s.k}), bytes({s.batch, s.k, s.n})};
  c.output = OpTensor::zeros({s.batch, s.m, s.n});
  std::vector<int32_t> sums(c.output.bytes.size());
  matmul(c.inputs[0].data(), c.inputs[1].data(), nullptr, sums.data(), s, zpA,
         zpB);
  rescaleTensor(sums.data(), c.output.data(), c.output.shape, {params});
  OpTensor sum = c.output;
  sum.element = "i32";
  c.text = formatv(
      "%a{0} = \"tosa.const\"() {{values = dense<{1}> : tensor<1xi8>} : () -> "
      "tensor<1xi8>\n%b{0} = \"tosa.const\"() {{values = dense<{2}> : "
      "tensor<1xi8>} : () -> tensor<1xi8>\n%s{0} = tosa.matmul {3}, {4}, "
      "%a{0}, %b{0} : ({5}, {6}, tensor<1xi8>, tensor<1xi8>) -> {7}\n",
      index, zpA, zpB, operand(0), operand(1), c.inputs[0].type(),
      c.inputs[1].type(), sum.type());
  c.text += rescaleText(result(), formatv("%s{0}", index).str(), params,
                        sum.type(), c.output.type());
  return c;
}

//===----------------------------------------------------------------------===//
// Dispatch
//===----------------------------------------------------------------------===//

llvm::ArrayRef<StringRef> OpMaker::kinds() {
  static const StringRef all[] = {
      "to_int",    "to_float", "add",     "sub",        "mul",
      "table",     "rescale",  "softmax", "maxpool",    "sumpool",
      "transpose", "concat",   "pad",     "reduce_sum", "matmul"};
  return all;
}

OpCase OpMaker::make(StringRef kind, unsigned caseIndex) {
  index = caseIndex;
  if (kind == "to_int")
    return makeToInt();
  if (kind == "to_float")
    return makeToFloat();
  if (kind == "table")
    return makeTable();
  if (kind == "rescale")
    return makeRescale();
  if (kind == "softmax")
    return makeSoftmax();
  if (kind == "maxpool")
    return makeMaxPool();
  if (kind == "sumpool")
    return makeSumPool();
  if (kind == "transpose")
    return makeTranspose();
  if (kind == "concat")
    return makeConcat();
  if (kind == "pad")
    return makePad();
  if (kind == "reduce_sum")
    return makeReduceSum();
  if (kind == "matmul")
    return makeMatMul();
  return makeBinary(kind);
}
