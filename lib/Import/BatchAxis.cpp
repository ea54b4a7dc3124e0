//===- BatchAxis.cpp - do samples of a batch stay apart? ------------------===//
//
// See the header. A value has an axis along which the samples lie, as the slow
// factor of that dimension, or none if all samples share it. Invariant: an op
// that no rule covers is refused, so what is accepted keeps samples apart.
//
//===----------------------------------------------------------------------===//

#include "BatchAxis.h"

#include "qnt/Dialect/IR/Qnt.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/Dialect/Tosa/Utils/ConversionUtils.h"

using namespace mlir;
using namespace mlir::qnt;
using namespace mlir::qnt::onnx_import;

namespace {
/// The axis of a value; nothing if the samples share it.
using Axis = std::optional<int64_t>;

class Follower {
public:
  LogicalResult run(Block &block);
  void set(Value value, Axis axis) {
    if (axis)
      axes[value] = *axis;
  }
  Axis get(Value value) const {
    auto found = axes.find(value);
    return found == axes.end() ? Axis() : Axis(found->second);
  }

private:
  FailureOr<Axis> follow(Operation *op);
  FailureOr<Axis> followElementwise(Operation *op);
  FailureOr<Axis> followReshape(Value input, Value result);
  FailureOr<Axis> followWindow(Operation *op, Value input);
  FailureOr<Axis> followMatMul(tosa::MatMulOp op);
  FailureOr<Axis> followLinalg(linalg::LinalgOp op);
  LogicalResult followComposite(CompositeOp op);
  bool isUniform(Value value) const;
  bool capturesBatch(linalg::LinalgOp op) const;

  DenseMap<Value, int64_t> axes;
};
} // namespace

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

static FailureOr<Axis> onlyIf(bool condition, Axis axis) {
  if (!condition)
    return failure();
  return axis;
}

/// All elements are the same, whatever sample they are read for.
bool Follower::isUniform(Value value) const {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || type.getNumElements() == 1)
    return true;
  DenseElementsAttr dense;
  if (matchPattern(value, m_Constant(&dense)))
    return dense.isSplat();
  return isa_and_present<tensor::EmptyOp, linalg::FillOp>(
      value.getDefiningOp());
}

/// Ranks are equal, dimensions of 1 broadcast.
FailureOr<Axis> Follower::followElementwise(Operation *op) {
  Axis axis;
  for (Value operand : op->getOperands()) {
    Axis own = get(operand);
    if (axis && own && *axis != *own)
      return failure();
    if (own)
      axis = own;
  }
  if (!axis)
    return failure();
  int64_t rank = shapeOf(op->getResult(0)).size();
  for (Value operand : op->getOperands()) {
    auto type = dyn_cast<RankedTensorType>(operand.getType());
    if (!type || isUniform(operand) || get(operand))
      continue;
    if (type.getRank() != rank || type.getDimSize(*axis) != 1)
      return failure();
  }
  return axis;
}

/// The dimensions in front of the samples keep their elements.
FailureOr<Axis> Follower::followReshape(Value input, Value result) {
  ArrayRef<int64_t> from = shapeOf(input), to = shapeOf(result);
  int64_t outer = 1;
  for (int64_t dim : from.take_front(*get(input)))
    outer *= dim;
  int64_t product = 1;
  for (auto [i, dim] : llvm::enumerate(to)) {
    if (product == outer && dim != 1) {
      if (dim % kProbeBatch != 0)
        return failure();
      return Axis(i);
    }
    product *= dim;
  }
  return failure();
}

/// Convolutions and pools: samples lie along the first axis, or anywhere in
/// front of the channels where the window is one pixel.
FailureOr<Axis> Follower::followWindow(Operation *op, Value input) {
  for (Value operand : op->getOperands().drop_front())
    if (get(operand))
      return failure();
  Axis axis = get(input);
  if (*axis == 0)
    return axis;
  auto conv = dyn_cast<tosa::Conv2DOp>(op);
  if (!conv || *axis == 3)
    return failure();
  ArrayRef<int64_t> weights = shapeOf(conv.getWeight());
  bool isPixel = weights[1] == 1 && weights[2] == 1 &&
                 llvm::all_of(conv.getStride(), [](int64_t s) { return s == 1; }) &&
                 llvm::all_of(conv.getPad(), [](int64_t p) { return p == 0; });
  return onlyIf(isPixel, axis);
}

