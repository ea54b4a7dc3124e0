//===- ConvKernel.cpp - register-blocked convolution ----------------------===//
//
// panel of channels > image > block of rows > block of columns > K. The sums of
// a block stay in registers from the bias to the stored bytes. Invariant: every
// output position is covered, and one that two overlapping blocks cover gets
// the same value twice.
//
//===----------------------------------------------------------------------===//

#include "ConvKernel.h"

using namespace mlir;
using namespace mlir::qnt;

namespace {

/// A panel of output channels.
struct Panel {
  Offset weights, parameters, out;
  int64_t vectors, channels;
};

class ConvEmitter {
public:
  ConvEmitter(ImplicitLocOpBuilder &b, const ConvSpec &spec,
              const ConvPlan &plan, const DotFamily &family,
              const KernelTarget &target, const ConvOperands &operands)
      : b(b), spec(spec), plan(plan), g(plan.geometry), family(family),
        target(target), operands(operands) {}

  void emit();

private:
  void emitPanel(const Panel &panel);
  void emitBlock(const Panel &panel, Offset in, Offset out);
  SmallVector<Value> emitSums(const Panel &panel, Offset in);
  SmallVector<Value> emitRun(Offset in, Offset weights, int64_t vectors,
                             ArrayRef<Value> acc);
  void emitGroups(Offset in, Offset weights, int64_t vectors, int64_t count,
                  MutableArrayRef<Value> acc);

  ImplicitLocOpBuilder &b;
  const ConvSpec &spec;
  const ConvPlan &plan;
  const ConvGeometry &g;
  const DotFamily &family;
  const KernelTarget &target;
  const ConvOperands &operands;
};

} // namespace

/// body(first position) for each block of `size` positions; the last one
/// overlaps its neighbour where `size` does not divide.
static void forEachBlock(ImplicitLocOpBuilder &b, const ConvAxis &axis,
                         int64_t size, function_ref<void(Offset)> body) {
  emitLoop(b, axis.count, size, [&](Offset first) {
    bool divides = axis.count % size == 0;
    body(divides ? first : minOffset(b, first, axis.count - size));
  });
}

void ConvEmitter::emit() {
  const DotFigures &f = family.figures;
  PanelSplit split = PanelSplit::get(g.channels, f.lanes, plan.vectors);
  int64_t width = f.lanes * plan.vectors;
  int64_t weightStep = plan.groups() * plan.vectors * family.weightBytes();
  int64_t parameterStep = width * parameterWords(spec.rescale);
  auto panelAt = [&](Offset index, int64_t vectors, int64_t channels) {
    return Panel{scaleOffset(b, index, weightStep),
                 scaleOffset(b, index, parameterStep),
                 scaleOffset(b, index, width), vectors, channels};
  };
  emitLoop(b, split.full, 1, [&](Offset index) {
    emitPanel(panelAt(index, plan.vectors, width));
  });
  if (split.restVectors)
    emitPanel(panelAt(split.full, split.restVectors, split.restChannels));
}

void ConvEmitter::emitPanel(const Panel &panel) {
  auto at = [&](Offset index, int64_t step, Offset base) {
    return addOffsets(b, base, scaleOffset(b, index, step));
  };
  emitLoop(b, g.images.count, 1, [&](Offset n) {
    Offset inImage = at(n, g.images.inStep, g.inFirst);
    Offset outImage =
        at(n, g.images.outStep, addOffsets(b, panel.out, g.outFirst));
    forEachBlock(b, g.rows, plan.blockRows, [&](Offset y) {
      Offset inRow = at(y, g.rows.inStep, inImage);
      Offset outRow = at(y, g.rows.outStep, outImage);
      forEachBlock(b, g.columns, plan.blockColumns, [&](Offset x) {
        emitBlock(panel, at(x, g.columns.inStep, inRow),
                  at(x, g.columns.outStep, outRow));
      });
    });
  });
}

void ConvEmitter::emitBlock(const Panel &panel, Offset in, Offset out) {
  SmallVector<Value> sums = emitSums(panel, in);
  DotOutput output{spec.rescale, target, operands.parameters, panel.parameters,
                   operands.out, {},     panel.channels};
  SmallVector<SmallVector<Value>> acc;
  for (int64_t y = 0; y < plan.blockRows; ++y)
    for (int64_t x = 0; x < plan.blockColumns; ++x) {
      ArrayRef<Value> row =
          ArrayRef(sums).slice(acc.size() * panel.vectors, panel.vectors);
      acc.emplace_back(row);
      output.rows.push_back(out + y * g.rows.outStep + x * g.columns.outStep);
    }
  family.finish(b, acc, output);
}

