//===- DepthwisePlan.cpp - lanes and constants of a depthwise kernel ------===//
//
// Chooses what lies in the lanes of a register, and packs weights alike.
// Invariant: packing and kernel agree through `DepthwisePlan` alone.
//
//===----------------------------------------------------------------------===//

#include "Depthwise.h"

#include "llvm/ADT/bit.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::qnt;

/// Pixels that share a register: as many as fit, if their bytes lie side by
/// side or can be joined from powers of two.
static int64_t choosePixels(const ConvSpec &spec, int64_t bytes) {
  int64_t c = spec.in.c;
  if (spec.out.c != c || 2 * c > bytes)
    return 1;
  int64_t fit = std::min(bytes / c, spec.out.w);
  if (spec.strideW * spec.in.pixelPitch == c)
    return fit;
  if (c < 4 || !llvm::isPowerOf2_64(c))
    return 1;
  return int64_t(llvm::bit_floor(uint64_t(fit)));
}

DepthwisePlan DepthwisePlan::get(const ConvSpec &spec,
                                 const DepthwiseFamily &family) {
  constexpr int64_t mostTapsWrittenOut = 16;
  DepthwisePlan plan;
  plan.multiplier = spec.out.c / spec.in.c;
  plan.pixels = choosePixels(spec, family.bytes);
  int64_t m = plan.multiplier;
  plan.channels =
      plan.pixels > 1 ? spec.out.c : std::min(spec.out.c, family.bytes / m * m);
  plan.blocks = llvm::divideCeil(spec.out.c, plan.channels);
  plan.sectionTaps = spec.kh * spec.kw;
  if (plan.sectionTaps > mostTapsWrittenOut) {
    plan.sections = spec.kh;
    plan.sectionTaps = spec.kw;
  }
  return plan;
}

/// The channel of a byte lane of block `block`, -1 for an idle lane.
static int64_t laneChannel(const ConvSpec &spec, const DepthwisePlan &plan,
                           int64_t block, int64_t lane) {
  if (lane >= plan.pixels * plan.channels)
    return -1;
  return plan.firstChannel(spec, block) + lane % plan.channels;
}

std::vector<int8_t>
mlir::qnt::packDepthwiseWeights(const ConvSpec &spec, const DepthwisePlan &plan,
                                const DepthwiseFamily &family,
                                ArrayRef<int8_t> weights) {
  WeightView view{spec, weights};
  std::vector<int8_t> packed;
  int64_t steps = plan.steps(family);
  for (int64_t block = 0; block < plan.blocks; ++block)
    for (int64_t section = 0; section < plan.sections; ++section)
      for (int64_t step = 0; step < steps; ++step)
        family.pack(packed, [&](int64_t lane, int64_t tap) -> int8_t {
          int64_t k = step * family.taps + tap;
          int64_t channel = laneChannel(spec, plan, block, lane);
          if (channel < 0 || k >= plan.sectionTaps)
            return 0;
          return view.at(channel, section * plan.sectionTaps + k);
        });
  return packed;
}

std::vector<int32_t> mlir::qnt::packDepthwiseParameters(
    const ConvSpec &spec, const DepthwisePlan &plan,
    const DepthwiseFamily &family, ArrayRef<int32_t> bias) {
  std::vector<int32_t> words;
  for (int64_t block = 0; block < plan.blocks; ++block)
    for (int64_t v = 0; v < family.vectors; ++v) {
      SmallVector<int64_t> channels;
      for (int64_t lane = 0; lane < family.lanes; ++lane)
        channels.push_back(
            laneChannel(spec, plan, block, family.byteLane(v, lane)));
      appendParameters(words, channels, bias, spec.rescale);
    }
  return words;
}
