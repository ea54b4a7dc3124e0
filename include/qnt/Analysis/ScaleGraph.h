//===- ScaleGraph.h - which edges share a scale, and why -------*- C++ -*-===//
//
// A node per edge to be quantized, groups of nodes that must share scale and
// zero point, and the parameters of each group with the reason. The graph only
// answers; Propagate changes the IR. Nodes and groups are in program order, so
// the same module gives the same answers.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_ANALYSIS_SCALEGRAPH_H
#define QNT_ANALYSIS_SCALEGRAPH_H

#include "qnt/Analysis/Edges.h"
#include "qnt/Numerics/QuantParams.h"

namespace mlir::qnt {

class ScaleGraph {
public:
  /// An edge. Its value is the float value before quantization, or the
  /// quantized value itself where no float one exists (stored constants).
  struct Node {
    Value value;
    std::string name;
    /// Null where calibration left the edge out.
    QuantizedType type;
    /// The real numbers that the edge must hold, if known.
    std::optional<RealRange> range;
    /// Parameters that nothing may change, and whose wish they are.
    std::optional<::qnt::num::QuantParams> pinned;
    std::string pinnedBy;
    /// The value is a float constant, still to be stored.
    bool isConstant = false;
  };

  /// Nodes that share parameters.
  struct Group {
    SmallVector<unsigned> nodes;
    /// Nothing if no member has a known range.
    std::optional<::qnt::num::QuantParams> params;
    std::string reason;
  };

  /// An operand that can't join the group of its op: it needs a requantize.
  struct Conflict {
    Operation *op;
    unsigned operand;
    /// The node of the group to move to.
    unsigned target;
    std::string reason;
  };

  struct Options {
    /// Never change parameters that a quantize op already has.
    bool keepSchemes = false;
  };

  ScaleGraph(Operation *root, Options options);

  ArrayRef<Node> getNodes() const { return nodes; }
  ArrayRef<Group> getGroups() const { return groups; }
  ArrayRef<Conflict> getConflicts() const { return conflicts; }
  const Group &getGroupOf(unsigned node) const { return groups[groupOf[node]]; }

  /// The type of every member of the group of `node`; null without parameters.
  QuantizedType getTypeOf(unsigned node) const;

private:
  void addOp(QuantizableOpInterface op);
  unsigned addNode(Value value);
  std::optional<unsigned> nodeOf(QuantizableOpInterface op, EdgeRef edge);
  void pin(unsigned node, ::qnt::num::QuantParams params, std::string by);
  void unite(QuantizableOpInterface op, const ScaleConstraint &constraint);
  void uniteAll();
  unsigned find(unsigned node) const;
  void makeGroups();
  void chooseParams(Group &group);
  /// True if other edges of the group hold all that matters of this one.
  bool isCoveredByConsumers(unsigned node) const;

  struct Pending {
    QuantizableOpInterface op;
    ScaleConstraint constraint;
  };

  Options options;
  SmallVector<Node> nodes;
  llvm::DenseMap<Value, unsigned> nodeIds;
  SmallVector<Pending> pending;
  SmallVector<unsigned> parents;
  SmallVector<Group> groups;
  SmallVector<unsigned> groupOf;
  SmallVector<Conflict> conflicts;
};

} // namespace mlir::qnt

#endif // QNT_ANALYSIS_SCALEGRAPH_H
