//===- FloatChecks.cpp - promises up to Calibrate -------------------------===//
//
// See the table in the description of qnt-verify-contract.
//
//===----------------------------------------------------------------------===//

#include "Checks.h"
#include "qnt/Analysis/Edges.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace mlir::qnt;

static InFlightDiagnostic broken(Operation *op, StringRef stage) {
  return op->emitError() << "contract of " << stage << ": '" << getOpLabel(op)
                         << "' ";
}

/// f32; f64 where a model computes in it; shorter floats at the function's ends
/// alone.
static bool isFloatAllowed(Operation *op, Type element) {
  if (element.isF32() || element.isF64() || !isa<FloatType>(element))
    return true;
  return (element.isF16() || element.isBF16()) &&
         isa<FunctionOpInterface, arith::ExtFOp, arith::TruncFOp>(op);
}

/// Ranked static shape; float elements as above.
static LogicalResult checkTensor(Operation *op, Type type) {
  if (isa<UnrankedTensorType>(type))
    return broken(op, "import") << "has the unranked type " << type;
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return success();
  if (!tensor.hasStaticShape())
    return broken(op, "import") << "has the dynamic type " << type;
  if (!isFloatAllowed(op, tensor.getElementType()))
    return broken(op, "import")
           << "has the type " << type << ", whose elements are not f32 or f64";
  return success();
}

LogicalResult contracts::checkImported(Operation *op) {
  if (isa<ModuleOp>(op))
    return success();
  StringRef dialect = op->getName().getDialectNamespace();
  bool known =
      llvm::is_contained({"tosa", "linalg", "tensor", "arith", "math", "scf",
                          "func", "builtin"},
                         dialect) ||
      isa<CompositeOp, qnt::YieldOp, QuantizeOp, DequantizeOp, StorageCastOp>(
          op);
  if (!known)
    return broken(op, "import")
           << "is the op '" << op->getName() << "', which import does not make";
  for (Type type : op->getResultTypes())
    if (failed(checkTensor(op, type)))
      return failure();
  if (auto function = dyn_cast<func::FuncOp>(op))
    for (Type type : function.getArgumentTypes())
      if (failed(checkTensor(op, type)))
        return failure();
  return success();
}

LogicalResult contracts::checkPrepared(Operation *op) {
  if (failed(checkImported(op)))
    return failure();
  if (isOpTriviallyDead(op))
    return broken(op, "prepare") << "is never used";
  auto transpose = dyn_cast<tosa::TransposeOp>(op);
  if (!transpose)
    return success();
  if (transpose.getInput1().getDefiningOp<tosa::TransposeOp>())
    return broken(op, "prepare") << "transposes a transpose";
  if (matchPattern(transpose.getInput1(), m_Constant()))
    return broken(op, "prepare") << "transposes a constant";
  return success();
}

/// Promises of observe are about the whole module.
static contracts::OpCheck makeObserveCheck() {
  auto seen = std::make_shared<llvm::StringMap<Operation *>>();
  return [seen](Operation *op) -> LogicalResult {
    auto observe = dyn_cast<ObserveOp>(op);
    if (!observe)
      return success();
    auto [it, isNew] = seen->try_emplace(observe.getEdge(), op);
    if (!isNew) {
      InFlightDiagnostic error = op->emitError()
                                 << "contract of observe: edge '"
                                 << observe.getEdge() << "' is observed twice";
      error.attachNote(it->second->getLoc()) << "first here";
      return error;
    }
    if (observe.getInput().getDefiningOp<ObserveOp>())
      return op->emitError()
             << "contract of observe: edge '" << observe.getEdge()
             << "' watches another observer";
    auto target = cast<QuantizedType>(observe.getTarget());
    if (target.getScheme().isComplete())
      return op->emitError()
             << "contract of observe: edge '" << observe.getEdge()
             << "' has parameters already: " << target.getScheme();
    return success();
  };
}

LogicalResult contracts::checkCalibrated(Operation *op) {
  if (auto observe = dyn_cast<ObserveOp>(op))
    return op->emitError() << "contract of calibrate: edge '"
                           << observe.getEdge() << "' is still observed";
  for (Value result : op->getResults()) {
    auto type = dyn_cast<QuantizedType>(getElementTypeOrSelf(result.getType()));
    if (type && isa<PendingAttr>(type.getScheme()))
      return broken(op, "calibrate")
             << "has a scheme without parameters: " << type.getScheme();
  }
  return success();
}

contracts::OpCheck contracts::makeCheck(StringRef stage) {
  return llvm::StringSwitch<OpCheck>(stage)
      .Case("import", checkImported)
      .Case("prepare", checkPrepared)
      .Case("observe", makeObserveCheck())
      .Case("calibrate", checkCalibrated)
      .Case("propagate", checkPropagated)
      .Case("fold", checkFolded)
      .Case("lower", checkLowered)
      .Case("codegen", checkGenerated)
      .Default(nullptr);
}
