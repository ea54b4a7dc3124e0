//===- ByteSource.cpp - where bytes come from -----------------------------===//
//
// Files are read by position and never mapped, so that resident memory stays
// small however large the data are.
//
//===----------------------------------------------------------------------===//

#include "qnt/Execution/ByteSource.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CRC.h"
#include "llvm/Support/FileSystem.h"

#include <cstring>
#include <vector>
#include <zlib.h>

using namespace mlir;
using namespace mlir::qnt;

llvm::Error qnt::makeError(const Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

ByteSource::~ByteSource() = default;
ByteStream::~ByteStream() = default;

namespace {
class FileSource : public ByteSource {
public:
  FileSource(llvm::sys::fs::file_t file, uint64_t length)
      : file(file), length(length) {}
  ~FileSource() override { (void)llvm::sys::fs::closeFile(file); }

  uint64_t size() const override { return length; }
  llvm::Error read(uint64_t offset, MutableArrayRef<char> out) override {
    while (!out.empty()) {
      llvm::Expected<size_t> count =
          llvm::sys::fs::readNativeFileSlice(file, out, offset);
      if (!count)
        return count.takeError();
      if (*count == 0)
        return makeError("truncated: no byte at offset " + Twine(offset));
      out = out.drop_front(*count);
      offset += *count;
    }
    return llvm::Error::success();
  }

private:
  llvm::sys::fs::file_t file;
  uint64_t length;
};

class BufferSource : public ByteSource {
public:
  explicit BufferSource(StringRef buffer) : buffer(buffer) {}
  uint64_t size() const override { return buffer.size(); }
  llvm::Error read(uint64_t offset, MutableArrayRef<char> out) override {
    if (offset > buffer.size() || buffer.size() - offset < out.size())
      return makeError("truncated: no byte at offset " + Twine(buffer.size()));
    if (!out.empty())
      std::memcpy(out.data(), buffer.data() + offset, out.size());
    return llvm::Error::success();
  }

private:
  StringRef buffer;
};

/// What the two kinds of stream share: a bounded position and a checksum.
class PlainStream : public ByteStream {
public:
  PlainStream(std::shared_ptr<ByteSource> source, uint64_t offset,
              uint64_t size, std::optional<uint32_t> crc)
      : source(std::move(source)), offset(offset), left(size), expected(crc) {}

  llvm::Error read(MutableArrayRef<char> out) override {
    if (out.size() > left)
      return makeError("truncated: " + Twine(out.size() - left) +
                       " bytes are missing");
    if (llvm::Error error = source->read(offset, out))
      return error;
    offset += out.size();
    left -= out.size();
    if (!expected)
      return llvm::Error::success();
    actual = llvm::crc32(
        actual, llvm::arrayRefFromStringRef(StringRef(out.data(), out.size())));
    if (left == 0 && actual != *expected)
      return makeError("damaged: its checksum does not match");
    return llvm::Error::success();
  }

private:
  std::shared_ptr<ByteSource> source;
  uint64_t offset, left;
  std::optional<uint32_t> expected;
  uint32_t actual = 0;
};

class InflateStream : public ByteStream {
public:
  InflateStream(std::shared_ptr<ByteSource> source, uint64_t offset,
                uint64_t packedSize, uint64_t size, uint32_t crc)
      : source(std::move(source)), offset(offset), packedLeft(packedSize),
        left(size), expected(crc), input(1 << 16) {
    // A raw deflate stream, as zip has it.
    ready = inflateInit2(&state, -MAX_WBITS) == Z_OK;
  }
  ~InflateStream() override {
    if (ready)
      inflateEnd(&state);
  }

  llvm::Error read(MutableArrayRef<char> out) override {
    if (!ready)
      return makeError("cannot be inflated: out of memory");
    if (out.size() > left)
      return makeError("truncated: " + Twine(out.size() - left) +
                       " bytes are missing");
    MutableArrayRef<char> rest = out;
    while (!rest.empty()) {
      // zlib counts in 32 bits.
      size_t step = std::min<size_t>(rest.size(), 1u << 30);
      if (llvm::Error error = inflateSome(rest.take_front(step)))
        return error;
      rest = rest.drop_front(step);
    }
    left -= out.size();
    actual = llvm::crc32(
        actual, llvm::arrayRefFromStringRef(StringRef(out.data(), out.size())));
    if (left == 0 && actual != expected)
      return makeError("damaged: its checksum does not match");
    return llvm::Error::success();
  }

private:
  llvm::Error refill() {
    size_t count = std::min<uint64_t>(packedLeft, input.size());
    if (llvm::Error error =
            source->read(offset, MutableArrayRef<char>(input.data(), count)))
      return error;
    offset += count;
    packedLeft -= count;
    state.next_in = reinterpret_cast<Bytef *>(input.data());
    state.avail_in = count;
    return llvm::Error::success();
  }

  llvm::Error inflateSome(MutableArrayRef<char> out) {
    state.next_out = reinterpret_cast<Bytef *>(out.data());
    state.avail_out = out.size();
    while (state.avail_out != 0) {
      if (state.avail_in == 0 && packedLeft != 0)
        if (llvm::Error error = refill())
          return error;
      uInt before = state.avail_out;
      int status = ::inflate(&state, Z_NO_FLUSH);
      if (status == Z_STREAM_END && state.avail_out != 0)
        return makeError("truncated: its compressed data end early");
      if (status == Z_BUF_ERROR ||
          (status == Z_OK && packedLeft == 0 && state.avail_in == 0 &&
           state.avail_out == before))
        return makeError("truncated: its compressed data end early");
      if (status != Z_OK && status != Z_STREAM_END)
        return makeError("damaged: its compressed data are not valid");
    }
    return llvm::Error::success();
  }

  std::shared_ptr<ByteSource> source;
  uint64_t offset, packedLeft, left;
  uint32_t expected, actual = 0;
  std::vector<char> input;
  z_stream state = {};
  bool ready;
};
} // namespace

llvm::Expected<std::shared_ptr<ByteSource>>
ByteSource::openFile(StringRef path) {
  auto fail = [&](std::error_code code) {
    return makeError("cannot open '" + path + "': " + code.message());
  };
  llvm::Expected<llvm::sys::fs::file_t> file =
      llvm::sys::fs::openNativeFileForRead(path);
  if (!file)
    return fail(llvm::errorToErrorCode(file.takeError()));
  llvm::sys::fs::file_status status;
  std::error_code code = llvm::sys::fs::status(*file, status);
  if (!code && !llvm::sys::fs::is_regular_file(status)) {
    (void)llvm::sys::fs::closeFile(*file);
    return makeError("cannot open '" + path + "': not a regular file");
  }
  if (code) {
    (void)llvm::sys::fs::closeFile(*file);
    return fail(code);
  }
  return std::make_shared<FileSource>(*file, status.getSize());
}
std::shared_ptr<ByteSource> ByteSource::wrap(StringRef buffer) {
  return std::make_shared<BufferSource>(buffer);
}

std::unique_ptr<ByteStream>
ByteStream::plain(std::shared_ptr<ByteSource> source, uint64_t offset,
                  uint64_t size) {
  return std::make_unique<PlainStream>(std::move(source), offset, size,
                                       std::nullopt);
}
std::unique_ptr<ByteStream>
ByteStream::checked(std::shared_ptr<ByteSource> source, uint64_t offset,
                    uint64_t size, uint32_t crc) {
  return std::make_unique<PlainStream>(std::move(source), offset, size, crc);
}
std::unique_ptr<ByteStream>
ByteStream::inflate(std::shared_ptr<ByteSource> source, uint64_t offset,
                    uint64_t packedSize, uint64_t size, uint32_t crc) {
  return std::make_unique<InflateStream>(std::move(source), offset, packedSize,
                                         size, crc);
}
