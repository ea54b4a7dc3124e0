//===- Groups.cpp - the decisions of the scale graph, applied -------------===//
//
// Invariant: nothing is decided here; types, missing edges and requantizes are
// those of the graph.
//
//===----------------------------------------------------------------------===//

#include "Steps.h"
#include "qnt/Analysis/Constants.h"
#include "qnt/Dialect/IR/QntNumerics.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::qnt;

static Type retyped(Value value, QuantizedType type) {
  return cast<ShapedType>(value.getType()).clone(type);
}

/// Gives every quantize op of `value` the type of the group.
static void retype(Value value, QuantizedType type) {
  for (Operation *user : value.getUsers())
    if (auto quantize = dyn_cast<QuantizeOp>(user))
      if (getCompleteType(quantize.getResult()))
        quantize.getResult().setType(
            cast<RankedTensorType>(retyped(quantize.getResult(), type)));
}

/// A missing edge is worth quantizing if one side of it will be integer.
static bool isWorthwhile(const ScaleGraph &graph, unsigned id) {
  const ScaleGraph::Group &group = graph.getGroupOf(id);
  for (unsigned member : group.nodes)
    if (graph.getNodes()[member].type)
      return true;
  QuantizableOpInterface producer =
      getQuantizable(graph.getNodes()[id].value.getDefiningOp());
  return producer &&
         llvm::all_of(producer.getOperandRoles(), [&](OperandRole role) {
           return role.kind != OperandRole::Activation ||
                  getQuantizedSource(producer->getOperand(role.operand));
         });
}

/// value -> quantize -> dequantize; all other users move behind it.
static void insertEdge(Value value, QuantizedType type, StringRef name) {
  OpBuilder builder(value.getContext());
  builder.setInsertionPointAfterValue(value);
  Location loc =
      NameLoc::get(StringAttr::get(value.getContext(), name), value.getLoc());
  auto quantize = QuantizeOp::create(builder, loc, retyped(value, type), value);
  quantize->setAttr(kEdgeAttr, builder.getStringAttr(name));
  auto dequantize =
      DequantizeOp::create(builder, loc, value.getType(), quantize);
  value.replaceAllUsesExcept(dequantize, quantize);
}

/// Moves one operand to the scheme of the node that it must agree with.
static void insertRequantize(const ScaleGraph &graph,
                             const ScaleGraph::Conflict &conflict,
                             Rounding rounding) {
  QuantizedType type = graph.getTypeOf(conflict.target);
  OpOperand &operand = conflict.op->getOpOperand(conflict.operand);
  Value quantized = getQuantizedSource(operand.get());
  if (!type || !quantized)
    return;
  OpBuilder builder(conflict.op);
  Location loc = conflict.op->getLoc();
  Value moved =
      RequantizeOp::create(builder, loc, retyped(quantized, type), quantized,
                           RoundingAttr::get(builder.getContext(), rounding));
  operand.set(
      DequantizeOp::create(builder, loc, operand.get().getType(), moved));
  conflict.op->emitRemark()
      << "operand " << conflict.operand << " of '" << getOpLabel(conflict.op)
      << "' is requantized: " << conflict.reason;
}

void propagate::applyGroups(const ScaleGraph &graph, Rounding rounding,
                            Counts &counts) {
  for (auto [id, node] : llvm::enumerate(graph.getNodes())) {
    QuantizedType type = graph.getTypeOf(id);
    if (!type || isa<QuantizedType>(getElementTypeOrSelf(node.value.getType())))
      continue;
    if (node.type) {
      retype(node.value, type);
    } else if (!node.isConstant && isWorthwhile(graph, id)) {
      insertEdge(node.value, type, node.name);
      ++counts.inserted;
    }
  }
  for (const ScaleGraph::Conflict &conflict : graph.getConflicts()) {
    insertRequantize(graph, conflict, rounding);
    ++counts.requantized;
  }
}

void propagate::printGroups(const ScaleGraph &graph) {
  for (auto [id, node] : llvm::enumerate(graph.getNodes())) {
    const ScaleGraph::Group &group = graph.getGroupOf(id);
    Diagnostic *note = nullptr;
    InFlightDiagnostic remark = emitRemark(node.value.getLoc());
    remark << "edge '" << node.name << "': ";
    if (!group.params) {
      remark << "not quantized: no range is known";
      continue;
    }
    remark << llvm::formatv("scale {0:e6}, zero point {1}", group.params->scale,
                            group.params->zeroPoint)
                  .str()
           << " (" << group.reason << ")";
    for (unsigned other : group.nodes)
      if (other != id) {
        note = &remark.attachNote(graph.getNodes()[other].value.getLoc());
        *note << "shared with edge '" << graph.getNodes()[other].name << "'";
      }
  }
}

void propagate::storeConstants(Operation *root, const ScaleGraph &graph,
                               Counts &counts) {
  llvm::DenseMap<Value, unsigned> constants;
  for (auto [id, node] : llvm::enumerate(graph.getNodes()))
    if (node.isConstant)
      constants[node.value] = id;
  walkGraph(root, [&](Operation *op) {
    QuantizableOpInterface quantizable = getQuantizable(op);
    if (!quantizable || !isQuantizedAround(quantizable))
      return;
    for (const OperandRole &role : quantizable.getOperandRoles()) {
      OpOperand &operand = op->getOpOperand(role.operand);
      auto constant = constants.find(operand.get());
      std::optional<SmallVector<float>> values = getFloatValues(operand.get());
      if (role.kind != OperandRole::Activation || constant == constants.end() ||
          !values)
        continue;
      QuantizedType type = graph.getTypeOf(constant->second);
      auto shape = cast<ShapedType>(operand.get().getType()).getShape();
      OpBuilder builder(op);
      operand.set(buildStoredConstant(builder, operand.get().getLoc(),
                                      getStoredConstant(*values, shape, type),
                                      type));
      ++counts.constants;
    }
  });
}
