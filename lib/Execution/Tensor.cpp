//===- Tensor.cpp - a dense array with a numpy type -----------------------===//
//
// Storage and conversions of Tensor; every allocation is 64-byte aligned and
// zeroed.
//
//===----------------------------------------------------------------------===//

#include "qnt/Execution/Tensor.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemAlloc.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <cstring>
#include <utility>

using namespace mlir;
using namespace mlir::qnt;

static constexpr size_t kAlignment = 64;

namespace {
struct DTypeInfo {
  StringLiteral name;
  unsigned width;
};
} // namespace

static DTypeInfo getInfo(DType dtype) {
  static constexpr DTypeInfo infos[] = {
      {"bool", 1},    {"int8", 1},    {"uint8", 1},   {"int16", 2},
      {"uint16", 2},  {"int32", 4},   {"uint32", 4},  {"int64", 8},
      {"uint64", 8},  {"float16", 2}, {"float32", 4}, {"float64", 8},
      {"bfloat16", 2}};
  return infos[static_cast<unsigned>(dtype)];
}

StringRef qnt::stringify(DType dtype) { return getInfo(dtype).name; }

unsigned qnt::getByteWidth(DType dtype) { return getInfo(dtype).width; }

std::optional<DType> qnt::parseDType(StringRef name) {
  for (unsigned i = 0; i <= static_cast<unsigned>(DType::BFloat16); ++i)
    if (stringify(static_cast<DType>(i)) == name)
      return static_cast<DType>(i);
  return std::nullopt;
}

std::optional<DType> qnt::getDType(Type type) {
  if (type.isBF16())
    return DType::BFloat16;
  if (type.isF16())
    return DType::Float16;
  if (type.isF32())
    return DType::Float32;
  if (type.isF64())
    return DType::Float64;
  if (type.isIndex())
    return DType::Int64;
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer)
    return std::nullopt;
  bool isUnsigned = integer.isUnsigned();
  switch (integer.getWidth()) {
  case 1:
    return DType::Bool;
  case 8:
    return isUnsigned ? DType::UInt8 : DType::Int8;
  case 16:
    return isUnsigned ? DType::UInt16 : DType::Int16;
  case 32:
    return isUnsigned ? DType::UInt32 : DType::Int32;
  case 64:
    return isUnsigned ? DType::UInt64 : DType::Int64;
  default:
    return std::nullopt;
  }
}

Type qnt::getElementType(MLIRContext *context, DType dtype) {
  switch (dtype) {
  case DType::Float16:
    return Float16Type::get(context);
  case DType::Float32:
    return Float32Type::get(context);
  case DType::Float64:
    return Float64Type::get(context);
  case DType::BFloat16:
    return BFloat16Type::get(context);
  case DType::Bool:
    return IntegerType::get(context, 1);
  case DType::UInt8:
  case DType::UInt16:
  case DType::UInt32:
  case DType::UInt64:
    return IntegerType::get(context, getByteWidth(dtype) * 8,
                            IntegerType::Unsigned);
  default:
    return IntegerType::get(context, getByteWidth(dtype) * 8);
  }
}

//===----------------------------------------------------------------------===//
// TensorSpec
//===----------------------------------------------------------------------===//

int64_t TensorSpec::getNumElements() const {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

std::string qnt::stringifyShape(ArrayRef<int64_t> shape) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << "[";
  llvm::interleaveComma(shape, stream);
  stream << "]";
  return text;
}

std::string TensorSpec::str() const {
  return (stringify(dtype) + " " + stringifyShape(shape)).str();
}

std::optional<TensorSpec> TensorSpec::get(Type type) {
  auto shaped = dyn_cast<ShapedType>(type);
  if (!shaped || !shaped.hasStaticShape())
    return std::nullopt;
  std::optional<DType> dtype = qnt::getDType(shaped.getElementType());
  if (!dtype)
    return std::nullopt;
  return TensorSpec(*dtype, shaped.getShape());
}

//===----------------------------------------------------------------------===//
// Tensor
//===----------------------------------------------------------------------===//

Tensor::Tensor(TensorSpec spec)
    : spec(std::move(spec)), size(this->spec.getNumBytes()) {
  // One extra line keeps vector loads past the end within the allocation.
  size_t allocated = llvm::alignTo(size, kAlignment) + kAlignment;
  buffer = static_cast<char *>(llvm::allocate_buffer(allocated, kAlignment));
  std::memset(buffer, 0, allocated);
}
Tensor::Tensor(const Tensor &other) {
  if (!other.buffer)
    return;
  Tensor copy(other.spec);
  std::memcpy(copy.buffer, other.buffer, size_t(other.size));
  *this = std::move(copy);
}
Tensor::Tensor(Tensor &&other) noexcept
    : spec(std::move(other.spec)), buffer(std::exchange(other.buffer, nullptr)),
      size(std::exchange(other.size, 0)) {}
