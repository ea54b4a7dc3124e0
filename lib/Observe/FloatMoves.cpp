//===- FloatMoves.cpp - where 8 bits cost accuracy and gain nothing -------===//
//
// An op that only moves numbers gains nothing from 8 bits when everything
// around it computes in float: the states of a recurrent cell, for one. Nor
// does arithmetic between the last product and a float output, where a join of
// boxes and scores would even force one scale on both. Invariant: no op with
// weights, and none in front of one, is excluded.
//
//===----------------------------------------------------------------------===//

#include "FloatMoves.h"

#include "qnt/Analysis/Edges.h"

#include "mlir/IR/Matchers.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace mlir::qnt;

/// Results and activations share their scale, and nothing is computed: there
/// are no weights, and no clamp is absorbed.
static bool isMove(Operation *op) {
  QuantizableOpInterface quantizable = getQuantizable(op);
  if (!quantizable || op->getNumResults() != 1 || quantizable.absorbsClamp() ||
      quantizable.evaluateScalar(0.0) || quantizable.getClampRange())
    return false;
  SmallVector<OperandRole> roles = quantizable.getOperandRoles();
  auto holdsAll = [&](const ScaleConstraint &constraint) {
    return constraint.kind == ScaleConstraint::SameScale &&
           constraint.edges.size() == roles.size() + 1;
  };
  return llvm::any_of(quantizable.getScaleConstraints(), holdsAll);
}

/// An op on float tensors that has no integer form at all; the changes of width
/// at the ends of a model of half floats belong to its signature.
static bool isFloatOnly(Operation *op) {
  auto isFloat = [](Type type) {
    return isa<FloatType>(getElementTypeOrSelf(type));
  };
  if (op->hasTrait<OpTrait::IsTerminator>() || matchPattern(op, m_Constant()) ||
      getQuantizable(op) || isa<arith::ExtFOp, arith::TruncFOp>(op))
    return false;
  if (isa_and_nonnull<QntDialect>(op->getDialect()) && !isa<CompositeOp>(op))
    return false;
  return llvm::any_of(op->getOperandTypes(), isFloat);
}

//===----------------------------------------------------------------------===//
// Groups of moves
//===----------------------------------------------------------------------===//

namespace {
/// Moves that share scales since they meet at values.
class MoveGroups {
public:
  explicit MoveGroups(Operation *root) {
    walkGraph(root, [&](Operation *op) {
      if (isMove(op)) {
        moves.insert(op);
        classes.insert(op);
      }
    });
    for (Operation *op : moves)
      visitNeighbours(op, [&](Operation *other) {
        if (moves.contains(other))
          classes.unionSets(op, other);
      });
  }

  ArrayRef<Operation *> getMoves() const { return moves.getArrayRef(); }
  Operation *leaderOf(Operation *op) const {
    return classes.getLeaderValue(op);
  }
  /// Calls `visit` for each op beside `op` that is no move.
  void visitOthers(Operation *op, function_ref<void(Operation *)> visit) const {
    visitNeighbours(op, [&](Operation *other) {
      if (!moves.contains(other))
        visit(other);
    });
  }

private:
  static void visitNeighbours(Operation *op,
                              function_ref<void(Operation *)> visit) {
    for (const OperandRole &role :
         cast<QuantizableOpInterface>(op).getOperandRoles()) {
      Value operand = op->getOperand(role.operand);
      if (Operation *source = operand.getDefiningOp())
        visit(source);
      for (Operation *user : operand.getUsers())
        visit(user);
    }
    for (Operation *user : op->getResult(0).getUsers())
      visit(user);
  }

  llvm::SetVector<Operation *> moves;
  llvm::EquivalenceClasses<Operation *> classes;
};
} // namespace

static void exclude(Operation *op, StringRef why) {
  op->setAttr(kExcludeAttr, StringAttr::get(op->getContext(), why));
}

unsigned observe::excludeFloatMoves(Operation *root) {
  MoveGroups groups(root);
  llvm::DenseMap<Operation *, unsigned> floats, integers;
  for (Operation *op : groups.getMoves())
    groups.visitOthers(op, [&](Operation *other) {
      Operation *leader = groups.leaderOf(op);
      if (isFloatOnly(other))
        ++floats[leader];
      else if (!other->hasTrait<OpTrait::IsTerminator>() &&
               !matchPattern(other, m_Constant()))
        ++integers[leader];
    });
  unsigned count = 0;
  for (Operation *op : groups.getMoves()) {
    Operation *leader = groups.leaderOf(op);
    if (floats.lookup(leader) == 0 || integers.lookup(leader) > 0)
      continue;
    exclude(op, "observation: it only moves numbers between ops that stay "
                "float");
    ++count;
  }
  return count;
}

//===----------------------------------------------------------------------===//
// Tails
//===----------------------------------------------------------------------===//

/// An op that ends in the rescale of an accumulator: what 8 bits are for.
static bool isProduct(Operation *op) {
  QuantizableOpInterface quantizable = getQuantizable(op);
  if (!quantizable)
    return false;
  return llvm::any_of(quantizable.getOperandRoles(),
                      [](const OperandRole &role) {
                        return role.kind == OperandRole::Weight;
                      }) ||
         (quantizable.absorbsFactor() && !isMove(op) &&
          quantizable.getScaleConstraints().empty());
}

