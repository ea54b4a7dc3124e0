//===- Npy.cpp - one numpy array ------------------------------------------===//
//
// The .npy format, versions 1 to 3: magic, version, header length, a Python
// dictionary, elements. The dictionary is parsed by hand, strictly: exactly the
// three keys that numpy writes, in any order.
//
//===----------------------------------------------------------------------===//

#include "qnt/Execution/Npy.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cstring>

using namespace mlir;
using namespace mlir::qnt;

static constexpr StringLiteral kMagic = "\x93NUMPY";
/// numpy itself refuses longer headers unless told otherwise.
static constexpr uint32_t kMaxHeader = 1 << 16;
static constexpr size_t kMaxRank = 32;

//===----------------------------------------------------------------------===//
// The dictionary
//===----------------------------------------------------------------------===//

namespace {
/// A cursor over the text of the dictionary. Every `take` skips blanks first.
class Cursor {
public:
  explicit Cursor(StringRef text) : text(text) {}

  bool take(StringRef token) {
    text = text.ltrim(" \t\n\r");
    return text.consume_front(token);
  }
  std::optional<StringRef> takeString() {
    text = text.ltrim(" \t\n\r");
    if (text.empty() || (text.front() != '\'' && text.front() != '"'))
      return std::nullopt;
    size_t end = text.find(text.front(), 1);
    if (end == StringRef::npos)
      return std::nullopt;
    StringRef value = text.slice(1, end);
    text = text.drop_front(end + 1);
    return value;
  }
  std::optional<int64_t> takeSize() {
    text = text.ltrim(" \t\n\r");
    uint64_t value = 0;
    if (text.consumeInteger(10, value) || value > INT64_MAX)
      return std::nullopt;
    // Python 2 wrote long integers.
    text.consume_front("L");
    return static_cast<int64_t>(value);
  }
  bool atEnd() { return text.trim(" \t\n\r").empty(); }

private:
  StringRef text;
};
} // namespace

static llvm::Error parseDescr(StringRef descr, NpyHeader &header) {
  auto unknown = [&] {
    return makeError("has dtype '" + descr +
                     "', which is not supported; expected bool, int8 to int64, "
                     "uint8 to uint64, float16, bfloat16, float32 or "
                     "float64");
  };
  if (descr.size() < 2)
    return unknown();
  StringRef code = descr;
  char order = '=';
  if (StringRef("<>|=").contains(code.front())) {
    order = code.front();
    code = code.drop_front();
  }
  if (code == "O" || code.starts_with("O"))
    return makeError("holds Python objects; save numbers, e.g. with "
                     ".astype(numpy.float32)");
  auto dtype = llvm::StringSwitch<std::optional<DType>>(code)
                   .Case("b1", DType::Bool)
                   .Case("i1", DType::Int8)
                   .Case("u1", DType::UInt8)
                   .Case("i2", DType::Int16)
                   .Case("u2", DType::UInt16)
                   .Case("i4", DType::Int32)
                   .Case("u4", DType::UInt32)
                   .Case("i8", DType::Int64)
                   .Case("u8", DType::UInt64)
                   .Case("f2", DType::Float16)
                   .Case("f4", DType::Float32)
                   .Case("f8", DType::Float64)
                   // What numpy writes for types that it does not know.
                   .Case("V2", DType::BFloat16)
                   .Case("bfloat16", DType::BFloat16)
                   .Default(std::nullopt);
  if (!dtype)
    return unknown();
  header.spec.dtype = *dtype;
  header.bigEndian =
      order == '>' ||
      (order == '=' && llvm::endianness::native == llvm::endianness::big);
  return llvm::Error::success();
}

/// `(2, 3)`, `(2,)` or `()`.
static bool parseShape(Cursor &cursor, SmallVectorImpl<int64_t> &shape) {
  if (!cursor.take("("))
    return false;
  while (!cursor.take(")")) {
    std::optional<int64_t> size = cursor.takeSize();
    if (!size || shape.size() == kMaxRank)
      return false;
    shape.push_back(*size);
    if (cursor.take(","))
      continue;
    return cursor.take(")");
  }
  return true;
}

