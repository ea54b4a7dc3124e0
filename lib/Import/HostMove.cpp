//===- HostMove.cpp - what ops that move elements share -------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "HostMove.h"

#include "llvm/Support/FormatVariadic.h"

#include <cstring>

namespace mlir::qnt::onnx_import {

LogicalResult checkIndices(NodeImporter &n, unsigned input,
                           llvm::function_ref<int64_t(int64_t)> dimOf) {
  if (!isInteger(n.elemOf(input)))
    return n.invalid("the indices are not integers");
  const HostTensor *indices = n.constantOf(input);
  if (!indices)
    return success();
  for (int64_t i = 0, e = indices->size(); i < e; ++i) {
    int64_t index = indices->intAt(i), dim = dimOf(i);
    if (index < -dim || index >= dim)
      return n.invalid(
          llvm::formatv("index {0} is outside of {1}", index, dim));
  }
  return success();
}

LogicalResult checkSameBeside(NodeImporter &n, ArrayRef<int64_t> data,
                              ArrayRef<int64_t> indices, int64_t axis) {
  bool fits = data.size() == indices.size();
  for (size_t d = 0; fits && d < data.size(); ++d)
    fits = static_cast<int64_t>(d) == axis || indices[d] <= data[d];
  if (fits)
    return success();
  return n.invalid(
      llvm::formatv("indices of shape {0} do not fit data of shape {1}",
                    formatShape(indices), formatShape(data)));
}

FailureOr<Shape> checkShape(NodeImporter &n, Shape shape) {
  if (!countElements(shape) || static_cast<int64_t>(shape.size()) > kMaxRank)
    return n.invalid("a result of impossible shape " + formatShape(shape));
  return shape;
}

int64_t flatten(ArrayRef<int64_t> index, ArrayRef<int64_t> strides) {
  int64_t flat = 0;
  for (size_t d = 0; d < index.size(); ++d)
    flat += index[d] * strides[d];
  return flat;
}

std::vector<int64_t>
flatIndices(ArrayRef<int64_t> shape,
            llvm::function_ref<int64_t(ArrayRef<int64_t>)> source) {
  int64_t count = *countElements(shape);
  std::vector<int64_t> flat;
  flat.reserve(count);
  Shape index(shape.size(), 0);
  for (int64_t i = 0; i < count; ++i) {
    flat.push_back(source(index));
    for (int64_t d = static_cast<int64_t>(shape.size()) - 1; d >= 0; --d) {
      if (++index[d] < shape[d])
        break;
      index[d] = 0;
    }
  }
  return flat;
}

HostTensor pickOrFill(const HostTensor &x, ArrayRef<int64_t> shape,
                      ArrayRef<int64_t> flat, const HostTensor *fill) {
  HostTensor result;
  result.shape.assign(shape.begin(), shape.end());
  result.elem = x.elem;
  size_t width = storedBytes(x.elem);
  result.bytes.assign(flat.size() * width, 0);
  for (auto [to, from] : llvm::enumerate(flat)) {
    if (from >= 0)
      std::memcpy(&result.bytes[to * width], &x.bytes[from * width], width);
    else if (fill)
      std::memcpy(&result.bytes[to * width], fill->bytes.data(), width);
  }
  return result;
}

HostTensor broadcastHost(const HostTensor &tensor, ArrayRef<int64_t> shape) {
  if (ArrayRef(tensor.shape) == shape)
    return tensor;
  Shape strides(shape.size(), 0), own = stridesOf(tensor.shape);
  size_t shift = shape.size() - tensor.shape.size();
  for (size_t i = 0; i < tensor.shape.size(); ++i)
    if (tensor.shape[i] != 1)
      strides[shift + i] = own[i];
  return pickHost(tensor, shape,
                  flatIndices(shape, [&](ArrayRef<int64_t> index) {
                    return flatten(index, strides);
                  }));
}

LogicalResult setPicked(NodeImporter &n, unsigned i, ArrayRef<int64_t> shape,
                        llvm::function_ref<int64_t(ArrayRef<int64_t>)> source) {
  if (failed(n.takeElements(*countElements(shape))))
    return failure();
  n.setResult(i, pickHost(*n.constantOf(0), shape, flatIndices(shape, source)));
  return success();
}

} // namespace mlir::qnt::onnx_import
