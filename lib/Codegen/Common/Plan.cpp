//===- Plan.cpp - values, views and steps ---------------------------------===//
//
// The bookkeeping that handlers use while they turn ops into steps. Invariant:
// 8-bit tensors in the arena and in constants are in the target's storage
// domain; the caller's memory holds plain s8, so border steps flip.
//
//===----------------------------------------------------------------------===//

#include "qnt/Codegen/Plan.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace mlir::qnt;

int64_t Buffer::bytes() const {
  if (isByte() && place == Place::Arena)
    return layout.bytes;
  return ShapedType::getNumElements(shape) *
         llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
}

Type mlir::qnt::memoryType(Type element) {
  if (element.isUnsignedInteger(8))
    return IntegerType::get(element.getContext(), 8);
  return element;
}

int32_t mlir::qnt::signedShift(Type type) {
  return getElementTypeOrSelf(type).isUnsignedInteger(8) ? 128 : 0;
}

MemRefType mlir::qnt::bufferTypeOf(const Buffer &buffer) {
  int64_t count = buffer.isByte() ? buffer.bytes()
                                  : ShapedType::getNumElements(buffer.shape);
  return MemRefType::get(count, buffer.element);
}

TensorLayout mlir::qnt::layoutOf(const View &view) {
  if (view.shape == view.buffer->shape)
    return view.buffer->layout;
  return TensorLayout::dense(view.shape);
}

Access mlir::qnt::accessOf(const View &view) {
  Access access;
  size_t rank = view.shape.size();
  access.strides.assign(rank, 1);
  for (size_t dim = rank; dim-- > 1;)
    access.strides[dim - 1] = access.strides[dim] * view.shape[dim];
  const TensorLayout &layout = view.buffer->layout;
  if (view.buffer->isByte() && rank == 4 && view.shape == view.buffer->shape) {
    access.offset = layout.interiorOffset;
    access.strides = {layout.imagePitch, layout.rowPitch, layout.pixelPitch, 1};
  }
  return access;
}

Plan::Plan(func::FuncOp entry, KernelModule &kernels)
    : entry(entry), kernels(kernels) {}

Buffer &Plan::newBuffer(Type element, ArrayRef<int64_t> shape) {
  Buffer &buffer = buffers.emplace_back();
  buffer.element = element;
  buffer.shape.assign(shape.begin(), shape.end());
  buffer.layout = TensorLayout::dense(shape);
  return buffer;
}

View Plan::allocate(Type element, ArrayRef<int64_t> shape) {
  Buffer &buffer = newBuffer(element, shape);
  return {&buffer, buffer.shape};
}

/// The result of the entry function that a value becomes, perhaps reshaped,
/// and nothing else; if there is one.
static std::optional<unsigned> returnedAs(Value value) {
  while (value.hasOneUse()) {
    OpOperand &use = *value.use_begin();
    Operation *user = use.getOwner();
    if (isa<func::ReturnOp>(user))
      return use.getOperandNumber();
    if (!isa<tosa::ReshapeOp, tensor::ExpandShapeOp, tensor::CollapseShapeOp>(
            user) ||
        use.getOperandNumber() != 0)
      return std::nullopt;
    value = user->getResult(0);
  }
  return std::nullopt;
}

View Plan::define(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  View view = allocate(memoryType(type.getElementType()), type.getShape());
  std::optional<unsigned> index = returnedAs(value);
  if (index && !view.buffer->isByte()) {
    view.buffer->place = Buffer::Place::Output;
    view.buffer->index = *index;
  }
  values[value] = view;
  return view;
}

void Plan::alias(Value result, const View &source) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(result.getType()).getShape();
  values[result] = {source.buffer, SmallVector<int64_t>(shape)};
}

/// A constant; bytes in the storage domain.
static memref::GlobalOp makeConstant(KernelModule &kernels,
                                     DenseElementsAttr dense) {
  Type element = dense.getElementType();
  if (element.isF32())
    return kernels.addConstant("values",
                               llvm::to_vector(dense.getValues<float>()));
  if (element.isInteger(32))
    return kernels.addConstant("values",
                               llvm::to_vector(dense.getValues<int32_t>()));
  if (!element.isInteger(8))
    return kernels.addConstant("values", dense.reshape(RankedTensorType::get(
                                             dense.getNumElements(), element)));
  int32_t offset = kernels.getTarget().storageOffset();
  SmallVector<int8_t> bytes;
  for (int8_t value : dense.getValues<int8_t>())
    bytes.push_back(static_cast<int8_t>(value + offset));
  return kernels.addConstant("values", bytes);
}

