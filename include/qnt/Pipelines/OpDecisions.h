//===- OpDecisions.h - which ops would become integer -----------*- C++ -*-===//
//
// Asks the quantizer itself, without data: a copy of the module goes through
// the stages of quantize-int8 with ranges made up, and what comes out is read
// by the names of the ops. Nothing here decides anything.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_PIPELINES_OPDECISIONS_H
#define QNT_PIPELINES_OPDECISIONS_H

#include "mlir/IR/BuiltinOps.h"

#include <string>
#include <vector>

namespace mlir::qnt {

/// What becomes of the ops of one name.
struct OpDecision {
  enum class State {
    /// Computes with integers alone.
    integer,
    /// Computes with floats, at least in part.
    floating,
    /// Leaves no op: computed at compile time, or merged with a neighbour.
    folded
  };
  /// The name of the location, or kind and number of an op that has none.
  std::string name;
  /// The kind of the first op of that name.
  std::string op;
  State state = State::folded;
  /// Of `floating`: why.
  std::string reason;
  /// The quantized types around the ops, such as `i8 per tensor`, each once.
  std::vector<std::string> schemes;
};

/// One decision per name, in the order of the module, which stays as it is.
/// Fails with diagnostics where the stages do.
FailureOr<std::vector<OpDecision>> decideOps(ModuleOp module);

} // namespace mlir::qnt

#endif // QNT_PIPELINES_OPDECISIONS_H