static llvm::Error parseDictionary(StringRef text, NpyHeader &header) {
  auto malformed = [] {
    return makeError("is not a valid .npy array: its header is malformed");
  };
  Cursor cursor(text);
  if (!cursor.take("{"))
    return malformed();
  bool hasDescr = false, hasOrder = false, hasShape = false;
  while (true) {
    std::optional<StringRef> key = cursor.takeString();
    if (!key || !cursor.take(":"))
      return malformed();
    if (*key == "descr" && !hasDescr) {
      if (cursor.take("["))
        return makeError("is a structured array; save one array per input");
      std::optional<StringRef> descr = cursor.takeString();
      if (!descr)
        return malformed();
      if (llvm::Error error = parseDescr(*descr, header))
        return error;
      hasDescr = true;
    } else if (*key == "fortran_order" && !hasOrder) {
      header.fortranOrder = cursor.take("True");
      if (!header.fortranOrder && !cursor.take("False"))
        return malformed();
      hasOrder = true;
    } else if (*key == "shape" && !hasShape) {
      if (!parseShape(cursor, header.spec.shape))
        return malformed();
      hasShape = true;
    } else {
      return malformed();
    }
    bool more = cursor.take(",");
    if (cursor.take("}"))
      break;
    if (!more)
      return malformed();
  }
  if (!hasDescr || !hasOrder || !hasShape || !cursor.atEnd())
    return malformed();
  return llvm::Error::success();
}

/// Checks that the file has exactly the bytes that the header claims.
static llvm::Error checkSize(const NpyHeader &header, uint64_t size) {
  uint64_t bytes = getByteWidth(header.spec.dtype);
  bool empty = llvm::is_contained(header.spec.shape, 0);
  for (int64_t dim : header.spec.shape) {
    std::optional<uint64_t> product =
        llvm::checkedMulUnsigned<uint64_t>(bytes, empty ? 1 : dim);
    if (!product || *product > INT64_MAX)
      return makeError("claims the impossible shape " +
                       stringifyShape(header.spec.shape));
    bytes = *product;
  }
  if (empty)
    bytes = 0;
  uint64_t held = size - header.dataOffset;
  if (held < bytes)
    return makeError("is truncated: its shape " +
                     stringifyShape(header.spec.shape) + " of " +
                     stringify(header.spec.dtype) + " takes " + Twine(bytes) +
                     " bytes, but it holds " + Twine(held));
  if (held > bytes)
    return makeError("holds " + Twine(held - bytes) +
                     " bytes more than its shape " +
                     stringifyShape(header.spec.shape) + " of " +
                     stringify(header.spec.dtype) + " takes");
  return llvm::Error::success();
}

