//===- ConvKernel.cpp - register-blocked convolution ----------------------===//
//
// panel of channels > image > block of rows > block of columns > K. The sums of
// a block stay in registers from the bias to the stored bytes. Invariant: every
// output position is covered, and one that two overlapping blocks cover gets
// the same value twice.
//
//===----------------------------------------------------------------------===//

#include "ConvKernel.h"

#include "llvm/ADT/bit.h"

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
        target(target), operands(operands), activations(operands.in) {}

  void emit();

private:
  void forEachPanel(function_ref<void(const Panel &)> body);
  void forEachPosition(function_ref<void(Offset, Offset)> body);
  void widen(Offset in);
  void emitBlock(const Panel &panel, Offset in, Offset out);
  SmallVector<Value> emitSums(const Panel &panel, Offset in);
  SmallVector<Value> emitTaps(const Panel &panel, Offset in,
                              ArrayRef<Value> acc);
  SmallVector<Value> emitRun(Offset in, Offset weights, int64_t vectors,
                             int64_t groups, ArrayRef<Value> acc);
  int64_t positionStep(int64_t y, int64_t x) const;
  void emitGroups(Offset in, Offset weights, int64_t vectors, int64_t count,
                  MutableArrayRef<Value> acc);

  ImplicitLocOpBuilder &b;
  const ConvSpec &spec;
  const ConvPlan &plan;
  const ConvGeometry &g;
  const DotFamily &family;
  const KernelTarget &target;
  const ConvOperands &operands;
  /// The input, or the scratch buffer of a family that widens.
  Value activations;
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

void ConvEmitter::forEachPanel(function_ref<void(const Panel &)> body) {
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
  emitLoop(b, split.full, 1,
           [&](Offset index) { body(panelAt(index, plan.vectors, width)); });
  if (split.restVectors)
    body(panelAt(split.full, split.restVectors, split.restChannels));
}

/// body(input, output) of the first position of each block.
void ConvEmitter::forEachPosition(function_ref<void(Offset, Offset)> body) {
  auto at = [&](Offset index, int64_t step, Offset base) {
    return addOffsets(b, base, scaleOffset(b, index, step));
  };
  emitLoop(b, g.images.count, 1, [&](Offset n) {
    Offset inImage = at(n, g.images.inStep, g.inFirst);
    Offset outImage = at(n, g.images.outStep, g.outFirst);
    forEachBlock(b, g.rows, plan.blockRows, [&](Offset y) {
      Offset inRow = at(y, g.rows.inStep, inImage);
      Offset outRow = at(y, g.rows.outStep, outImage);
      forEachBlock(b, g.columns, plan.blockColumns, [&](Offset x) {
        body(at(x, g.columns.inStep, inRow), at(x, g.columns.outStep, outRow));
      });
    });
  });
}

void ConvEmitter::emit() {
  if (!family.figures.widens) {
    forEachPanel([&](const Panel &panel) {
      forEachPosition([&](Offset in, Offset out) {
        emitBlock(panel, in, addOffsets(b, out, panel.out));
      });
    });
    return;
  }
  // The widened positions serve all panels.
  constexpr int64_t slack = 32;
  MemRefType type = MemRefType::get(
      plan.positions() * plan.scratchStep() + slack, b.getI16Type());
  activations = memref::AllocaOp::create(b, type, b.getI64IntegerAttr(64));
  forEachPosition([&](Offset in, Offset out) {
    widen(in);
    forEachPanel([&](const Panel &panel) {
      emitBlock(panel, 0, addOffsets(b, out, panel.out));
    });
  });
}

