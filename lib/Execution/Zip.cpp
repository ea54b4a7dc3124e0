//===- Zip.cpp - the container of .npz ------------------------------------===//
//
// Reads the directory of a zip archive, zip64 included, and writes archives of
// stored entries. Offsets and sizes are checked against the file, and sizes
// against what deflate can reach, so that no claim makes us allocate.
//
//===----------------------------------------------------------------------===//

#include "qnt/Execution/Npy.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CRC.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::qnt;
using namespace llvm::support;

static constexpr uint32_t kLocal = 0x04034b50;
static constexpr uint32_t kCentral = 0x02014b50;
static constexpr uint32_t kEnd = 0x06054b50;
static constexpr uint32_t kEnd64 = 0x06064b50;
static constexpr uint32_t kLocator64 = 0x07064b50;
static constexpr uint64_t kMaxDirectory = uint64_t(1) << 28;

bool qnt::isZip(StringRef magic) {
  return magic.starts_with("PK\x03\x04") || magic.starts_with("PK\x05\x06");
}

static llvm::Error notZip(const Twine &why) {
  return makeError("is not a valid .npz archive: " + why);
}

namespace {
/// Where the central directory lies.
struct Directory {
  uint64_t offset = 0, size = 0, entries = 0;
};
} // namespace

/// Replaces what does not fit the classic record by the zip64 one.
static llvm::Error readDirectory64(ByteSource &source, uint64_t endOffset,
                                   Directory &directory) {
  char locator[20], end[56];
  if (endOffset < sizeof(locator))
    return notZip("its zip64 locator is missing");
  if (llvm::Error error = source.read(endOffset - sizeof(locator), locator))
    return error;
  if (endian::read32le(locator) != kLocator64)
    return notZip("its zip64 locator is missing");
  uint64_t offset = endian::read64le(locator + 8);
  if (source.size() < sizeof(end) || offset > source.size() - sizeof(end))
    return notZip("its zip64 directory lies beyond its end");
  if (llvm::Error error = source.read(offset, end))
    return error;
  if (endian::read32le(end) != kEnd64)
    return notZip("its zip64 directory is damaged");
  directory.entries = endian::read64le(end + 32);
  directory.size = endian::read64le(end + 40);
  directory.offset = endian::read64le(end + 48);
  return llvm::Error::success();
}

static llvm::Expected<Directory> findDirectory(ByteSource &source) {
  // The end record is followed by a comment of at most 65535 bytes.
  uint64_t size = source.size();
  if (size < 22)
    return notZip("it has only " + Twine(size) + " bytes");
  size_t tail = std::min<uint64_t>(size, 22 + 65535);
  std::string text(tail, '\0');
  if (llvm::Error error = source.read(size - tail, {text.data(), tail}))
    return std::move(error);
  for (size_t at = tail - 22 + 1; at-- > 0;) {
    const char *record = text.data() + at;
    if (endian::read32le(record) != kEnd ||
        at + 22 + endian::read16le(record + 20) > tail)
      continue;
    Directory directory;
    directory.entries = endian::read16le(record + 10);
    directory.size = endian::read32le(record + 12);
    directory.offset = endian::read32le(record + 16);
    if (directory.entries == 0xffff || directory.size == 0xffffffff ||
        directory.offset == 0xffffffff)
      if (llvm::Error error =
              readDirectory64(source, size - tail + at, directory))
        return std::move(error);
    return directory;
  }
  return notZip("its directory is missing; the file is probably truncated");
}

/// The zip64 extra field has those of the three values that did not fit.
static bool readExtra64(StringRef extra, uint64_t &size, uint64_t &packedSize,
                        uint64_t &offset) {
  auto needs = [](uint64_t value) { return value == 0xffffffff; };
  if (!needs(size) && !needs(packedSize) && !needs(offset))
    return true;
  while (extra.size() >= 4) {
    uint16_t id = endian::read16le(extra.data());
    uint16_t length = endian::read16le(extra.data() + 2);
    extra = extra.drop_front(4);
    if (length > extra.size())
      return false;
    StringRef field = extra.take_front(length);
    extra = extra.drop_front(length);
    if (id != 1)
      continue;
    for (uint64_t *value : {&size, &packedSize, &offset}) {
      if (!needs(*value))
        continue;
      if (field.size() < 8)
        return false;
      *value = endian::read64le(field.data());
      field = field.drop_front(8);
    }
    return true;
  }
  return false;
}

/// Finds the bytes of an entry behind its local header.
static llvm::Error locate(ByteSource &source, ZipEntry &entry) {
  char local[30];
  uint64_t size = source.size();
  if (size < sizeof(local) || entry.offset > size - sizeof(local))
    return notZip("entry '" + Twine(entry.name) + "' lies beyond its end");
  if (llvm::Error error = source.read(entry.offset, local))
    return error;
  if (endian::read32le(local) != kLocal)
    return notZip("entry '" + Twine(entry.name) + "' has no header");
  entry.offset += sizeof(local) + endian::read16le(local + 26) +
                  endian::read16le(local + 28);
  if (entry.offset > size || entry.packedSize > size - entry.offset)
    return notZip("entry '" + Twine(entry.name) +
                  "' is truncated; the file is probably incomplete");
  return llvm::Error::success();
}

