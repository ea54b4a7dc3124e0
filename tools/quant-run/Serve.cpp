//===- Serve.cpp - many runs, each in a child process ---------------------===//
//
// For test drivers that run thousands of small models: a line on standard input
// is a command line, words separated by tabs; the reply is one line of JSON.
// Each runs in a fork of this process, under a limit of time and memory, so a
// crash or a hang is a reply and nothing that a run leaves behind reaches the
// next.
//
//===----------------------------------------------------------------------===//

#include "Run.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>
#include <csignal>
#include <iostream>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace mlir;
using namespace mlir::qnt;

namespace {
struct Limits {
  unsigned seconds = 20;
  unsigned mebibytes = 4096;
};
} // namespace

/// In the child: limits, output into the pipe, the run.
[[noreturn]] static void runChild(StringRef line, int pipe,
                                  const Limits &limits) {
  rlimit memory{rlim_t(limits.mebibytes) << 20, rlim_t(limits.mebibytes) << 20};
  setrlimit(RLIMIT_AS, &memory);
  rlimit core{0, 0};
  setrlimit(RLIMIT_CORE, &core);
  for (int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL})
    ::signal(signal, SIG_DFL);
  dup2(pipe, STDOUT_FILENO);
  dup2(pipe, STDERR_FILENO);
  close(pipe);
  SmallVector<StringRef> parts;
  line.split(parts, '\t');
  SmallVector<std::string> words{"quant-run"};
  for (StringRef part : parts)
    words.push_back(part.str());
  SmallVector<char *> argv;
  for (std::string &word : words)
    argv.push_back(word.data());
  int status = runCommandLine(argv.size(), argv.data());
  llvm::outs().flush();
  llvm::errs().flush();
  _exit(status);
}

/// Reads the child's output until it ends; kills it when the time is over.
static std::string drain(int pipe, pid_t child, const Limits &limits,
                         bool &timedOut) {
  using Clock = std::chrono::steady_clock;
  Clock::time_point end = Clock::now() + std::chrono::seconds(limits.seconds);
  std::string text;
  char buffer[4096];
  timedOut = false;
  while (true) {
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - Clock::now());
    pollfd wait{pipe, POLLIN, 0};
    if (!timedOut && (left.count() <= 0 || poll(&wait, 1, left.count()) == 0)) {
      timedOut = true;
      kill(child, SIGKILL);
    }
    ssize_t count = read(pipe, buffer, sizeof(buffer));
    if (count <= 0)
      return text;
    text.append(buffer, count);
  }
}

/// Runs one line; the reply tells how it ended and what it printed.
static llvm::json::Object serve(StringRef line, const Limits &limits) {
  auto start = std::chrono::steady_clock::now();
  int ends[2];
  if (pipe(ends) != 0)
    return llvm::json::Object{{"rc", -1}, {"text", "no pipe"}};
  llvm::outs().flush();
  pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    runChild(line, ends[1], limits);
  }
  close(ends[1]);
  bool timedOut = false;
  std::string text;
  int status = 0;
  if (child > 0) {
    text = drain(ends[0], child, limits, timedOut);
    waitpid(child, &status, 0);
  }
  close(ends[0]);
  std::chrono::duration<double> seconds =
      std::chrono::steady_clock::now() - start;
  return llvm::json::Object{
      {"rc", child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1},
      {"signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0},
      {"timeout", timedOut},
      {"seconds", seconds.count()},
      {"text", llvm::json::fixUTF8(text)}};
}

int qnt::runServer(StringRef limitsText) {
  Limits limits;
  auto [seconds, mebibytes] = limitsText.split(',');
  if (seconds.getAsInteger(10, limits.seconds) ||
      mebibytes.getAsInteger(10, limits.mebibytes)) {
    llvm::errs() << "error: expected --serve=SECONDS,MEBIBYTES\n";
    return EXIT_FAILURE;
  }
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  std::string line;
  while (std::getline(std::cin, line)) {
    llvm::outs() << llvm::json::Value(serve(line, limits)) << "\n";
    llvm::outs().flush();
  }
  return EXIT_SUCCESS;
}
