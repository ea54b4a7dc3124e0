//===- LayoutSteps.cpp - ops that only move stored values -----------------===//
//
// Everything here is a copy between two strided accesses; what moves nothing
// (a reshape, a transpose of dimensions of 1) is an alias and costs nothing.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Tosa/Utils/ConversionUtils.h"
#include "qnt/Codegen/Steps.h"

using namespace mlir;
using namespace mlir::qnt;

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

static std::string shapeKey(ArrayRef<int64_t> dims) {
  return llvm::formatv("{0:$[x]}", llvm::make_range(dims.begin(), dims.end()));
}

static int64_t lanesFor(Type element, const KernelTarget &target) {
  // A vector of bits is packed in memory, a bool is not.
  if (element.getIntOrFloatBitWidth() < 8)
    return 1;
  return target.vectorBits / element.getIntOrFloatBitWidth();
}

FailureOr<KernelCall>
mlir::qnt::emitCopy(KernelModule &module, Location loc, ArrayRef<int64_t> dims,
                    const Buffer &from, const Access &fromAccess,
                    const Buffer &to, const Access &toAccess, int32_t flip) {
  MemRefType fromType = bufferTypeOf(from), toType = bufferTypeOf(to);
  std::string key =
      llvm::formatv("copy:{0}:{1}{2}:{3}{4}:{5}", shapeKey(dims), fromType,
                    fromAccess.key(), toType, toAccess.key(), flip);
  FailureOr<func::FuncOp> kernel = module.getOrCreateKernel(
      loc, "copy", key, {fromType, toType},
      [&](ImplicitLocOpBuilder &b, ValueRange arguments) {
        emitNest(b, dims, {{arguments[0], fromAccess}},
                 {arguments[1], toAccess},
                 lanesFor(from.element, module.getTarget()),
                 [&](ImplicitLocOpBuilder &b, ValueRange in) -> Value {
                   if (flip == 0)
                     return in[0];
                   int64_t lanes = 1;
                   if (auto type = dyn_cast<VectorType>(in[0].getType()))
                     lanes = type.getNumElements();
                   Value mask = splatLanes(b, from.element, lanes,
                                           static_cast<int8_t>(flip));
                   return arith::XOrIOp::create(b, in[0], mask);
                 });
        return success();
      });
  if (failed(kernel))
    return failure();
  return KernelCall{*kernel, {}};
}

/// Stores `value` to every byte that `access` walks over `dims`.
static void emitFill(ImplicitLocOpBuilder &b, Value memref,
                     ArrayRef<int64_t> dims, const Access &access, int8_t value,
                     int64_t lanes) {
  if (llvm::is_contained(dims, 0))
    return;
  emitIndexNest(
      b, dims, access, lanes,
      [&](ImplicitLocOpBuilder &b, ValueRange indices, int64_t width) {
        Value splat = splatLanes(b, b.getI8Type(), width, value);
        storeLanes(b, splat, memref, indices[0]);
      });
}

FailureOr<KernelCall> mlir::qnt::emitHaloFill(KernelModule &module,
                                              Location loc,
                                              const Buffer &buffer,
                                              int32_t value) {
  const TensorLayout &l = buffer.layout;
  const KernelTarget &target = module.getTarget();
  auto stored = static_cast<int8_t>(value + target.storageOffset());
  std::string key =
      llvm::formatv("halo:{0}:{1}:{2}", l.key(), l.padBottom, int(stored));
  MemRefType type = bufferTypeOf(buffer);
  FailureOr<func::FuncOp> kernel = module.getOrCreateKernel(
      loc, "halo", key, {type},
      [&](ImplicitLocOpBuilder &b, ValueRange arguments) {
        int64_t lanes = target.vectorBits / 8;
        int64_t rowEnd = l.interiorOffset + l.w * l.pixelPitch;
        auto fill = [&](ArrayRef<int64_t> dims, int64_t offset,
                        ArrayRef<int64_t> strides) {
          emitFill(b, arguments[0], dims,
                   {offset, SmallVector<int64_t>(strides)}, stored, lanes);
        };
        // Above the image; between its rows, where the right halo of one meets
        // the left halo of the next; below it.
        fill({l.n, l.interiorOffset}, 0, {l.imagePitch, 1});
        fill({l.n, l.h - 1, (l.padLeft + l.padRight) * l.pixelPitch}, rowEnd,
             {l.imagePitch, l.rowPitch, 1});
        fill({l.n, l.padRight * l.pixelPitch + l.padBottom * l.rowPitch},
             rowEnd + (l.h - 1) * l.rowPitch, {l.imagePitch, 1});
        return success();
      });
  if (failed(kernel))
    return failure();
  return KernelCall{*kernel, {}};
}