/// The sums of a block, [position][vector].
SmallVector<Value> ConvEmitter::emitSums(const Panel &panel, Offset in) {
  int64_t lanes = family.figures.lanes;
  SmallVector<Value> bias;
  for (int64_t v = 0; v < panel.vectors; ++v)
    bias.push_back(loadBias(b, operands.parameters, panel.parameters, lanes, v,
                            spec.rescale));
  SmallVector<Value> acc;
  for (int64_t position = 0; position < plan.positions(); ++position)
    acc.append(bias);
  size_t size = acc.size();
  acc.resize(size * plan.sets,
             plan.sets > 1 ? splatConstant(b, family.accType(b), 0) : nullptr);

  int64_t runBytes = plan.runGroups * panel.vectors * family.weightBytes();
  acc = emitLoop(b, g.tapRows, 1, acc, [&](Offset ky, ArrayRef<Value> acc) {
    Offset inRow = addOffsets(b, in, scaleOffset(b, ky, g.tapRowStep));
    Offset weightRow =
        addOffsets(b, panel.weights, scaleOffset(b, ky, g.runs * runBytes));
    return emitLoop(b, g.runs, 1, acc, [&](Offset run, ArrayRef<Value> acc) {
      return emitRun(addOffsets(b, inRow, scaleOffset(b, run, g.runStep)),
                     addOffsets(b, weightRow, scaleOffset(b, run, runBytes)),
                     panel.vectors, acc);
    });
  });

  for (size_t set = 1; set < size_t(plan.sets); ++set)
    for (size_t i = 0; i < size; ++i)
      acc[i] = arith::AddIOp::create(b, acc[i], acc[set * size + i]);
  acc.resize(size);
  return acc;
}

/// One run of K: chunks in a loop, then what is left.
SmallVector<Value> ConvEmitter::emitRun(Offset in, Offset weights,
                                        int64_t vectors, ArrayRef<Value> acc) {
  int64_t chunk = std::max(family.figures.step, plan.sets);
  int64_t groupBytes = vectors * family.weightBytes();
  int64_t whole = plan.runGroups / chunk * chunk;
  SmallVector<Value> sums =
      emitLoop(b, whole, chunk, acc, [&](Offset k, ArrayRef<Value> acc) {
        SmallVector<Value> next(acc);
        emitGroups(addOffsets(b, in, scaleOffset(b, k, family.figures.group)),
                   addOffsets(b, weights, scaleOffset(b, k, groupBytes)),
                   vectors, chunk, next);
        return next;
      });
  emitGroups(in + whole * family.figures.group, weights + whole * groupBytes,
             vectors, plan.runGroups - whole, sums);
  return sums;
}

/// `count` consecutive groups of K, written out.
void ConvEmitter::emitGroups(Offset in, Offset weights, int64_t vectors,
                             int64_t count, MutableArrayRef<Value> acc) {
  const DotFigures &f = family.figures;
  int64_t positions = plan.positions();
  for (int64_t first = 0; first < count; first += f.step) {
    int64_t groups = std::min(f.step, count - first);
    SmallVector<SmallVector<Value>> activations;
    for (int64_t y = 0; y < plan.blockRows; ++y)
      for (int64_t x = 0; x < plan.blockColumns; ++x)
        activations.push_back(family.loadActivations(
            b, operands.in,
            in + first * f.group + y * g.rows.inStep + x * g.columns.inStep,
            groups));
    for (int64_t k = 0; k < groups; ++k) {
      int64_t group = first + k;
      int64_t set = group % plan.sets;
      SmallVector<Value> vector;
      for (int64_t v = 0; v < vectors; ++v)
        vector.push_back(family.loadWeights(
            b, operands.weights,
            weights + (group * vectors + v) * family.weightBytes()));
      for (int64_t p = 0; p < positions; ++p)
        for (int64_t v = 0; v < vectors; ++v) {
          Value &sum = acc[(set * positions + p) * vectors + v];
          sum = family.dot(b, sum, activations[p][k], vector[v]);
        }
    }
  }
}

void mlir::qnt::emitConvBody(ImplicitLocOpBuilder &b, const ConvSpec &spec,
                             const ConvPlan &plan, const DotFamily &family,
                             const KernelTarget &target,
                             const ConvOperands &operands) {
  ConvEmitter(b, spec, plan, family, target, operands).emit();
}
