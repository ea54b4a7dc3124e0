//===- SampleSource.cpp - samples from elsewhere than a file --------------===//
//
// The first stream on a path reads the source and keeps copies of its first
// samples; what later streams yield are those copies.
//
//===----------------------------------------------------------------------===//

#include "SampleSource.h"
#include "qnt/Support/MemoryFiles.h"

#include <map>
#include <mutex>

using namespace mlir;
using namespace mlir::qnt;

SampleSource::~SampleSource() = default;

namespace {
using Samples = std::vector<SmallVector<Tensor, 0>>;

struct Entry {
  SampleSource *source;
  bool isOpened = false;
  std::shared_ptr<Samples> kept = std::make_shared<Samples>();
};

struct Table {
  std::mutex mutex;
  std::map<std::string, Entry> entries;
};

/// Reads the source and keeps what it read first.
class FirstReading : public SampleSource {
public:
  FirstReading(SampleSource &source, std::shared_ptr<Samples> kept)
      : source(source), kept(std::move(kept)) {}

  llvm::Expected<bool> next(MutableArrayRef<Tensor> out) override {
    llvm::Expected<bool> more = source.next(out);
    if (more && *more && kept->size() < SampleSourcePath::kKept)
      kept->emplace_back(out.begin(), out.end());
    return more;
  }

private:
  SampleSource &source;
  std::shared_ptr<Samples> kept;
};

/// Yields kept samples whose types are those asked for.
class Repetition : public SampleSource {
public:
  explicit Repetition(std::shared_ptr<Samples> kept) : kept(std::move(kept)) {}

  llvm::Expected<bool> next(MutableArrayRef<Tensor> out) override {
    if (position == kept->size())
      return false;
    const auto &sample = (*kept)[position++];
    if (sample.size() != out.size())
      return makeError("expected samples of " + Twine(out.size()) +
                       " inputs, found " + Twine(sample.size()));
    for (auto [to, from] : llvm::zip_equal(out, sample)) {
      if (to.getSpec() != from.getSpec())
        return makeError("expected samples of " + to.getSpec().str() +
                         ", found " + from.getSpec().str());
      to = from;
    }
    return true;
  }

private:
  std::shared_ptr<Samples> kept;
  size_t position = 0;
};
} // namespace

static Table &getTable() {
  static Table table;
  return table;
}

SampleSourcePath::SampleSourcePath(SampleSource &source, StringRef name)
    : path(newMemoryPrefix() + name.str()) {
  Table &table = getTable();
  std::lock_guard<std::mutex> lock(table.mutex);
  table.entries[path].source = &source;
}

SampleSourcePath::~SampleSourcePath() {
  Table &table = getTable();
  std::lock_guard<std::mutex> lock(table.mutex);
  table.entries.erase(path);
}

std::shared_ptr<SampleSource> qnt::openSampleSource(StringRef path) {
  if (!isMemoryPath(path))
    return nullptr;
  Table &table = getTable();
  std::lock_guard<std::mutex> lock(table.mutex);
  auto found = table.entries.find(path.str());
  if (found == table.entries.end())
    return nullptr;
  Entry &entry = found->second;
  if (entry.isOpened)
    return std::make_shared<Repetition>(entry.kept);
  entry.isOpened = true;
  return std::make_shared<FirstReading>(*entry.source, entry.kept);
}
