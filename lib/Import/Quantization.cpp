//===- Quantization.cpp - scales and zero points of ONNX ------------------===//
//
// See the header. Invariant: a type is only made from parameters that
// `readSpec` accepted, so the verifiers of the qnt ops never fail on it.
//
//===----------------------------------------------------------------------===//

#include "Quantization.h"

#include "StoredForm.h"

#include "qnt/Dialect/IR/QntNumerics.h"
#include "qnt/Numerics/QuantParams.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

namespace mlir::qnt::onnx_import {

namespace num = ::qnt::num;

std::pair<int64_t, int64_t> rangeOf(Elem elem) {
  num::StorageRange range =
      num::storageRange(bitsOf(elem), !isUnsigned(elem), /*narrow=*/false);
  return {range.min, range.max};
}

void noteHome(NodeImporter &n) {
  Operation *op = n.builder.getInsertionBlock()->getParentOp();
  auto module = op ? op->getParentOfType<ModuleOp>() : ModuleOp();
  if (!module || module->hasAttr(kHomeAttr))
    return;
  module->setAttr(kHomeAttr,
                  n.builder.getStringAttr(stringifyHome(Home::OnnxRuntime)));
  module->setAttr("qnt.rounding",
                  RoundingAttr::get(n.builder.getContext(), Rounding::Fp32Rne));
}

//===----------------------------------------------------------------------===//
// Parameters
//===----------------------------------------------------------------------===//

bool isKnown(NodeImporter &n, const QuantInputs &inputs) {
  return n.constantOf(inputs.scale) &&
         (!n.hasInput(inputs.zeroPoint) || n.constantOf(inputs.zeroPoint));
}

QuantSpec perTensor(Elem elem, float scale, int64_t zeroPoint) {
  QuantSpec spec;
  spec.elem = elem;
  spec.scales = {scale};
  spec.zeroPoints = {zeroPoint};
  return spec;
}

/// The shape that scales in blocks must have.
static FailureOr<Shape> blockShape(NodeImporter &n, ArrayRef<int64_t> shape,
                                   int64_t axis, int64_t blockSize) {
  Shape blocks(shape);
  blocks[axis] = llvm::divideCeil(shape[axis], blockSize);
  if (shape[axis] % blockSize != 0)
    return n.unsupported(llvm::formatv(
        "dimension {0} of size {1} is no multiple of the block size {2}", axis,
        shape[axis], blockSize));
  return blocks;
}

/// Settles along what the parameters vary.
static LogicalResult settleAxis(NodeImporter &n, const HostTensor &scale,
                                const QuantInputs &inputs,
                                ArrayRef<int64_t> shape, QuantSpec &spec) {
  if (inputs.blockSize > 0) {
    FailureOr<int64_t> axis = n.normalizeAxis(inputs.axis, shape.size());
    if (failed(axis))
      return failure();
    FailureOr<Shape> blocks = blockShape(n, shape, *axis, inputs.blockSize);
    if (failed(blocks))
      return failure();
    if (scale.shape != *blocks)
      return n.invalid("the scales have shape " + formatShape(scale.shape) +
                       ", expected " + formatShape(*blocks));
    spec.axis = *axis;
    spec.blockSize = inputs.blockSize;
    spec.blocks = *blocks;
    return success();
  }
  if (scale.size() == 1)
    return success();
  if (scale.rank() != 1)
    return n.unsupported("scales of rank " + Twine(scale.rank()) +
                         " without block_size");
  FailureOr<int64_t> axis = n.normalizeAxis(inputs.axis, shape.size());
  if (failed(axis))
    return failure();
  if (shape[*axis] != scale.size())
    return n.invalid(llvm::formatv("{0} scales for dimension {1} of size {2}",
                                   scale.size(), *axis, shape[*axis]));
  spec.axis = *axis;
  return success();
}

FailureOr<QuantSpec> readSpec(NodeImporter &n, const QuantInputs &inputs,
                              Elem elem, ArrayRef<int64_t> shape) {
  QuantSpec spec;
  spec.elem = elem;
  HostTensorRef scale = n.floatConstantOf(inputs.scale);
  const HostTensor *zeroPoint = n.constantOf(inputs.zeroPoint);
  if (!scale)
    return n.unsupported("the scale is not a constant of floats");
  if (!isInteger(elem) || bitsOf(elem) > 32)
    return n.unsupported("stored numbers of type " + elementTypeName(elem));
  if (failed(settleAxis(n, *scale, inputs, shape, spec)))
    return failure();
  if (zeroPoint && zeroPoint->size() != scale->size() && zeroPoint->size() != 1)
    return n.invalid(llvm::formatv("{0} zero points for {1} scales",
                                   zeroPoint->size(), scale->size()));
  auto [low, high] = rangeOf(elem);
  for (int64_t i = 0; i < scale->size(); ++i) {
    float value = scale->floats()[i];
    if (!std::isfinite(value) || !(value > 0.0f))
      return n.unsupported(
          llvm::formatv("scale {0} is not finite and above 0", value));
    int64_t zero =
        zeroPoint ? zeroPoint->intAt(zeroPoint->size() == 1 ? 0 : i) : 0;
    if (zero < low || zero > high)
      return n.invalid(llvm::formatv("zero point {0} is outside of {1}", zero,
                                     elementTypeName(elem)));
    spec.scales.push_back(value);
    spec.zeroPoints.push_back(zero);
  }
  return spec;
}

/// The quantized element type for a tensor of `shape`.
static mlir::qnt::QuantizedType typeOf(NodeImporter &n, const QuantSpec &spec) {
  MLIRContext *context = n.builder.getContext();
  SmallVector<int32_t> zeroPoints(spec.zeroPoints.begin(),
                                  spec.zeroPoints.end());
  bool isZero = llvm::all_of(zeroPoints, [](int32_t z) { return z == 0; });
  SchemeAttrInterface scheme;
  if (spec.blockSize > 0) {
    auto scales = DenseElementsAttr::get(
        RankedTensorType::get(spec.blocks, n.builder.getF32Type()),
        ArrayRef<float>(spec.scales));
    DenseElementsAttr zeros;
    if (!isZero)
      zeros = DenseElementsAttr::get(
          RankedTensorType::get(spec.blocks, n.builder.getI32Type()),
          ArrayRef<int32_t>(zeroPoints));
    scheme =
        PerBlockAttr::get(context, *spec.axis, spec.blockSize, scales, zeros);
  } else if (spec.axis) {
    scheme = PerAxisAttr::get(
        context, *spec.axis, DenseF32ArrayAttr::get(context, spec.scales),
        isZero ? DenseI32ArrayAttr()
               : DenseI32ArrayAttr::get(context, zeroPoints));
  } else {
    scheme = PerTensorAttr::get(context, spec.scales[0], zeroPoints[0]);
  }
  unsigned bits = bitsOf(spec.elem);
  auto storage = IntegerType::get(
      context, bits,
      isUnsigned(spec.elem) ? IntegerType::Unsigned : IntegerType::Signless);
  auto [low, high] = spec.range.value_or(rangeOf(spec.elem));
  return mlir::qnt::QuantizedType::get(context, storage, low, high,
                                       n.builder.getF32Type(), scheme);
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

/// The index of the parameters of element `flat`.
static int64_t parameterOf(const QuantSpec &spec, ArrayRef<int64_t> shape,
                           int64_t flat) {
  if (!spec.axis)
    return 0;
  int64_t inner = 1;
  for (int64_t dim : shape.drop_front(*spec.axis + 1))
    inner *= dim;
  int64_t along = flat / inner % shape[*spec.axis];
  if (spec.blockSize == 0)
    return along;
  int64_t outer = flat / inner / shape[*spec.axis];
  return (outer * spec.blocks[*spec.axis] + along / spec.blockSize) * inner +
         flat % inner;
}

HostTensor quantizeHost(const HostTensor &real, const QuantSpec &spec) {
  HostTensor stored = HostTensor::zeros(real.shape, spec.elem);
  auto [low, high] = spec.range.value_or(rangeOf(spec.elem));
  for (int64_t i = 0; i < real.size(); ++i) {
    int64_t at = parameterOf(spec, real.shape, i);
    stored.setInt(i, num::quantize(real.floats()[i], spec.scales[at],
                                   spec.zeroPoints[at], low, high));
  }
  return stored;
}

static FailureOr<OnnxValue> dequantizeConstant(NodeImporter &n,
                                               HostTensorRef stored,
                                               const QuantSpec &spec) {
  if (failed(n.takeElements(stored->size())))
    return failure();
  auto real = std::make_shared<HostTensor>(
      HostTensor::zeros(stored->shape, Elem::Float));
  MutableArrayRef<float> values = real->as<float>();
  for (int64_t i = 0; i < stored->size(); ++i) {
    int64_t at = parameterOf(spec, stored->shape, i);
    values[i] =
        num::dequantize(stored->intAt(i), spec.scales[at], spec.zeroPoints[at]);
  }
  real->stored =
      std::make_shared<StoredForm>(StoredForm{stored, typeOf(n, spec)});
  return OnnxValue(HostTensorRef(std::move(real)));
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

FailureOr<OnnxValue> dequantize(NodeImporter &n, const OnnxValue &stored,
                                const QuantSpec &spec) {
  if (stored.constant)
    return dequantizeConstant(n, stored.constant, spec);
  auto type = cast<RankedTensorType>(stored.value.getType());
  Value quantized = StorageCastOp::create(
      n.builder, n.loc, type.clone(typeOf(n, spec)), stored.value);
  Value real = DequantizeOp::create(
      n.builder, n.loc, type.clone(n.builder.getF32Type()), quantized);
  return OnnxValue(real, Elem::Float);
}

FailureOr<OnnxValue> quantize(NodeImporter &n, Value real,
                              const QuantSpec &spec) {
  auto type = cast<RankedTensorType>(real.getType());
  Value quantized =
      QuantizeOp::create(n.builder, n.loc, type.clone(typeOf(n, spec)), real);
  Value stored = StorageCastOp::create(
      n.builder, n.loc, type.clone(n.irType(spec.elem)), quantized);
  return OnnxValue(stored, spec.elem);
}

FailureOr<OnnxValue> dequantizeInput(NodeImporter &n, unsigned i,
                                     const QuantInputs &inputs) {
  if (isKnown(n, inputs)) {
    FailureOr<QuantSpec> spec = readSpec(n, inputs, n.elemOf(i), n.shapeOf(i));
    if (failed(spec))
      return failure();
    return dequantize(n, n.inputValue(i), *spec);
  }
  FailureOr<Value> stored = n.anyValueOf(i);
  if (failed(stored))
    return failure();
  FailureOr<Value> real = dequantizeDynamic(n, *stored, n.elemOf(i), inputs);
  if (failed(real))
    return failure();
  return OnnxValue(*real, Elem::Float);
}

LogicalResult setQuantizedResult(NodeImporter &n, Value real, Elem elem,
                                 const QuantInputs &inputs) {
  if (isKnown(n, inputs)) {
    FailureOr<QuantSpec> spec = readSpec(n, inputs, elem, shapeOf(real));
    if (failed(spec))
      return failure();
    FailureOr<OnnxValue> stored = quantize(n, real, *spec);
    if (failed(stored))
      return failure();
    n.setResult(0, *stored);
    return success();
  }
  FailureOr<Value> stored = quantizeDynamic(n, real, elem, inputs);
  if (failed(stored))
    return failure();
  n.setResult(0, *stored, elem);
  return success();
}

} // namespace mlir::qnt::onnx_import
