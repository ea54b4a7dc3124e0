//===- LinalgModels.cpp - quantization of linalg.generic ------------------===//
//
// An elementwise generic of one operand is a scalar function, whatever its
// body; sums, differences and products of two operands have integer ops. Named
// products and pools are in LinalgProducts.cpp.
//
//===----------------------------------------------------------------------===//

#include "IntegerForms.h"
#include "ScalarBody.h"

#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/Matchers.h"
#include "qnt/ExternalModels/ExternalModels.h"

using namespace mlir;
using namespace mlir::qnt;
using namespace mlir::qnt::models;
using linalg::GenericOp;

namespace {

/// The shape of `map`'s operand in the rank of the loops: dimensions that it
/// does not have are 1. Nothing unless it is a broadcast in loop order.
std::optional<SmallVector<int64_t>>
broadcastShape(AffineMap map, ShapedType type, unsigned rank) {
  SmallVector<int64_t> shape(rank, 1);
  int64_t last = -1;
  for (auto [result, size] :
       llvm::zip_equal(map.getResults(), type.getShape())) {
    if (auto constant = dyn_cast<AffineConstantExpr>(result)) {
      if (size != 1 || constant.getValue() != 0)
        return std::nullopt;
      continue;
    }
    auto dim = dyn_cast<AffineDimExpr>(result);
    if (!dim || dim.getPosition() <= last)
      return std::nullopt;
    last = dim.getPosition();
    shape[last] = size;
  }
  return shape;
}

/// What the models need to know of a generic op.
struct Elementwise {
  /// Inputs that are no splat constant.
  SmallVector<unsigned> variables;
  /// Per input: its value if it is a splat constant.
  SmallVector<std::optional<double>> splats;
};

/// One result of identity map, parallel loops, inputs that broadcast, and a
/// body that reads the inputs alone.
std::optional<Elementwise> matchElementwise(GenericOp op) {
  if (!isFloatOp(op) || op->getNumResults() != 1 ||
      op.getNumParallelLoops() != op.getNumLoops() ||
      !op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isIdentity() ||
      !op.getBody()->getArguments().back().use_empty())
    return std::nullopt;
  Elementwise match;
  for (OpOperand *input : op.getDpsInputOperands()) {
    std::optional<double> splat = splatValue(input->get());
    if (FloatAttr scalar; matchPattern(input->get(), m_Constant(&scalar)))
      splat = scalar.getValueAsDouble();
    match.splats.push_back(splat);
    if (splat)
      continue;
    auto type = dyn_cast<RankedTensorType>(input->get().getType());
    if (!type || !type.getElementType().isF32() || !type.hasStaticShape() ||
        !broadcastShape(op.getMatchingIndexingMap(input), type,
                        op.getNumLoops()))
      return std::nullopt;
    match.variables.push_back(input->getOperandNumber());
  }
  return match;
}

std::optional<double> evaluate(GenericOp op, const Elementwise &match,
                               double x) {
  SmallVector<double> arguments;
  for (std::optional<double> splat : match.splats)
    arguments.push_back(splat.value_or(x));
  return evaluateBody(*op.getBody(), arguments);
}

/// One variable of the result's shape, in a body that can be evaluated.
bool isScalarFunction(GenericOp op, const Elementwise &match) {
  return match.variables.size() == 1 &&
         op.getMatchingIndexingMap(&op->getOpOperand(match.variables[0]))
             .isIdentity() &&
         evaluate(op, match, 0.0).has_value();
}

/// add, sub or mul of the two inputs in this order.
Operation *matchBinary(GenericOp op) {
  Block &body = *op.getBody();
  Operation *single = singleOp(body);
  if (op.getNumDpsInputs() != 2 ||
      !isa_and_nonnull<arith::AddFOp, arith::SubFOp, arith::MulFOp>(single) ||
      single->getOperand(0) != body.getArgument(0) ||
      single->getOperand(1) != body.getArgument(1))
    return nullptr;
  return single;
}

/// Stored integers in the rank of the result.
Value expandTo(OpBuilder &builder, GenericOp op, unsigned operand,
               Value stored) {
  auto type = cast<RankedTensorType>(stored.getType());
  SmallVector<int64_t> shape =
      *broadcastShape(op.getMatchingIndexingMap(&op->getOpOperand(operand)),
                      type, op.getNumLoops());
  if (type.getShape() == ArrayRef(shape))
    return stored;
  Value extents = tosa::ConstShapeOp::create(
      builder, op.getLoc(),
      tosa::shapeType::get(builder.getContext(), shape.size()),
      builder.getIndexTensorAttr(shape));
  return tosa::ReshapeOp::create(builder, op.getLoc(), type.clone(shape),
                                 stored, extents);
}

struct GenericModel
    : QuantizableOpInterface::ExternalModel<GenericModel, GenericOp> {
  SmallVector<OperandRole> getOperandRoles(Operation *op) const {
    auto generic = cast<GenericOp>(op);
    std::optional<Elementwise> match = matchElementwise(generic);
    if (!match)
      return {};
    if (isScalarFunction(generic, *match))
      return {activation(match->variables[0])};
    if (match->variables.size() == 2 && matchBinary(generic))
      return {activation(0), activation(1)};
    return {};
  }
  std::optional<RealRange> getClampRange(Operation *op) const {
    auto generic = cast<GenericOp>(op);
    if (generic.getNumDpsInputs() != 1 || !matchElementwise(generic))
      return std::nullopt;
    return matchClamp(*generic.getBody());
  }
  bool absorbsClamp(Operation *op) const {
    return getOperandRoles(op).size() == 2;
  }
  std::optional<double> getScaleFactor(Operation *op) const {
    auto generic = cast<GenericOp>(op);
    std::optional<Elementwise> match = matchElementwise(generic);
    if (!match || !isScalarFunction(generic, *match) ||
        !isa_and_nonnull<arith::MulFOp, arith::DivFOp>(
            singleOp(*generic.getBody())))
      return std::nullopt;
    // x * c and x / c, but neither c / x nor x * x.
    double one = *evaluate(generic, *match, 1.0);
    double two = *evaluate(generic, *match, 2.0);
    if (two != 2 * one || one <= 0 || !std::isfinite(one))
      return std::nullopt;
    return one;
  }
  std::optional<SmallVector<float>> getAddend(Operation *op) const {
    auto generic = cast<GenericOp>(op);
    Operation *single = matchBinary(generic);
    if (!isa_and_nonnull<arith::AddFOp>(single) || !matchElementwise(generic))
      return std::nullopt;
    for (unsigned constant : {1u, 0u}) {
      OpOperand &operand = op->getOpOperand(constant);
      auto type = dyn_cast<RankedTensorType>(operand.get().getType());
      DenseFPElementsAttr values;
      if (op->getOperand(1 - constant).getType() !=
              op->getResult(0).getType() ||
          !type || !matchPattern(operand.get(), m_Constant(&values)))
        continue;
      auto shape = broadcastShape(generic.getMatchingIndexingMap(&operand),
                                  type, generic.getNumLoops());
      if (!shape || values.getNumElements() != shape->back())
        continue;
      return llvm::to_vector(values.getValues<float>());
    }
    return std::nullopt;
  }
  std::optional<double> evaluateScalar(Operation *op, double x) const {
    auto generic = cast<GenericOp>(op);
    std::optional<Elementwise> match = matchElementwise(generic);
    if (!match || !isScalarFunction(generic, *match))
      return std::nullopt;
    return evaluate(generic, *match, x);
  }
  FailureOr<Values> buildInteger(Operation *op, RewriterBase &rewriter,
                                 const IntegerForm &form,
                                 std::string &reason) const {
    auto generic = cast<GenericOp>(op);
    SmallVector<OperandRole> roles = getOperandRoles(op);
    if (roles.size() == 1)
      return buildTable(rewriter, op, roles[0].operand, form, reason);
    if (roles.empty()) {
      reason = "this linalg.generic is neither a scalar function nor a sum or "
               "product of two tensors; split it, or exclude it";
      return failure();
    }
    if (failed(checkForm(op, form, reason)))
      return failure();
    IntegerForm expanded = form;
    for (unsigned i : {0u, 1u})
      expanded.operands[i] = expandTo(rewriter, generic, i, form.operands[i]);
    Operation *single = matchBinary(generic);
    if (isa<arith::AddFOp>(single))
      return buildBinary<AddOp>(rewriter, op, expanded, reason);
    if (isa<arith::SubFOp>(single))
      return buildBinary<SubOp>(rewriter, op, expanded, reason);
    return buildBinary<MulOp>(rewriter, op, expanded, reason);
  }
};

} // namespace

void mlir::qnt::registerLinalgModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, linalg::LinalgDialect *) {
    GenericOp::attachInterface<GenericModel>(*context);
    attachLinalgProducts(*context);
  });
}
