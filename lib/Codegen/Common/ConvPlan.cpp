//===- ConvPlan.cpp - geometry and blocks of a convolution ----------------===//
//
// Blocks are chosen by estimated cycles. Positions that do not divide by a
// block are covered by an overlapping last one, so a plan needs one block of
// code per kind of panel; the estimate counts what is computed twice.
//
//===----------------------------------------------------------------------===//

#include "ConvPlan.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::qnt;

//===----------------------------------------------------------------------===//
// Geometry
//===----------------------------------------------------------------------===//

/// Makes one axis of two where the steps of both sides allow it.
static void mergeAxes(ConvAxis &outer, ConvAxis &inner) {
  if (outer.count == 1)
    return;
  if (inner.count != 1 && (outer.inStep != inner.count * inner.inStep ||
                           outer.outStep != inner.count * inner.outStep))
    return;
  if (inner.count == 1)
    inner = {1, outer.inStep, outer.outStep};
  inner.count *= outer.count;
  outer = ConvAxis();
}

ConvGeometry ConvGeometry::get(const ConvSpec &spec) {
  ConvGeometry g;
  const TensorLayout &in = spec.in, &out = spec.out;
  g.images = {out.n, in.imagePitch, out.imagePitch};
  g.rows = {out.h, spec.strideH * in.rowPitch, out.rowPitch};
  g.columns = {out.w, spec.strideW * in.pixelPitch, out.pixelPitch};
  mergeAxes(g.rows, g.columns);
  mergeAxes(g.images, g.rows);
  mergeAxes(g.rows, g.columns);
  g.inFirst = spec.firstTap();
  g.outFirst = out.interiorOffset;
  g.tapRows = spec.kh;
  g.tapRowStep = spec.dilationH * in.rowPitch;
  if (spec.dilationW == 1) {
    // Taps side by side are consecutive bytes: no im2col.
    g.runBytes = (spec.kw - 1) * in.pixelPitch + in.c;
  } else {
    g.runs = spec.kw;
    g.runStep = spec.dilationW * in.pixelPitch;
    g.runBytes = in.c;
  }
  g.channels = out.c;
  return g;
}

PanelSplit PanelSplit::get(int64_t channels, int64_t lanes, int64_t vectors) {
  PanelSplit split;
  split.full = channels / (lanes * vectors);
  split.restChannels = channels % (lanes * vectors);
  split.restVectors = llvm::divideCeil(split.restChannels, lanes);
  return split;
}

//===----------------------------------------------------------------------===//
// Choice of blocks
//===----------------------------------------------------------------------===//

namespace {
class BlockChooser {
public:
  BlockChooser(const ConvPlan &base, const DotFamily &family)
      : base(base), figures(family.figures) {}

  ConvPlan choose();

private:
  void tryVectors(int64_t vectors);
  void consider(const ConvPlan &plan);
  bool fits(const ConvPlan &plan) const;
  double cost(const ConvPlan &plan) const;
  double blockCost(const ConvPlan &plan, int64_t vectors) const;

  const ConvPlan &base;
  const DotFigures &figures;
  ConvPlan best;
  double bestCost = -1;
};
} // namespace

/// Cycles of one block: multiply-adds or loads, whichever bounds, then the
/// epilogue and the start of a block.
double BlockChooser::blockCost(const ConvPlan &plan, int64_t vectors) const {
  if (vectors == 0)
    return 0;
  constexpr double start = 14;
  double dots = plan.positions() * vectors;
  double multiply =
      std::max(dots * figures.dotCost, figures.latency / double(plan.sets));
  double loads =
      plan.positions() * figures.activationCost + vectors * figures.weightCost;
  // Code that is bound by neither still pays for its loop.
  double perGroup = std::max({multiply, loads, 1.5});
  return plan.groups() * perGroup + dots * figures.epilogueCost + start;
}

double BlockChooser::cost(const ConvPlan &plan) const {
  const ConvGeometry &g = plan.geometry;
  PanelSplit split = PanelSplit::get(g.channels, figures.lanes, plan.vectors);
  double blocks = double(llvm::divideCeil(g.rows.count, plan.blockRows)) *
                  double(llvm::divideCeil(g.columns.count, plan.blockColumns));
  return blocks * (split.full * blockCost(plan, plan.vectors) +
                   blockCost(plan, split.restVectors));
}

void BlockChooser::consider(const ConvPlan &plan) {
  double c = cost(plan);
  // A plan has to be clearly better to replace an earlier, simpler one.
  if (bestCost >= 0 && c > bestCost * 0.995)
    return;
  best = plan;
  bestCost = c;
}

bool BlockChooser::fits(const ConvPlan &plan) const {
  constexpr int64_t mostScratch = 16 * 1024;
  int64_t sums = plan.positions() * plan.vectors * plan.sets;
  if (sums > figures.accumulators ||
      sums + plan.vectors + 1 > figures.registers)
    return false;
  return !figures.widens || plan.positions() == 1 ||
         plan.positions() * plan.scratchStep() <= mostScratch;
}

void BlockChooser::tryVectors(int64_t vectors) {
  const ConvGeometry &g = base.geometry;
  ConvPlan plan = base;
  plan.vectors = vectors;
  int64_t limit = std::max<int64_t>(1, figures.accumulators / vectors);
  for (int64_t rows = 1; rows <= std::min(g.rows.count, limit); ++rows)
    for (int64_t columns = std::min(g.columns.count, limit / rows);
         columns >= 1; --columns)
      for (int64_t sets = 1; sets <= std::min<int64_t>(4, base.runGroups);
           sets *= 2) {
        plan.blockRows = rows;
        plan.blockColumns = columns;
        plan.sets = sets;
        if (fits(plan))
          consider(plan);
      }
}

ConvPlan BlockChooser::choose() {
  int64_t all = llvm::divideCeil(base.geometry.channels, figures.lanes);
  for (int64_t v = std::min(figures.maxVectors, all); v >= 1; --v)
    tryVectors(v);
  return best;
}

ConvPlan ConvPlan::get(const ConvSpec &spec, const DotFamily &family) {
  ConvPlan plan;
  plan.geometry = ConvGeometry::get(spec);
  plan.group = family.figures.group;
  plan.runGroups = llvm::divideCeil(plan.geometry.runBytes, plan.group);
  return BlockChooser(plan, family).choose();
}
