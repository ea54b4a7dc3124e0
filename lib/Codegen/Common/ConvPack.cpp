//===- ConvPack.cpp - weights and parameters as kernels read them ---------===//
//
// See the header. All sums are taken in 64 bits and cut to 32 once, which is
// what the wrapping adds of a kernel come to.
//
//===----------------------------------------------------------------------===//

#include "ConvPack.h"

using namespace mlir;
using namespace mlir::qnt;

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

int64_t WeightView::depth() const {
  return spec.kh * spec.kw * (spec.depthwise ? 1 : spec.in.c);
}

int8_t WeightView::at(int64_t channel, int64_t ky, int64_t kx,
                      int64_t c) const {
  int64_t tap = ky * spec.kw + kx;
  // HWCM is [tap][channel], OHWI [channel][tap][c].
  if (spec.depthwise)
    return weights[tap * spec.out.c + channel];
  return weights[(channel * spec.kh * spec.kw + tap) * spec.in.c + c];
}

int8_t WeightView::at(int64_t channel, int64_t k) const {
  return spec.depthwise ? weights[k * spec.out.c + channel]
                        : weights[channel * depth() + k];
}

/// Byte `i` of run `run` in tap row `ky` for channel `channel`.
static int8_t runByte(const ConvSpec &spec, const ConvGeometry &g,
                      const WeightView &view, int64_t channel, int64_t ky,
                      int64_t run, int64_t i) {
  int64_t kx = g.runs > 1 ? run : i / spec.in.pixelPitch;
  int64_t c = g.runs > 1 ? i : i % spec.in.pixelPitch;
  bool real = channel >= 0 && i < g.runBytes && c < spec.in.c;
  return real ? view.at(channel, ky, kx, c) : 0;
}

/// The channels of the lanes of vector `vector` in the panel at `first`.
static SmallVector<int64_t> laneChannels(const DotFamily &family, int64_t first,
                                         int64_t vectors, int64_t vector,
                                         int64_t channels) {
  SmallVector<int64_t> lanes;
  for (int64_t lane = 0; lane < family.figures.lanes; ++lane) {
    int64_t channel = first + family.column(vectors, vector, lane);
    lanes.push_back(channel < channels ? channel : -1);
  }
  return lanes;
}

/// f(first channel, vectors) of each panel.
static void forEachPanel(const ConvPlan &plan, const DotFamily &family,
                         function_ref<void(int64_t, int64_t)> f) {
  PanelSplit split = PanelSplit::get(plan.geometry.channels,
                                     family.figures.lanes, plan.vectors);
  int64_t width = family.figures.lanes * plan.vectors;
  for (int64_t p = 0; p < split.full; ++p)
    f(p * width, plan.vectors);
  if (split.restVectors)
    f(split.full * width, split.restVectors);
}

std::vector<int8_t> mlir::qnt::packWeights(const ConvSpec &spec,
                                           const ConvPlan &plan,
                                           const DotFamily &family,
                                           ArrayRef<int8_t> weights) {
  const ConvGeometry &g = plan.geometry;
  int64_t group = family.figures.group;
  WeightView view{spec, weights};
  std::vector<int8_t> packed;
  packed.reserve(plan.groups() * group * (g.channels + family.figures.lanes));
  forEachPanel(plan, family, [&](int64_t first, int64_t vectors) {
    SmallVector<SmallVector<int64_t>> channels;
    for (int64_t v = 0; v < vectors; ++v)
      channels.push_back(laneChannels(family, first, vectors, v, g.channels));
    for (int64_t ky = 0; ky < g.tapRows; ++ky)
      for (int64_t run = 0; run < g.runs; ++run)
        for (int64_t first = 0; first < plan.runGroups * group; first += group)
          for (ArrayRef<int64_t> lanes : channels) {
            size_t base = packed.size();
            packed.resize(base + family.weightBytes());
            for (auto [lane, channel] : llvm::enumerate(lanes))
              for (int64_t k = 0; k < group; ++k)
                packed[base + family.weightByte(int64_t(lane), k)] =
                    runByte(spec, g, view, channel, ky, run, first + k);
          }
  });
  return packed;
}

//===----------------------------------------------------------------------===//
// Parameters
//===----------------------------------------------------------------------===//

std::vector<int32_t> mlir::qnt::foldBias(const ConvSpec &spec,
                                         const KernelTarget &target,
                                         const ConvWeights &weights) {
  WeightView view{spec, weights.weights};
  int64_t zp = spec.inputZp + target.storageOffset();
  std::vector<int32_t> folded;
  for (int64_t channel = 0; channel < spec.out.c; ++channel) {
    int64_t sum = 0;
    for (int64_t k = 0, e = view.depth(); k < e; ++k)
      sum += view.at(channel, k);
    uint64_t bias =
        uint64_t(int64_t(weights.bias[channel])) - uint64_t(zp) * uint64_t(sum);
    folded.push_back(int32_t(uint32_t(bias)));
  }
  return folded;
}

void mlir::qnt::appendParameters(std::vector<int32_t> &words,
                                 ArrayRef<int64_t> channels,
                                 ArrayRef<int32_t> bias,
                                 const RescaleSpec &rescale) {
  SmallVector<RescaleWords> multipliers;
  for (int64_t channel : channels) {
    words.push_back(channel < 0 ? 0 : bias[channel]);
    size_t index = rescale.multipliers.size() == 1 ? 0 : size_t(channel);
    double m = channel < 0 ? 0.0 : rescale.multipliers[index];
    multipliers.push_back(getRescaleWords(m, rescale.rounding));
  }
  for (const RescaleWords &m : multipliers)
    words.push_back(m.multiplier);
  if (rescale.rounding == Rounding::Fp32Rne)
    return;
  for (const RescaleWords &m : multipliers)
    words.push_back(m.shift);
}

std::vector<int32_t> mlir::qnt::packParameters(const ConvSpec &spec,
                                               const ConvPlan &plan,
                                               const DotFamily &family,
                                               ArrayRef<int32_t> bias) {
  std::vector<int32_t> words;
  forEachPanel(plan, family, [&](int64_t first, int64_t vectors) {
    for (int64_t v = 0; v < vectors; ++v)
      appendParameters(
          words,
          laneChannels(family, first, vectors, v, plan.geometry.channels), bias,
          spec.rescale);
  });
  return words;
}

//===----------------------------------------------------------------------===//
// Bounds
//===----------------------------------------------------------------------===//

RescaleSpec mlir::qnt::proveBounds(const ConvSpec &spec,
                                   const ConvWeights &weights) {
  WeightView view{spec, weights.weights};
  int64_t low = INT64_MAX, high = INT64_MIN;
  for (int64_t channel = 0; channel < spec.out.c; ++channel) {
    int64_t least = weights.bias[channel], most = least;
    for (int64_t k = 0, e = view.depth(); k < e; ++k) {
      int64_t w = view.at(channel, k);
      int64_t atMin = w * (-128 - spec.inputZp),
              atMax = w * (127 - spec.inputZp);
      least += std::min(atMin, atMax);
      most += std::max(atMin, atMax);
    }
    low = std::min(low, least);
    high = std::max(high, most);
  }
  RescaleSpec proved = spec.rescale;
  // Sums that leave int32 wrap, and can then be anything.
  bool wraps = low < INT32_MIN || high > INT32_MAX;
  proved.accMin = wraps ? INT32_MIN : low;
  proved.accMax = wraps ? INT32_MAX : high;
  return proved;
}
