//===- QntMseObserver.cpp - the range of least squared error --------------===//
//
// The state and its update are those of the percentile observer. Invariant: the
// range chosen holds zero and lies inside the range seen, extended to zero.
//
//===----------------------------------------------------------------------===//

#include "ObserverState.h"
#include "qnt/Dialect/IR/Qnt.h"

#include <algorithm>

using namespace mlir;
using namespace mlir::qnt;

static PercentileAttr histogramOf(MseAttr attr) {
  return PercentileAttr::get(attr.getContext(), 100.0f);
}

StringRef MseAttr::getObserverName() const { return getMnemonic(); }
int64_t MseAttr::getStateSize() const { return HistogramState::size; }

void MseAttr::initState(MutableArrayRef<double> state) const {
  histogramOf(*this).initState(state);
}
void MseAttr::mergeState(MutableArrayRef<double> state,
                         ArrayRef<double> other) const {
  histogramOf(*this).mergeState(state, other);
}
void MseAttr::buildUpdate(OpBuilder &builder, Location loc, Value values,
                          Value state) const {
  histogramOf(*this).buildUpdate(builder, loc, values, state);
}

namespace {
/// The bins that hold values, for many questions.
class Spectrum {
public:
  explicit Spectrum(ArrayRef<double> state) {
    double low = state[HistogramState::low];
    double width =
        (state[HistogramState::high] - low) / HistogramState::numBins;
    for (int64_t i = 0; i < HistogramState::numBins; ++i)
      if (double count = state[HistogramState::bins + i]; count > 0)
        bins.push_back({low + (static_cast<double>(i) + 0.5) * width, count});
    zeroWidth = width;
  }

  /// The summed squared error if `range` is stored in 8 bits.
  double loss(RealRange range) const {
    double step = (range.max - range.min) / 255.0, sum = 0.0;
    double rounding = step * step / 12.0;
    for (const Bin &bin : bins) {
      double cut = std::max(range.min - bin.center, bin.center - range.max);
      if (cut > 0)
        sum += bin.count * cut * cut;
      else if (std::abs(bin.center) > zeroWidth)
        sum += bin.count * rounding;
    }
    return sum;
  }

private:
  struct Bin {
    double center, count;
  };
  SmallVector<Bin, 0> bins;
  double zeroWidth;
};
} // namespace

std::optional<ObservedRange>
MseAttr::finishState(ArrayRef<double> state) const {
  if (state[HistogramState::count] == 0)
    return std::nullopt;
  RealRange seen{state[HistogramState::min], state[HistogramState::max]};
  if (!(seen.min <= seen.max))
    return ObservedRange{seen, seen, state[HistogramState::count]};
  Spectrum spectrum(state);
  RealRange whole{std::min(seen.min, 0.0), std::max(seen.max, 0.0)};
  RealRange best = whole;
  double least = spectrum.loss(best);
  auto tryRange = [&](RealRange range) {
    if (double loss = spectrum.loss(range); loss < least) {
      least = loss;
      best = range;
    }
  };
  // One end after the other, twice: they hardly depend on each other.
  for (int round = 0; round < 2; ++round)
    for (bool upper : {true, false})
      for (int percent = 99; percent >= 5; --percent) {
        double share = percent / 100.0;
        tryRange(upper ? RealRange{best.min, whole.max * share}
                       : RealRange{whole.min * share, best.max});
      }
  return ObservedRange{best, seen, state[HistogramState::count]};
}
