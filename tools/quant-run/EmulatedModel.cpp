//===- EmulatedModel.cpp - objects of another machine ---------------------===//
//
// Links the object with the harness of emitted executables and runs all samples
// in one process of an emulator; arrays travel as .npy files in a temporary
// directory that vanishes with the model.
//
//===----------------------------------------------------------------------===//

#include "CompiledModel.h"

#include "qnt/Emit/Linker.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

using namespace mlir;
using namespace mlir::qnt;
namespace fs = llvm::sys::fs;

namespace {
class EmulatedModel : public Model {
public:
  ~EmulatedModel() override {
    if (!directory.empty())
      fs::remove_directories(directory);
  }

  llvm::Error open(const RunOptions &options);

  llvm::Error runAll(SampleStream &samples, Sink sink) override;
  llvm::Error run(ArrayRef<Tensor> in, SmallVectorImpl<Tensor> &out) override;
  llvm::Expected<std::vector<double>>
  benchmark(ArrayRef<Tensor> in, unsigned runs, unsigned threads) override;

protected:
  llvm::Expected<Runner> makeRunner(ArrayRef<Tensor>) override {
    return makeError("an emulated model runs in a process of its own");
  }

private:
  std::string path(const Twine &name) const {
    SmallString<128> result(directory);
    llvm::sys::path::append(result, name);
    return result.str().str();
  }
  llvm::Error findEmulator(const RunOptions &options,
                           const llvm::Triple &triple);
  /// The program's arguments that name the input files.
  SmallVector<std::string> inputPaths() const {
    SmallVector<std::string> paths;
    for (size_t i = 0; i < inputs.size(); ++i)
      paths.push_back(path("in" + Twine(i) + ".npy"));
    return paths;
  }
  llvm::Error call(ArrayRef<std::string> arguments);
  llvm::Error readOutputs(int64_t samples, Sink sink);

  SmallString<128> directory;
  std::string emulator;
  SmallVector<std::string> emulatorArguments;
};
} // namespace

/// The shape of an array of `samples` tensors: a leading 1 becomes their axis.
static SmallVector<int64_t> stackShape(ArrayRef<int64_t> shape,
                                       int64_t samples) {
  SmallVector<int64_t> result{samples};
  bool batch = !shape.empty() && shape.front() == 1;
  llvm::append_range(result, shape.drop_front(batch ? 1 : 0));
  return result;
}

static llvm::Error writeFile(StringRef path, StringRef content) {
  std::error_code code;
  llvm::raw_fd_ostream os(path, code);
  if (!code) {
    os << content;
    os.close();
    code = os.error();
    os.clear_error();
  }
  if (code)
    return makeError("cannot write '" + path + "': " + code.message());
  return llvm::Error::success();
}

llvm::Error EmulatedModel::findEmulator(const RunOptions &options,
                                        const llvm::Triple &triple) {
  std::string wanted = options.emulator;
  if (wanted.empty())
    wanted = ("qemu-" + triple.getArchName()).str();
  llvm::ErrorOr<std::string> found = llvm::sys::findProgramByName(wanted);
  if (!found)
    return makeError("no emulator '" + wanted + "' in PATH, so '" +
                     options.model +
                     "' cannot run on this machine; install qemu-user or name "
                     "one with --emulator=PROGRAM");
  emulator = *found;
  std::string cpu = options.emulatorCpu;
  bool qemu = llvm::sys::path::filename(emulator).starts_with("qemu-");
  if (cpu.empty() && qemu)
    cpu = "max";
  if (!cpu.empty())
    emulatorArguments = {"-cpu", cpu};
  return llvm::Error::success();
}

llvm::Error EmulatedModel::open(const RunOptions &options) {
  llvm::Expected<Contract> contract = readContract(options);
  if (!contract)
    return contract.takeError();
  auto ins = toSpecs(contract->inputs);
  if (!ins)
    return ins.takeError();
  auto outs = toSpecs(contract->outputs);
  if (!outs)
    return outs.takeError();
  inputs = std::move(*ins);
  outputs = std::move(*outs);
  auto buffer = llvm::MemoryBuffer::getFile(options.model);
  if (!buffer)
    return makeError("cannot open '" + options.model +
                     "': " + buffer.getError().message());
  auto object = llvm::object::ObjectFile::createELFObjectFile(
      (*buffer)->getMemBufferRef());
  if (!object)
    return object.takeError();
  llvm::Triple triple = (*object)->makeTriple();
  // ELF does not say which system; emulators of user programs run Linux's.
  triple.setOS(llvm::Triple::Linux);
  if (llvm::Error error = findEmulator(options, triple))
    return error;
  llvm::Expected<std::string> program =
      linkExecutable((*buffer)->getBuffer(), *contract, triple);
  if (!program)
    return program.takeError();
  if (std::error_code code = fs::createUniqueDirectory("qnt-run", directory))
    return makeError("cannot create a temporary directory: " + code.message());
  if (llvm::Error error = writeFile(path("model"), *program))
    return error;
  if (std::error_code code = fs::setPermissions(path("model"), fs::owner_all))
    return makeError("cannot make the program runnable: " + code.message());
  return llvm::Error::success();
}

