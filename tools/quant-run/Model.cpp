//===- Model.cpp - what all models have in common -------------------------===//
//
// Streaming and timing for models that live in this process, and the choice of
// the form by the file.
//
//===----------------------------------------------------------------------===//

#include "Model.h"

#include "qnt/Emit/Format.h"
#include "llvm/BinaryFormat/Magic.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/TargetParser/Host.h"

#include <chrono>
#include <thread>

using namespace mlir;
using namespace mlir::qnt;

Model::~Model() = default;

llvm::Error Model::runAll(SampleStream &samples, Sink sink) {
  SmallVector<Tensor> in, out;
  for (const NamedSpec &output : outputs)
    out.emplace_back(output.spec);
  while (true) {
    llvm::Expected<bool> more = samples.next(in);
    if (!more)
      return more.takeError();
    if (!*more)
      return llvm::Error::success();
    if (llvm::Error error = run(in, out))
      return error;
    sink(out);
  }
}

//===----------------------------------------------------------------------===//
// Timing
//===----------------------------------------------------------------------===//

llvm::Expected<std::vector<double>> qnt::timeRuns(Model::Runner &runner,
                                                  unsigned runs) {
  using Clock = std::chrono::steady_clock;
  constexpr size_t kFewest = 20, kMost = 100000, kWarmUp = 3;
  constexpr std::chrono::milliseconds kBudget(1000);
  for (size_t i = 0; i < kWarmUp; ++i)
    if (llvm::Error error = runner())
      return std::move(error);
  std::vector<double> times;
  Clock::time_point begin = Clock::now();
  auto done = [&] {
    if (runs)
      return times.size() >= runs;
    return times.size() >= kMost ||
           (times.size() >= kFewest && Clock::now() - begin > kBudget);
  };
  while (!done()) {
    Clock::time_point start = Clock::now();
    if (llvm::Error error = runner())
      return std::move(error);
    times.push_back(
        std::chrono::duration<double, std::nano>(Clock::now() - start).count());
  }
  return times;
}

llvm::Expected<std::vector<double>>
Model::benchmark(ArrayRef<Tensor> in, unsigned runs, unsigned threads) {
  SmallVector<Runner> runners;
  for (unsigned i = 0; i < threads; ++i) {
    llvm::Expected<Runner> runner = makeRunner(in);
    if (!runner)
      return runner.takeError();
    runners.push_back(std::move(*runner));
  }
  if (threads == 1)
    return timeRuns(runners.front(), runs);
  std::vector<std::vector<double>> times(threads);
  std::vector<std::string> errors(threads);
  std::vector<std::thread> workers;
  for (unsigned i = 0; i < threads; ++i)
    workers.emplace_back([&, i] {
      if (auto result = timeRuns(runners[i], runs))
        times[i] = std::move(*result);
      else
        errors[i] = llvm::toString(result.takeError());
    });
  std::vector<double> all;
  for (auto [i, worker] : llvm::enumerate(workers)) {
    worker.join();
    all.insert(all.end(), times[i].begin(), times[i].end());
  }
  for (const std::string &error : errors)
    if (!error.empty())
      return makeError(error);
  return all;
}

//===----------------------------------------------------------------------===//
// Which form
//===----------------------------------------------------------------------===//

/// True if the ELF file in `buffer` is for another machine than this.
static bool isForeign(llvm::MemoryBufferRef buffer) {
  auto object = llvm::object::ObjectFile::createELFObjectFile(buffer);
  if (!object) {
    llvm::consumeError(object.takeError());
    return false;
  }
  return (*object)->makeTriple().getArch() !=
         llvm::Triple(llvm::sys::getProcessTriple()).getArch();
}

/// Refuses options that the form of the model does not know.
static llvm::Error checkForm(const RunOptions &options, bool compiled,
                             bool emulated) {
  auto refuse = [&](StringRef flag, StringRef what) {
    return makeError(flag + " applies to " + what + ", and '" + options.model +
                     "' is none");
  };
  if (compiled && options.reference)
    return refuse("--reference", "integer MLIR");
  if (compiled && !options.entry.empty())
    return refuse("--entry", "MLIR");
  if (compiled && !options.inputShapes.empty())
    return refuse("--input-shapes", "ONNX and TFLite models");
  if (!compiled && !options.contract.empty())
    return refuse("--contract", "compiled models");
  if (!emulated && !options.emulatorCpu.empty())
    return refuse("--emulator-cpu", "objects of another machine");
  if (!compiled && !options.emulator.empty())
    return refuse("--emulator", "objects");
  return llvm::Error::success();
}

llvm::Expected<std::unique_ptr<Model>>
qnt::openModel(const RunOptions &options) {
  auto buffer = llvm::MemoryBuffer::getFile(options.model);
  if (!buffer)
    return makeError("cannot open model '" + options.model +
                     "': " + buffer.getError().message());
  llvm::file_magic magic = llvm::identify_magic((*buffer)->getBuffer());
  bool object = magic == llvm::file_magic::elf_relocatable;
  bool library = magic == llvm::file_magic::elf_shared_object;
  if (magic == llvm::file_magic::elf_executable)
    return makeError("'" + options.model + "' is a program; call it itself");
  bool foreign = (object || library) && isForeign((*buffer)->getMemBufferRef());
  if (library && foreign)
    return makeError("'" + options.model +
                     "' is a shared library of another machine; run the .o, "
                     "which can be linked for an emulator");
  bool emulated = object && (foreign || !options.emulator.empty());
  if (llvm::Error error = checkForm(options, object || library, emulated))
    return std::move(error);
  if (emulated)
    return openEmulatedModel(options);
  if (object || library)
    return openCompiledModel(options, object);
  return openModuleModel(options);
}
