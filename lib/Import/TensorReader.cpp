//===- TensorReader.cpp - tensors of the file to host constants -----------===//
//
// See the header. Memory for the elements is taken only after their number was
// compared with the data that is there.
//
//===----------------------------------------------------------------------===//

#include "TensorReader.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <cstring>

namespace mlir::qnt::onnx_import {

using llvm::support::endian::read;
using onnx::TensorProto;

/// Bytes that `count` elements take in the file: 4-bit ones lie two to a byte.
static int64_t rawBytes(Elem elem, int64_t count) {
  return bitsOf(elem) == 4 ? (count + 1) / 2 : count * (bitsOf(elem) / 8);
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

/// Two 4-bit elements to a byte, the first in the low half.
template <typename GetByte>
static void unpackNibbles(HostTensor &tensor, int64_t count, GetByte byte) {
  for (int64_t i = 0; i < count; ++i)
    tensor.setInt(i, byte(i / 2) >> (i % 2 * 4) & 15);
}

template <typename T> static void loadRaw(StringRef bytes, HostTensor &tensor) {
  for (auto [i, value] : llvm::enumerate(tensor.as<T>()))
    value = read<T, llvm::endianness::little>(bytes.data() + i * sizeof(T));
}

/// Decodes raw little-endian bytes.
static bool decodeRaw(StringRef bytes, int64_t count, HostTensor &tensor,
                      std::string &error) {
  int64_t found = bytes.size(), wanted = rawBytes(tensor.elem, count);
  if (bitsOf(tensor.elem) == 4) {
    if (!hasCount(found, wanted, tensor.shape, error))
      return false;
    tensor = HostTensor::zeros(tensor.shape, tensor.elem);
    unpackNibbles(tensor, count,
                  [&](int64_t i) { return static_cast<uint8_t>(bytes[i]); });
    return true;
  }
  int64_t width = bitsOf(tensor.elem) / 8;
  if (found % width != 0) {
    error = llvm::formatv("has {0} bytes of data, not a multiple of {1}", found,
                          width);
    return false;
  }
  if (!hasCount(found / width, count, tensor.shape, error))
    return false;
  tensor = HostTensor::zeros(tensor.shape, tensor.elem);
  if (tensor.elem == Elem::Float16 || tensor.elem == Elem::BFloat16) {
    auto *decode = tensor.elem == Elem::Float16 ? halfToFloat : bfloatToFloat;
    for (auto [i, value] : llvm::enumerate(tensor.as<float>()))
      value = decode(
          read<uint16_t, llvm::endianness::little>(bytes.data() + i * 2));
  } else if (tensor.elem == Elem::Bool) {
    for (auto [i, value] : llvm::enumerate(tensor.as<uint8_t>()))
      value = bytes[i] != 0;
  } else if (width == 1) {
    loadRaw<uint8_t>(bytes, tensor);
  } else if (width == 2) {
    loadRaw<uint16_t>(bytes, tensor);
  } else if (width == 4) {
    loadRaw<uint32_t>(bytes, tensor);
  } else {
    loadRaw<uint64_t>(bytes, tensor);
  }
  return true;
}

/// The narrower types that a typed field holds in 32 bits each.
static bool decodeInt32s(const TensorProto &proto, int64_t count,
                         HostTensor &tensor, std::string &error) {
  bool nibbles = bitsOf(tensor.elem) == 4;
  if (!hasCount(proto.int32_data_size(), nibbles ? (count + 1) / 2 : count,
                tensor.shape, error))
    return false;
  tensor = HostTensor::zeros(tensor.shape, tensor.elem);
  if (nibbles) {
    unpackNibbles(tensor, count,
                  [&](int64_t i) { return proto.int32_data(i); });
    return true;
  }
  for (auto [i, value] : llvm::enumerate(proto.int32_data())) {
    if (tensor.elem == Elem::Float16)
      tensor.as<float>()[i] = halfToFloat(static_cast<uint16_t>(value));
    else if (tensor.elem == Elem::BFloat16)
      tensor.as<float>()[i] = bfloatToFloat(static_cast<uint16_t>(value));
    else
      tensor.setInt(i, value);
  }
  return true;
}

/// Decodes one of the repeated typed fields.
static bool decodeTyped(const TensorProto &proto, int64_t count,
                        HostTensor &tensor, std::string &error) {
  auto decode = [&](const auto &field, auto store) {
    if (!hasCount(field.size(), count, tensor.shape, error))
      return false;
    tensor = HostTensor::zeros(tensor.shape, tensor.elem);
    for (auto [i, value] : llvm::enumerate(field))
      store(i, value);
    return true;
  };
  auto storeFloat = [&](int64_t i, double value) { tensor.set(i, value); };
  auto storeInt = [&](int64_t i, uint64_t value) { tensor.setInt(i, value); };
  switch (tensor.elem) {
  case Elem::Float:
    return decode(proto.float_data(), storeFloat);
  case Elem::Double:
    return decode(proto.double_data(), storeFloat);
  case Elem::Int64:
    return decode(proto.int64_data(), storeInt);
  case Elem::UInt32:
  case Elem::UInt64:
    return decode(proto.uint64_data(), storeInt);
  default:
    return decodeInt32s(proto, count, tensor, error);
  }
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

/// Whether the file holds the elements as a host tensor does. A bool may be any
/// byte in a file.
static bool canBeShared(Elem elem, const llvm::MemoryBuffer &buffer) {
  bool isSame = bitsOf(elem) == 8 * storedBytes(elem) && elem != Elem::Bool;
  return isSame && llvm::endianness::native == llvm::endianness::little &&
         llvm::isAddrAligned(llvm::Align(storedBytes(elem)),
                             buffer.getBufferStart());
}

HostTensorRef readTensor(const TensorProto &proto, StringRef externalDir,
                         std::string &error) {
  std::optional<Elem> elem = elemFromOnnx(proto.data_type());
  if (!elem) {
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
  tensor->elem = *elem;
  std::optional<int64_t> count = countElements(tensor->shape);
  if (!count) {
    error = "has an impossible shape " + formatShape(tensor->shape);
    return nullptr;
  }
  if (proto.data_location() == TensorProto::EXTERNAL) {
    int64_t bytes = rawBytes(*elem, *count);
    std::shared_ptr<const llvm::MemoryBuffer> buffer =
        openExternal(proto, externalDir, bytes, error);
    if (!buffer)
      return nullptr;
    if (canBeShared(*elem, *buffer)) {
      tensor->bytes = HostBytes(std::move(buffer));
      return tensor;
    }
    if (!decodeRaw(buffer->getBuffer(), *count, *tensor, error))
      return nullptr;
    return tensor;
  }
  bool decoded = proto.has_raw_data()
                     ? decodeRaw(proto.raw_data(), *count, *tensor, error)
                     : decodeTyped(proto, *count, *tensor, error);
  if (!decoded)
    return nullptr;
  return tensor;
}

/// The flat place of entry `i`: a number, or an index per dimension.
static std::optional<int64_t> placeOf(const HostTensor &indices, int64_t i,
                                      ArrayRef<int64_t> shape) {
  Shape strides = stridesOf(shape);
  if (indices.rank() == 1) {
    int64_t flat = indices.intAt(i);
    return flat >= 0 && flat < *countElements(shape) ? std::optional(flat)
                                                     : std::nullopt;
  }
  int64_t rank = shape.size(), flat = 0;
  for (int64_t d = 0; d < rank; ++d) {
    int64_t index = indices.intAt(i * rank + d);
    if (index < 0 || index >= shape[d])
      return std::nullopt;
    flat += index * strides[d];
  }
  return flat;
}

HostTensorRef readSparse(const onnx::SparseTensorProto &proto,
                         StringRef externalDir, int64_t maxElements,
                         std::string &error) {
  Shape shape(proto.dims().begin(), proto.dims().end());
  std::optional<int64_t> count = countElements(shape);
  if (!count || static_cast<int64_t>(shape.size()) > kMaxRank) {
    error = "has an impossible shape " + formatShape(shape);
    return nullptr;
  }
  if (*count > maxElements) {
    error = llvm::formatv("is sparse with {0} elements, more than the size of "
                          "the model accounts for; store it dense",
                          *count);
    return nullptr;
  }
  HostTensorRef values = readTensor(proto.values(), externalDir, error);
  if (!values)
    return nullptr;
  HostTensorRef indices = readTensor(proto.indices(), externalDir, error);
  if (!indices)
    return nullptr;
  int64_t rank = shape.size(), entries = values->size();
  bool isFlat = indices->rank() == 1 && indices->size() == entries;
  bool isFull = indices->rank() == 2 && indices->shape[0] == entries &&
                indices->shape[1] == rank;
  if (indices->elem != Elem::Int64 || values->rank() != 1 ||
      (!isFlat && !isFull)) {
    error = "has indices that do not fit its values";
    return nullptr;
  }
  HostTensor result = HostTensor::zeros(shape, values->elem);
  size_t width = storedBytes(values->elem);
  char *to = result.bytes.data();
  for (int64_t i = 0; i < entries; ++i) {
    std::optional<int64_t> place = placeOf(*indices, i, shape);
    if (!place) {
      error = llvm::formatv("has entry {0} outside of its shape {1}", i,
                            formatShape(shape));
      return nullptr;
    }
    std::memcpy(to + *place * width, values->bytes.data() + i * width, width);
  }
  return std::make_shared<HostTensor>(std::move(result));
}

} // namespace mlir::qnt::onnx_import
