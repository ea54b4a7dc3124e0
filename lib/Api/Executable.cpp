//===- Executable.cpp - models that run in this process -------------------===//
//
// Three forms: the JIT's functions keep no state, objects need an arena per
// concurrent call, the interpreter is guarded by a lock.
//
//===----------------------------------------------------------------------===//

#include "qnt/Api/Executable.h"
#include "qnt/Execution/Interpreter.h"
#include "qnt/Execution/Jit.h"

#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"

#include <cstdlib>
#include <cstring>
#include <mutex>

using namespace mlir;
using namespace mlir::qnt;

Executable::~Executable() = default;

//===----------------------------------------------------------------------===//
// Float models
//===----------------------------------------------------------------------===//

namespace {
class JitExecutable : public Executable {
public:
  explicit JitExecutable(std::unique_ptr<JitFunction> compiled)
      : function(std::move(compiled)) {
    llvm::append_range(inputs, function->getInputs());
    llvm::append_range(outputs, function->getOutputs());
  }

  llvm::Error run(ArrayRef<const void *> in, ArrayRef<void *> out) override {
    SmallVector<void *> arguments;
    for (const void *pointer : in)
      arguments.push_back(const_cast<void *>(pointer));
    llvm::append_range(arguments, out);
    function->runPointers(arguments.data());
    return llvm::Error::success();
  }

private:
  std::unique_ptr<JitFunction> function;
};
} // namespace

FailureOr<std::shared_ptr<Executable>> Executable::compile(const Model &model,
                                                           Messages &messages) {
  ModelReader reader(model, messages);
  if (!reader)
    return failure();
  auto function = JitFunction::create(reader.getFunction());
  if (failed(function))
    return failure();
  return std::shared_ptr<Executable>(
      std::make_shared<JitExecutable>(std::move(*function)));
}

//===----------------------------------------------------------------------===//
// Integer models
//===----------------------------------------------------------------------===//

namespace {
class ReferenceExecutable : public Executable {
public:
  ReferenceExecutable(const Model &model) : reader(model, messages) {}

  LogicalResult start(Messages &report) {
    auto created = reader ? Interpreter::create(reader.getFunction())
                          : FailureOr<std::unique_ptr<Interpreter>>();
    if (failed(created)) {
      report.insert(report.end(), messages.begin(), messages.end());
      return failure();
    }
    interpreter = std::move(*created);
    llvm::append_range(inputs, interpreter->getInputs());
    llvm::append_range(outputs, interpreter->getOutputs());
    return success();
  }

  llvm::Error run(ArrayRef<const void *> in, ArrayRef<void *> out) override {
    std::lock_guard<std::mutex> lock(mutex);
    SmallVector<Tensor> tensors, results;
    for (auto [pointer, input] : llvm::zip_equal(in, inputs)) {
      tensors.emplace_back(input.spec);
      std::memcpy(tensors.back().data(), pointer, input.spec.getNumBytes());
    }
    if (failed(interpreter->run(tensors, results)))
      return makeError(messages.empty() ? "the interpreter failed"
                                        : messages.back().summary);
    for (auto [pointer, result] : llvm::zip_equal(out, results))
      std::memcpy(pointer, result.data(), result.getNumBytes());
    return llvm::Error::success();
  }

private:
  std::mutex mutex;
  Messages messages;
  ModelReader reader;
  std::unique_ptr<Interpreter> interpreter;
};
} // namespace

FailureOr<std::shared_ptr<Executable>>
Executable::interpret(const Model &model, Messages &messages) {
  auto executable = std::make_shared<ReferenceExecutable>(model);
  if (failed(executable->start(messages)))
    return failure();
  return std::shared_ptr<Executable>(std::move(executable));
}

//===----------------------------------------------------------------------===//
// Objects
//===----------------------------------------------------------------------===//

