//===- FloatOps.cpp - what stays float, and why ---------------------------===//
//
// Invariant: every op of the graph that computes with floats between inputs and
// outputs is listed, with a reason that says what to do about it.
//
//===----------------------------------------------------------------------===//

#include "Steps.h"
#include "qnt/Analysis/Edges.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::qnt;

static bool isFloatTensor(Type type) {
  return isa<ShapedType>(type) && isa<FloatType>(getElementTypeOrSelf(type));
}

/// An op that computes with floats; constants and conversions do not.
static bool computesFloat(Operation *op) {
  if (op->hasTrait<OpTrait::IsTerminator>() || matchPattern(op, m_Constant()) ||
      isa<ToIntOp, ToFloatOp, tensor::EmptyOp>(op) || isBorderConversion(op))
    return false;
  return llvm::any_of(op->getResultTypes(), isFloatTensor) ||
         llvm::any_of(op->getOperandTypes(), isFloatTensor);
}

static std::string reasonFor(Operation *op, const lower::Reasons &reasons) {
  auto found = reasons.find(op);
  if (found != reasons.end())
    return found->second;
  return "no integer form for '" + op->getName().getStringRef().str() +
         "'; rewrite it with ops that have one, or allow it to stay float";
}

/// In strict mode conversions may stand only at the ends of the function.
static LogicalResult checkConversions(func::FuncOp function) {
  WalkResult result = function.walk([](Operation *op) {
    bool isInner = false;
    if (auto toInt = dyn_cast<ToIntOp>(op)) {
      Operation *source = toInt.getInput().getDefiningOp();
      isInner = source && !isBorderConversion(source);
    }
    if (isa<ToFloatOp>(op))
      isInner = llvm::any_of(op->getUsers(), [](Operation *user) {
        return !isa<func::ReturnOp>(user) && !isBorderConversion(user);
      });
    if (!isInner)
      return WalkResult::advance();
    op->emitError() << "'" << getOpLabel(op)
                    << "' converts between float and integer inside the "
                       "function; run qnt-fold first, or allow float";
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

LogicalResult lower::reportFloatOps(func::FuncOp function,
                                    const Reasons &reasons, bool strict,
                                    Counts &counts) {
  Builder builder(function.getContext());
  SmallVector<Attribute> entries;
  walkGraph(function, [&](Operation *op) {
    if (!computesFloat(op))
      return;
    std::string reason = reasonFor(op, reasons);
    std::string label = getOpLabel(op);
    InFlightDiagnostic diagnostic = strict ? op->emitError() : op->emitRemark();
    diagnostic << "'" << label << "' stays float: " << reason;
    entries.push_back(builder.getDictionaryAttr(
        {builder.getNamedAttr("name", builder.getStringAttr(label)),
         builder.getNamedAttr(
             "op", builder.getStringAttr(op->getName().getStringRef())),
         builder.getNamedAttr("reason", builder.getStringAttr(reason))}));
  });
  counts.floats += entries.size();
  if (!entries.empty())
    function->setAttr("qnt.float_ops", builder.getArrayAttr(entries));
  if (!strict)
    return success();
  return entries.empty() ? checkConversions(function) : failure();
}
