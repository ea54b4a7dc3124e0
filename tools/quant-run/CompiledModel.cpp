//===- CompiledModel.cpp - shared libraries and objects -------------------===//
//
// Loads machine code for this machine: a library by the system's loader, an
// object by LLVM's. Every run gets the arena that the contract asks for, with
// guard-free exact size, so that a sanitizer sees any access beyond it.
//
//===----------------------------------------------------------------------===//

#include "CompiledModel.h"

#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/DynamicLibrary.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/TargetSelect.h"

#include <cstdlib>
#include <cstring>

using namespace mlir;
using namespace mlir::qnt;

//===----------------------------------------------------------------------===//
// Contracts
//===----------------------------------------------------------------------===//

llvm::Expected<Contract> qnt::readContract(const RunOptions &options) {
  SmallString<128> path(options.contract);
  if (path.empty()) {
    path = options.model;
    llvm::sys::path::replace_extension(path, ".json");
  }
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer)
    return makeError("cannot open the contract '" + path +
                     "': " + buffer.getError().message() +
                     "; name it with --contract=FILE");
  llvm::Expected<Contract> contract =
      Contract::fromJson((*buffer)->getBuffer());
  if (!contract)
    return makeError("'" + path + "' is no contract of a model: " +
                     llvm::toString(contract.takeError()));
  return contract;
}

/// 4-bit integers lie in a byte each.
static std::optional<DType> toDType(StringRef name) {
  if (name == "int4")
    return DType::Int8;
  return name == "uint4" ? DType::UInt8 : parseDType(name);
}

llvm::Expected<SmallVector<NamedSpec>>
qnt::toSpecs(ArrayRef<TensorContract> tensors) {
  SmallVector<NamedSpec> specs;
  for (const TensorContract &tensor : tensors) {
    std::optional<DType> dtype = toDType(tensor.dtype);
    if (!dtype)
      return makeError("the contract gives '" + tensor.name +
                       "' the unknown type '" + tensor.dtype + "'");
    specs.push_back({tensor.name, TensorSpec(*dtype, tensor.shape)});
  }
  return specs;
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

static std::shared_ptr<void> allocate(int64_t bytes, int64_t align) {
  void *data = nullptr;
  size_t alignment = std::max<size_t>(align, sizeof(void *));
  if (posix_memalign(&data, alignment, std::max<int64_t>(bytes, 1)) != 0)
    return nullptr;
  return std::shared_ptr<void>(data, [](void *pointer) { free(pointer); });
}

static llvm::Error callModel(ContractModel::RunFn run, ArrayRef<Tensor> in,
                             MutableArrayRef<Tensor> out, void *arena) {
  SmallVector<const void *> inputs;
  SmallVector<void *> outputs;
  for (const Tensor &tensor : in)
    inputs.push_back(tensor.data());
  for (Tensor &tensor : out)
    outputs.push_back(tensor.data());
  if (int error = run(inputs.data(), outputs.data(), arena))
    return makeError(Twine("the model failed: ") + std::strerror(error));
  return llvm::Error::success();
}

llvm::Error ContractModel::start(const Contract &contract, void *init,
                                 void *run) {
  auto ins = toSpecs(contract.inputs);
  if (!ins)
    return ins.takeError();
  auto outs = toSpecs(contract.outputs);
  if (!outs)
    return outs.takeError();
  inputs = std::move(*ins);
  outputs = std::move(*outs);
  arenaBytes = contract.arenaBytes;
  arenaAlign = contract.arenaAlign;
  arena = allocate(arenaBytes, arenaAlign);
  if (!arena)
    return makeError("no memory for an arena of " + Twine(arenaBytes) +
                     " bytes");
  runFn = reinterpret_cast<RunFn>(run);
  if (int error = reinterpret_cast<InitFn>(init)(1))
    return makeError(Twine("the model cannot run here: ") +
                     std::strerror(error));
  return llvm::Error::success();
}

llvm::Error ContractModel::run(ArrayRef<Tensor> in,
                               SmallVectorImpl<Tensor> &out) {
  return callModel(runFn, in, out, arena.get());
}

llvm::Expected<Model::Runner> ContractModel::makeRunner(ArrayRef<Tensor> in) {
  std::shared_ptr<void> own = allocate(arenaBytes, arenaAlign);
  if (!own)
    return makeError("no memory for an arena of " + Twine(arenaBytes) +
                     " bytes");
  SmallVector<Tensor> ins(in.begin(), in.end()), outs;
  for (const NamedSpec &output : outputs)
    outs.emplace_back(output.spec);
  return [fn = runFn, own = std::move(own), ins = std::move(ins),
          outs = std::move(outs)]() mutable {
    return callModel(fn, ins, outs, own.get());
  };
}

//===----------------------------------------------------------------------===//
// Loading
//===----------------------------------------------------------------------===//

namespace {
/// A .so, or a .o in an engine of its own.
class CompiledModel : public ContractModel {
public:
  llvm::Error openLibrary(StringRef path, const Contract &contract);
  llvm::Error openObject(StringRef path, const Contract &contract);

private:
  llvm::Error missing(StringRef symbol, StringRef model) {
    return makeError("'" + model + "' does not define '" + symbol +
                     "', which its contract names");
  }

  std::unique_ptr<llvm::orc::LLJIT> engine;
};
} // namespace

llvm::Error CompiledModel::openLibrary(StringRef path,
                                       const Contract &contract) {
  // Without a slash the loader would search its own directories.
  SmallString<128> absolute(path);
  llvm::sys::fs::make_absolute(absolute);
  std::string error;
  llvm::sys::DynamicLibrary library =
      llvm::sys::DynamicLibrary::getPermanentLibrary(absolute.c_str(), &error);
  if (!library.isValid())
    return makeError("cannot load '" + path + "': " + error);
  void *init = library.getAddressOfSymbol(contract.init.c_str());
  void *run = library.getAddressOfSymbol(contract.run.c_str());
  if (!init || !run)
    return missing(init ? contract.run : contract.init, path);
  return start(contract, init, run);
}

llvm::Error CompiledModel::openObject(StringRef path,
                                      const Contract &contract) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  auto jit = llvm::orc::LLJITBuilder().create();
  if (!jit)
    return jit.takeError();
  engine = std::move(*jit);
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer)
    return makeError("cannot open '" + path +
                     "': " + buffer.getError().message());
  if (llvm::Error error = engine->addObjectFile(std::move(*buffer)))
    return error;
  auto init = engine->lookup(contract.init);
  if (!init)
    return makeError("cannot load '" + path +
                     "': " + llvm::toString(init.takeError()));
  auto run = engine->lookup(contract.run);
  if (!run)
    return makeError("cannot load '" + path +
                     "': " + llvm::toString(run.takeError()));
  return start(contract, init->toPtr<void *>(), run->toPtr<void *>());
}

llvm::Expected<std::unique_ptr<Model>>
qnt::openCompiledModel(const RunOptions &options, bool isObject) {
  llvm::Expected<Contract> contract = readContract(options);
  if (!contract)
    return contract.takeError();
  auto model = std::make_unique<CompiledModel>();
  if (llvm::Error error = isObject
                              ? model->openObject(options.model, *contract)
                              : model->openLibrary(options.model, *contract))
    return std::move(error);
  return model;
}
