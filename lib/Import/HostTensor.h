//===- HostTensor.h - constants that the importer computes with -*- C++ -*-===//
//
// A constant of the model while it is being imported: weights, shapes and what
// is folded from them. Elements are held in the width of their type (float16
// and bfloat16 as float, bool and 4-bit integers as one byte), so every value
// is exact; the number of stored elements always equals the product of the
// shape, which never overflows.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_HOSTTENSOR_H
#define QNT_LIB_IMPORT_HOSTTENSOR_H

#include "ElementType.h"
#include "HostBytes.h"

#include "mlir/Support/LLVM.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace mlir::qnt::onnx_import {

using Shape = SmallVector<int64_t, 4>;

/// Dimensions, ranks and attribute values above these are refused, so sums and
/// products of a few of them stay within int64_t.
constexpr int64_t kMaxDim = int64_t{1} << 30;
constexpr int64_t kMaxRank = 8;
constexpr int64_t kMaxElements = int64_t{1} << 40;

/// The product of the dimensions, or nothing if one is negative or above
/// kMaxDim, or the product above kMaxElements.
std::optional<int64_t> countElements(ArrayRef<int64_t> shape);

struct StoredForm;

struct HostTensor {
  Shape shape;
  Elem elem = Elem::Float;
  /// The elements in row-major order, each of `storedBytes(elem)` bytes.
  HostBytes bytes;
  /// Floats: the integers that they were dequantized from, if any; whoever uses
  /// them checks that they still fit (StoredForm.h).
  std::shared_ptr<const StoredForm> stored;

  /// All elements are zero. The caller has checked the shape.
  static HostTensor zeros(ArrayRef<int64_t> shape, Elem elem);
  static HostTensor ofFloats(ArrayRef<int64_t> shape, ArrayRef<float> values);
  static HostTensor ofInts(ArrayRef<int64_t> shape, ArrayRef<int64_t> values,
                           Elem elem = Elem::Int64);

  bool isFloat() const { return onnx_import::isFloat(elem); }
  bool isInteger() const { return onnx_import::isInteger(elem); }
  int64_t size() const;
  int64_t rank() const { return shape.size(); }

  /// The element as a double, whatever the type; rounded only for 64-bit
  /// integers above 2^53.
  double at(int64_t i) const;
  /// The element as an integer: floats are truncated and saturated, uint64
  /// keeps its bits.
  int64_t intAt(int64_t i) const;
  /// Stores a number in the element type: rounded for floats; truncated, and
  /// the low bits kept, for integers; `!= 0` for bool.
  void set(int64_t i, double value);
  void setInt(int64_t i, int64_t value);

  /// The elements of float32, float16 and bfloat16.
  ArrayRef<float> floats() const { return as<float>(); }
  /// All elements widened; only for what is small, such as axes.
  std::vector<int64_t> toInts() const;
  /// The stored elements; `T` has the stored size.
  template <typename T> ArrayRef<T> as() const {
    return {reinterpret_cast<const T *>(bytes.data()),
            bytes.size() / sizeof(T)};
  }
  template <typename T> MutableArrayRef<T> as() {
    return {reinterpret_cast<T *>(bytes.data()), bytes.size() / sizeof(T)};
  }
};

using HostTensorRef = std::shared_ptr<const HostTensor>;

/// Bytes that one element takes in a host tensor.
int64_t storedBytes(Elem elem);

/// Row-major strides of a shape.
Shape stridesOf(ArrayRef<int64_t> shape);

/// The tensor with dimension `i` of the result taken from `perm[i]`.
HostTensor transposeHost(const HostTensor &tensor, ArrayRef<int64_t> perm);

/// The same elements under another shape of as many elements.
HostTensor reshapeHost(const HostTensor &tensor, ArrayRef<int64_t> shape);

/// Elements picked by flat index, in the given order.
HostTensor pickHost(const HostTensor &tensor, ArrayRef<int64_t> shape,
                    ArrayRef<int64_t> flat);

/// The elements converted one by one, as `set` and `setInt` do.
HostTensor convertHost(const HostTensor &tensor, Elem elem);

/// Index of the first element that is NaN or infinite, if one.
std::optional<int64_t> findNonFinite(const HostTensor &tensor);

/// The value of a half or brain float from its bits.
float halfToFloat(uint16_t bits);
float bfloatToFloat(uint16_t bits);

/// A flat index as `[1, 0, 3]`.
std::string formatIndex(ArrayRef<int64_t> shape, int64_t flat);

/// A shape as `1x3x224x224`; `scalar` for rank 0.
std::string formatShape(ArrayRef<int64_t> shape);

} // namespace mlir::qnt::onnx_import

#endif // QNT_LIB_IMPORT_HOSTTENSOR_H
