//===- EmitConv.cpp - from the spec of a convolution to a kernel ----------===//
//
// Checks a spec, packs its constants and finds or writes its kernel. Invariant:
// the key of a kernel holds the geometry, the fixed numbers and the facts that
// were proved from the weights, but no weight, bias or multiplier.
//
//===----------------------------------------------------------------------===//

#include "ConvKernel.h"
#include "ConvPack.h"
#include "Depthwise.h"

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

/// Names follow <kind>_<kh>x<kw>_<input channels>_<output channels>, where the
/// kind is conv or dw; the module adds its prefix and a number.
static std::string kernelStem(const ConvSpec &spec) {
  return llvm::formatv("{0}_{1}x{2}_{3}_{4}", spec.depthwise ? "dw" : "conv",
                       spec.kh, spec.kw, spec.in.c, spec.out.c);
}

/// What the text of a kernel depends on.
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

/// Where every output channel reads all there is (one input channel), or more
/// outputs share an input than a register holds: an ordinary convolution, whose
/// weights for other inputs are zero.
static bool isBetterOrdinary(const ConvSpec &spec) {
  constexpr int64_t leastRegisterBytes = 16;
  return spec.depthwise &&
         (spec.in.c == 1 || spec.out.c / spec.in.c > leastRegisterBytes);
}

/// OHWI weights of the depthwise `spec`, which becomes an ordinary one.
static std::vector<int8_t> toOrdinary(ConvSpec &spec,
                                      ArrayRef<int8_t> weights) {
  WeightView view{spec, weights};
  int64_t taps = view.depth(), multiplier = spec.out.c / spec.in.c;
  std::vector<int8_t> dense(spec.out.c * taps * spec.in.c, 0);
  for (int64_t channel = 0; channel < spec.out.c; ++channel)
    for (int64_t tap = 0; tap < taps; ++tap)
      dense[(channel * taps + tap) * spec.in.c + channel / multiplier] =
          view.at(channel, tap);
  spec.depthwise = false;
  return dense;
}

namespace {
/// What differs between the two kinds of kernels.
struct KernelText {
  std::vector<int8_t> weights;
  std::vector<int32_t> parameters;
  std::string key;
  std::function<void(ImplicitLocOpBuilder &, const ConvOperands &)> body;
};
} // namespace

static bool hasSymmetricWeights(const ConvWeights &weights) {
  return !llvm::is_contained(weights.weights, int8_t(-128));
}

static KernelText prepareConv(const ConvSpec &spec, const KernelTarget &target,
                              const ConvWeights &weights,
                              ArrayRef<int32_t> bias) {
  bool symmetric = hasSymmetricWeights(weights);
  std::shared_ptr<DotFamily> family = makeDotFamily(target, symmetric);
  ConvPlan plan = ConvPlan::get(spec, *family);
  return {packWeights(spec, plan, *family, weights.weights),
          packParameters(spec, plan, *family, bias),
          kernelKey(spec) + (symmetric ? "s" : "a"),
          [=](ImplicitLocOpBuilder &b, const ConvOperands &operands) {
            emitConvBody(b, spec, plan, *family, target, operands);
          }};
}

static KernelText prepareDepthwise(const ConvSpec &spec,
                                   const KernelTarget &target,
                                   const ConvWeights &weights,
                                   ArrayRef<int32_t> bias) {
  bool symmetric = hasSymmetricWeights(weights);
  std::shared_ptr<DepthwiseFamily> family =
      makeDepthwiseFamily(target, symmetric);
  DepthwisePlan plan = DepthwisePlan::get(spec, *family);
  return {packDepthwiseWeights(spec, plan, *family, weights.weights),
          packDepthwiseParameters(spec, plan, *family, bias),
          kernelKey(spec) + (symmetric ? "s" : "a"),
          [=](ImplicitLocOpBuilder &b, const ConvOperands &operands) {
            emitDepthwiseBody(b, spec, plan, *family, target, operands);
          }};
}

FailureOr<KernelCall> mlir::qnt::emitConv(KernelModule &module, Location loc,
                                          const ConvSpec &original,
                                          const ConvWeights &given) {
  if (failed(checkSpec(loc, original, given)))
    return failure();
  const KernelTarget &target = module.getTarget();
  ConvSpec spec = original;
  ConvWeights weights = given;
  std::vector<int8_t> ordinary;
  if (isBetterOrdinary(spec)) {
    ordinary = toOrdinary(spec, weights.weights);
    weights.weights = ordinary;
  }
  spec.rescale = proveBounds(spec, weights);
  std::vector<int32_t> bias = foldBias(spec, target, weights);
  KernelText text = spec.depthwise
                        ? prepareDepthwise(spec, target, weights, bias)
                        : prepareConv(spec, target, weights, bias);

  KernelCall call;
  std::string stem = kernelStem(spec);
  call.constants.push_back(
      module.addConstant(stem + "_weights", ArrayRef<int8_t>(text.weights)));
  call.constants.push_back(module.addConstant(
      stem + "_parameters", ArrayRef<int32_t>(text.parameters)));
  SmallVector<Type> types = {
      module.bufferType(spec.in), call.constants[0].getType(),
      call.constants[1].getType(), module.bufferType(spec.out)};
  FailureOr<func::FuncOp> kernel = module.getOrCreateKernel(
      loc, stem, text.key, types,
      [&](ImplicitLocOpBuilder &b, ValueRange arguments) {
        text.body(b, {arguments[0], arguments[1], arguments[2], arguments[3]});
        return success();
      });
  if (failed(kernel))
    return failure();
  call.kernel = *kernel;
  return call;
}
