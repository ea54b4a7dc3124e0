//===- NpzFuzzer.cpp - libFuzzer target of the array reader ---------------===//
//
// Any bytes are arrays or an error; anything else is a bug. What can be read is
// read twice, whole and by samples, and must be the same.
//
//===----------------------------------------------------------------------===//

#include "qnt/Execution/SampleStream.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>

using namespace mlir;
using namespace mlir::qnt;

/// Larger arrays are skipped: they cost time and show nothing new.
static constexpr int64_t kMaxBytes = 1 << 22;

/// Reads `array` sample by sample; nothing if that fails.
static std::optional<Tensor> readSamples(const ArrayInfo &array) {
  Tensor tensor(array.spec);
  ArrayStream stream(array);
  int64_t samples = array.getNumSamples();
  MutableArrayRef<char> rest = tensor.bytes();
  while (!rest.empty()) {
    size_t size = tensor.getNumBytes() / samples;
    if (llvm::Error error = stream.read(rest.take_front(size))) {
      llvm::consumeError(std::move(error));
      return std::nullopt;
    }
    rest = rest.drop_front(size);
  }
  return tensor;
}

static void check(bool holds) {
  if (!holds)
    std::abort();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  StringRef bytes(reinterpret_cast<const char *>(data), size);
  auto archive = ArrayArchive::open(ByteSource::wrap(bytes), "fuzz.npz");
  if (!archive) {
    llvm::consumeError(archive.takeError());
    return 0;
  }
  for (const ArrayInfo &array : archive->getArrays()) {
    if (array.spec.getNumBytes() > kMaxBytes)
      continue;
    auto whole = archive->load(array);
    std::optional<Tensor> parts = readSamples(array);
    check(bool(whole) == parts.has_value());
    if (!whole) {
      llvm::consumeError(whole.takeError());
      continue;
    }
    check(std::memcmp(whole->data(), parts->data(), whole->getNumBytes()) == 0);
  }
  // The first array as the only input of a model.
  NamedSpec input{archive->getArrays().front().name,
                  archive->getArrays().front().spec};
  if (input.spec.shape.empty() || input.spec.shape.front() == 0)
    return 0;
  input.spec.shape.front() = 1;
  if (input.spec.getNumBytes() > kMaxBytes)
    return 0;
  auto stream = SampleStream::open(std::move(*archive), input);
  if (!stream) {
    llvm::consumeError(stream.takeError());
    return 0;
  }
  SmallVector<Tensor> sample;
  for (int i = 0; i < 16; ++i) {
    auto more = stream->next(sample);
    if (!more) {
      llvm::consumeError(more.takeError());
      return 0;
    }
    if (!*more)
      return 0;
  }
  return 0;
}
