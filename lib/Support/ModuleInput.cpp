//===- ModuleInput.cpp - MLIR files from outside --------------------------===//
//
// Text is scanned for its nesting. Bytecode, whose reader allocates what counts
// in the file say, is read by a child process first: the parent reads only what
// the child survived.
//
//===----------------------------------------------------------------------===//

#include "qnt/Support/ModuleInput.h"

#include "mlir/Bytecode/BytecodeReader.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace mlir;
using namespace mlir::qnt;

static llvm::Error refuse(llvm::MemoryBufferRef buffer, const Twine &reason) {
  return llvm::createStringError("cannot read '" +
                                 buffer.getBufferIdentifier() + "': " + reason);
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

/// The deepest nesting of brackets outside of strings and comments.
static unsigned measureNesting(StringRef text) {
  unsigned depth = 0, deepest = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    switch (text[i]) {
    case '(':
    case '[':
    case '{':
    case '<':
      deepest = std::max(deepest, ++depth);
      break;
    case '>':
      // An arrow closes nothing.
      if (i > 0 && text[i - 1] == '-')
        break;
      [[fallthrough]];
    case ')':
    case ']':
    case '}':
      depth -= depth > 0;
      break;
    case '"':
      while (++i < text.size() && text[i] != '"' && text[i] != '\n')
        i += text[i] == '\\';
      break;
    case '/':
      if (text.substr(i).starts_with("//"))
        i = std::min(text.find('\n', i), text.size());
      break;
    default:
      break;
    }
  }
  return deepest;
}

//===----------------------------------------------------------------------===//
// Bytecode
//===----------------------------------------------------------------------===//

/// Bytes of data that the process has mapped already, from /proc; 0 where that
/// is not known.
static rlim_t mappedBytes() {
  auto file = llvm::MemoryBuffer::getFileAsStream("/proc/self/statm");
  if (!file)
    return 0;
  SmallVector<StringRef> fields;
  (*file)->getBuffer().split(fields, ' ');
  rlim_t pages = 0;
  if (fields.size() < 6 || fields[5].getAsInteger(10, pages))
    return 0;
  return pages * sysconf(_SC_PAGESIZE);
}

/// What the child may use: some copies of the file on top of what the process
/// has and the dialects take, and time in proportion.
static void limitResources(size_t bytes) {
  constexpr rlim_t floorBytes = rlim_t{1} << 30;
  constexpr rlim_t floorSeconds = 5, bytesPerSecond = 10'000'000;
  rlim_t bound = mappedBytes() + floorBytes + 8 * bytes;
  rlimit memory{bound, bound};
  setrlimit(RLIMIT_DATA, &memory);
  rlim_t seconds = floorSeconds + bytes / bytesPerSecond;
  rlimit time{seconds, seconds};
  setrlimit(RLIMIT_CPU, &time);
  rlimit core{0, 0};
  setrlimit(RLIMIT_CORE, &core);
}

/// Reads and forgets; returns only if that went well.
static void readInChild(llvm::MemoryBufferRef buffer,
                        const DialectRegistry &registry) {
  for (int number : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGTRAP})
    std::signal(number, SIG_DFL);
  int null = open("/dev/null", O_WRONLY);
  dup2(null, STDOUT_FILENO);
  dup2(null, STDERR_FILENO);
  limitResources(buffer.getBufferSize());
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.getDiagEngine().registerHandler(
      [](Diagnostic &) { return success(); });
  Block block;
  ParserConfig config(&context);
  (void)readBytecodeFile(buffer, &block, config);
}

static llvm::Error probeBytecode(llvm::MemoryBufferRef buffer,
                                 const DialectRegistry &registry) {
  pid_t child = fork();
  if (child < 0)
    return refuse(buffer, "no process can be started to check it");
  if (child == 0) {
    readInChild(buffer, registry);
    _exit(0);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR)
      return refuse(buffer, "the process that checks it was lost");
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
    return llvm::Error::success();
  return refuse(buffer, "the bytecode is malformed; write it again");
}

llvm::Error qnt::checkModuleInput(llvm::MemoryBufferRef buffer,
                                  const DialectRegistry &registry) {
  if (isBytecode(buffer))
    return probeBytecode(buffer, registry);
  unsigned nesting = measureNesting(buffer.getBuffer());
  if (nesting > kMaxTextNesting)
    return refuse(buffer, "brackets nest " + Twine(nesting) +
                              " deep, at most " + Twine(kMaxTextNesting) +
                              " are read");
  return llvm::Error::success();
}
