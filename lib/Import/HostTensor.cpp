//===- HostTensor.cpp - constants that the importer computes with ---------===//
//
// Layout arithmetic on host constants. Callers have checked shapes; nothing
// here can fail.
//
//===----------------------------------------------------------------------===//

#include "HostTensor.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <cmath>

namespace mlir::qnt::onnx_import {

std::optional<int64_t> countElements(ArrayRef<int64_t> shape) {
  int64_t count = 1;
  bool empty = false;
  for (int64_t dim : shape) {
    if (dim < 0 || dim > kMaxDim)
      return std::nullopt;
    if (dim == 0) {
      empty = true;
      continue;
    }
    if (count > kMaxElements / dim)
      return std::nullopt;
    count *= dim;
  }
  return empty ? 0 : count;
}

HostTensor HostTensor::ofFloats(ArrayRef<int64_t> shape,
                                std::vector<float> values) {
  HostTensor result;
  result.shape.assign(shape.begin(), shape.end());
  result.floats = std::move(values);
  return result;
}

HostTensor HostTensor::ofInts(ArrayRef<int64_t> shape,
                              std::vector<int64_t> values) {
  HostTensor result;
  result.shape.assign(shape.begin(), shape.end());
  result.isFloat = false;
  result.ints = std::move(values);
  return result;
}

Shape stridesOf(ArrayRef<int64_t> shape) {
  Shape strides(shape.size(), 1);
  for (int64_t i = static_cast<int64_t>(shape.size()) - 2; i >= 0; --i)
    strides[i] = strides[i + 1] * shape[i + 1];
  return strides;
}

/// out[j] = in[walk of the transposed index], for either kind of element.
template <typename T>
static std::vector<T> permute(const std::vector<T> &in, ArrayRef<int64_t> shape,
                              ArrayRef<int64_t> strides) {
  std::vector<T> out;
  out.reserve(in.size());
  Shape index(shape.size(), 0);
  int64_t source = 0;
  for (size_t n = 0; n < in.size(); ++n) {
    out.push_back(in[source]);
    for (int64_t d = static_cast<int64_t>(shape.size()) - 1; d >= 0; --d) {
      source += strides[d];
      if (++index[d] < shape[d])
        break;
      source -= strides[d] * shape[d];
      index[d] = 0;
    }
  }
  return out;
}

HostTensor transposeHost(const HostTensor &tensor, ArrayRef<int64_t> perm) {
  Shape inStrides = stridesOf(tensor.shape);
  HostTensor result;
  result.isFloat = tensor.isFloat;
  Shape strides;
  for (int64_t from : perm) {
    result.shape.push_back(tensor.shape[from]);
    strides.push_back(inStrides[from]);
  }
  result.floats = permute(tensor.floats, result.shape, strides);
  result.ints = permute(tensor.ints, result.shape, strides);
  return result;
}

HostTensor reshapeHost(const HostTensor &tensor, ArrayRef<int64_t> shape) {
  HostTensor result = tensor;
  result.shape.assign(shape.begin(), shape.end());
  return result;
}

std::optional<int64_t> findNonFinite(const HostTensor &tensor) {
  if (!tensor.isFloat)
    return std::nullopt;
  for (auto [i, value] : llvm::enumerate(tensor.floats))
    if (!std::isfinite(value))
      return i;
  return std::nullopt;
}

std::string formatIndex(ArrayRef<int64_t> shape, int64_t flat) {
  std::string text = "[";
  Shape strides = stridesOf(shape);
  for (auto [i, stride] : llvm::enumerate(strides)) {
    if (i)
      text += ", ";
    text += std::to_string(flat / stride);
    flat %= stride;
  }
  return text + "]";
}

std::string formatShape(ArrayRef<int64_t> shape) {
  if (shape.empty())
    return "scalar";
  std::string text;
  for (auto [i, dim] : llvm::enumerate(shape)) {
    if (i)
      text += "x";
    text += std::to_string(dim);
  }
  return text;
}

} // namespace mlir::qnt::onnx_import
