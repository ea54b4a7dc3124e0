//===- DepthwiseKernel.cpp - depthwise convolution over byte lanes --------===//
//
// image > block of channels > row > register of pixels > taps, and the portable
// multiply-add. Invariant: loads stay inside the buffer and its slack, stores
// inside the pixels that the register holds.
//
//===----------------------------------------------------------------------===//

#include "Depthwise.h"

#include "llvm/ADT/bit.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::qnt;

Value DepthwiseFamily::narrow(ImplicitLocOpBuilder &b, ArrayRef<Value> scaled,
                              const RescaleSpec &spec,
                              const KernelTarget &target) const {
  return emitNarrow(b, concatVectors(b, scaled), spec, target);
}

//===----------------------------------------------------------------------===//
// Portable family
//===----------------------------------------------------------------------===//

void PortableDepthwise::pack(std::vector<int8_t> &packed,
                             function_ref<int8_t(int64_t, int64_t)> at) const {
  for (int64_t tap = 0; tap < taps; ++tap)
    for (int64_t lane = 0; lane < bytes; ++lane)
      packed.push_back(at(lane, tap));
}

void PortableDepthwise::accumulate(ImplicitLocOpBuilder &b,
                                   MutableArrayRef<Value> acc,
                                   ArrayRef<Value> inputs, Value weights,
                                   Offset at) const {
  VectorType words = VectorType::get(bytes, b.getI16Type());
  auto extend = [&](Value v) { return arith::ExtSIOp::create(b, words, v); };
  Value sum;
  for (auto [tap, input] : llvm::enumerate(inputs)) {
    Value w = loadVector(b, weights, at + int64_t(tap) * bytes, bytes);
    Value product = arith::MulIOp::create(b, extend(input), extend(w));
    sum = sum ? arith::AddIOp::create(b, sum, product).getResult() : product;
  }
  Value wide = arith::ExtSIOp::create(b, acc[0].getType(), sum);
  acc[0] = arith::AddIOp::create(b, acc[0], wide);
}

std::unique_ptr<DepthwiseFamily>
mlir::qnt::makeDepthwiseFamily(const KernelTarget &target,
                               bool symmetricWeights) {
  if (target.arch == Arch::X86)
    return makeX86DepthwiseFamily(target);
  if (target.arch == Arch::AArch64)
    return makeAArch64DepthwiseFamily(symmetricWeights);
  return std::make_unique<PortableDepthwise>(symmetricWeights);
}

//===----------------------------------------------------------------------===//
// Kernel
//===----------------------------------------------------------------------===//

namespace {

class DepthwiseEmitter {
public:
  DepthwiseEmitter(ImplicitLocOpBuilder &b, const ConvSpec &spec,
                   const DepthwisePlan &plan, const DepthwiseFamily &family,
                   const KernelTarget &target, const ConvOperands &operands)
      : b(b), spec(spec), plan(plan), family(family), target(target),
        operands(operands) {}

  void emit();

private:
  void emitImage(Offset in, Offset out, Offset weights, Offset parameters);
  void emitRegister(Offset in, Offset out, Offset weights, Offset parameters);
  SmallVector<Value> emitSums(Offset in, Offset weights, Offset parameters);
  Value loadTap(Offset at);
  void store(Value bytes, Offset out);

  ImplicitLocOpBuilder &b;
  const ConvSpec &spec;
  const DepthwisePlan &plan;
  const DepthwiseFamily &family;
  const KernelTarget &target;
  const ConvOperands &operands;
};

} // namespace

void DepthwiseEmitter::emit() {
  int64_t weightStep = plan.sections * plan.steps(family) * family.stepBytes();
  int64_t parameterStep =
      family.vectors * family.lanes * parameterWords(spec.rescale);
  int64_t inChannels = plan.channels / plan.multiplier;
  bool divides = spec.out.c % plan.channels == 0;
  emitLoop(b, spec.out.n, 1, [&](Offset n) {
    Offset in = scaleOffset(b, n, spec.in.imagePitch) + spec.firstTap();
    Offset out =
        scaleOffset(b, n, spec.out.imagePitch) + spec.out.interiorOffset;
    emitLoop(b, plan.blocks, 1, [&](Offset block) {
      Offset inAt = scaleOffset(b, block, inChannels);
      Offset outAt = scaleOffset(b, block, plan.channels);
      if (!divides) {
        inAt = minOffset(b, inAt, spec.in.c - inChannels);
        outAt = minOffset(b, outAt, spec.out.c - plan.channels);
      }
      emitImage(addOffsets(b, in, inAt), addOffsets(b, out, outAt),
                scaleOffset(b, block, weightStep),
                scaleOffset(b, block, parameterStep));
    });
  });
}

