//===- SnapScales.cpp - write scales that are powers of two as such -------===//
//
// A pass of a plugin; no value changes its meaning.
//
//===----------------------------------------------------------------------===//

#include "Pow2.h"

#include "mlir/IR/AttrTypeSubElements.h"
#include "llvm/ADT/SetVector.h"

#include <cmath>

namespace pow2 {
#define GEN_PASS_DEF_SNAPSCALES
#include "Passes.h.inc"
} // namespace pow2

using namespace mlir;
using namespace pow2;

/// The scheme as a power of two, if it is one.
static std::optional<Attribute> snap(qnt::PerTensorAttr scheme) {
  int exponent = 0;
  bool exact = std::frexp(scheme.getScale(), &exponent) == 0.5f;
  if (!exact || scheme.getZeroPoint() != 0)
    return std::nullopt;
  // 0.5 * 2^exponent
  return ScaleAttr::get(scheme.getContext(), exponent - 1);
}

namespace {
struct SnapScalesPass : pow2::impl::SnapScalesBase<SnapScalesPass> {
  void runOnOperation() override {
    llvm::SetVector<Attribute> snapped;
    AttrTypeReplacer replacer;
    replacer.addReplacement(
        [&](qnt::PerTensorAttr scheme) -> std::optional<Attribute> {
          std::optional<Attribute> result = snap(scheme);
          if (result)
            snapped.insert(scheme);
          return result;
        });
    replacer.recursivelyReplaceElementsIn(getOperation(), /*replaceAttrs=*/true,
                                          /*replaceLocs=*/false,
                                          /*replaceTypes=*/true);
    numSnapped += snapped.size();
  }
};
} // namespace
