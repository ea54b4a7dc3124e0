//===- OutputFiles.cpp - files that appear together or not at all ---------===//
//
// Regular files go through a temporary file in the same directory, so that the
// final rename is atomic. Devices and standard output cannot be renamed to:
// their content is held back until commit, the closest there is. So is that of
// files in memory.
//
//===----------------------------------------------------------------------===//

#include "qnt/Support/OutputFiles.h"
#include "qnt/Support/MemoryFiles.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::qnt;
namespace fs = llvm::sys::fs;

static llvm::Error makeError(std::error_code code, const Twine &message) {
  return llvm::createStringError(code, message);
}

/// The file that `path` names once links are followed, so that a rename
/// replaces the file and not the link.
static std::string followLink(StringRef path) {
  SmallString<128> real;
  if (fs::is_symlink_file(path) && !fs::real_path(path, real))
    return real.str().str();
  return path.str();
}

static bool isStream(StringRef path) {
  if (path == "-")
    return true;
  fs::file_status status;
  return !fs::status(path, status) && fs::is_other(status);
}

bool qnt::isRegularOutput(StringRef path) { return !isStream(path); }

static StringRef directoryOf(StringRef path) {
  StringRef directory = llvm::sys::path::parent_path(path);
  return directory.empty() ? "." : directory;
}

/// Says what is in the way of creating `path`, if its directory tells.
static llvm::Error checkDirectory(StringRef path) {
  StringRef directory = directoryOf(path);
  if (!fs::exists(directory))
    return makeError(std::make_error_code(std::errc::no_such_file_or_directory),
                     "output directory '" + directory +
                         "' does not exist; create it first");
  if (!fs::is_directory(directory))
    return makeError(std::make_error_code(std::errc::not_a_directory),
                     "'" + directory + "' is not a directory, so '" + path +
                         "' cannot be written");
  if (fs::is_directory(path))
    return makeError(std::make_error_code(std::errc::is_a_directory),
                     "output '" + path + "' is a directory; name a file");
  return llvm::Error::success();
}

/// Writes a temporary file beside `path` and returns its name.
static llvm::Expected<std::string>
writeBeside(StringRef path, StringRef content, bool executable) {
  if (llvm::Error error = checkDirectory(path))
    return error;
  // One process writes each path once, so its number makes the name unique.
  std::string name =
      (path + "." + Twine(llvm::sys::Process::getProcessId()) + ".tmp").str();
  unsigned mode = fs::all_read | fs::all_write;
  if (executable)
    mode |= fs::all_exe;
  int descriptor = -1;
  if (std::error_code code = fs::openFileForWrite(
          name, descriptor, fs::CD_CreateAlways, fs::OF_None, mode))
    return makeError(code, "cannot write into directory '" + directoryOf(path) +
                               "': " + code.message());
  llvm::sys::RemoveFileOnSignal(name);
  llvm::raw_fd_ostream os(descriptor, /*shouldClose=*/true);
  os << content;
  os.close();
  if (std::error_code code = os.error()) {
    os.clear_error();
    fs::remove(name);
    return makeError(code, "cannot write '" + path + "': " + code.message());
  }
  return name;
}

static void discard(const std::string &temporary) {
  fs::remove(temporary);
  llvm::sys::DontRemoveFileOnSignal(temporary);
}

llvm::Error qnt::checkOutputPath(StringRef path) {
  if (isStream(path) || isMemoryPath(path))
    return llvm::Error::success();
  llvm::Expected<std::string> name =
      writeBeside(followLink(path), "", /*executable=*/false);
  if (!name)
    return name.takeError();
  discard(*name);
  return llvm::Error::success();
}

OutputFiles::~OutputFiles() {
  for (const Pending &entry : pending)
    if (!entry.temporary.empty())
      discard(entry.temporary);
}

llvm::Error OutputFiles::add(StringRef path, StringRef content,
                             bool executable) {
  if (isStream(path) || isMemoryPath(path)) {
    pending.push_back({path.str(), "", content.str()});
    return llvm::Error::success();
  }
  std::string target = followLink(path);
  llvm::Expected<std::string> name = writeBeside(target, content, executable);
  if (!name)
    return name.takeError();
  pending.push_back({std::move(target), std::move(*name), ""});
  return llvm::Error::success();
}

static llvm::Error writeStream(StringRef path, StringRef content) {
  if (isMemoryPath(path)) {
    if (writeMemoryFile(path, content))
      return llvm::Error::success();
    return makeError(std::make_error_code(std::errc::no_such_file_or_directory),
                     "'" + path + "' names no folder of this process");
  }
  if (path == "-") {
    llvm::outs() << content;
    llvm::outs().flush();
    return llvm::Error::success();
  }
  std::error_code code;
  llvm::raw_fd_ostream os(path, code);
  if (!code)
    os << content;
  os.close();
  if (!code)
    code = os.error();
  os.clear_error();
  if (code)
    return makeError(code, "cannot write '" + path + "': " + code.message());
  return llvm::Error::success();
}

llvm::Error OutputFiles::commit() {
  for (Pending &entry : pending) {
    if (entry.temporary.empty()) {
      if (llvm::Error error = writeStream(entry.path, entry.content))
        return error;
      continue;
    }
    if (std::error_code code = fs::rename(entry.temporary, entry.path))
      return makeError(code,
                       "cannot write '" + entry.path + "': " + code.message());
    llvm::sys::DontRemoveFileOnSignal(entry.temporary);
    entry.temporary.clear();
  }
  pending.clear();
  return llvm::Error::success();
}
