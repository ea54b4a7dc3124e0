//===- Edges.cpp - edges, chains and names of a quantized graph -----------===//
//
// See the header. Invariant: an op is absorbed by at most one other, since
// only single uses are followed.
//
//===----------------------------------------------------------------------===//

#include "qnt/Analysis/Edges.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::qnt;

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

StringRef mlir::qnt::getLocationName(Location loc) {
  if (auto name = dyn_cast<NameLoc>(loc))
    return name.getName();
  if (auto fused = dyn_cast<FusedLoc>(loc))
    for (Location part : fused.getLocations())
      if (StringRef name = getLocationName(part); !name.empty())
        return name;
  return {};
}

std::string mlir::qnt::getOpLabel(Operation *op) {
  StringRef name = getLocationName(op->getLoc());
  return name.empty() ? op->getName().getStringRef().str() : name.str();
}

std::string mlir::qnt::getEdgeName(Value value) {
  for (Operation *user : value.getUsers())
    if (isa<QuantizeOp>(user)) {
      if (auto edge = user->getAttrOfType<StringAttr>(kEdgeAttr))
        return edge.str();
      if (StringRef name = getLocationName(user->getLoc()); !name.empty())
        return name.str();
    }
  if (Operation *op = value.getDefiningOp())
    return getOpLabel(op);
  auto argument = cast<BlockArgument>(value);
  if (auto function =
          dyn_cast<FunctionOpInterface>(argument.getOwner()->getParentOp()))
    if (auto name = function.getArgAttrOfType<StringAttr>(
            argument.getArgNumber(), "qnt.name"))
      return name.str();
  return "arg" + std::to_string(argument.getArgNumber());
}

//===----------------------------------------------------------------------===//
// Graph
//===----------------------------------------------------------------------===//

void mlir::qnt::walkGraph(Operation *root,
                          llvm::function_ref<void(Operation *)> visit) {
  root->walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (op == root)
      return WalkResult::advance();
    visit(op);
    return isa<QuantizableOpInterface>(op) ? WalkResult::skip()
                                           : WalkResult::advance();
  });
}

bool mlir::qnt::isBorderConversion(Operation *op) {
  if (!isa<arith::ExtFOp, arith::TruncFOp>(op))
    return false;
  if (auto argument = dyn_cast<BlockArgument>(op->getOperand(0)))
    return isa<FunctionOpInterface>(argument.getOwner()->getParentOp());
  return llvm::all_of(op->getUsers(), [](Operation *user) {
    return user->hasTrait<OpTrait::ReturnLike>();
  });
}

QuantizableOpInterface mlir::qnt::getQuantizable(Operation *op) {
  auto quantizable = dyn_cast_or_null<QuantizableOpInterface>(op);
  if (!quantizable || op->hasAttr(kExcludeAttr) ||
      quantizable.getOperandRoles().empty())
    return {};
  return quantizable;
}

QuantizedType mlir::qnt::getCompleteType(Value quantized) {
  auto type =
      dyn_cast<QuantizedType>(getElementTypeOrSelf(quantized.getType()));
  return type && type.getScheme().isComplete() ? type : QuantizedType();
}

Value mlir::qnt::getQuantizedSource(Value value) {
  auto dequantize = value.getDefiningOp<DequantizeOp>();
  if (!dequantize || !getCompleteType(dequantize.getInput()))
    return {};
  return dequantize.getInput();
}

QuantizeOp mlir::qnt::getQuantizer(Value value) {
  QuantizeOp first;
  for (Operation *user : value.getUsers()) {
    auto quantize = dyn_cast<QuantizeOp>(user);
    if (!quantize || !getCompleteType(quantize.getResult()) ||
        (first && quantize.getType() != first.getType()))
      return {};
    if (!first || quantize->isBeforeInBlock(first))
      first = quantize;
  }
  return first;
}

/// The only user of `value`, if it can be absorbed by a producer at all.
static QuantizableOpInterface onlyUser(Value value) {
  if (!value.hasOneUse())
    return {};
  QuantizableOpInterface user = getQuantizable(*value.user_begin());
  return user && user->getNumResults() == 1 ? user : QuantizableOpInterface();
}

static RealRange intersect(RealRange a, RealRange b) {
  // clamp(clamp(x, a), b) saturates at b where the two do not meet.
  return {std::clamp(a.min, b.min, b.max), std::clamp(a.max, b.min, b.max)};
}

FusedChain mlir::qnt::getFusedChain(QuantizableOpInterface op) {
  FusedChain chain;
  chain.result = op->getResult(0);
  while (QuantizableOpInterface user = onlyUser(chain.result)) {
    std::optional<RealRange> range =
        op.absorbsClamp() ? user.getClampRange() : std::nullopt;
    std::optional<double> factor =
        op.absorbsFactor() ? user.getScaleFactor() : std::nullopt;
    std::optional<SmallVector<float>> addend =
        op.absorbsAddend() && !chain.clamp && chain.addend.empty()
            ? user.getAddend()
            : std::nullopt;
    if (addend) {
      chain.addend = std::move(*addend);
      for (float &value : chain.addend)
        value = static_cast<float>(value / chain.factor);
    } else if (range) {
      chain.clamp = chain.clamp ? intersect(*chain.clamp, *range) : *range;
    } else if (factor) {
      chain.factor *= *factor;
      if (chain.clamp)
        chain.clamp =
            RealRange{chain.clamp->min * *factor, chain.clamp->max * *factor};
    } else {
      break;
    }
    chain.absorbed.push_back(user);
    chain.result = user->getResult(0);
  }
  return chain;
}

static bool isScalar(QuantizableOpInterface op) {
  return op && op->getNumResults() == 1 && op.getOperandRoles().size() == 1 &&
         op.evaluateScalar(0.0).has_value();
}

SmallVector<QuantizableOpInterface>
mlir::qnt::getScalarChain(QuantizableOpInterface op) {
  SmallVector<QuantizableOpInterface> chain;
  for (; isScalar(op); op = onlyUser(op->getResult(0)))
    chain.push_back(op);
  return chain;
}

Value mlir::qnt::getStoredResult(QuantizableOpInterface op) {
  SmallVector<QuantizableOpInterface> scalars = getScalarChain(op);
  return scalars.empty() ? getFusedChain(op).result
                         : scalars.back()->getResult(0);
}

bool mlir::qnt::isQuantizedAround(QuantizableOpInterface op) {
  for (const OperandRole &role : op.getOperandRoles()) {
    Value operand = op->getOperand(role.operand);
    if (role.kind == OperandRole::Activation && !getQuantizedSource(operand) &&
        !matchPattern(operand, m_Constant()))
      return false;
  }
  if (!op.isResultQuantizable(0))
    return true;
  return getQuantizer(getStoredResult(op)) != nullptr;
}
