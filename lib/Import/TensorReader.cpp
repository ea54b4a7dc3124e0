//===- TensorReader.cpp - tensors of the file to host constants -----------===//
//
// See the header. An element type is described once, in `elementTypes`: how
// wide it is in raw bytes, which typed field holds it, and how it decodes.
//
//===----------------------------------------------------------------------===//

#include "TensorReader.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

namespace mlir::qnt::onnx_import {

using llvm::support::endian::read;
using onnx::TensorProto;

namespace {
/// Which repeated field of the message holds elements that are not raw.
enum class Field { floats, doubles, int32s, int64s, uint64s };

struct ElementType {
  int32_t id;
  const char *name;
  int64_t bytes;
  Field field;
  bool isFloat;
  /// One element from its little-endian bytes; exactly one of the two is set.
  float (*asFloat)(const char *);
  int64_t (*asInt)(const char *);
};
} // namespace

template <typename T> static T load(const char *bytes) {
  return read<T, llvm::endianness::little>(bytes);
}

static float fromBits(const llvm::fltSemantics &semantics, uint16_t bits) {
  llvm::APFloat value(semantics, llvm::APInt(16, bits));
  bool losesInfo;
  value.convert(llvm::APFloat::IEEEsingle(), llvm::APFloat::rmNearestTiesToEven,
                &losesInfo);
  return value.convertToFloat();
}

static float halfToFloat(uint16_t bits) {
  return fromBits(llvm::APFloat::IEEEhalf(), bits);
}

static float bfloatToFloat(uint16_t bits) {
  return fromBits(llvm::APFloat::BFloat(), bits);
}

template <typename T> static int64_t loadInt(const char *bytes) {
  return static_cast<int64_t>(load<T>(bytes));
}

static const ElementType elementTypes[] = {
    {TensorProto::FLOAT, "float32", 4, Field::floats, true, load<float>,
     nullptr},
    {TensorProto::UINT8, "uint8", 1, Field::int32s, false, nullptr,
     loadInt<uint8_t>},
    {TensorProto::INT8, "int8", 1, Field::int32s, false, nullptr,
     loadInt<int8_t>},
    {TensorProto::UINT16, "uint16", 2, Field::int32s, false, nullptr,
     loadInt<uint16_t>},
    {TensorProto::INT16, "int16", 2, Field::int32s, false, nullptr,
     loadInt<int16_t>},
    {TensorProto::INT32, "int32", 4, Field::int32s, false, nullptr,
     loadInt<int32_t>},
    {TensorProto::INT64, "int64", 8, Field::int64s, false, nullptr,
     loadInt<int64_t>},
    {TensorProto::BOOL, "bool", 1, Field::int32s, false, nullptr,
     loadInt<uint8_t>},
    {TensorProto::FLOAT16, "float16", 2, Field::int32s, true,
     [](const char *b) { return halfToFloat(load<uint16_t>(b)); }, nullptr},
    {TensorProto::DOUBLE, "float64", 8, Field::doubles, true,
     [](const char *b) { return static_cast<float>(load<double>(b)); },
     nullptr},
    {TensorProto::UINT32, "uint32", 4, Field::uint64s, false, nullptr,
     loadInt<uint32_t>},
    {TensorProto::UINT64, "uint64", 8, Field::uint64s, false, nullptr,
     loadInt<uint64_t>},
    {TensorProto::BFLOAT16, "bfloat16", 2, Field::int32s, true,
     [](const char *b) { return bfloatToFloat(load<uint16_t>(b)); }, nullptr},
};

static const ElementType *findElementType(int32_t id) {
  for (const ElementType &type : elementTypes)
    if (type.id == id)
      return &type;
  return nullptr;
}

std::string elementTypeName(int32_t dataType) {
  if (const ElementType *type = findElementType(dataType))
    return type->name;
  switch (dataType) {
  case TensorProto::UNDEFINED:
    return "undefined";
  case TensorProto::STRING:
    return "string";
  case TensorProto::COMPLEX64:
    return "complex64";
  case TensorProto::COMPLEX128:
    return "complex128";
  default:
    return "number " + std::to_string(dataType);
  }
}

/// Fails unless exactly `count` elements are present.
static bool hasCount(int64_t found, int64_t count, ArrayRef<int64_t> shape,
                     std::string &error) {
  if (found == count)
    return true;
  error = llvm::formatv("has {0} elements of data, but its shape {1} needs {2}",
                        found, formatShape(shape), count);
  return false;
}

/// Decodes raw little-endian bytes.
static bool decodeRaw(const ElementType &type, StringRef bytes, int64_t count,
                      HostTensor &tensor, std::string &error) {
  if (bytes.size() % type.bytes != 0) {
    error = llvm::formatv("has {0} bytes of data, not a multiple of {1}",
                          bytes.size(), type.bytes);
    return false;
  }
  if (!hasCount(bytes.size() / type.bytes, count, tensor.shape, error))
    return false;
  for (int64_t i = 0; i < count; ++i) {
    const char *element = bytes.data() + i * type.bytes;
    if (type.isFloat)
      tensor.floats.push_back(type.asFloat(element));
    else
      tensor.ints.push_back(type.asInt(element));
  }
  return true;
}

/// One element of a typed field that holds narrower types in 32 bits.
static void appendInt32(const ElementType &type, int32_t value,
                        HostTensor &tensor) {
  if (type.id == TensorProto::FLOAT16)
    tensor.floats.push_back(halfToFloat(static_cast<uint16_t>(value)));
  else if (type.id == TensorProto::BFLOAT16)
    tensor.floats.push_back(bfloatToFloat(static_cast<uint16_t>(value)));
  else
    tensor.ints.push_back(value);
}

/// Decodes one of the repeated typed fields.
static bool decodeTyped(const ElementType &type, const TensorProto &proto,
                        int64_t count, HostTensor &tensor, std::string &error) {
  auto check = [&](int64_t found) {
    return hasCount(found, count, tensor.shape, error);
  };
  switch (type.field) {
  case Field::floats:
    if (!check(proto.float_data_size()))
      return false;
    tensor.floats.assign(proto.float_data().begin(), proto.float_data().end());
    return true;
  case Field::doubles:
    if (!check(proto.double_data_size()))
      return false;
    tensor.floats.assign(proto.double_data().begin(),
                         proto.double_data().end());
    return true;
  case Field::int64s:
    if (!check(proto.int64_data_size()))
      return false;
    tensor.ints.assign(proto.int64_data().begin(), proto.int64_data().end());
    return true;
  case Field::uint64s:
    if (!check(proto.uint64_data_size()))
      return false;
    tensor.ints.assign(proto.uint64_data().begin(), proto.uint64_data().end());
    return true;
  case Field::int32s:
    if (!check(proto.int32_data_size()))
      return false;
    for (int32_t value : proto.int32_data())
      appendInt32(type, value, tensor);
    return true;
  }
  return false;
}

/// Where an external tensor lies, from its key-value pairs.
struct ExternalRange {
  std::string location;
  int64_t offset = 0;
  std::optional<int64_t> length;
};

static bool readExternalRange(const TensorProto &proto, ExternalRange &range,
                              std::string &error) {
  for (const onnx::StringStringEntryProto &entry : proto.external_data()) {
    if (entry.key() == "location") {
      range.location = entry.value();
      continue;
    }
    if (entry.key() != "offset" && entry.key() != "length")
      continue;
    int64_t value;
    if (StringRef(entry.value()).getAsInteger(10, value) || value < 0) {
      error = llvm::formatv("has external data with {0} '{1}', not a size",
                            entry.key(), entry.value());
      return false;
    }
    if (entry.key() == "offset")
      range.offset = value;
    else
      range.length = value;
  }
  StringRef location = range.location;
  bool leaves =
      llvm::sys::path::is_absolute(location) || location.contains('\0') ||
      llvm::is_contained(llvm::make_range(llvm::sys::path::begin(location),
                                          llvm::sys::path::end(location)),
                         "..");
  if (!location.empty() && !leaves)
    return true;
  error = llvm::formatv("has external data in '{0}', which is not a file "
                        "beside the model",
                        location);
  return false;
}

/// The bytes of an external tensor.
static std::unique_ptr<llvm::MemoryBuffer>
openExternal(const TensorProto &proto, StringRef dir, int64_t bytes,
             std::string &error) {
  ExternalRange range;
  if (!readExternalRange(proto, range, error))
    return nullptr;
  SmallString<128> path(dir);
  llvm::sys::path::append(path, range.location);
  llvm::sys::fs::file_status status;
  if (llvm::sys::fs::status(path, status) ||
      !llvm::sys::fs::is_regular_file(status)) {
    error = llvm::formatv("has external data in file '{0}', which is missing",
                          range.location);
    return nullptr;
  }
  int64_t fileBytes = status.getSize();
  if (range.length.value_or(bytes) != bytes || range.offset > fileBytes ||
      bytes > fileBytes - range.offset) {
    error = llvm::formatv("needs {0} bytes at offset {1} of external file "
                          "'{2}', which has {3}",
                          bytes, range.offset, range.location, fileBytes);
    return nullptr;
  }
  auto buffer = llvm::MemoryBuffer::getFileSlice(path, bytes, range.offset);
  if (!buffer) {
    error = llvm::formatv("has external data in file '{0}', which cannot be "
                          "read: {1}",
                          range.location, buffer.getError().message());
    return nullptr;
  }
  return std::move(*buffer);
}

HostTensorRef readTensor(const TensorProto &proto, StringRef externalDir,
                         std::string &error) {
  const ElementType *type = findElementType(proto.data_type());
  if (!type) {
    error = "has element type " + elementTypeName(proto.data_type()) +
            ", which is not supported";
    return nullptr;
  }
  if (proto.dims_size() > kMaxRank) {
    error = llvm::formatv("has rank {0}, more than the {1} supported",
                          proto.dims_size(), kMaxRank);
    return nullptr;
  }
  if (proto.has_segment()) {
    error = "is stored in segments, which is not supported";
    return nullptr;
  }
  auto tensor = std::make_shared<HostTensor>();
  tensor->shape.assign(proto.dims().begin(), proto.dims().end());
  tensor->isFloat = type->isFloat;
  std::optional<int64_t> count = countElements(tensor->shape);
  if (!count) {
    error = "has an impossible shape " + formatShape(tensor->shape);
    return nullptr;
  }
  if (proto.data_location() == TensorProto::EXTERNAL) {
    int64_t bytes = *count * type->bytes;
    auto buffer = openExternal(proto, externalDir, bytes, error);
    if (!buffer ||
        !decodeRaw(*type, buffer->getBuffer(), *count, *tensor, error))
      return nullptr;
    return tensor;
  }
  bool decoded =
      proto.has_raw_data()
          ? decodeRaw(*type, proto.raw_data(), *count, *tensor, error)
          : decodeTyped(*type, proto, *count, *tensor, error);
  if (!decoded)
    return nullptr;
  return tensor;
}

} // namespace mlir::qnt::onnx_import