Tensor &Tensor::operator=(Tensor other) noexcept {
  std::swap(spec, other.spec);
  std::swap(buffer, other.buffer);
  std::swap(size, other.size);
  return *this;
}
Tensor::~Tensor() {
  if (buffer)
    llvm::deallocate_buffer(
        buffer, llvm::alignTo(size, kAlignment) + kAlignment, kAlignment);
}

Tensor Tensor::reshaped(ArrayRef<int64_t> shape) const {
  Tensor result = *this;
  result.spec.shape.assign(shape.begin(), shape.end());
  assert(result.spec.getNumBytes() == getNumBytes());
  return result;
}

/// Writes the low bytes of `bits` as one element.
static void storeBits(char *out, uint64_t bits, unsigned width) {
  if (llvm::endianness::native == llvm::endianness::little)
    std::memcpy(out, &bits, width);
  else
    std::memcpy(out, reinterpret_cast<char *>(&bits) + (8 - width), width);
}

std::optional<Tensor> Tensor::get(ElementsAttr attribute) {
  std::optional<TensorSpec> spec = TensorSpec::get(attribute.getType());
  auto dense = dyn_cast<DenseElementsAttr>(attribute);
  if (!spec || (!dense && !isa<DenseResourceElementsAttr>(attribute)))
    return std::nullopt;
  Tensor tensor(*spec);
  unsigned width = qnt::getByteWidth(spec->dtype);
  if (!dense) {
    auto resource = cast<DenseResourceElementsAttr>(attribute);
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob || blob->getData().size() != tensor.size ||
        spec->dtype == DType::Bool)
      return std::nullopt;
    std::memcpy(tensor.buffer, blob->getData().data(), tensor.size);
    return tensor;
  }
  // Raw data are the elements themselves for whole-byte types.
  if (spec->dtype != DType::Bool && !dense.isSplat() &&
      dense.getRawData().size() == tensor.size) {
    std::memcpy(tensor.buffer, dense.getRawData().data(), tensor.size);
    return tensor;
  }
  char *out = tensor.buffer;
  if (isa<FloatType>(dense.getElementType())) {
    for (const APFloat &value : dense.getValues<APFloat>()) {
      storeBits(out, value.bitcastToAPInt().getZExtValue(), width);
      out += width;
    }
    return tensor;
  }
  for (const APInt &value : dense.getValues<APInt>()) {
    storeBits(out, value.getZExtValue(), width);
    out += width;
  }
  return tensor;
}

static double halfToDouble(const llvm::fltSemantics &format, uint16_t bits) {
  APFloat value(format, APInt(16, bits));
  bool lossy = false;
  value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &lossy);
  return value.convertToDouble();
}

double Tensor::getAsDouble(int64_t index) const {
  switch (spec.dtype) {
  case DType::Bool:
    return as<bool>()[index];
  case DType::Int8:
    return as<int8_t>()[index];
  case DType::UInt8:
    return as<uint8_t>()[index];
  case DType::Int16:
    return as<int16_t>()[index];
  case DType::UInt16:
    return as<uint16_t>()[index];
  case DType::Int32:
    return as<int32_t>()[index];
  case DType::UInt32:
    return as<uint32_t>()[index];
  case DType::Int64:
    return as<int64_t>()[index];
  case DType::UInt64:
    return as<uint64_t>()[index];
  case DType::Float16:
    return halfToDouble(APFloat::IEEEhalf(), as<uint16_t>()[index]);
  case DType::BFloat16:
    return halfToDouble(APFloat::BFloat(), as<uint16_t>()[index]);
  case DType::Float32:
    return as<float>()[index];
  case DType::Float64:
    return as<double>()[index];
  }
  llvm_unreachable("all dtypes are handled");
}

//===----------------------------------------------------------------------===//
// Finite values
//===----------------------------------------------------------------------===//

/// A float is NaN or infinite if all bits of its exponent are set.
template <typename Bits>
static std::optional<int64_t> findExponent(ArrayRef<char> bytes,
                                           Bits exponent) {
  auto *data = reinterpret_cast<const Bits *>(bytes.data());
  size_t count = bytes.size() / sizeof(Bits);
  // The common case is one pass without a branch per element.
  bool found = false;
  for (size_t i = 0; i < count; ++i)
    found |= (data[i] & exponent) == exponent;
  if (!found)
    return std::nullopt;
  return std::find_if(
             data, data + count,
             [&](Bits bits) { return (bits & exponent) == exponent; }) -
         data;
}

std::optional<int64_t> qnt::findNonFinite(DType dtype, ArrayRef<char> bytes) {
  switch (dtype) {
  case DType::Float16:
    return findExponent<uint16_t>(bytes, 0x7c00);
  case DType::BFloat16:
    return findExponent<uint16_t>(bytes, 0x7f80);
  case DType::Float32:
    return findExponent<uint32_t>(bytes, 0x7f800000);
  case DType::Float64:
    return findExponent<uint64_t>(bytes, 0x7ff0000000000000);
  default:
    return std::nullopt;
  }
}
