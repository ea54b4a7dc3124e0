//===- HostTensor.cpp - constants that the importer computes with ---------===//
//
// Elements and layout of host constants. Callers have checked shapes; nothing
// here can fail.
//
//===----------------------------------------------------------------------===//

#include "HostTensor.h"

#include "StoredForm.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>
#include <cstring>

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

int64_t storedBytes(Elem elem) {
  if (elem == Elem::Double)
    return 8;
  return isFloat(elem) ? 4 : (bitsOf(elem) + 7) / 8;
}

HostTensor HostTensor::zeros(ArrayRef<int64_t> shape, Elem elem) {
  HostTensor result;
  result.shape.assign(shape.begin(), shape.end());
  result.elem = elem;
  result.bytes.assign(*countElements(shape) * storedBytes(elem), 0);
  return result;
}

HostTensor HostTensor::ofFloats(ArrayRef<int64_t> shape,
                                ArrayRef<float> values) {
  HostTensor result;
  result.shape.assign(shape.begin(), shape.end());
  auto *data = reinterpret_cast<const char *>(values.data());
  result.bytes.assign(data, data + values.size() * sizeof(float));
  return result;
}

HostTensor HostTensor::ofInts(ArrayRef<int64_t> shape, ArrayRef<int64_t> values,
                              Elem elem) {
  HostTensor result = zeros(shape, elem);
  for (auto [i, value] : llvm::enumerate(values))
    result.setInt(i, value);
  return result;
}

int64_t HostTensor::size() const {
  return static_cast<int64_t>(bytes.size()) / storedBytes(elem);
}

/// Calls `fn` with the stored elements as what they are.
template <typename Tensor, typename Fn>
static auto visit(Tensor &tensor, Fn fn) {
  switch (tensor.elem) {
  case Elem::Float:
  case Elem::Float16:
  case Elem::BFloat16:
    return fn(tensor.template as<float>());
  case Elem::Double:
    return fn(tensor.template as<double>());
  case Elem::Bool:
  case Elem::UInt4:
  case Elem::UInt8:
    return fn(tensor.template as<uint8_t>());
  case Elem::Int4:
  case Elem::Int8:
    return fn(tensor.template as<int8_t>());
  case Elem::UInt16:
    return fn(tensor.template as<uint16_t>());
  case Elem::Int16:
    return fn(tensor.template as<int16_t>());
  case Elem::UInt32:
    return fn(tensor.template as<uint32_t>());
  case Elem::Int32:
    return fn(tensor.template as<int32_t>());
  case Elem::UInt64:
    return fn(tensor.template as<uint64_t>());
  case Elem::Int64:
    return fn(tensor.template as<int64_t>());
  }
  llvm_unreachable("all element types are handled");
}

/// Truncates toward zero; what does not fit becomes the nearest that does, and
/// NaN becomes 0.
static int64_t toInt(double value) {
  if (!(value > -9223372036854775808.0))
    return std::isnan(value) ? 0 : INT64_MIN;
  return value >= 9223372036854775808.0 ? INT64_MAX
                                        : static_cast<int64_t>(value);
}

double HostTensor::at(int64_t i) const {
  return visit(*this, [i](auto values) -> double { return values[i]; });
}

int64_t HostTensor::intAt(int64_t i) const {
  if (isFloat())
    return toInt(at(i));
  return visit(*this, [i](auto values) -> int64_t {
    return static_cast<int64_t>(values[i]);
  });
}

