//===- QntObservers.cpp - observers ---------------------------------------===//
//
// The statistics that calibration can gather, on the host side; the native
// updates are in QntObserverUpdates.cpp. Each is one pass over the data with a
// state of fixed size; merging shards is order-independent but for the moving
// average, which weighs them by their counts. A count of NaN says that a value
// was not finite, and survives merging.
//
//===----------------------------------------------------------------------===//

#include "ObserverState.h"
#include "mlir/IR/DialectImplementation.h"
#include "qnt/Dialect/IR/Qnt.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace mlir;
using namespace mlir::qnt;

/// `name` alone, or `name<parameter = 1.0>`.
static FailureOr<float> parseParameter(AsmParser &parser, StringRef keyword,
                                       float value) {
  double parsed = value;
  if (succeeded(parser.parseOptionalLess()) &&
      (parser.parseKeyword(keyword) || parser.parseEqual() ||
       parser.parseFloat(parsed) || parser.parseGreater()))
    return failure();
  return static_cast<float>(parsed);
}
static void printParameter(AsmPrinter &printer, StringRef keyword,
                           const APFloat &value) {
  printer << "<" << keyword << " = ";
  printer.printFloat(value);
  printer << ">";
}

Attribute MovingAverageAttr::parse(AsmParser &parser, Type) {
  FailureOr<float> momentum = parseParameter(parser, "momentum", 0.01f);
  if (failed(momentum))
    return {};
  return parser.getChecked<MovingAverageAttr>(parser.getContext(), *momentum);
}
void MovingAverageAttr::print(AsmPrinter &printer) const {
  printParameter(printer, "momentum", getMomentumValue());
}

Attribute PercentileAttr::parse(AsmParser &parser, Type) {
  FailureOr<float> percentile = parseParameter(parser, "percentile", 99.99f);
  if (failed(percentile))
    return {};
  return parser.getChecked<PercentileAttr>(parser.getContext(), *percentile);
}
void PercentileAttr::print(AsmPrinter &printer) const {
  printParameter(printer, "percentile", getPercentileValue());
}

LogicalResult
MovingAverageAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                          APFloat value) {
  float momentum = value.convertToFloat();
  if (!(momentum > 0.0f && momentum <= 1.0f))
    return emitError() << "expected momentum in (0, 1], found " << momentum;
  return success();
}
LogicalResult
PercentileAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                       APFloat value) {
  float percentile = value.convertToFloat();
  if (!(percentile > 0.0f && percentile <= 100.0f))
    return emitError() << "expected percentile in (0, 100], found "
                       << percentile;
  return success();
}

static constexpr double kInfinity = std::numeric_limits<double>::infinity();

//===----------------------------------------------------------------------===//
// MinMaxAttr
//===----------------------------------------------------------------------===//

StringRef MinMaxAttr::getObserverName() const { return getMnemonic(); }
int64_t MinMaxAttr::getStateSize() const { return MinMaxState::size; }

void MinMaxAttr::initState(MutableArrayRef<double> state) const {
  state[MinMaxState::min] = kInfinity;
  state[MinMaxState::max] = -kInfinity;
  state[MinMaxState::count] = 0;
}

void MinMaxAttr::mergeState(MutableArrayRef<double> state,
                            ArrayRef<double> other) const {
  state[MinMaxState::min] =
      std::min(state[MinMaxState::min], other[MinMaxState::min]);
  state[MinMaxState::max] =
      std::max(state[MinMaxState::max], other[MinMaxState::max]);
  state[MinMaxState::count] += other[MinMaxState::count];
}

std::optional<ObservedRange>
MinMaxAttr::finishState(ArrayRef<double> state) const {
  if (state[MinMaxState::count] == 0)
    return std::nullopt;
  RealRange seen{state[MinMaxState::min], state[MinMaxState::max]};
  return ObservedRange{seen, seen, state[MinMaxState::count]};
}

//===----------------------------------------------------------------------===//
// MovingAverageAttr
//===----------------------------------------------------------------------===//

StringRef MovingAverageAttr::getObserverName() const { return getMnemonic(); }
int64_t MovingAverageAttr::getStateSize() const { return AverageState::size; }

void MovingAverageAttr::initState(MutableArrayRef<double> state) const {
  std::fill(state.begin(), state.end(), 0.0);
  state[AverageState::min] = kInfinity;
  state[AverageState::max] = -kInfinity;
}

void MovingAverageAttr::mergeState(MutableArrayRef<double> state,
                                   ArrayRef<double> other) const {
  double samples = state[AverageState::samples] + other[AverageState::samples];
  if (other[AverageState::samples] != 0) {
    double weight = other[AverageState::samples] / samples;
    for (unsigned word : {AverageState::averageMin, AverageState::averageMax})
      state[word] += weight * (other[word] - state[word]);
  }
  state[AverageState::min] =
      std::min(state[AverageState::min], other[AverageState::min]);
  state[AverageState::max] =
      std::max(state[AverageState::max], other[AverageState::max]);
  state[AverageState::count] += other[AverageState::count];
  state[AverageState::samples] = samples;
}

std::optional<ObservedRange>
MovingAverageAttr::finishState(ArrayRef<double> state) const {
  if (state[AverageState::count] == 0)
    return std::nullopt;
  return ObservedRange{
      {state[AverageState::averageMin], state[AverageState::averageMax]},
      {state[AverageState::min], state[AverageState::max]},
      state[AverageState::count]};
}

//===----------------------------------------------------------------------===//
// PercentileAttr
//===----------------------------------------------------------------------===//

