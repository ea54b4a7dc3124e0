//===- MemoryFiles.cpp - files that live in this process ------------------===//
//
// One table for all folders, guarded by a lock, so that any thread may compile.
//
//===----------------------------------------------------------------------===//

#include "qnt/Support/MemoryFiles.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"

#include <atomic>
#include <map>
#include <mutex>

using namespace mlir;
using namespace mlir::qnt;

static constexpr StringLiteral kScheme = "memory:";

namespace {
struct Table {
  std::mutex mutex;
  /// By prefix, then by name.
  std::map<std::string, std::map<std::string, std::string>> folders;
};
} // namespace

static Table &getTable() {
  static Table table;
  return table;
}

/// "memory:7/a" -> {"memory:7/", "a"}; two empty texts for other paths.
static std::pair<StringRef, StringRef> splitPath(StringRef path) {
  StringRef rest = path;
  if (!rest.consume_front(kScheme))
    return {};
  StringRef number = rest.take_while(llvm::isDigit);
  rest = rest.drop_front(number.size());
  if (number.empty() || !rest.consume_front("/"))
    return {};
  return {path.drop_back(rest.size()), rest};
}

std::string qnt::newMemoryPrefix() {
  static std::atomic<uint64_t> last(0);
  return (kScheme + Twine(++last) + "/").str();
}

bool qnt::isMemoryPath(StringRef path) {
  return !splitPath(path).first.empty();
}

std::string qnt::stripMemoryPrefixes(StringRef text) {
  std::string result;
  while (!text.empty()) {
    auto [before, after] = text.split(kScheme);
    result += before;
    text = text.drop_front(before.size());
    StringRef prefix = splitPath(text).first;
    text = text.drop_front(prefix.size());
    if (prefix.empty() && !text.empty()) {
      result += kScheme;
      text = text.drop_front(kScheme.size());
    }
  }
  return result;
}

MemoryFolder::MemoryFolder() : prefix(newMemoryPrefix()) {
  Table &table = getTable();
  std::lock_guard<std::mutex> lock(table.mutex);
  table.folders[prefix];
}

MemoryFolder::~MemoryFolder() {
  Table &table = getTable();
  std::lock_guard<std::mutex> lock(table.mutex);
  table.folders.erase(prefix);
}

std::string MemoryFolder::path(StringRef name) const {
  return prefix + name.str();
}

void MemoryFolder::write(StringRef name, std::string content) {
  Table &table = getTable();
  std::lock_guard<std::mutex> lock(table.mutex);
  table.folders[prefix][name.str()] = std::move(content);
}

std::optional<std::string> MemoryFolder::read(StringRef name) const {
  Table &table = getTable();
  std::lock_guard<std::mutex> lock(table.mutex);
  auto &files = table.folders[prefix];
  auto file = files.find(name.str());
  if (file == files.end())
    return std::nullopt;
  return file->second;
}

bool qnt::writeMemoryFile(StringRef path, StringRef content) {
  auto [prefix, name] = splitPath(path);
  Table &table = getTable();
  std::lock_guard<std::mutex> lock(table.mutex);
  auto folder = table.folders.find(prefix.str());
  if (folder == table.folders.end())
    return false;
  folder->second[name.str()] = content.str();
  return true;
}

llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
qnt::readFile(StringRef path) {
  if (auto [prefix, name] = splitPath(path); !prefix.empty()) {
    Table &table = getTable();
    std::lock_guard<std::mutex> lock(table.mutex);
    auto folder = table.folders.find(prefix.str());
    if (folder != table.folders.end())
      if (auto file = folder->second.find(name.str());
          file != folder->second.end())
        return llvm::MemoryBuffer::getMemBufferCopy(file->second, path);
  }
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!buffer)
    return llvm::createStringError(buffer.getError(),
                                   buffer.getError().message());
  return std::move(*buffer);
}
