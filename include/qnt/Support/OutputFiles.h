//===- OutputFiles.h - files that appear together or not at all -*- C++ -*-===//
//
// Products are written to temporary files beside their destination and renamed
// when all of them are complete, so a failure never leaves a partial file.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_SUPPORT_OUTPUTFILES_H
#define QNT_SUPPORT_OUTPUTFILES_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>

namespace mlir::qnt {

/// Succeeds if a file can be created at `path` (`-` is standard output). The
/// error names the directory or file at fault; nothing is left behind.
llvm::Error checkOutputPath(StringRef path);

/// True if `path` names a regular file or nothing yet, so that other files can
/// lie beside it; false for standard output and devices.
bool isRegularOutput(StringRef path);

/// A set of files that is committed as a whole.
class OutputFiles {
public:
  OutputFiles() = default;
  OutputFiles(const OutputFiles &) = delete;
  OutputFiles &operator=(const OutputFiles &) = delete;
  /// Discards what was not committed.
  ~OutputFiles();

  /// Writes `content` for `path`, to appear on commit. Standard output (`-`),
  /// devices and files in memory get the content on commit, too.
  llvm::Error add(StringRef path, StringRef content, bool executable = false);

  /// Makes all files appear under their names.
  llvm::Error commit();

private:
  struct Pending {
    std::string path;
    /// The file to rename to `path`; empty for a stream and in memory.
    std::string temporary;
    /// What those get.
    std::string content;
  };
  SmallVector<Pending, 0> pending;
};

} // namespace mlir::qnt

#endif // QNT_SUPPORT_OUTPUTFILES_H
