//===- Lowering.cpp - pipelines to machine code, by name ------------------===//
//
// A table guarded by a lock; entries are never removed, so a pointer into it
// stays valid.
//
//===----------------------------------------------------------------------===//

#include "qnt/Execution/Lowering.h"

#include "llvm/Support/ManagedStatic.h"

#include <map>
#include <mutex>

using namespace mlir;
using namespace mlir::qnt;

namespace {
struct Registry {
  std::mutex mutex;
  std::map<std::string, LoweringFn> lowerings;
};
} // namespace

static Registry &getRegistry() {
  static llvm::ManagedStatic<Registry> registry;
  return *registry;
}

void qnt::registerLowering(StringRef name, LoweringFn build) {
  Registry &registry = getRegistry();
  std::lock_guard<std::mutex> lock(registry.mutex);
  registry.lowerings[name.str()] = std::move(build);
}

const LoweringFn *qnt::lookupLowering(StringRef name) {
  Registry &registry = getRegistry();
  std::lock_guard<std::mutex> lock(registry.mutex);
  auto it = registry.lowerings.find(name.str());
  return it == registry.lowerings.end() ? nullptr : &it->second;
}

std::string qnt::getLoweringNames() {
  Registry &registry = getRegistry();
  std::lock_guard<std::mutex> lock(registry.mutex);
  std::string names;
  for (const auto &entry : registry.lowerings)
    names += (names.empty() ? "" : ", ") + entry.first;
  return names;
}
