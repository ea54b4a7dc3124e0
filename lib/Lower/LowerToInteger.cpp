//===- LowerToInteger.cpp - replace quantized ops by integer arithmetic ---===//
//
// The pass. Invariant: no quantized type is left in a function that it
// finished.
//
//===----------------------------------------------------------------------===//

#include "qnt/Lower/Passes.h"

#include "Steps.h"

using namespace mlir;
using namespace mlir::qnt;

namespace mlir::qnt {
#define GEN_PASS_DEF_LOWERTOINTEGER
#include "qnt/Lower/Passes.h.inc"
} // namespace mlir::qnt

namespace {
struct LowerToIntegerPass
    : mlir::qnt::impl::LowerToIntegerBase<LowerToIntegerPass> {
  using LowerToIntegerBase::LowerToIntegerBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto attr = module->getAttrOfType<RoundingAttr>("qnt.rounding");
    Rounding rounding = attr ? attr.getValue() : Rounding::Fp32Rne;
    std::optional<lower::BoundaryType> inputs = parse("input", inputType);
    std::optional<lower::BoundaryType> outputs = parse("output", outputType);
    if (!inputs || !outputs)
      return signalPassFailure();

    lower::Counts counts;
    bool failedAny = false;
    for (auto function : module.getOps<func::FuncOp>()) {
      if (function.isExternal())
        continue;
      lower::noteIntegerBoundaries(function);
      lower::Reasons reasons;
      failedAny |= failed(lower::buildIntegerForms(function, rounding, reasons,
                                                   counts)) ||
                   failed(lower::reportFloatOps(function, reasons, fullInteger,
                                                counts)) ||
                   failed(lower::rewriteBoundaries(function, *inputs, *outputs,
                                                   rounding));
    }
    if (counts.integer > 0 && !module->hasAttr("qnt.mode"))
      module->setAttr("qnt.mode", StringAttr::get(&getContext(), "int8"));
    numInteger += counts.integer;
    numAbsorbed += counts.absorbed;
    numFloat += counts.floats;
    if (failedAny)
      signalPassFailure();
  }

  std::optional<lower::BoundaryType> parse(StringRef which, StringRef name) {
    std::optional<lower::BoundaryType> type = lower::parseBoundaryType(name);
    if (!type)
      getOperation().emitError() << "unknown inference " << which << " type '"
                                 << name << "'; expected float, int8 or uint8";
    return type;
  }
};
} // namespace