/// Checks what a central record says about an entry.
static llvm::Error checkEntry(const ZipEntry &entry, unsigned method,
                              unsigned flags) {
  if (flags & 1)
    return notZip("entry '" + Twine(entry.name) + "' is encrypted");
  if (method != 0 && method != 8)
    return notZip("entry '" + Twine(entry.name) + "' is packed by method " +
                  Twine(method) + "; expected stored or deflated");
  if (!entry.deflated && entry.packedSize != entry.size)
    return notZip("entry '" + Twine(entry.name) + "' has two sizes");
  // Deflate reaches 1032 to 1.
  if (entry.deflated && entry.size / 1040 > entry.packedSize + 1)
    return notZip("entry '" + Twine(entry.name) +
                  "' claims more than its compressed data can hold");
  return llvm::Error::success();
}

llvm::Expected<SmallVector<ZipEntry, 0>>
qnt::readZipDirectory(ByteSource &source) {
  llvm::Expected<Directory> directory = findDirectory(source);
  if (!directory)
    return directory.takeError();
  if (directory->offset > source.size() ||
      directory->size > source.size() - directory->offset ||
      directory->size > kMaxDirectory)
    return notZip("its directory lies beyond its end");
  std::string text(directory->size, '\0');
  if (llvm::Error error =
          source.read(directory->offset, {text.data(), text.size()}))
    return std::move(error);
  SmallVector<ZipEntry, 0> entries;
  StringRef rest = text;
  for (uint64_t i = 0; i < directory->entries; ++i) {
    if (rest.size() < 46 || endian::read32le(rest.data()) != kCentral)
      return notZip("its directory is damaged");
    const char *record = rest.data();
    size_t nameLength = endian::read16le(record + 28);
    size_t extraLength = endian::read16le(record + 30);
    size_t commentLength = endian::read16le(record + 32);
    if (rest.size() < 46 + nameLength + extraLength + commentLength)
      return notZip("its directory is damaged");
    unsigned method = endian::read16le(record + 10);
    ZipEntry entry;
    entry.name = rest.substr(46, nameLength).str();
    entry.crc = endian::read32le(record + 16);
    entry.packedSize = endian::read32le(record + 20);
    entry.size = endian::read32le(record + 24);
    entry.offset = endian::read32le(record + 42);
    entry.deflated = method == 8;
    if (!readExtra64(rest.substr(46 + nameLength, extraLength), entry.size,
                     entry.packedSize, entry.offset))
      return notZip("its directory is damaged");
    if (llvm::Error error =
            checkEntry(entry, method, endian::read16le(record + 8)))
      return std::move(error);
    if (llvm::Error error = locate(source, entry))
      return std::move(error);
    entries.push_back(std::move(entry));
    rest = rest.drop_front(46 + nameLength + extraLength + commentLength);
  }
  return entries;
}

std::unique_ptr<ByteStream>
qnt::openZipEntry(std::shared_ptr<ByteSource> source, const ZipEntry &entry) {
  if (entry.deflated)
    return ByteStream::inflate(std::move(source), entry.offset,
                               entry.packedSize, entry.size, entry.crc);
  return ByteStream::checked(std::move(source), entry.offset, entry.size,
                             entry.crc);
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

namespace {
/// Appends little-endian integers.
class Writer {
public:
  explicit Writer(std::string &out) : out(out) {}
  Writer &u16(uint16_t value) { return append(value, 2); }
  Writer &u32(uint32_t value) { return append(value, 4); }
  Writer &u64(uint64_t value) { return append(value, 8); }
  Writer &text(StringRef value) {
    out.append(value.begin(), value.end());
    return *this;
  }

private:
  Writer &append(uint64_t value, unsigned width) {
    for (unsigned i = 0; i < width; ++i)
      out += static_cast<char>(value >> (8 * i));
    return *this;
  }
  std::string &out;
};

struct Written {
  std::string name;
  uint64_t offset, size;
  uint32_t crc;
};
} // namespace

/// The fields that local and central headers share. Sizes always go to the
/// zip64 field; the date is the first that zip knows, for equal bytes.
static void writeCommon(Writer &writer, const Written &entry,
                        uint16_t extraLength) {
  writer.u16(45).u16(0x800).u16(0).u16(0).u16(0x21);
  writer.u32(entry.crc).u32(0xffffffff).u32(0xffffffff);
  writer.u16(entry.name.size()).u16(extraLength);
}

std::string
qnt::writeNpz(ArrayRef<std::pair<std::string, const Tensor *>> arrays) {
  std::string file;
  Writer writer(file);
  SmallVector<Written> entries;
  for (const auto &[name, tensor] : arrays) {
    std::string content = writeNpy(*tensor);
    Written entry{name + ".npy", file.size(), content.size(),
                  llvm::crc32(llvm::arrayRefFromStringRef(content))};
    writer.u32(kLocal);
    writeCommon(writer, entry, 20);
    writer.text(entry.name).u16(1).u16(16).u64(entry.size).u64(entry.size);
    writer.text(content);
    entries.push_back(std::move(entry));
  }
  uint64_t directory = file.size();
  for (const Written &entry : entries) {
    writer.u32(kCentral).u16(45);
    writeCommon(writer, entry, 28);
    writer.u16(0).u16(0).u16(0).u32(0).u32(0xffffffff);
    writer.text(entry.name).u16(1).u16(24);
    writer.u64(entry.size).u64(entry.size).u64(entry.offset);
  }
  uint64_t directorySize = file.size() - directory, end64 = file.size();
  writer.u32(kEnd64).u64(44).u16(45).u16(45).u32(0).u32(0);
  writer.u64(entries.size()).u64(entries.size());
  writer.u64(directorySize).u64(directory);
  writer.u32(kLocator64).u32(0).u64(end64).u32(1);
  writer.u32(kEnd).u16(0).u16(0).u16(0xffff).u16(0xffff);
  writer.u32(0xffffffff).u32(0xffffffff).u16(0);
  return file;
}
