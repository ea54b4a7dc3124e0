//===- Tensor.h - a dense array with a numpy type --------------*- C++ -*-===//
//
// The one value type that readers, the JIT and the interpreter exchange: dense,
// row-major, native byte order, 64-byte aligned. Invariant: the buffer holds
// exactly the elements that dtype and shape say.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_EXECUTION_TENSOR_H
#define QNT_EXECUTION_TENSOR_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/AlignOf.h"

#include <optional>
#include <string>

namespace mlir::qnt {

/// Element types, by their numpy names.
enum class DType : uint8_t {
  Bool,
  Int8,
  UInt8,
  Int16,
  UInt16,
  Int32,
  UInt32,
  Int64,
  UInt64,
  Float16,
  Float32,
  Float64,
  BFloat16
};

/// The numpy name, e.g. "float32"; "bfloat16" is that of ml_dtypes.
StringRef stringify(DType dtype);
/// Bytes of one element.
unsigned getByteWidth(DType dtype);
/// The dtype that stores elements of this type: signless integers as signed,
/// i1 as bool, index as int64; nothing for other types.
std::optional<DType> getDType(Type elementType);
/// The dtype of that name.
std::optional<DType> parseDType(StringRef name);
/// The MLIR type of an element: unsigned dtypes give `uiN`, bool gives `i1`.
Type getElementType(MLIRContext *context, DType dtype);

/// What a tensor looks like: "float32 [1, 32, 32, 3]".
struct TensorSpec {
  DType dtype = DType::Float32;
  SmallVector<int64_t, 4> shape;

  TensorSpec() = default;
  TensorSpec(DType dtype, ArrayRef<int64_t> shape)
      : dtype(dtype), shape(shape.begin(), shape.end()) {}

  int64_t getNumElements() const;
  int64_t getNumBytes() const { return getNumElements() * getByteWidth(dtype); }
  std::string str() const;
  bool operator==(const TensorSpec &other) const {
    return dtype == other.dtype && shape == other.shape;
  }
  bool operator!=(const TensorSpec &other) const { return !(*this == other); }

  /// Nothing unless `type` is a ranked static tensor or memref of a type that
  /// has a dtype.
  static std::optional<TensorSpec> get(Type type);
};

/// Prints a shape as numpy does: "[1, 32]".
std::string stringifyShape(ArrayRef<int64_t> shape);

/// A dense array. Copies copy the elements.
class Tensor {
public:
  Tensor() = default;
  /// All elements are zero.
  explicit Tensor(TensorSpec spec);
  Tensor(DType dtype, ArrayRef<int64_t> shape)
      : Tensor(TensorSpec(dtype, shape)) {}
  Tensor(const Tensor &other);
  Tensor(Tensor &&other) noexcept;
  Tensor &operator=(Tensor other) noexcept;
  ~Tensor();

  /// The elements of a dense attribute; nothing if its type has no dtype.
  static std::optional<Tensor> get(ElementsAttr attribute);

  const TensorSpec &getSpec() const { return spec; }
  DType getDType() const { return spec.dtype; }
  ArrayRef<int64_t> getShape() const { return spec.shape; }
  int64_t getNumElements() const { return spec.getNumElements(); }
  int64_t getNumBytes() const { return size; }

  char *data() { return buffer; }
  const char *data() const { return buffer; }
  MutableArrayRef<char> bytes() { return {buffer, size}; }
  ArrayRef<char> bytes() const { return {buffer, size}; }

  /// The elements as `T`, which has the size of the dtype.
  template <typename T> MutableArrayRef<T> as() {
    assert(sizeof(T) == getByteWidth(spec.dtype));
    return MutableArrayRef<T>(reinterpret_cast<T *>(buffer), size / sizeof(T));
  }
  template <typename T> ArrayRef<T> as() const {
    assert(sizeof(T) == getByteWidth(spec.dtype));
    return ArrayRef<T>(reinterpret_cast<const T *>(buffer), size / sizeof(T));
  }

  /// Element `index` in row-major order, converted to double.
  double getAsDouble(int64_t index) const;

  /// The same elements under another shape of the same size.
  Tensor reshaped(ArrayRef<int64_t> shape) const;

private:
  TensorSpec spec;
  char *buffer = nullptr;
  size_t size = 0;
};

/// The position of the first NaN or infinity; nothing if all are finite or the
/// dtype has none.
std::optional<int64_t> findNonFinite(DType dtype, ArrayRef<char> bytes);

} // namespace mlir::qnt

#endif // QNT_EXECUTION_TENSOR_H
