//===- Propagate.cpp - make all scale constraints hold --------------------===//
//
// The pass. Invariant: afterwards the edges around every op that is quantized
// satisfy the constraints that its interface states.
//
//===----------------------------------------------------------------------===//

#include "qnt/Propagate/Passes.h"

#include "Steps.h"
#include "qnt/Dialect/IR/QntNumerics.h"

using namespace mlir;
using namespace mlir::qnt;

namespace mlir::qnt {
#define GEN_PASS_DEF_PROPAGATE
#include "qnt/Propagate/Passes.h.inc"
} // namespace mlir::qnt

/// The mode that the option names, else that of the module, else fp32-rne.
static FailureOr<Rounding> chooseRounding(ModuleOp module, StringRef option) {
  if (option.empty()) {
    auto attr = module->getAttrOfType<RoundingAttr>("qnt.rounding");
    return attr ? attr.getValue() : Rounding::Fp32Rne;
  }
  std::optional<::qnt::num::Rounding> mode =
      ::qnt::num::parseRounding(std::string_view(option));
  if (!mode)
    return module.emitError()
           << "unknown rounding '" << option
           << "'; expected fp32-rne, tflite-double or tflite-single";
  return fromNumerics(*mode);
}

namespace {
struct PropagatePass : mlir::qnt::impl::PropagateBase<PropagatePass> {
  using PropagateBase::PropagateBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    FailureOr<Rounding> mode = chooseRounding(module, rounding);
    if (failed(mode))
      return signalPassFailure();
    module->setAttr("qnt.rounding", RoundingAttr::get(&getContext(), *mode));

    propagate::Counts counts;
    for (auto function : module.getOps<FunctionOpInterface>())
      if (failed(propagateIn(function, *mode, counts)))
        return signalPassFailure();
    numDropped += counts.dropped;
    numInserted += counts.inserted;
    numRequantized += counts.requantized;
    numConstants += counts.constants;
    numWidened += counts.widened;
    numCorrected += counts.corrected;
  }

  LogicalResult propagateIn(FunctionOpInterface root, Rounding mode,
                            propagate::Counts &counts) {
    if (!keepSchemes)
      propagate::dropInnerEdges(root, counts);
    propagate::makeSigned(root, mode);
    propagate::splitSecondSchemes(root);
    ScaleGraph graph(root, {keepSchemes});
    if (printScaleGroups)
      propagate::printGroups(graph);
    propagate::applyGroups(graph, mode, counts);
    propagate::storeConstants(root, graph, counts);
    return propagate::storeWeights(root, perTensorWeights, counts);
  }
};
} // namespace