//===----------------------------------------------------------------------===//
// Aliases
//===----------------------------------------------------------------------===//

static LogicalResult planAlias(Plan &plan, Operation *op) {
  FailureOr<View> input = plan.lookup(op->getOperand(0), op);
  if (failed(input))
    return failure();
  plan.alias(op->getResult(0), *input);
  return success();
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

/// How a copy deviates from walking both views as they are: changes the shape
/// of the nest, the input's access and the output's.
using Move = std::function<void(SmallVector<int64_t> &, Access &, Access &)>;

/// A step that copies `input` to `output` over a nest that `move` describes.
static void addMove(Plan &plan, Location loc, const View &input,
                    const View &output, Move move) {
  Step step{loc, {input}, {output}};
  step.emit = [move](KernelModule &module, const Step &step) {
    const View &from = step.inputs[0], &to = step.outputs[0];
    Access fromAccess = accessOf(from), toAccess = accessOf(to);
    SmallVector<int64_t> dims = to.shape;
    move(dims, fromAccess, toAccess);
    return emitCopy(module, step.loc, dims, *from.buffer, fromAccess,
                    *to.buffer, toAccess);
  };
  plan.addStep(std::move(step));
}

/// A permutation that keeps the order of all dimensions but those of 1.
static bool movesNothing(ArrayRef<int32_t> perms, ArrayRef<int64_t> shape) {
  int32_t last = -1;
  for (int32_t dim : perms) {
    if (shape[dim] == 1)
      continue;
    if (dim < last)
      return false;
    last = dim;
  }
  return true;
}

static LogicalResult planTranspose(Plan &plan, Operation *operation) {
  auto op = cast<tosa::TransposeOp>(operation);
  FailureOr<View> input = plan.lookup(op.getInput1(), op);
  if (failed(input))
    return failure();
  SmallVector<int32_t> perms(op.getPerms());
  if (movesNothing(perms, input->shape)) {
    plan.alias(op.getResult(), *input);
    return success();
  }
  addMove(plan, op.getLoc(), *input, plan.define(op.getResult()),
          [perms](SmallVector<int64_t> &, Access &from, Access &) {
            SmallVector<int64_t> strides;
            for (int32_t dim : perms)
              strides.push_back(from.strides[dim]);
            from.strides = strides;
          });
  return success();
}

/// Copies `input` into the part of `output` that starts at `start`.
static void addInsert(Plan &plan, Location loc, const View &input,
                      const View &output, ArrayRef<int64_t> start) {
  SmallVector<int64_t> at(start), shape = input.shape;
  addMove(plan, loc, input, output,
          [at, shape](SmallVector<int64_t> &dims, Access &, Access &to) {
            dims = shape;
            for (size_t dim = 0; dim < at.size(); ++dim)
              to.offset += at[dim] * to.strides[dim];
          });
}

static LogicalResult planConcatAlong(Plan &plan, Operation *op, int64_t axis) {
  View output = plan.define(op->getResult(0));
  SmallVector<int64_t> start(output.shape.size(), 0);
  for (Value operand : op->getOperands()) {
    FailureOr<View> input = plan.lookup(operand, op);
    if (failed(input))
      return failure();
    addInsert(plan, op->getLoc(), *input, output, start);
    start[axis] += input->shape[axis];
  }
  return success();
}

static LogicalResult planConcat(Plan &plan, Operation *op) {
  return planConcatAlong(plan, op, cast<tosa::ConcatOp>(op).getAxis());
}

static LogicalResult planTensorConcat(Plan &plan, Operation *op) {
  return planConcatAlong(plan, op, cast<tensor::ConcatOp>(op).getDim());
}

/// Copies the part of operand 0 that starts at `start`, every `step`th element.
static LogicalResult planExtract(Plan &plan, Operation *op,
                                 ArrayRef<int64_t> start,
                                 ArrayRef<int64_t> step) {
  FailureOr<View> input = plan.lookup(op->getOperand(0), op);
  if (failed(input))
    return failure();
  SmallVector<int64_t> at(start), by(step);
  addMove(plan, op->getLoc(), *input, plan.define(op->getResult(0)),
          [at, by](SmallVector<int64_t> &, Access &from, Access &) {
            for (size_t dim = 0; dim < at.size(); ++dim) {
              from.offset += at[dim] * from.strides[dim];
              from.strides[dim] *= by[dim];
            }
          });
  return success();
}

static LogicalResult planSlice(Plan &plan, Operation *operation) {
  auto op = cast<tosa::SliceOp>(operation);
  SmallVector<int64_t> start;
  if (!tosa::getConstShapeValues(op.getStart().getDefiningOp(), start))
    return op.emitError() << "'tosa.slice' has a kernel only for a constant "
                             "start";
  return planExtract(plan, op, start, SmallVector<int64_t>(start.size(), 1));
}

static LogicalResult planExtractSlice(Plan &plan, Operation *operation) {
  auto op = cast<tensor::ExtractSliceOp>(operation);
  if (ShapedType::isDynamicShape(op.getStaticOffsets()) ||
      ShapedType::isDynamicShape(op.getStaticStrides()) ||
      op.getType().getRank() != op.getSourceType().getRank())
    return op.emitError() << "'tensor.extract_slice' has a kernel only for "
                             "constant offsets and an unreduced rank";
  return planExtract(plan, op, op.getStaticOffsets(), op.getStaticStrides());
}

static LogicalResult planReverse(Plan &plan, Operation *operation) {
  auto op = cast<tosa::ReverseOp>(operation);
  auto type = cast<RankedTensorType>(op.getType());
  SmallVector<int64_t> start(type.getRank(), 0), step(type.getRank(), 1);
  start[op.getAxis()] = type.getDimSize(op.getAxis()) - 1;
  step[op.getAxis()] = -1;
  return planExtract(plan, op, start, step);
}

static LogicalResult planTile(Plan &plan, Operation *operation) {
  auto op = cast<tosa::TileOp>(operation);
  FailureOr<View> input = plan.lookup(op.getInput1(), op);
  if (failed(input))
    return failure();
  SmallVector<int64_t> shape = input->shape;
  addMove(plan, op.getLoc(), *input, plan.define(op.getResult()),
          [shape](SmallVector<int64_t> &dims, Access &from, Access &to) {
            SmallVector<int64_t> split, inner, outer;
            for (size_t dim = 0; dim < shape.size(); ++dim) {
              split.append({dims[dim] / shape[dim], shape[dim]});
              inner.append({0, from.strides[dim]});
              outer.append({shape[dim] * to.strides[dim], to.strides[dim]});
            }
            dims = split;
            from.strides = inner;
            to.strides = outer;
          });
  return success();
}

//===----------------------------------------------------------------------===//
// Padding
//===----------------------------------------------------------------------===//

static FailureOr<KernelCall> emitFillAll(KernelModule &module, const Step &step,
                                         int8_t value) {
  const KernelTarget &target = module.getTarget();
  const View &output = step.outputs[0];
  auto stored = static_cast<int8_t>(value + target.storageOffset());
  MemRefType type = bufferTypeOf(*output.buffer);
  Access access = accessOf(output);
  std::string key = llvm::formatv("fill:{0}:{1}{2}:{3}", shapeKey(output.shape),
                                  type, access.key(), int(stored));
  FailureOr<func::FuncOp> kernel = module.getOrCreateKernel(
      step.loc, "fill", key, {type},
      [&](ImplicitLocOpBuilder &b, ValueRange arguments) {
        emitFill(b, arguments[0], output.shape, access, stored,
                 target.vectorBits / 8);
        return success();
      });
  if (failed(kernel))
    return failure();
  return KernelCall{*kernel, {}};
}

/// Fills the result with `value`, then copies the operand into it.
static LogicalResult planPadding(Plan &plan, Operation *op,
                                 ArrayRef<int64_t> low, int8_t value) {
  FailureOr<View> input = plan.lookup(op->getOperand(0), op);
  if (failed(input) || failed(expectBytes(op, op->getResult(0))))
    return failure();
  View output = plan.define(op->getResult(0));
  Step fill{op->getLoc(), {}, {output}};
  fill.emit = [value](KernelModule &module, const Step &step) {
    return emitFillAll(module, step, value);
  };
  plan.addStep(std::move(fill));
  addInsert(plan, op->getLoc(), *input, output, low);
  return success();
}

static LogicalResult planPad(Plan &plan, Operation *operation) {
  auto op = cast<tosa::PadOp>(operation);
  SmallVector<int64_t> padding, low;
  DenseElementsAttr value = constantOf(op.getPadConst());
  if (!tosa::getConstShapeValues(op.getPadding().getDefiningOp(), padding) ||
      !value)
    return op.emitError()
           << "'tosa.pad' has a kernel only for constant padding";
  if (!value.getElementType().isInteger(8))
    return expectBytes(op, op.getPadConst());
  for (size_t dim = 0; dim < padding.size(); dim += 2)
    low.push_back(padding[dim]);
  return planPadding(plan, op, low, *value.getValues<int8_t>().begin());
}

static LogicalResult planTensorPad(Plan &plan, Operation *operation) {
  auto op = cast<tensor::PadOp>(operation);
  IntegerAttr value;
  Value padding = op.getConstantPaddingValue();
  if (!padding || !matchPattern(padding, m_Constant(&value)) ||
      !value.getType().isInteger(8) ||
      ShapedType::isDynamicShape(op.getStaticLow()))
    return op.emitError() << "'tensor.pad' has a kernel only for constant "
                             "padding of i8";
  return planPadding(plan, op, op.getStaticLow(),
                     static_cast<int8_t>(value.getInt()));
}

void mlir::qnt::populateLayoutSteps(StepHandlers &handlers) {
  handlers[tosa::ReshapeOp::getOperationName()] = planAlias;
  handlers[tensor::ExpandShapeOp::getOperationName()] = planAlias;
  handlers[tensor::CollapseShapeOp::getOperationName()] = planAlias;
  handlers[tosa::TransposeOp::getOperationName()] = planTranspose;
  handlers[tosa::ConcatOp::getOperationName()] = planConcat;
  handlers[tensor::ConcatOp::getOperationName()] = planTensorConcat;
  handlers[tosa::SliceOp::getOperationName()] = planSlice;
  handlers[tensor::ExtractSliceOp::getOperationName()] = planExtractSlice;
  handlers[tosa::ReverseOp::getOperationName()] = planReverse;
  handlers[tosa::TileOp::getOperationName()] = planTile;
  handlers[tosa::PadOp::getOperationName()] = planPad;
  handlers[tensor::PadOp::getOperationName()] = planTensorPad;
}
