//===- StoredForm.cpp - integers behind a float constant ------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "StoredForm.h"

#include "NodeImporter.h"

#include "qnt/Numerics/QuantParams.h"

#include <cstring>

namespace mlir::qnt::onnx_import {

namespace num = ::qnt::num;

int64_t parameterIndex(SchemeAttrInterface scheme, ArrayRef<int64_t> shape,
                       int64_t flat) {
  std::optional<int64_t> axis = scheme.getQuantizedAxis();
  if (!axis)
    return 0;
  int64_t inner = 1;
  for (int64_t dim : shape.drop_front(*axis + 1))
    inner *= dim;
  int64_t along = flat / inner % shape[*axis];
  auto block = dyn_cast<PerBlockAttr>(scheme);
  if (!block)
    return along;
  int64_t outer = flat / inner / shape[*axis];
  int64_t blocks = shape[*axis] / block.getBlockSize();
  return (outer * blocks + along / block.getBlockSize()) * inner + flat % inner;
}

/// The form with its parameters along another axis.
static StoredFormRef onAxis(HostTensor integers, QuantizedType type,
                            int64_t axis) {
  auto scheme = cast<PerAxisAttr>(type.getScheme());
  auto moved = PerAxisAttr::get(type.getContext(), axis, scheme.getScales(),
                                scheme.getZeroPoints());
  return std::make_shared<StoredForm>(
      StoredForm{std::make_shared<HostTensor>(std::move(integers)),
                 type.withScheme(moved)});
}

static StoredFormRef sameScheme(HostTensor integers, QuantizedType type) {
  return std::make_shared<StoredForm>(
      StoredForm{std::make_shared<HostTensor>(std::move(integers)), type});
}

StoredFormRef transposeStored(const StoredFormRef &stored,
                              ArrayRef<int64_t> perm) {
  if (!stored)
    return nullptr;
  SchemeAttrInterface scheme = stored->type.getScheme();
  if (isa<PerBlockAttr>(scheme))
    return nullptr;
  HostTensor integers = transposeHost(*stored->integers, perm);
  std::optional<int64_t> axis = scheme.getQuantizedAxis();
  if (!axis)
    return sameScheme(std::move(integers), stored->type);
  int64_t moved = llvm::find(perm, *axis) - perm.begin();
  return onAxis(std::move(integers), stored->type, moved);
}

static int64_t countBefore(ArrayRef<int64_t> shape, int64_t axis) {
  int64_t count = 1;
  for (int64_t dim : shape.take_front(axis))
    count *= dim;
  return count;
}

StoredFormRef reshapeStored(const StoredFormRef &stored,
                            ArrayRef<int64_t> shape) {
  if (!stored)
    return nullptr;
  ArrayRef<int64_t> from = stored->integers->shape;
  if (from == shape)
    return stored;
  SchemeAttrInterface scheme = stored->type.getScheme();
  if (isa<PerBlockAttr>(scheme))
    return nullptr;
  HostTensor integers = reshapeHost(*stored->integers, shape);
  std::optional<int64_t> axis = scheme.getQuantizedAxis();
  if (!axis)
    return sameScheme(std::move(integers), stored->type);
  // The dimension of the same size with as many elements in front of it.
  for (size_t i = 0; i < shape.size(); ++i)
    if (shape[i] == from[*axis] &&
        countBefore(shape, i) == countBefore(from, *axis))
      return onAxis(std::move(integers), stored->type, i);
  return nullptr;
}

StoredFormRef sliceStored(const StoredFormRef &stored, int64_t first,
                          int64_t count) {
  if (!stored || isa<PerBlockAttr>(stored->type.getScheme()))
    return nullptr;
  const HostTensor &all = *stored->integers;
  int64_t row = all.size() / all.shape[0];
  Shape shape(all.shape);
  shape[0] = count;
  HostTensor integers = HostTensor::zeros(shape, all.elem);
  for (int64_t i = 0; i < count * row; ++i)
    integers.setInt(i, all.intAt(first * row + i));
  auto scheme = dyn_cast<PerAxisAttr>(stored->type.getScheme());
  if (!scheme || scheme.getAxis() != 0)
    return sameScheme(std::move(integers), stored->type);
  MLIRContext *context = stored->type.getContext();
  DenseI32ArrayAttr zeros;
  if (scheme.getZeroPoints())
    zeros = DenseI32ArrayAttr::get(
        context, scheme.getZeroPoints().asArrayRef().slice(first, count));
  auto part = PerAxisAttr::get(
      context, 0,
      DenseF32ArrayAttr::get(
          context, scheme.getScales().asArrayRef().slice(first, count)),
      zeros);
  return sameScheme(std::move(integers), stored->type.withScheme(part));
}

/// Compares the floats that a form stands for with those that are wanted.
static bool matches(const StoredForm &stored, ArrayRef<float> values) {
  SchemeAttrInterface scheme = stored.type.getScheme();
  SmallVector<float> scales = scheme.getScaleValues();
  SmallVector<int32_t> zeroPoints = scheme.getZeroPointValues();
  for (auto [i, value] : llvm::enumerate(values)) {
    int64_t at = parameterIndex(scheme, stored.integers->shape, i);
    float real =
        num::dequantize(stored.integers->intAt(i), scales[at], zeroPoints[at]);
    if (std::memcmp(&real, &value, sizeof(float)) != 0)
      return false;
  }
  return true;
}

Value buildStored(NodeImporter &n, const HostTensor &tensor,
                  StoredFormRef stored) {
  if (!stored || tensor.elem != Elem::Float ||
      stored->integers->size() != tensor.size())
    return {};
  stored = reshapeStored(stored, tensor.shape);
  if (!stored || !matches(*stored, tensor.floats()))
    return {};
  FailureOr<Value> integers = n.constant(*stored->integers);
  if (failed(integers))
    return {};
  auto shape = cast<RankedTensorType>(integers->getType());
  Value quantized = StorageCastOp::create(n.builder, n.loc,
                                          shape.clone(stored->type), *integers);
  return DequantizeOp::create(n.builder, n.loc,
                              shape.clone(n.builder.getF32Type()), quantized);
}

} // namespace mlir::qnt::onnx_import
