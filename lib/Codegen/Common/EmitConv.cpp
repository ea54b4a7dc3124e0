//===- EmitConv.cpp - from the spec of a convolution to a kernel ----------===//
//
// Checks a spec, packs its constants and finds or writes its kernel. Invariant:
// the key of a kernel holds the geometry, the fixed numbers and the facts that
// were proved from the weights, but no weight, bias or multiplier.
//
//===----------------------------------------------------------------------===//

#include "ConvKernel.h"
#include "ConvPack.h"

using namespace mlir;
using namespace mlir::qnt;

static LogicalResult checkSpec(Location loc, const ConvSpec &spec,
                               const ConvWeights &weights) {
  int64_t depth = spec.kh * spec.kw * (spec.depthwise ? 1 : spec.in.c);
  if (spec.depthwise && spec.out.c % spec.in.c != 0)
    return emitError(loc, "expected output channels to be a multiple of ")
           << spec.in.c << ", found " << spec.out.c;
  if (int64_t(weights.weights.size()) != depth * spec.out.c)
    return emitError(loc, "expected ")
           << depth * spec.out.c << " weights, found "
           << weights.weights.size();
  if (int64_t(weights.bias.size()) != spec.out.c)
    return emitError(loc, "expected ")
           << spec.out.c << " biases, found " << weights.bias.size();
  size_t multipliers = spec.rescale.multipliers.size();
  if (multipliers != 1 && int64_t(multipliers) != spec.out.c)
    return emitError(loc, "expected 1 or ")
           << spec.out.c << " multipliers, found " << multipliers;
  return success();
}

/// The kernel's name and the part of its key that the text depends on.
static std::string kernelStem(const ConvSpec &spec) {
  if (!spec.depthwise && spec.kh == 1 && spec.kw == 1)
    return llvm::formatv("conv_1x1_{0}_{1}", spec.in.c, spec.out.c);
  return llvm::formatv("{0}_{1}x{2}_{3}_{4}", spec.depthwise ? "dw" : "conv",
                       spec.kh, spec.kw, spec.in.c, spec.out.c);
}

static std::string kernelKey(const ConvSpec &spec) {
  ConvSpec shared = spec;
  // What the numbers prove is in the traits; parameters are always per channel.
  shared.rescale.accMin = shared.rescale.accMax = 0;
  shared.rescale.multipliers.clear();
  // Folded into the bias.
  shared.inputZp = 0;
  return shared.key() + RescaleTraits::get(spec.rescale).key();
}

int64_t mlir::qnt::preferredPixelPitch(const ConvSpec &spec,
                                       const KernelTarget &) {
  return spec.in.c;
}

FailureOr<KernelCall> mlir::qnt::emitConv(KernelModule &module, Location loc,
                                          const ConvSpec &original,
                                          const ConvWeights &weights) {
  if (failed(checkSpec(loc, original, weights)))
    return failure();
  const KernelTarget &target = module.getTarget();
  ConvSpec spec = original;
  spec.rescale = proveBounds(spec, weights);
  std::vector<int32_t> bias = foldBias(spec, target, weights);
  std::unique_ptr<DotFamily> family = makeDotFamily(target);
  ConvPlan plan = ConvPlan::get(spec, *family);

  KernelCall call;
  std::string stem = kernelStem(spec);
  call.constants.push_back(module.addConstant(
      stem + "_weights",
      ArrayRef<int8_t>(packWeights(spec, plan, *family, weights.weights))));
  call.constants.push_back(module.addConstant(
      stem + "_parameters",
      ArrayRef<int32_t>(packParameters(spec, plan, *family, bias))));
  SmallVector<Type> types = {
      module.bufferType(spec.in), call.constants[0].getType(),
      call.constants[1].getType(), module.bufferType(spec.out)};
  FailureOr<func::FuncOp> kernel = module.getOrCreateKernel(
      loc, stem, kernelKey(spec), types,
      [&](ImplicitLocOpBuilder &b, ValueRange arguments) {
        ConvOperands operands{arguments[0], arguments[1], arguments[2],
                              arguments[3]};
        emitConvBody(b, spec, plan, *family, target, operands);
        return success();
      });
  if (failed(kernel))
    return failure();
  call.kernel = *kernel;
  return call;
}