StringRef PercentileAttr::getObserverName() const { return getMnemonic(); }
int64_t PercentileAttr::getStateSize() const { return HistogramState::size; }

void PercentileAttr::initState(MutableArrayRef<double> state) const {
  std::fill(state.begin(), state.end(), 0.0);
  state[HistogramState::min] = kInfinity;
  state[HistogramState::max] = -kInfinity;
}

/// The range of a histogram depends on the extremes alone, so shards and the
/// whole arrive at the same one: a power of two, on one side of zero where the
/// values are.
static RealRange getHistogramRange(double min, double max) {
  double largest = std::max(std::fabs(min), std::fabs(max));
  int exponent =
      largest > 0 ? std::ilogb(largest) + 1 : HistogramState::minExponent;
  double reach =
      std::ldexp(1.0, std::max<int>(exponent, HistogramState::minExponent));
  return {min < 0 ? -reach : 0.0, max < 0 ? 0.0 : reach};
}

/// Adds the bins of `from` to bins over `range`, which holds its range; bins
/// never straddle, since both widths are powers of two.
static void addBins(ArrayRef<double> from, RealRange range,
                    MutableArrayRef<double> bins) {
  constexpr int64_t count = HistogramState::numBins;
  double low = from[HistogramState::low];
  double width = (from[HistogramState::high] - low) / count;
  double scale = count / (range.max - range.min);
  for (int64_t i = 0; i < count; ++i) {
    double value = from[HistogramState::bins + i];
    if (value == 0)
      continue;
    double center = low + (i + 0.5) * width;
    bins[static_cast<int64_t>((center - range.min) * scale)] += value;
  }
}

void PercentileAttr::mergeState(MutableArrayRef<double> state,
                                ArrayRef<double> other) const {
  double count = state[HistogramState::count] + other[HistogramState::count];
  double min = std::min(state[HistogramState::min], other[HistogramState::min]);
  double max = std::max(state[HistogramState::max], other[HistogramState::max]);
  SmallVector<double, 0> merged(HistogramState::size, 0.0);
  if (min <= max) {
    RealRange range = getHistogramRange(min, max);
    MutableArrayRef<double> bins =
        MutableArrayRef<double>(merged).drop_front(HistogramState::bins);
    addBins(state, range, bins);
    addBins(other, range, bins);
    merged[HistogramState::low] = range.min;
    merged[HistogramState::high] = range.max;
  }
  merged[HistogramState::min] = min;
  merged[HistogramState::max] = max;
  merged[HistogramState::count] = count;
  llvm::copy(merged, state.begin());
}

/// The value below which `share` of all values lie, by linear interpolation in
/// its bin.
static double getQuantile(ArrayRef<double> state, double share) {
  double wanted = share * state[HistogramState::count], below = 0;
  double low = state[HistogramState::low];
  double width = (state[HistogramState::high] - low) / HistogramState::numBins;
  for (int64_t i = 0; i < HistogramState::numBins; ++i) {
    double value = state[HistogramState::bins + i];
    if (value > 0 && below + value >= wanted)
      return low + (i + (wanted - below) / value) * width;
    below += value;
  }
  return state[HistogramState::high];
}

std::optional<ObservedRange>
PercentileAttr::finishState(ArrayRef<double> state) const {
  if (state[HistogramState::count] == 0)
    return std::nullopt;
  RealRange seen{state[HistogramState::min], state[HistogramState::max]};
  double tail = (100.0 - static_cast<double>(getPercentile())) / 200.0;
  RealRange chosen = seen;
  if (tail > 0 && seen.min <= seen.max) {
    chosen.min = std::clamp(getQuantile(state, tail), seen.min, seen.max);
    chosen.max = std::clamp(getQuantile(state, 1.0 - tail), seen.min, seen.max);
  }
  return ObservedRange{chosen, seen, state[HistogramState::count]};
}

//===----------------------------------------------------------------------===//
// ChannelMeansAttr
//===----------------------------------------------------------------------===//

LogicalResult
ChannelMeansAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                         int64_t channels, ObserverAttrInterface) {
  if (channels < 1)
    return emitError() << "expected at least one channel, found " << channels;
  return success();
}

StringRef ChannelMeansAttr::getObserverName() const { return getMnemonic(); }
int64_t ChannelMeansAttr::getStateSize() const {
  return getInner().getStateSize() + 1 + getChannels();
}

void ChannelMeansAttr::initState(MutableArrayRef<double> state) const {
  int64_t inner = getInner().getStateSize();
  getInner().initState(state.take_front(inner));
  MutableArrayRef<double> own = state.drop_front(inner);
  std::fill(own.begin(), own.end(), 0.0);
}

void ChannelMeansAttr::mergeState(MutableArrayRef<double> state,
                                  ArrayRef<double> other) const {
  int64_t inner = getInner().getStateSize();
  getInner().mergeState(state.take_front(inner), other.take_front(inner));
  for (size_t i = inner; i < state.size(); ++i)
    state[i] += other[i];
}

std::optional<ObservedRange>
ChannelMeansAttr::finishState(ArrayRef<double> state) const {
  return getInner().finishState(state.take_front(getInner().getStateSize()));
}

SmallVector<double> ChannelMeansAttr::getMeans(ArrayRef<double> state) const {
  ArrayRef<double> own = state.drop_front(getInner().getStateSize());
  if (own.front() == 0)
    return {};
  return llvm::map_to_vector(own.drop_front(),
                             [&](double sum) { return sum / own.front(); });
}