/// Two activations, or one and a constant that is no single number.
static bool isJoin(Operation *op) {
  return getQuantizable(op).getOperandRoles().size() > 1;
}

/// The ops behind a product with no other product behind them, in order.
static llvm::SetVector<Operation *> findTail(Operation *root) {
  SmallVector<Operation *> ops;
  walkGraph(root, [&](Operation *op) { ops.push_back(op); });
  llvm::DenseSet<Operation *> above, below;
  for (Operation *op : ops)
    if (llvm::any_of(op->getOperands(), [&](Value operand) {
          Operation *source = operand.getDefiningOp();
          return source && (isProduct(source) || above.contains(source));
        }))
      above.insert(op);
  for (Operation *op : llvm::reverse(ops))
    if (llvm::any_of(op->getUsers(), [&](Operation *user) {
          return isProduct(user) || below.contains(user);
        }))
      below.insert(op);
  llvm::SetVector<Operation *> tail;
  for (Operation *op : ops)
    if (above.contains(op) && !below.contains(op) && !isProduct(op) &&
        getQuantizable(op))
      tail.insert(op);
  return tail;
}

unsigned observe::excludeTails(Operation *root) {
  constexpr StringLiteral why =
      "observation: it lies behind the last product, in front of a float "
      "output, where 8 bits only lose";
  llvm::SetVector<Operation *> tail = findTail(root);
  MoveGroups groups(root);
  // Moves around a join would have one scale for all that it joins.
  llvm::DenseSet<Operation *> joined, outside;
  for (Operation *op : groups.getMoves()) {
    if (isJoin(op))
      joined.insert(groups.leaderOf(op));
    if (!tail.contains(op))
      outside.insert(groups.leaderOf(op));
  }
  auto joins = [&](Operation *op) {
    if (!isMove(op))
      return isJoin(op);
    Operation *leader = groups.leaderOf(op);
    return joined.contains(leader) && !outside.contains(leader);
  };
  llvm::DenseSet<Operation *> excluded;
  for (Operation *op : tail)
    if (joins(op) || llvm::any_of(op->getOperands(), [&](Value operand) {
          return excluded.contains(operand.getDefiningOp());
        }))
      excluded.insert(op);
  for (Operation *op : tail)
    if (excluded.contains(op))
      exclude(op, why);
  return excluded.size();
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

/// A product of two activations.
static bool isActivationProduct(Operation *op) {
  return isProduct(op) &&
         llvm::count_if(getQuantizable(op).getOperandRoles(),
                        [](const OperandRole &role) {
                          return role.kind == OperandRole::Activation;
                        }) == 2;
}

/// Collects what lies between `op` and products of activations above it;
/// returns whether there is any.
static bool climbToScores(Operation *op, llvm::SetVector<Operation *> &path) {
  if (!op || !getQuantizable(op))
    return false;
  if (path.contains(op))
    return true;
  bool found = isActivationProduct(op);
  if (!found && !isProduct(op))
    for (const OperandRole &role : getQuantizable(op).getOperandRoles())
      found |=
          climbToScores(op->getOperand(role.operand).getDefiningOp(), path);
  if (found)
    path.insert(op);
  return found;
}

unsigned observe::excludeScores(Operation *root) {
  llvm::SetVector<Operation *> path;
  walkGraph(root, [&](Operation *op) {
    auto composite = dyn_cast<CompositeOp>(op);
    if (composite && composite.getName() == "softmax")
      climbToScores(op, path);
  });
  for (Operation *op : path)
    exclude(op, "observation: the scores of an attention and their mask span "
                "more than 8 bits resolve in front of a softmax");
  return path.size();
}

//===----------------------------------------------------------------------===//
// Arithmetic between float ops
//===----------------------------------------------------------------------===//

/// An op that will compute in float, whoever decided it.
static bool staysFloat(Operation *op) {
  return op && (isFloatOnly(op) ||
                (isa<QuantizableOpInterface>(op) && op->hasAttr(kExcludeAttr)));
}

/// True if all that `op` makes goes into float ops, and some of what it takes
/// comes from one.
static bool isBetweenFloats(Operation *op) {
  if (!getQuantizable(op) || isProduct(op) || op->use_empty() ||
      !llvm::all_of(op->getUsers(), staysFloat))
    return false;
  return llvm::any_of(
      getQuantizable(op).getOperandRoles(), [&](const OperandRole &role) {
        return staysFloat(op->getOperand(role.operand).getDefiningOp());
      });
}

unsigned observe::excludeBetweenFloats(Operation *root) {
  SmallVector<Operation *> ops;
  walkGraph(root, [&](Operation *op) { ops.push_back(op); });
  unsigned count = 0, before;
  // One op may make the next one eligible; each round takes one at least.
  do {
    before = count;
    for (Operation *op : llvm::reverse(ops))
      if (isBetweenFloats(op)) {
        exclude(op, "observation: what it makes goes into float ops alone, and "
                    "not all that it takes is integer");
        ++count;
      }
  } while (count != before);
  return count;
}
