//===- ImportSpectrum.cpp - constants of signal processing ----------------===//
//
// Window functions and the mel weight matrix. Their parameters have to be
// constants, and so are their results.
//
//===----------------------------------------------------------------------===//

#include "OpTable.h"

#include "llvm/Support/FormatVariadic.h"

#include <cmath>

namespace mlir::qnt::onnx_import {

/// Zeros of the type that attribute output_datatype names.
static FailureOr<HostTensor> makeOutput(NodeImporter &n,
                                        ArrayRef<int64_t> shape) {
  int64_t number = n.getInt("output_datatype", 1);
  std::optional<Elem> elem =
      number > 0 && number < 64 ? elemFromOnnx(number) : std::nullopt;
  if (!elem)
    return n.unsupported("element type " + elementTypeName(number));
  std::optional<int64_t> count = countElements(shape);
  if (!count || *count == 0)
    return n.invalid("a tensor of impossible shape " + formatShape(shape) +
                     " arises");
  if (failed(n.takeElements(*count)))
    return failure();
  return HostTensor::zeros(shape, *elem);
}

static FailureOr<double> readNumber(NodeImporter &n, unsigned input) {
  const HostTensor *tensor = n.constantOf(input);
  if (!tensor)
    return n.unsupported(
        llvm::formatv("input {0} is not known at compile time", input));
  if (tensor->size() != 1 || !std::isfinite(tensor->at(0)))
    return n.invalid(llvm::formatv("input {0} is not one number", input));
  return tensor->at(0);
}

LogicalResult buildWindowFunction(NodeImporter &n) {
  FailureOr<double> size = readNumber(n, 0);
  if (failed(size))
    return failure();
  FailureOr<HostTensor> result =
      !(*size >= 0 && *size <= kMaxDim)
          ? FailureOr<HostTensor>(n.invalid("the size is impossible"))
          : makeOutput(n, static_cast<int64_t>(*size));
  if (failed(result))
    return failure();
  int64_t count = result->size();
  double turn = n.getInt("periodic", 1) != 0 ? count : count - 1;
  StringRef name = n.node.op_type();
  for (int64_t i = 0; i < count; ++i) {
    // A symmetric window of one point is its middle.
    double angle = turn == 0 ? M_PI : 2.0 * M_PI * i / turn;
    double value = 0.5 - 0.5 * std::cos(angle);
    if (name == "HammingWindow")
      value = 25.0 / 46.0 - 21.0 / 46.0 * std::cos(angle);
    if (name == "BlackmanWindow")
      value = 0.42 - 0.5 * std::cos(angle) + 0.08 * std::cos(2.0 * angle);
    result->set(i, value);
  }
  n.setResult(0, std::move(*result));
  return success();
}

static double toMel(double hertz) {
  return 2595.0 * std::log10(1.0 + hertz / 700.0);
}

/// The bins of the spectrum where the triangles start, peak and end.
static std::vector<int64_t> melEdges(int64_t bands, double length, double rate,
                                     double low, double high) {
  double first = toMel(low);
  double step = (toMel(high) - first) / static_cast<double>(bands + 2);
  std::vector<int64_t> edges;
  for (int64_t i = 0; i < bands + 2; ++i) {
    double hertz = 700.0 * (std::pow(10.0, (first + i * step) / 2595.0) - 1.0);
    double bin = std::floor((length + 1.0) * hertz / rate);
    edges.push_back(static_cast<int64_t>(std::clamp(bin, 0.0, length)));
  }
  return edges;
}

LogicalResult buildMelWeightMatrix(NodeImporter &n) {
  double values[5];
  for (unsigned i = 0; i < 5; ++i) {
    FailureOr<double> value = readNumber(n, i);
    if (failed(value))
      return failure();
    values[i] = *value;
  }
  auto [bands, length, rate, low, high] = values;
  if (!(bands >= 1 && bands <= kMaxDim && length >= 1 && length <= kMaxDim &&
        rate > 0 && low >= 0 && high >= low))
    return n.invalid("the parameters make no matrix");
  int64_t count = static_cast<int64_t>(bands);
  int64_t bins = static_cast<int64_t>(length) / 2 + 1;
  FailureOr<HostTensor> result = makeOutput(n, {bins, count});
  if (failed(result))
    return failure();
  std::vector<int64_t> edges = melEdges(count, length, rate, low, high);
  auto store = [&](int64_t bin, int64_t band, double weight) {
    if (bin < bins)
      result->set(bin * count + band, weight);
  };
  for (int64_t band = 0; band < count; ++band) {
    int64_t start = edges[band], peak = edges[band + 1], end = edges[band + 2];
    if (start == peak)
      store(peak, band, 1.0);
    for (int64_t j = start; j <= peak && start < peak; ++j)
      store(j, band, static_cast<double>(j - start) / (peak - start));
    for (int64_t j = peak; j < end; ++j)
      store(j, band, static_cast<double>(end - j) / (end - peak));
  }
  n.setResult(0, std::move(*result));
  return success();
}

} // namespace mlir::qnt::onnx_import