/// Copies the bytes of K of each position of a block to the scratch buffer as
/// i16. What a copy writes too much, the next one overwrites, or zero weights
/// meet it.
void ConvEmitter::widen(Offset in) {
  int64_t width = std::min<int64_t>(16, llvm::bit_ceil(uint64_t(g.runBytes)));
  VectorType words = VectorType::get(width, b.getI16Type());
  int64_t runStep = plan.runGroups * plan.group;
  auto at = [&](Offset base, Offset index, int64_t step) {
    return addOffsets(b, base, scaleOffset(b, index, step));
  };
  auto copyRun = [&](Offset from, Offset to) {
    emitLoop(b, g.runBytes, width, [&](Offset k) {
      Value bytes = loadVector(b, operands.in, addOffsets(b, from, k), width);
      storeVector(b, arith::ExtSIOp::create(b, words, bytes), activations,
                  addOffsets(b, to, k));
    });
  };
  emitLoop(b, plan.blockRows, 1, [&](Offset y) {
    emitLoop(b, plan.blockColumns, 1, [&](Offset x) {
      Offset from = at(at(in, y, g.rows.inStep), x, g.columns.inStep);
      Offset to = at(scaleOffset(b, y, plan.blockColumns * plan.scratchStep()),
                     x, plan.scratchStep());
      emitLoop(b, g.tapRows, 1, [&](Offset ky) {
        emitLoop(b, g.runs, 1, [&](Offset run) {
          copyRun(at(at(from, ky, g.tapRowStep), run, g.runStep),
                  at(at(to, ky, g.runs * runStep), run, runStep));
        });
      });
    });
  });
}

/// Bytes of the input (elements of the scratch buffer) from the first position
/// of a block to position (y, x) of it.
int64_t ConvEmitter::positionStep(int64_t y, int64_t x) const {
  if (family.figures.widens)
    return (y * plan.blockColumns + x) * plan.scratchStep();
  return y * g.rows.inStep + x * g.columns.inStep;
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

  acc = emitTaps(panel, in, acc);

  for (size_t set = 1; set < size_t(plan.sets); ++set)
    for (size_t i = 0; i < size; ++i)
      acc[i] = arith::AddIOp::create(b, acc[i], acc[set * size + i]);
  acc.resize(size);
  return acc;
}

/// Adds all of K to `acc`.
SmallVector<Value> ConvEmitter::emitTaps(const Panel &panel, Offset in,
                                         ArrayRef<Value> acc) {
  if (family.figures.widens)
    return emitRun(in, panel.weights, panel.vectors, plan.groups(), acc);
  int64_t runBytes = plan.runGroups * panel.vectors * family.weightBytes();
  return emitLoop(b, g.tapRows, 1, acc, [&](Offset ky, ArrayRef<Value> acc) {
    Offset inRow = addOffsets(b, in, scaleOffset(b, ky, g.tapRowStep));
    Offset weightRow =
        addOffsets(b, panel.weights, scaleOffset(b, ky, g.runs * runBytes));
    return emitLoop(b, g.runs, 1, acc, [&](Offset run, ArrayRef<Value> acc) {
      return emitRun(addOffsets(b, inRow, scaleOffset(b, run, g.runStep)),
                     addOffsets(b, weightRow, scaleOffset(b, run, runBytes)),
                     panel.vectors, plan.runGroups, acc);
    });
  });
}

/// One run of K: chunks in a loop, then what is left.
SmallVector<Value> ConvEmitter::emitRun(Offset in, Offset weights,
                                        int64_t vectors, int64_t groups,
                                        ArrayRef<Value> acc) {
  int64_t chunk = std::max(family.figures.step, plan.sets);
  int64_t groupBytes = vectors * family.weightBytes();
  int64_t whole = groups / chunk * chunk;
  SmallVector<Value> sums =
      emitLoop(b, whole, chunk, acc, [&](Offset k, ArrayRef<Value> acc) {
        SmallVector<Value> next(acc);
        emitGroups(addOffsets(b, in, scaleOffset(b, k, family.figures.group)),
                   addOffsets(b, weights, scaleOffset(b, k, groupBytes)),
                   vectors, chunk, next);
        return next;
      });
  emitGroups(in + whole * family.figures.group, weights + whole * groupBytes,
             vectors, groups - whole, sums);
  return sums;
}

/// `count` consecutive groups of K, written out.
void ConvEmitter::emitGroups(Offset in, Offset weights, int64_t vectors,
                             int64_t count, MutableArrayRef<Value> acc) {
  const DotFigures &f = family.figures;
  int64_t positions = plan.positions();
  for (int64_t first = 0; first < count; first += f.step) {
    int64_t groups = std::min(f.step, count - first);
    SmallVector<SmallVector<Value>> loaded;
    for (int64_t y = 0; y < plan.blockRows; ++y)
      for (int64_t x = 0; x < plan.blockColumns; ++x)
        loaded.push_back(family.loadActivations(
            b, activations, in + first * f.group + positionStep(y, x), groups));
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
          sum = family.dot(b, sum, loaded[p][k], vector[v]);
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
