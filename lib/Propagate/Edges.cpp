//===- Edges.cpp - edges that need no parameters, or the same -------------===//
//
// Steps before the scale graph is built. Invariant: a value has at most one
// scheme afterwards.
//
//===----------------------------------------------------------------------===//

#include "Steps.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::qnt;

//===----------------------------------------------------------------------===//
// Inner edges
//===----------------------------------------------------------------------===//

/// The float value behind `operand` = dequantize(quantize(value)), where
/// nothing else uses what lies between.
static Value behindInnerEdge(Value operand) {
  auto dequantize = operand.getDefiningOp<DequantizeOp>();
  if (!dequantize || !operand.hasOneUse() || !dequantize.getInput().hasOneUse())
    return {};
  auto quantize = dequantize.getInput().getDefiningOp<QuantizeOp>();
  if (!quantize || quantize->hasAttr(kGivenAttr) ||
      !quantize.getInput().hasOneUse() ||
      !getCompleteType(quantize.getResult()))
    return {};
  return quantize.getInput();
}

/// The only activation of `op` that is no constant.
static OpOperand *variableOperand(QuantizableOpInterface op) {
  OpOperand *variable = nullptr;
  for (const OperandRole &role : op.getOperandRoles()) {
    OpOperand &operand = op->getOpOperand(role.operand);
    if (role.kind != OperandRole::Activation ||
        matchPattern(operand.get(), m_Constant()))
      continue;
    if (variable)
      return nullptr;
    variable = &operand;
  }
  return variable;
}

static bool isScalar(QuantizableOpInterface op) {
  return op && !getScalarChain(op).empty();
}

/// True if `op`, fed by `producer` without quantization between, becomes part
/// of the producer's integer form.
static bool joins(QuantizableOpInterface producer, QuantizableOpInterface op) {
  if ((producer.absorbsFactor() && op.getScaleFactor()) ||
      (producer.absorbsAddend() && op.getAddend()))
    return true;
  if (!isScalar(producer) || !isScalar(op))
    return false;
  // The chain must begin at an edge: an absorbed clamp does not begin one.
  unsigned input = producer.getOperandRoles().front().operand;
  while (Operation *before = producer->getOperand(input).getDefiningOp()) {
    if (isa<DequantizeOp>(before))
      return true;
    producer = getQuantizable(before);
    if (!isScalar(producer))
      return false;
    input = producer.getOperandRoles().front().operand;
  }
  return false;
}

void propagate::dropInnerEdges(Operation *root, Counts &counts) {
  walkGraph(root, [&](Operation *op) {
    QuantizableOpInterface quantizable = getQuantizable(op);
    OpOperand *operand = quantizable ? variableOperand(quantizable) : nullptr;
    if (!operand || !getQuantizer(getStoredResult(quantizable)))
      return;
    Value value = behindInnerEdge(operand->get());
    QuantizableOpInterface producer =
        value ? getQuantizable(value.getDefiningOp())
              : QuantizableOpInterface();
    if (!producer || !joins(producer, quantizable))
      return;
    Operation *dequantize = operand->get().getDefiningOp();
    Operation *quantize = dequantize->getOperand(0).getDefiningOp();
    operand->set(value);
    dequantize->erase();
    quantize->erase();
    ++counts.dropped;
  });
}

//===----------------------------------------------------------------------===//
// One scheme per value
//===----------------------------------------------------------------------===//

void propagate::splitSecondSchemes(Operation *root) {
  SmallVector<QuantizeOp> later;
  llvm::SmallDenseMap<Value, QuantizeOp> first;
  walkGraph(root, [&](Operation *op) {
    auto quantize = dyn_cast<QuantizeOp>(op);
    if (!quantize || !getCompleteType(quantize.getResult()) ||
        !quantize.getInput().getDefiningOp() ||
        quantize.getInput().getDefiningOp<DequantizeOp>() ||
        matchPattern(quantize.getInput(), m_Constant()))
      return;
    auto [it, isNew] = first.try_emplace(quantize.getInput(), quantize);
    if (!isNew && it->second.getType() != quantize.getType())
      later.push_back(quantize);
  });
  for (QuantizeOp quantize : later) {
    QuantizeOp before = first.lookup(quantize.getInput());
    if (before->getBlock() != quantize->getBlock())
      continue;
    OpBuilder builder(quantize);
    Value value =
        DequantizeOp::create(builder, quantize.getLoc(),
                             quantize.getInput().getType(), before.getResult());
    quantize.emitRemark() << "'" << getEdgeName(quantize.getInput())
                          << "' is quantized in two ways; the second starts "
                             "from the first";
    quantize.getInputMutable().assign(value);
  }
}