namespace {
/// Arenas that are free, for calls to take and to bring back.
class ArenaPool {
public:
  void setSize(int64_t size, int64_t align) {
    bytes = std::max<int64_t>(size, 1);
    alignment = std::max<size_t>(align, sizeof(void *));
  }
  ~ArenaPool() {
    for (void *arena : arenas)
      free(arena);
  }

  /// Null if there is no memory.
  void *take() {
    {
      std::lock_guard<std::mutex> lock(mutex);
      if (!arenas.empty())
        return arenas.pop_back_val();
    }
    void *arena = nullptr;
    return posix_memalign(&arena, alignment, bytes) == 0 ? arena : nullptr;
  }

  void bringBack(void *arena) {
    std::lock_guard<std::mutex> lock(mutex);
    arenas.push_back(arena);
  }

  int64_t getSize() const { return bytes; }

private:
  std::mutex mutex;
  SmallVector<void *> arenas;
  size_t alignment = 1;
  int64_t bytes = 1;
};

class ObjectExecutable : public Executable {
public:
  llvm::Error open(StringRef object, const Contract &contract);

  llvm::Error run(ArrayRef<const void *> in, ArrayRef<void *> out) override {
    void *arena = arenas.take();
    if (!arena)
      return makeError("no memory for an arena of " + Twine(arenas.getSize()) +
                       " bytes");
    int error = runFn(in.data(), out.data(), arena);
    arenas.bringBack(arena);
    if (error)
      return makeError(Twine("the model failed: ") + std::strerror(error));
    return llvm::Error::success();
  }

private:
  using InitFn = int (*)(int);
  using RunFn = int (*)(const void *const *, void *const *, void *);

  std::unique_ptr<llvm::orc::LLJIT> engine;
  RunFn runFn = nullptr;
  ArenaPool arenas;
};
} // namespace

/// Refuses code of another machine, naming both.
static llvm::Error checkMachine(llvm::MemoryBufferRef buffer) {
  auto object = llvm::object::ObjectFile::createELFObjectFile(buffer);
  if (!object)
    return object.takeError();
  llvm::Triple host(llvm::sys::getProcessTriple());
  llvm::Triple target = (*object)->makeTriple();
  if (target.getArch() == host.getArch())
    return llvm::Error::success();
  return makeError("the model was compiled for " +
                   llvm::Triple::getArchTypeName(target.getArch()) +
                   " and cannot run on this " +
                   llvm::Triple::getArchTypeName(host.getArch()) +
                   " machine; save it and run it there, or with quant-run");
}

llvm::Error ObjectExecutable::open(StringRef object, const Contract &contract) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  std::unique_ptr<llvm::MemoryBuffer> buffer =
      llvm::MemoryBuffer::getMemBufferCopy(object, contract.name);
  if (llvm::Error error = checkMachine(buffer->getMemBufferRef()))
    return error;
  auto ins = toSpecs(contract.inputs);
  if (!ins)
    return ins.takeError();
  auto outs = toSpecs(contract.outputs);
  if (!outs)
    return outs.takeError();
  inputs = std::move(*ins);
  outputs = std::move(*outs);
  auto jit = llvm::orc::LLJITBuilder().create();
  if (!jit)
    return jit.takeError();
  engine = std::move(*jit);
  if (llvm::Error error = engine->addObjectFile(std::move(buffer)))
    return error;
  auto init = engine->lookup(contract.init);
  if (!init)
    return init.takeError();
  auto run = engine->lookup(contract.run);
  if (!run)
    return run.takeError();
  arenas.setSize(contract.arenaBytes, contract.arenaAlign);
  runFn = run->toPtr<RunFn>();
  if (int error = init->toPtr<InitFn>()(1))
    return makeError(Twine("the model cannot run here: ") +
                     std::strerror(error));
  return llvm::Error::success();
}

llvm::Expected<std::shared_ptr<Executable>>
Executable::load(StringRef object, const Contract &contract) {
  auto executable = std::make_shared<ObjectExecutable>();
  if (llvm::Error error = executable->open(object, contract))
    return std::move(error);
  return std::shared_ptr<Executable>(std::move(executable));
}