llvm::Error EmulatedModel::call(ArrayRef<std::string> arguments) {
  std::string program = path("model"), log = path("log"), text = path("out");
  SmallVector<StringRef> argv{emulator};
  llvm::append_range(argv, emulatorArguments);
  argv.push_back(program);
  llvm::append_range(argv, arguments);
  std::optional<StringRef> redirects[] = {StringRef(""), StringRef(text),
                                          StringRef(log)};
  std::string message;
  int code = llvm::sys::ExecuteAndWait(emulator, argv, std::nullopt, redirects,
                                       0, 0, &message);
  if (code == 0)
    return llvm::Error::success();
  if (auto buffer = llvm::MemoryBuffer::getFile(log))
    message += (*buffer)->getBuffer().take_front(2000).rtrim();
  return makeError("'" + emulator + "' ended with " + Twine(code) + ": " +
                   message);
}

llvm::Error EmulatedModel::readOutputs(int64_t samples, Sink sink) {
  SmallVector<ArrayArchive, 0> archives;
  SmallVector<ArrayStream, 0> streams;
  for (size_t i = 0; i < outputs.size(); ++i) {
    auto archive = ArrayArchive::open(path("out" + Twine(i) + ".npy"));
    if (!archive)
      return archive.takeError();
    archives.push_back(std::move(*archive));
  }
  SmallVector<Tensor> out;
  for (auto [archive, output] : llvm::zip_equal(archives, outputs)) {
    streams.emplace_back(*archive.getNameless());
    out.emplace_back(output.spec);
  }
  for (int64_t sample = 0; sample < samples; ++sample) {
    for (auto [stream, tensor] : llvm::zip_equal(streams, out))
      if (llvm::Error error = stream.read(tensor.bytes()))
        return error;
    sink(out);
  }
  return llvm::Error::success();
}

llvm::Error EmulatedModel::runAll(SampleStream &samples, Sink sink) {
  int64_t count = samples.getNumSamples();
  SmallVector<std::unique_ptr<llvm::raw_fd_ostream>> files;
  for (auto [file, input] : llvm::zip_equal(inputPaths(), inputs)) {
    std::error_code code;
    files.push_back(std::make_unique<llvm::raw_fd_ostream>(file, code));
    if (code)
      return makeError("cannot write '" + file + "': " + code.message());
    TensorSpec spec(input.spec.dtype, stackShape(input.spec.shape, count));
    *files.back() << writeNpyHeader(spec);
  }
  SmallVector<Tensor> in;
  while (true) {
    llvm::Expected<bool> more = samples.next(in);
    if (!more)
      return more.takeError();
    if (!*more)
      break;
    for (auto [file, tensor] : llvm::zip_equal(files, in))
      file->write(tensor.data(), tensor.getNumBytes());
  }
  for (auto &file : files) {
    file->close();
    if (std::error_code code = file->error()) {
      file->clear_error();
      return makeError("cannot write the inputs: " + code.message());
    }
  }
  SmallVector<std::string> arguments;
  for (size_t i = 0; i < outputs.size(); ++i)
    arguments.append({"-o", path("out" + Twine(i) + ".npy")});
  llvm::append_range(arguments, inputPaths());
  if (llvm::Error error = call(arguments))
    return error;
  return readOutputs(count, sink);
}

llvm::Error EmulatedModel::run(ArrayRef<Tensor> in,
                               SmallVectorImpl<Tensor> &out) {
  SmallVector<std::string> arguments;
  for (size_t i = 0; i < outputs.size(); ++i)
    arguments.append({"-o", path("out" + Twine(i) + ".npy")});
  for (auto [file, tensor] : llvm::zip_equal(inputPaths(), in)) {
    if (llvm::Error error = writeFile(file, writeNpy(tensor)))
      return error;
    arguments.push_back(file);
  }
  if (llvm::Error error = call(arguments))
    return error;
  return readOutputs(1, [&](ArrayRef<Tensor> result) {
    out.assign(result.begin(), result.end());
  });
}

llvm::Expected<std::vector<double>>
EmulatedModel::benchmark(ArrayRef<Tensor> in, unsigned runs, unsigned threads) {
  if (threads != 1)
    return makeError("--threads is not possible under an emulator");
  SmallVector<std::string> arguments{
      ("--benchmark=" + Twine(runs ? runs : 20)).str()};
  for (auto [file, tensor] : llvm::zip_equal(inputPaths(), in)) {
    if (llvm::Error error = writeFile(file, writeNpy(tensor)))
      return std::move(error);
    arguments.push_back(file);
  }
  if (llvm::Error error = call(arguments))
    return std::move(error);
  auto buffer = llvm::MemoryBuffer::getFile(path("out"));
  if (!buffer)
    return makeError("the emulated program printed nothing");
  SmallVector<StringRef> lines;
  (*buffer)->getBuffer().split(lines, '\n', -1, /*KeepEmpty=*/false);
  std::vector<double> times;
  for (StringRef line : lines) {
    double time = 0;
    if (line.getAsDouble(time))
      return makeError("the emulated program printed '" + line +
                       "' where a time was expected");
    times.push_back(time);
  }
  return times;
}

llvm::Expected<std::unique_ptr<Model>>
qnt::openEmulatedModel(const RunOptions &options) {
  auto model = std::make_unique<EmulatedModel>();
  if (llvm::Error error = model->open(options))
    return std::move(error);
  return model;
}
