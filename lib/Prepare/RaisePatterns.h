//===- RaisePatterns.h - functions that exporters spell out -----*- C++ -*-===//
//
// What qnt-raise-composites recognizes. A match names the composite and its
// inputs; all ops between them and the root belong to it.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_PREPARE_RAISEPATTERNS_H
#define QNT_LIB_PREPARE_RAISEPATTERNS_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Operation.h"

#include <optional>

namespace mlir::qnt {

struct RaiseMatch {
  StringRef name;
  SmallVector<Value, 3> inputs;
  SmallVector<NamedAttribute, 2> config;
};

/// RaiseActivations.cpp: silu, mish, gelu, gelu-tanh and hardswish as products.
std::optional<RaiseMatch> matchActivation(Operation *root);
/// RaiseNorms.cpp: layer_norm and rms_norm over the last dimension.
std::optional<RaiseMatch> matchNorm(Operation *root);

/// The value of a constant whose elements are all the same.
std::optional<float> getSplat(Value value);
bool isSplat(Value value, double expected);
/// The two operands of an op of the type, or nulls.
template <typename OpTy> std::pair<Value, Value> operandsOf(Value value) {
  if (auto op = value ? value.getDefiningOp<OpTy>() : OpTy())
    return {op->getOperand(0), op->getOperand(1)};
  return {};
}
/// The operand of a commutative op besides one that is the splat `constant`.
template <typename OpTy> Value besideSplat(Value value, double constant) {
  auto [a, b] = operandsOf<OpTy>(value);
  if (a && isSplat(b, constant))
    return a;
  return a && isSplat(a, constant) ? b : Value();
}

} // namespace mlir::qnt

#endif // QNT_LIB_PREPARE_RAISEPATTERNS_H
