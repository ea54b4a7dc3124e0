//===- IntegerChecks.cpp - promises from Propagate on ---------------------===//
//
// See the table in the description of qnt-verify-contract.
//
//===----------------------------------------------------------------------===//

#include "Checks.h"
#include "qnt/Analysis/Edges.h"
#include "qnt/Dialect/IR/QntNumerics.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::qnt;

static InFlightDiagnostic broken(Operation *op, StringRef stage) {
  return op->emitError() << "contract of " << stage << ": '" << getOpLabel(op)
                         << "' ";
}

//===----------------------------------------------------------------------===//
// Scale constraints
//===----------------------------------------------------------------------===//

/// The quantized type on one side of an op; null if that side is float.
static QuantizedType typeAt(QuantizableOpInterface op, EdgeRef edge) {
  if (!edge.isResult) {
    Value source = getQuantizedSource(op->getOperand(edge.index));
    return source ? getCompleteType(source) : QuantizedType();
  }
  QuantizeOp quantize = getQuantizer(getStoredResult(op));
  return quantize ? getCompleteType(quantize.getResult()) : QuantizedType();
}

static std::string describe(EdgeRef edge) {
  return (edge.isResult ? "result " : "operand ") + std::to_string(edge.index);
}

static LogicalResult checkSameScale(QuantizableOpInterface op,
                                    const ScaleConstraint &constraint) {
  QuantizedType first = typeAt(op, constraint.edges.front());
  for (EdgeRef edge : constraint.edges)
    if (QuantizedType type = typeAt(op, edge);
        first && type && type.getScheme() != first.getScheme())
      return broken(op, "propagate")
             << "needs one scale for all its edges, but "
             << describe(constraint.edges.front()) << " has "
             << first.getScheme() << " and " << describe(edge) << " has "
             << type.getScheme();
  return success();
}

static LogicalResult checkFixed(QuantizableOpInterface op,
                                const ScaleConstraint &constraint) {
  QuantizedType type = typeAt(op, constraint.edges.front());
  QuantizeOp quantize = getQuantizer(getStoredResult(op));
  if (!type || type.getStorageWidth() != 8 || quantize->hasAttr(kGivenAttr))
    return success();
  auto params = type.getPerTensorParams();
  if (params && params->first == constraint.scale &&
      params->second == constraint.zeroPoint)
    return success();
  return broken(op, "propagate")
         << "has a fixed " << describe(constraint.edges.front()) << " of scale "
         << constraint.scale << " and zero point " << constraint.zeroPoint
         << ", found " << type.getScheme();
}

/// scale(edges[0]) is the product of the others, to a float32 rounding.
static LogicalResult checkDerived(QuantizableOpInterface op,
                                  const ScaleConstraint &constraint) {
  // The integers of a given bias count, whatever its scale says (N40).
  if (getHome(op) != Home::Native)
    return success();
  QuantizedType result = typeAt(op, constraint.edges[0]);
  QuantizedType lhs = typeAt(op, constraint.edges[1]);
  QuantizedType rhs = typeAt(op, constraint.edges[2]);
  if (!result || !lhs || !rhs)
    return success();
  SmallVector<float> found = result.getScheme().getScaleValues();
  SmallVector<float> left = lhs.getScheme().getScaleValues();
  SmallVector<float> right = rhs.getScheme().getScaleValues();
  for (size_t i = 0; i < found.size(); ++i) {
    // Several output channels may share one weight scale.
    size_t channel = i * right.size() / found.size();
    double expected = double(left[0]) * double(right[channel]);
    if (std::abs(found[i] - expected) > 1e-6 * expected)
      return broken(op, "propagate")
             << "has a bias whose scale " << found[i] << " of channel " << i
             << " is not input times weight scale, " << expected;
  }
  return success();
}

LogicalResult contracts::checkPropagated(Operation *op) {
  if (failed(checkCalibrated(op)))
    return failure();
  QuantizableOpInterface quantizable = getQuantizable(op);
  if (!quantizable || !isQuantizedAround(quantizable))
    return success();
  for (const ScaleConstraint &constraint : quantizable.getScaleConstraints()) {
    LogicalResult holds = constraint.kind == ScaleConstraint::SameScale
                              ? checkSameScale(quantizable, constraint)
                              : (constraint.kind == ScaleConstraint::Fixed
                                     ? checkFixed(quantizable, constraint)
                                     : checkDerived(quantizable, constraint));
    if (failed(holds))
      return failure();
  }
  for (const OperandRole &role : quantizable.getOperandRoles())
    if (role.kind != OperandRole::Activation &&
        matchPattern(op->getOperand(role.operand), m_Constant()))
      return broken(op, "propagate") << "has operand " << role.operand
                                     << ", which is still a float constant";
  return success();
}

LogicalResult contracts::checkFolded(Operation *op) {
  if (failed(checkPropagated(op)))
    return failure();
  if (auto quantize = dyn_cast<QuantizeOp>(op))
    if (Value source = getQuantizedSource(quantize.getInput());
        source && getCompleteType(quantize.getResult()))
      return broken(op, "fold") << "quantizes a dequantize";
  if (auto requantize = dyn_cast<RequantizeOp>(op))
    if (requantize.getInput().getType() == requantize.getType())
      return broken(op, "fold") << "requantizes to its own type";
  return success();
}

//===----------------------------------------------------------------------===//
// Code
//===----------------------------------------------------------------------===//

static bool isFloatTensor(Type type) {
  return isa<ShapedType>(type) && isa<FloatType>(getElementTypeOrSelf(type));
}

/// True if `qnt.float_ops` of the function around `op` names it.
static bool isListed(Operation *op) {
  auto function = op->getParentOfType<func::FuncOp>();
  auto list =
      function ? function->getAttrOfType<ArrayAttr>("qnt.float_ops") : nullptr;
  if (!list)
    return false;
  return llvm::any_of(list.getAsRange<DictionaryAttr>(), [&](auto entry) {
    auto name = entry.template getAs<StringAttr>("name");
    return name && name.getValue() == getOpLabel(op);
  });
}

LogicalResult contracts::checkLowered(Operation *op) {
  if (isa<ObserveOp, QuantizeOp, DequantizeOp, RequantizeOp, StorageCastOp>(op))
    return broken(op, "lower")
           << "is the op '" << op->getName() << "', which lower replaces";
  SmallVector<Type> types(op->getResultTypes());
  for (Region &region : op->getRegions())
    for (Block &block : region)
      llvm::append_range(types, block.getArgumentTypes());
  for (Type type : types)
    if (isa<QuantizedType>(getElementTypeOrSelf(type)))
      return broken(op, "lower") << "has the quantized type " << type;
  bool isFloat = llvm::any_of(op->getResultTypes(), isFloatTensor) &&
                 !isa<ToFloatOp, tensor::EmptyOp>(op) &&
                 !isBorderConversion(op) && !matchPattern(op, m_Constant());
  if (isFloat && !op->hasTrait<OpTrait::IsTerminator>() &&
      op->getParentOfType<func::FuncOp>() &&
      !op->getParentOfType<CompositeOp>() && !isListed(op))
    return broken(op, "lower")
           << "computes floats, but is not listed in qnt.float_ops";
  return success();
}

LogicalResult contracts::checkGenerated(Operation *op) {
  if (isa<ModuleOp>(op) || isa<LLVM::LLVMDialect>(op->getDialect()))
    return success();
  return broken(op, "codegen")
         << "is the op '" << op->getName() << "' outside the LLVM dialect";
}