void DepthwiseEmitter::emitImage(Offset in, Offset out, Offset weights,
                                 Offset parameters) {
  emitLoop(b, spec.out.h, 1, [&](Offset y) {
    Offset inRow =
        addOffsets(b, in, scaleOffset(b, y, spec.strideH * spec.in.rowPitch));
    Offset outRow = addOffsets(b, out, scaleOffset(b, y, spec.out.rowPitch));
    emitLoop(b, spec.out.w, plan.pixels, [&](Offset x) {
      if (spec.out.w % plan.pixels != 0)
        x = minOffset(b, x, spec.out.w - plan.pixels);
      emitRegister(
          addOffsets(b, inRow,
                     scaleOffset(b, x, spec.strideW * spec.in.pixelPitch)),
          addOffsets(b, outRow, scaleOffset(b, x, spec.out.pixelPitch)),
          weights, parameters);
    });
  });
}

/// `family.bytes` lanes of one tap; `at` is the tap of the first pixel.
Value DepthwiseEmitter::loadTap(Offset at) {
  int64_t step = spec.strideW * spec.in.pixelPitch;
  if (plan.multiplier > 1) {
    int64_t count = llvm::bit_ceil(
        uint64_t(llvm::divideCeil(plan.channels, plan.multiplier)));
    SmallVector<int64_t> mask;
    for (int64_t lane = 0; lane < family.bytes; ++lane)
      mask.push_back(std::min(lane, plan.channels - 1) / plan.multiplier);
    Value loaded = loadVector(b, operands.in, at, count);
    return shuffle(b, loaded, loaded, mask);
  }
  if (plan.pixels == 1 || step == plan.channels)
    return loadVector(b, operands.in, at, family.bytes);
  SmallVector<Value> pieces;
  for (int64_t pixel = 0; pixel < plan.pixels; ++pixel)
    pieces.push_back(
        loadVector(b, operands.in, at + pixel * step, plan.channels));
  Value joined = concatVectors(b, pieces);
  int64_t lanes = plan.pixels * plan.channels;
  if (lanes == family.bytes)
    return joined;
  SmallVector<int64_t> mask;
  for (int64_t lane = 0; lane < family.bytes; ++lane)
    mask.push_back(lane % lanes);
  return shuffle(b, joined, joined, mask);
}

SmallVector<Value> DepthwiseEmitter::emitSums(Offset in, Offset weights,
                                              Offset parameters) {
  SmallVector<Value> acc;
  for (int64_t v = 0; v < family.vectors; ++v)
    acc.push_back(loadBias(b, operands.parameters, parameters, family.lanes, v,
                           spec.rescale));
  int64_t steps = plan.steps(family);
  return emitLoop(
      b, plan.sections, 1, acc, [&](Offset section, ArrayRef<Value> carried) {
        SmallVector<Value> sums(carried);
        Offset inSection = addOffsets(
            b, in, scaleOffset(b, section, spec.dilationH * spec.in.rowPitch));
        Offset weightSection = addOffsets(
            b, weights, scaleOffset(b, section, steps * family.stepBytes()));
        for (int64_t step = 0; step < steps; ++step) {
          SmallVector<Value> inputs;
          int64_t end = std::min((step + 1) * family.taps, plan.sectionTaps);
          for (int64_t k = step * family.taps; k < end; ++k)
            inputs.push_back(loadTap(
                inSection + k / spec.kw * spec.dilationH * spec.in.rowPitch +
                k % spec.kw * spec.dilationW * spec.in.pixelPitch));
          family.accumulate(b, sums, inputs, operands.weights,
                            weightSection + step * family.stepBytes());
        }
        return sums;
      });
}

void DepthwiseEmitter::store(Value bytes, Offset out) {
  if (plan.pixels == 1 || spec.out.pixelPitch == plan.channels)
    return storeFirst(b, bytes, plan.pixels * plan.channels, operands.out, out);
  for (int64_t pixel = 0; pixel < plan.pixels; ++pixel)
    storeFirst(b, takeLanes(b, bytes, pixel * plan.channels, plan.channels),
               plan.channels, operands.out, out + pixel * spec.out.pixelPitch);
}

void DepthwiseEmitter::emitRegister(Offset in, Offset out, Offset weights,
                                    Offset parameters) {
  SmallVector<Value> sums = emitSums(in, weights, parameters);
  for (auto [v, sum] : llvm::enumerate(sums))
    sum = emitScale(b, sum,
                    loadMultiplier(b, operands.parameters, parameters,
                                   family.lanes, int64_t(v), spec.rescale),
                    spec.rescale, target);
  store(family.narrow(b, sums, spec.rescale, target), out);
}

void mlir::qnt::emitDepthwiseBody(ImplicitLocOpBuilder &b, const ConvSpec &spec,
                                  const DepthwisePlan &plan,
                                  const DepthwiseFamily &family,
                                  const KernelTarget &target,
                                  const ConvOperands &operands) {
  DepthwiseEmitter(b, spec, plan, family, target, operands).emit();
}
