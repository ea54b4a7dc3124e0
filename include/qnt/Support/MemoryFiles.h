//===- MemoryFiles.h - files that live in this process ----------*- C++ -*-===//
//
// Passes name their files by path. A path under a MemoryFolder works wherever a
// pass reads or writes one, so that a program which embeds the compiler needs
// no files. Invariant: such a path is valid exactly as long as its folder.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_SUPPORT_MEMORYFILES_H
#define QNT_SUPPORT_MEMORYFILES_H

#include "mlir/Support/LLVM.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>
#include <string>

namespace mlir::qnt {

/// A new prefix of paths, as "memory:7/"; no two are the same.
std::string newMemoryPrefix();

/// True if the path starts with such a prefix.
bool isMemoryPath(StringRef path);

/// The text without the prefixes, for people.
std::string stripMemoryPrefixes(StringRef text);

/// A set of files under one prefix.
class MemoryFolder {
public:
  MemoryFolder();
  MemoryFolder(const MemoryFolder &) = delete;
  MemoryFolder &operator=(const MemoryFolder &) = delete;
  ~MemoryFolder();

  /// The path of the file `name`, whether it exists or not.
  std::string path(StringRef name) const;

  void write(StringRef name, std::string content);
  /// The content; nothing if there is no such file.
  std::optional<std::string> read(StringRef name) const;

private:
  std::string prefix;
};

/// Writes to a path of a living folder; false if there is none.
bool writeMemoryFile(StringRef path, StringRef content);

/// The file at `path`, in a living folder or on disk. The error says why not,
/// without the path.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> readFile(StringRef path);

} // namespace mlir::qnt

#endif // QNT_SUPPORT_MEMORYFILES_H
