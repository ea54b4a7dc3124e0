//===- ScaleGraph.cpp - which edges share a scale, and why ----------------===//
//
// See the header. Invariant: two edges are in one group only if one set of
// parameters serves both; where a constraint would break that, it becomes a
// conflict instead.
//
//===----------------------------------------------------------------------===//

#include "qnt/Analysis/ScaleGraph.h"

#include "mlir/IR/Matchers.h"
#include "qnt/Dialect/IR/QntNumerics.h"

using namespace mlir;
using namespace mlir::qnt;
namespace num = ::qnt::num;

static num::QuantParams paramsOf(QuantizedType type) {
  auto [scale, zeroPoint] = *type.getPerTensorParams();
  return {scale, zeroPoint};
}

static RealRange rangeOf(num::QuantParams params, num::StorageRange storage) {
  double scale = params.scale;
  return {scale * (double(storage.min) - params.zeroPoint),
          scale * (double(storage.max) - params.zeroPoint)};
}

static std::optional<RealRange> unite(std::optional<RealRange> a,
                                      std::optional<RealRange> b) {
  if (!a || !b)
    return a ? a : b;
  return RealRange{std::min(a->min, b->min), std::max(a->max, b->max)};
}

/// Whether `params` hold `range` to within one step.
static bool holds(num::QuantParams params, std::optional<RealRange> range) {
  if (!range)
    return true;
  RealRange own = rangeOf(params, num::storageRange(8, true, false));
  return range->min >= own.min - params.scale &&
         range->max <= own.max + params.scale;
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

/// The value that stands for an operand: before quantization, if known.
static Value edgeOf(Value operand) {
  Value quantized = getQuantizedSource(operand);
  if (!quantized)
    return operand;
  auto quantize = quantized.getDefiningOp<QuantizeOp>();
  return quantize ? quantize.getInput() : quantized;
}

/// The type that the first quantize op of a float value gives it.
static QuantizedType typeOf(Value value) {
  if (QuantizedType type = getCompleteType(value))
    return type;
  Operation *first = nullptr;
  for (Operation *user : value.getUsers())
    if (auto quantize = dyn_cast<QuantizeOp>(user))
      if (getCompleteType(quantize.getResult()) &&
          (!first || user->isBeforeInBlock(first)))
        first = user;
  return first ? getCompleteType(first->getResult(0)) : QuantizedType();
}

/// True if the model came with the parameters of the edge.
static bool isGiven(Value value) {
  return llvm::any_of(value.getUsers(), [](Operation *user) {
    return isa<QuantizeOp>(user) && user->hasAttr(kGivenAttr);
  });
}

static RealRange rangeOfConstant(DenseFPElementsAttr values) {
  RealRange range{0.0, 0.0};
  for (const APFloat &value : values.getValues<APFloat>()) {
    double x = value.convertToDouble();
    range = {std::min(range.min, x), std::max(range.max, x)};
  }
  return range;
}

unsigned ScaleGraph::addNode(Value value) {
  auto [it, isNew] = nodeIds.try_emplace(value, nodes.size());
  if (!isNew)
    return it->second;
  Node node;
  node.value = value;
  node.name = getEdgeName(value);
  node.type = typeOf(value);
  DenseFPElementsAttr constant;
  if (node.type && !node.type.getPerTensorParams())
    node.type = {};
  if (node.type) {
    num::StorageRange storage = storageRangeOf(node.type);
    node.range = rangeOf(paramsOf(node.type), storage);
    bool isStored = isa<QuantizedType>(getElementTypeOrSelf(value.getType()));
    if (isStored || options.keepSchemes || isGiven(value)) {
      node.pinned = paramsOf(node.type);
      node.pinnedBy = isStored ? "stored integers" : "the given model";
    }
  } else if (matchPattern(value, m_Constant(&constant))) {
    node.isConstant = true;
    node.range = rangeOfConstant(constant);
  }
  nodes.push_back(std::move(node));
  parents.push_back(parents.size());
  return it->second;
}

std::optional<unsigned> ScaleGraph::nodeOf(QuantizableOpInterface op,
                                           EdgeRef edge) {
  if (edge.isResult) {
    if (!op.isResultQuantizable(edge.index))
      return std::nullopt;
    return addNode(getStoredResult(op));
  }
  return addNode(edgeOf(op->getOperand(edge.index)));
}

void ScaleGraph::addOp(QuantizableOpInterface op) {
  for (const OperandRole &role : op.getOperandRoles())
    if (role.kind == OperandRole::Activation)
      nodeOf(op, {false, role.operand});
  for (unsigned i = 0; i < op->getNumResults(); ++i)
    nodeOf(op, {true, i});
  for (const ScaleConstraint &constraint : op.getScaleConstraints()) {
    if (constraint.kind == ScaleConstraint::SameScale)
      pending.push_back({op, constraint});
    if (constraint.kind == ScaleConstraint::Fixed)
      if (std::optional<unsigned> node = nodeOf(op, constraint.edges[0]))
        pin(*node, {constraint.scale, constraint.zeroPoint}, getOpLabel(op));
  }
}

void ScaleGraph::pin(unsigned id, num::QuantParams params, std::string by) {
  Node &node = nodes[id];
  if (node.pinned || (node.type && node.type.getStorageWidth() != 8))
    return;
  node.pinned = params;
  node.pinnedBy = std::move(by);
  node.range = rangeOf(params, num::storageRange(8, true, false));
}

//===----------------------------------------------------------------------===//
// Groups
//===----------------------------------------------------------------------===//

unsigned ScaleGraph::find(unsigned node) const {
  while (parents[node] != node)
    node = parents[node];
  return node;
}

void ScaleGraph::unite(QuantizableOpInterface op,
                       const ScaleConstraint &constraint) {
  std::optional<unsigned> result = nodeOf(op, constraint.edges[0]);
  if (!result)
    return;
  SmallVector<unsigned> ids{*result};
  for (EdgeRef edge : ArrayRef(constraint.edges).drop_front())
    ids.push_back(*nodeOf(op, edge));

  // What the whole group would have to hold, and who may not change.
  std::optional<RealRange> total;
  llvm::SmallDenseMap<unsigned, unsigned> pins;
  for (unsigned node = 0; node < nodes.size(); ++node) {
    unsigned root = find(node);
    if (llvm::none_of(ids, [&](unsigned id) { return find(id) == root; }))
      continue;
    total = ::unite(total, nodes[node].range);
    if (nodes[node].pinned)
      pins.try_emplace(root, node);
  }
  for (auto [edge, id] :
       llvm::zip_equal(ArrayRef(constraint.edges).drop_front(),
                       ArrayRef(ids).drop_front())) {
    unsigned from = find(id), to = find(*result);
    if (from == to)
      continue;
    auto fromPin = pins.find(from), toPin = pins.find(to);
    std::string reason;
    if (fromPin != pins.end() && toPin != pins.end()) {
      if (*nodes[fromPin->second].pinned != *nodes[toPin->second].pinned)
        reason = "fixed by " + nodes[fromPin->second].pinnedBy +
                 ", the result by " + nodes[toPin->second].pinnedBy;
    } else if (fromPin != pins.end()) {
      if (!holds(*nodes[fromPin->second].pinned, total))
        reason = "fixed by " + nodes[fromPin->second].pinnedBy +
                 ", which does not hold the range of the others";
    } else if (toPin != pins.end()) {
      if (!holds(*nodes[toPin->second].pinned, nodes[id].range))
        reason = "its range exceeds the result's, fixed by " +
                 nodes[toPin->second].pinnedBy;
    }
    if (!reason.empty()) {
      conflicts.push_back({op, edge.index, *result, std::move(reason)});
      continue;
    }
    if (fromPin != pins.end())
      pins.try_emplace(to, fromPin->second);
    parents[from] = to;
  }
}

void ScaleGraph::uniteAll() {
  // Ops of one input first: what they move decides what a join can take.
  for (bool joins : {false, true})
    for (const Pending &entry : pending)
      if ((entry.constraint.edges.size() > 2) == joins)
        unite(entry.op, entry.constraint);
}

bool ScaleGraph::isCoveredByConsumers(unsigned id) const {
  bool hasConsumer = false;
  for (Operation *quantize : nodes[id].value.getUsers()) {
    if (!isa<QuantizeOp>(quantize))
      return false;
    for (Operation *dequantize : quantize->getUsers())
      for (OpOperand &use : dequantize->getUses()) {
        hasConsumer = true;
        QuantizableOpInterface op = getQuantizable(use.getOwner());
        if (!op || !isa<DequantizeOp>(dequantize))
          return false;
        auto covers = [](const ScaleConstraint &constraint) {
          return constraint.kind == ScaleConstraint::SameScale &&
                 constraint.resultRangeSuffices;
        };
        if (llvm::none_of(op.getScaleConstraints(), covers))
          return false;
        auto result = nodeIds.find(getStoredResult(op));
        if (result == nodeIds.end() || find(result->second) != find(id) ||
            !nodes[result->second].range)
          return false;
      }
  }
  return hasConsumer;
}

void ScaleGraph::chooseParams(Group &group) {
  SmallVector<unsigned> deciding, known;
  for (unsigned id : group.nodes) {
    const Node &node = nodes[id];
    if (node.pinned) {
      group.params = node.pinned;
      group.reason = "fixed by " + node.pinnedBy;
      return;
    }
    if (!node.range)
      continue;
    known.push_back(id);
    if (!isCoveredByConsumers(id))
      deciding.push_back(id);
  }
  if (deciding.empty())
    deciding = known;
  if (deciding.empty())
    return;

  const Node &first = nodes[deciding.front()];
  bool isShared = group.nodes.size() > 1;
  if (first.type && llvm::all_of(deciding, [&](unsigned id) {
        return nodes[id].type == first.type;
      })) {
    group.params = paramsOf(first.type);
    group.reason = isShared ? "range of '" + first.name + "'" : "calibrated";
    return;
  }
  std::optional<RealRange> range;
  bool isSymmetric = true;
  for (unsigned id : deciding) {
    range = ::unite(range, nodes[id].range);
    isSymmetric &= nodes[id].type && paramsOf(nodes[id].type).zeroPoint == 0;
  }
  QuantizedType type = first.type;
  num::StorageRange storage =
      type ? storageRangeOf(type) : num::storageRange(8, true, false);
  group.params = num::chooseParams(range->min, range->max, storage, isSymmetric)
                     .value_or(num::QuantParams{});
  group.reason = deciding.size() == 1
                     ? "values of the constant"
                     : "union of the ranges of " +
                           std::to_string(deciding.size()) + " edges";
}

void ScaleGraph::makeGroups() {
  llvm::DenseMap<unsigned, unsigned> ids;
  for (unsigned node = 0; node < nodes.size(); ++node) {
    auto [it, isNew] = ids.try_emplace(find(node), groups.size());
    if (isNew)
      groups.emplace_back();
    groups[it->second].nodes.push_back(node);
    groupOf.push_back(it->second);
  }
  for (Group &group : groups)
    chooseParams(group);
}

QuantizedType ScaleGraph::getTypeOf(unsigned id) const {
  const Group &group = getGroupOf(id);
  if (!group.params)
    return {};
  MLIRContext *context = nodes[id].value.getContext();
  auto scheme =
      PerTensorAttr::get(context, group.params->scale, group.params->zeroPoint);
  for (unsigned member : group.nodes)
    if (QuantizedType type = nodes[member].type)
      return type.withScheme(scheme);
  return QuantizedType::get(IntegerType::get(context, 8),
                            Float32Type::get(context), scheme);
}

ScaleGraph::ScaleGraph(Operation *root, Options options) : options(options) {
  llvm::SmallPtrSet<Operation *, 16> absorbed;
  walkGraph(root, [&](Operation *op) {
    QuantizableOpInterface quantizable = getQuantizable(op);
    if (!quantizable || absorbed.contains(op))
      return;
    SmallVector<QuantizableOpInterface> scalars = getScalarChain(quantizable);
    if (scalars.empty()) {
      FusedChain chain = getFusedChain(quantizable);
      absorbed.insert(chain.absorbed.begin(), chain.absorbed.end());
    }
    // Inside a chain of scalar functions there is no edge.
    if (scalars.size() <= 1)
      addOp(quantizable);
  });
  uniteAll();
  makeGroups();
}