/// The nearest number of a narrower float format.
static float roundTo(const llvm::fltSemantics &semantics, double value) {
  llvm::APFloat number(value);
  bool losesInfo;
  number.convert(semantics, llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  number.convert(llvm::APFloat::IEEEsingle(),
                 llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  return number.convertToFloat();
}

void HostTensor::set(int64_t i, double value) {
  switch (elem) {
  case Elem::Float:
    as<float>()[i] = static_cast<float>(value);
    return;
  case Elem::Double:
    as<double>()[i] = value;
    return;
  case Elem::Float16:
    as<float>()[i] = roundTo(llvm::APFloat::IEEEhalf(), value);
    return;
  case Elem::BFloat16:
    as<float>()[i] = roundTo(llvm::APFloat::BFloat(), value);
    return;
  case Elem::Bool:
    as<uint8_t>()[i] = value != 0;
    return;
  case Elem::UInt64:
    if (value >= 9223372036854775808.0 && value < 18446744073709551616.0) {
      as<uint64_t>()[i] = static_cast<uint64_t>(value);
      return;
    }
    [[fallthrough]];
  default:
    setInt(i, toInt(value));
  }
}

void HostTensor::setInt(int64_t i, int64_t value) {
  if (isFloat())
    return set(i, static_cast<double>(value));
  if (elem == Elem::Bool)
    value = value != 0;
  else if (elem == Elem::Int4)
    value = llvm::SignExtend64<4>(value);
  else if (elem == Elem::UInt4)
    value &= 15;
  visit(*this, [&](auto values) {
    values[i] = static_cast<std::decay_t<decltype(values[i])>>(value);
  });
}

std::vector<int64_t> HostTensor::toInts() const {
  std::vector<int64_t> result;
  for (int64_t i = 0, e = size(); i < e; ++i)
    result.push_back(intAt(i));
  return result;
}

Shape stridesOf(ArrayRef<int64_t> shape) {
  Shape strides(shape.size(), 1);
  for (int64_t i = static_cast<int64_t>(shape.size()) - 2; i >= 0; --i)
    strides[i] = strides[i + 1] * shape[i + 1];
  return strides;
}

HostTensor transposeHost(const HostTensor &tensor, ArrayRef<int64_t> perm) {
  Shape inStrides = stridesOf(tensor.shape);
  HostTensor result;
  result.elem = tensor.elem;
  Shape strides;
  for (int64_t from : perm) {
    result.shape.push_back(tensor.shape[from]);
    strides.push_back(inStrides[from]);
  }
  int64_t width = storedBytes(tensor.elem);
  result.bytes.resize(tensor.bytes.size());
  Shape index(perm.size(), 0);
  int64_t source = 0;
  for (size_t to = 0; to < result.bytes.size(); to += width) {
    std::memcpy(&result.bytes[to], &tensor.bytes[source * width], width);
    for (int64_t d = static_cast<int64_t>(perm.size()) - 1; d >= 0; --d) {
      source += strides[d];
      if (++index[d] < result.shape[d])
        break;
      source -= strides[d] * result.shape[d];
      index[d] = 0;
    }
  }
  result.stored =
      transposeStored(reshapeStored(tensor.stored, tensor.shape), perm);
  return result;
}

HostTensor reshapeHost(const HostTensor &tensor, ArrayRef<int64_t> shape) {
  HostTensor result = tensor;
  result.shape.assign(shape.begin(), shape.end());
  return result;
}

HostTensor pickHost(const HostTensor &tensor, ArrayRef<int64_t> shape,
                    ArrayRef<int64_t> flat) {
  HostTensor result;
  result.shape.assign(shape.begin(), shape.end());
  result.elem = tensor.elem;
  int64_t width = storedBytes(tensor.elem);
  result.bytes.resize(flat.size() * width);
  for (auto [to, from] : llvm::enumerate(flat))
    std::memcpy(&result.bytes[to * width], &tensor.bytes[from * width], width);
  return result;
}

HostTensor convertHost(const HostTensor &tensor, Elem elem) {
  if (tensor.elem == elem)
    return tensor;
  HostTensor result = HostTensor::zeros(tensor.shape, elem);
  bool viaInt = !tensor.isFloat() && !isFloat(elem);
  for (int64_t i = 0, e = tensor.size(); i < e; ++i) {
    if (viaInt)
      result.setInt(i, tensor.intAt(i));
    else
      result.set(i, tensor.at(i));
  }
  return result;
}

std::optional<int64_t> findNonFinite(const HostTensor &tensor) {
  if (!tensor.isFloat())
    return std::nullopt;
  for (int64_t i = 0, e = tensor.size(); i < e; ++i)
    if (!std::isfinite(tensor.at(i)))
      return i;
  return std::nullopt;
}

static float fromBits(const llvm::fltSemantics &semantics, uint16_t bits) {
  llvm::APFloat value(semantics, llvm::APInt(16, bits));
  bool losesInfo;
  value.convert(llvm::APFloat::IEEEsingle(), llvm::APFloat::rmNearestTiesToEven,
                &losesInfo);
  return value.convertToFloat();
}

float halfToFloat(uint16_t bits) {
  return fromBits(llvm::APFloat::IEEEhalf(), bits);
}

float bfloatToFloat(uint16_t bits) {
  return fromBits(llvm::APFloat::BFloat(), bits);
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