FailureOr<Axis> Follower::followMatMul(tosa::MatMulOp op) {
  Axis a = get(op.getA()), b = get(op.getB());
  bool batches = (!a || *a == 0) && (!b || *b == 0);
  if (batches && (a || isUniform(op.getA())) && (b || isUniform(op.getB())))
    return Axis(0);
  // Rows of A by a matrix that all share.
  if (a && *a == 1 && !b)
    return Axis(1);
  return failure();
}

/// The body reads a tensor with samples by indices of its own.
bool Follower::capturesBatch(linalg::LinalgOp op) const {
  return op->getRegion(0)
      .walk([&](Operation *inner) {
        for (Value operand : inner->getOperands())
          if (get(operand))
            return WalkResult::interrupt();
        return WalkResult::advance();
      })
      .wasInterrupted();
}

/// The loop over samples is parallel and indexes nothing but the samples.
FailureOr<Axis> Follower::followLinalg(linalg::LinalgOp op) {
  if (capturesBatch(op) || op->getNumResults() != 1)
    return failure();
  std::optional<unsigned> loop;
  for (OpOperand &operand : op->getOpOperands()) {
    Axis axis = get(operand.get());
    if (!axis)
      continue;
    auto dim = dyn_cast<AffineDimExpr>(
        op.getMatchingIndexingMap(&operand).getResult(*axis));
    if (!dim || (loop && *loop != dim.getPosition()))
      return failure();
    loop = dim.getPosition();
  }
  if (!loop || op.getIteratorTypesArray()[*loop] !=
                   utils::IteratorType::parallel)
    return failure();
  bool readsIndex =
      op->getRegion(0)
          .walk([&](linalg::IndexOp index) {
            return index.getDim() == *loop ? WalkResult::interrupt()
                                           : WalkResult::advance();
          })
          .wasInterrupted();
  if (readsIndex)
    return failure();
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    Axis axis = get(operand.get());
    for (auto [i, expr] : llvm::enumerate(map.getResults())) {
      bool isSample = axis && *axis == static_cast<int64_t>(i);
      if (!isSample && expr.isFunctionOfDim(*loop) &&
          !isUniform(operand.get()))
        return failure();
    }
  }
  AffineMap out = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  for (auto [i, expr] : llvm::enumerate(out.getResults()))
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      if (dim.getPosition() == *loop)
        return Axis(i);
  return failure();
}

LogicalResult Follower::followComposite(CompositeOp op) {
  Block &body = op.getBody().front();
  for (auto [argument, input] : llvm::zip(body.getArguments(), op.getInputs()))
    set(argument, get(input));
  if (failed(run(body)))
    return failure();
  for (auto [result, value] :
       llvm::zip(op->getResults(), body.getTerminator()->getOperands()))
    set(result, get(value));
  return success();
}

/// A slice or pad leaves the samples as they are.
static bool keepsAxis(Operation *op, int64_t axis) {
  SmallVector<int64_t> values;
  auto read = [&](Value shape) {
    return tosa::getConstShapeValues(shape.getDefiningOp(), values);
  };
  if (auto slice = dyn_cast<tosa::SliceOp>(op))
    return read(slice.getStart()) && values[axis] == 0 &&
           shapeOf(slice.getResult())[axis] ==
               shapeOf(slice.getInput1())[axis];
  if (auto pad = dyn_cast<tosa::PadOp>(op))
    return read(pad.getPadding()) && values[2 * axis] == 0 &&
           values[2 * axis + 1] == 0;
  if (auto tile = dyn_cast<tosa::TileOp>(op))
    return read(tile.getMultiples()) && values[axis] == 1;
  if (auto extract = dyn_cast<tensor::ExtractSliceOp>(op))
    return extract.getType().getRank() == extract.getSourceType().getRank() &&
           extract.getStaticOffsets()[axis] == 0 &&
           extract.getStaticStrides()[axis] == 1 &&
           extract.getStaticSizes()[axis] ==
               extract.getSourceType().getDimSize(axis);
  return false;
}