/// Constants in text may be resources; their bytes are little-endian.
static DenseElementsAttr toDense(Attribute attribute) {
  if (auto dense = dyn_cast<DenseElementsAttr>(attribute))
    return dense;
  auto resource = dyn_cast<DenseResourceElementsAttr>(attribute);
  AsmResourceBlob *blob =
      resource ? resource.getRawHandle().getBlob() : nullptr;
  if (!blob)
    return nullptr;
  ShapedType type = resource.getType();
  int64_t bits = type.getNumElements() * type.getElementTypeBitWidth();
  if (static_cast<int64_t>(blob->getData().size()) * 8 != bits)
    return nullptr;
  return DenseElementsAttr::getFromRawBuffer(type, blob->getData());
}

DenseElementsAttr mlir::qnt::constantOf(Value value) {
  Attribute attribute;
  if (!matchPattern(value, m_Constant(&attribute)))
    return nullptr;
  return toDense(attribute);
}

static bool isStorable(Type element) {
  if (isa<Float16Type, BFloat16Type, Float32Type, Float64Type>(element))
    return true;
  return llvm::any_of(ArrayRef<unsigned>{1, 8, 16, 32, 64}, [&](unsigned bits) {
    return element.isSignlessInteger(bits);
  });
}

FailureOr<View> Plan::lookup(Value value, Operation *user) {
  if (auto found = values.find(value); found != values.end())
    return found->second;
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || !type.hasStaticShape() || !isStorable(type.getElementType()))
    return user->emitError()
           << "'" << user->getName() << "' has no kernel for operand type "
           << value.getType() << "; expected a static tensor of numbers";
  if (DenseElementsAttr dense = constantOf(value)) {
    View view = allocate(type.getElementType(), type.getShape());
    view.buffer->place = Buffer::Place::Constant;
    view.buffer->constant = makeConstant(kernels, dense);
    values[value] = view;
    return view;
  }
  return user->emitError() << "'" << user->getName()
                           << "' uses a value that no kernel makes";
}

LogicalResult Plan::bringIn() {
  for (BlockArgument argument : entry.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    Type element = type ? memoryType(type.getElementType()) : Type();
    if (!type || !type.hasStaticShape() || !isStorable(element))
      return entry.emitError()
             << "argument " << argument.getArgNumber() << " has type "
             << argument.getType()
             << "; expected a static tensor of i1, i8 to i64, ui8, or f16 to "
                "f64";
    View outer = allocate(element, type.getShape());
    outer.buffer->place = Buffer::Place::Input;
    outer.buffer->index = argument.getArgNumber();
    values[argument] = outer;
    if (!outer.buffer->isByte())
      continue;
    View inner = allocate(element, type.getShape());
    values[argument] = inner;
    addCopy(argument.getLoc(), outer, inner,
            getTarget().storageOffset() ^ signedShift(type));
  }
  return success();
}

/// A step that copies `from` to `to`, bytes xor `flip`.
Step Plan::copyStep(Location loc, const View &from, const View &to,
                    int32_t flip) {
  Step step{loc, {from}, {to}};
  step.shapeless = true;
  step.emit = [flip](KernelModule &kernels, const Step &step) {
    const View &from = step.inputs[0], &to = step.outputs[0];
    return emitCopy(kernels, step.loc, to.shape, *from.buffer, accessOf(from),
                    *to.buffer, accessOf(to), flip);
  };
  return step;
}

void Plan::addCopy(Location loc, const View &from, const View &to,
                   int32_t flip) {
  addStep(copyStep(loc, from, to, flip));
}

LogicalResult Plan::copyOut(Value value, unsigned index,
                            Operation *terminator) {
  FailureOr<View> view = lookup(value, terminator);
  if (failed(view))
    return failure();
  if (view->buffer->place == Buffer::Place::Output &&
      view->buffer->index == index)
    return success();
  View outer = allocate(view->buffer->element, view->shape);
  outer.buffer->place = Buffer::Place::Output;
  outer.buffer->index = index;
  int32_t flip = 0;
  if (view->buffer->isByte())
    flip = getTarget().storageOffset() ^ signedShift(value.getType());
  addCopy(value.getLoc(), *view, outer, flip);
  return success();
}

LogicalResult Plan::bringOut() {
  Operation *terminator = entry.getBody().front().getTerminator();
  for (auto [index, value] : llvm::enumerate(terminator->getOperands()))
    if (failed(copyOut(value, index, terminator)))
      return failure();
  return success();
}
