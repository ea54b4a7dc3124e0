//===- HostTensor.h - constants that the importer computes with -*- C++ -*-===//
//
// A constant of the model while it is being imported: weights, shapes and what
// is folded from them. Floats of any width are float here, integers and
// booleans int64_t; the number of stored elements always equals the product
// of the shape, which never overflows.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_HOSTTENSOR_H
#define QNT_LIB_IMPORT_HOSTTENSOR_H

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

struct HostTensor {
  Shape shape;
  bool isFloat = true;
  std::vector<float> floats;
  std::vector<int64_t> ints;

  static HostTensor ofFloats(ArrayRef<int64_t> shape,
                             std::vector<float> values);
  static HostTensor ofInts(ArrayRef<int64_t> shape,
                           std::vector<int64_t> values);

  int64_t size() const { return isFloat ? floats.size() : ints.size(); }
  int64_t rank() const { return shape.size(); }
  /// The element as a double, whatever the kind.
  double at(int64_t i) const { return isFloat ? floats[i] : ints[i]; }
};

using HostTensorRef = std::shared_ptr<const HostTensor>;

/// Row-major strides of a shape.
Shape stridesOf(ArrayRef<int64_t> shape);

/// The tensor with dimension `i` of the result taken from `perm[i]`.
HostTensor transposeHost(const HostTensor &tensor, ArrayRef<int64_t> perm);

/// The same elements under another shape of as many elements.
HostTensor reshapeHost(const HostTensor &tensor, ArrayRef<int64_t> shape);

/// Index of the first element that is NaN or infinite, if one.
std::optional<int64_t> findNonFinite(const HostTensor &tensor);

/// A flat index as `[1, 0, 3]`.
std::string formatIndex(ArrayRef<int64_t> shape, int64_t flat);

/// A shape as `1x3x224x224`; `scalar` for rank 0.
std::string formatShape(ArrayRef<int64_t> shape);

} // namespace mlir::qnt::onnx_import

#endif // QNT_LIB_IMPORT_HOSTTENSOR_H