FailureOr<Axis> Follower::follow(Operation *op) {
  Value input = op->getOperand(0);
  Axis axis = get(input);
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op))
    return followLinalg(linalgOp);
  if (auto product = dyn_cast<tosa::MatMulOp>(op))
    return followMatMul(product);
  if (isa<tosa::ConcatOp>(op)) {
    FailureOr<Axis> joined = followElementwise(op);
    bool apart = succeeded(joined) && *joined &&
                 **joined != cast<tosa::ConcatOp>(op).getAxis();
    return onlyIf(apart, apart ? *joined : Axis());
  }
  if (auto gather = dyn_cast<tosa::GatherOp>(op)) {
    Axis indices = get(gather.getIndices());
    bool both = (!axis || *axis == 0) && (!indices || *indices == 0) &&
                (axis || isUniform(input)) &&
                (indices || isUniform(gather.getIndices()));
    return onlyIf(both, 0);
  }
  if (op->hasTrait<OpTrait::ResultsBroadcastableShape>() ||
      op->hasTrait<OpTrait::Elementwise>() ||
      isa<tosa::CastOp, tosa::ClampOp, tosa::SelectOp, tosa::MulOp,
          tosa::NegateOp, tosa::SigmoidOp, tosa::TanhOp, tosa::ErfOp,
          QuantizeOp, DequantizeOp, StorageCastOp>(op))
    return followElementwise(op);
  if (!axis)
    return failure();
  if (isa<tosa::ReshapeOp, tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op))
    return followReshape(input, op->getResult(0));
  if (auto transpose = dyn_cast<tosa::TransposeOp>(op)) {
    const auto *at = llvm::find(transpose.getPerms(), *axis);
    return Axis(at - transpose.getPerms().begin());
  }
  if (isa<tosa::Conv2DOp, tosa::DepthwiseConv2DOp, tosa::TransposeConv2DOp,
          tosa::AvgPool2dOp, tosa::MaxPool2dOp, tosa::ResizeOp>(op))
    return followWindow(op, input);
  if (isa<tosa::ReduceSumOp, tosa::ReduceMaxOp, tosa::ReduceMinOp,
          tosa::ReduceProductOp, tosa::ReverseOp>(op)) {
    int64_t reduced = op->getAttrOfType<IntegerAttr>("axis").getInt();
    return onlyIf(reduced != *axis, axis);
  }
  if (auto arg = dyn_cast<tosa::ArgMaxOp>(op)) {
    if (arg.getAxis() == *axis)
      return failure();
    return Axis(*axis - (arg.getAxis() < *axis ? 1 : 0));
  }
  return onlyIf(keepsAxis(op, *axis), axis);
}

LogicalResult Follower::run(Block &block) {
  for (Operation &op : block.without_terminator()) {
    bool touched = false;
    op.walk([&](Operation *inner) {
      touched |= llvm::any_of(inner->getOperands(),
                              [&](Value v) { return get(v).has_value(); });
    });
    if (!touched)
      continue;
    if (auto composite = dyn_cast<CompositeOp>(op)) {
      if (failed(followComposite(composite)))
        return failure();
      continue;
    }
    FailureOr<Axis> axis =
        op.getNumResults() == 1 ? follow(&op) : FailureOr<Axis>(failure());
    if (failed(axis) || !*axis)
      return op.emitError() << "'" << op.getName()
                            << "' mixes the samples of a batch, or cannot be "
                               "followed; compile for one sample, without "
                               "--any-batch";
    set(op.getResult(0), *axis);
  }
  return success();
}

LogicalResult onnx_import::checkBatchAxis(func::FuncOp function) {
  Follower follower;
  Block &body = function.getBody().front();
  for (BlockArgument argument : body.getArguments())
    follower.set(argument, 0);
  if (failed(follower.run(body)))
    return failure();
  for (auto [i, result] :
       llvm::enumerate(body.getTerminator()->getOperands())) {
    Axis axis = follower.get(result);
    if (axis && *axis == 0 && ::shapeOf(result).front() == kProbeBatch)
      continue;
    auto name = function.getResultAttrOfType<StringAttr>(i, "qnt.name");
    return function.emitError()
           << "output '" << (name ? name.getValue() : "")
           << "' does not have the samples along its first dimension; compile "
              "for one sample, without --any-batch";
  }
  return success();
}