llvm::Expected<NpyHeader> qnt::readNpyHeader(ByteStream &stream,
                                             uint64_t size) {
  if (size == 0)
    return makeError("is empty");
  char start[12] = {};
  if (size < 10)
    return makeError("is not a .npy array: it has only " + Twine(size) +
                     " bytes");
  if (llvm::Error error = stream.read({start, 8}))
    return std::move(error);
  if (StringRef(start, 6) != kMagic)
    return makeError("is not a .npy array: it does not start with \\x93NUMPY");
  unsigned major = static_cast<unsigned char>(start[6]);
  if (major < 1 || major > 3)
    return makeError("has version " + Twine(major) +
                     " of the .npy format; expected 1 to 3");
  unsigned lengthBytes = major == 1 ? 2 : 4;
  if (size < 8 + lengthBytes)
    return makeError("is truncated inside its header");
  if (llvm::Error error = stream.read({start + 8, lengthBytes}))
    return std::move(error);
  uint32_t length = 0;
  for (unsigned i = 0; i < lengthBytes; ++i)
    length |= uint32_t(static_cast<unsigned char>(start[8 + i])) << (8 * i);
  NpyHeader header;
  header.dataOffset = 8 + lengthBytes + uint64_t(length);
  if (header.dataOffset > size)
    return makeError("is truncated inside its header");
  if (length > kMaxHeader)
    return makeError("is not a valid .npy array: its header has " +
                     Twine(length) + " bytes");
  std::string text(length, '\0');
  if (llvm::Error error = stream.read({text.data(), text.size()}))
    return std::move(error);
  if (llvm::Error error = parseDictionary(text, header))
    return std::move(error);
  if (llvm::Error error = checkSize(header, size))
    return std::move(error);
  return header;
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

llvm::Expected<std::unique_ptr<NpyReader>>
NpyReader::open(std::unique_ptr<ByteStream> stream, uint64_t size) {
  llvm::Expected<NpyHeader> header = readNpyHeader(*stream, size);
  if (!header)
    return header.takeError();
  std::unique_ptr<NpyReader> reader(new NpyReader());
  reader->stream = std::move(stream);
  reader->header = *header;
  reader->left = header->getNumSamples();
  return reader;
}

/// Native byte order, and booleans that are 0 or 1.
static void normalize(MutableArrayRef<char> bytes, const NpyHeader &header) {
  unsigned width = getByteWidth(header.spec.dtype);
  bool isNative =
      header.bigEndian == (llvm::endianness::native == llvm::endianness::big);
  if (width > 1 && !isNative)
    for (size_t i = 0; i + width <= bytes.size(); i += width)
      std::reverse(bytes.begin() + i, bytes.begin() + i + width);
  if (header.spec.dtype == DType::Bool)
    for (char &byte : bytes)
      byte = byte != 0;
}

llvm::Error NpyReader::loadFortran() {
  Tensor columns(header.spec);
  if (llvm::Error error = stream->read(columns.bytes()))
    return error;
  normalize(columns.bytes(), header);
  whole.emplace(header.spec);
  ArrayRef<int64_t> shape = header.spec.shape;
  unsigned width = getByteWidth(header.spec.dtype);
  SmallVector<int64_t> index(shape.size(), 0), strides(shape.size(), 1);
  for (size_t d = 1; d < shape.size(); ++d)
    strides[d] = strides[d - 1] * shape[d - 1];
  int64_t count = header.spec.getNumElements(), from = 0;
  for (int64_t to = 0; to < count; ++to) {
    std::memcpy(whole->data() + to * width, columns.data() + from * width,
                width);
    for (size_t d = shape.size(); d-- > 0;) {
      from += strides[d];
      if (++index[d] < shape[d])
        break;
      from -= strides[d] * shape[d];
      index[d] = 0;
    }
  }
  return llvm::Error::success();
}

llvm::Error NpyReader::read(MutableArrayRef<char> out) {
  if (out.empty())
    return llvm::Error::success();
  int64_t samples = header.getNumSamples();
  int64_t bytes = header.spec.getNumBytes();
  int64_t sampleBytes = samples ? bytes / samples : 0;
  if (sampleBytes == 0 || out.size() % sampleBytes != 0 ||
      int64_t(out.size()) / sampleBytes > left)
    return makeError("has only " + Twine(left) + " samples left");
  int64_t position = (samples - left) * sampleBytes;
  left -= out.size() / sampleBytes;
  if (!header.fortranOrder || header.spec.shape.size() < 2) {
    if (llvm::Error error = stream->read(out))
      return error;
    normalize(out, header);
    return llvm::Error::success();
  }
  if (!whole)
    if (llvm::Error error = loadFortran())
      return error;
  std::memcpy(out.data(), whole->data() + position, out.size());
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

static StringRef getDescr(DType dtype) {
  static constexpr StringLiteral names[] = {"|b1", "|i1", "|u1", "<i2", "<u2",
                                            "<i4", "<u4", "<i8", "<u8", "<f2",
                                            "<f4", "<f8", "|V2"};
  return names[static_cast<unsigned>(dtype)];
}

std::string qnt::writeNpyHeader(const TensorSpec &spec) {
  std::string dictionary = ("{'descr': '" + getDescr(spec.dtype) +
                            "', 'fortran_order': False, 'shape': (")
                               .str();
  ArrayRef<int64_t> shape = spec.shape;
  for (auto [i, size] : llvm::enumerate(shape))
    dictionary += (i ? ", " : "") + std::to_string(size);
  dictionary += shape.size() == 1 ? ",), }" : "), }";
  // numpy pads with blanks so that the elements are aligned.
  size_t total = llvm::alignTo(10 + dictionary.size() + 1, 64);
  dictionary.append(total - 11 - dictionary.size(), ' ');
  dictionary += '\n';
  std::string file = (kMagic + StringRef("\x01\0", 2)).str();
  file += static_cast<char>(dictionary.size() & 0xff);
  file += static_cast<char>(dictionary.size() >> 8);
  return file + dictionary;
}

std::string qnt::writeNpy(const Tensor &tensor) {
  std::string file = writeNpyHeader(tensor.getSpec());
  size_t start = file.size();
  file.append(tensor.data(), tensor.getNumBytes());
  unsigned width = getByteWidth(tensor.getDType());
  if (llvm::endianness::native == llvm::endianness::big)
    for (size_t i = start; i < file.size(); i += width)
      std::reverse(file.begin() + i, file.begin() + i + width);
  return file;
}
