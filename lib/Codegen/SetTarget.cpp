//===- SetTarget.cpp - resolve the CPU that code is made for --------------===//
//
// Asks LLVM's own tables for triple, CPU and features. Invariant: the attribute
// written here is complete and sorted, so it means the same on every machine.
//
//===----------------------------------------------------------------------===//

#include "qnt/Codegen/Passes.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

namespace mlir::qnt {
#define GEN_PASS_DEF_SETTARGET
#include "qnt/Codegen/Passes.h.inc"
} // namespace mlir::qnt

using namespace mlir;
using namespace mlir::qnt;

namespace {

/// The up to five names nearest to `name`, nearest first.
std::string nearest(StringRef name, ArrayRef<StringRef> candidates) {
  SmallVector<std::pair<unsigned, StringRef>> ranked;
  for (StringRef candidate : candidates)
    ranked.push_back({name.edit_distance(candidate), candidate});
  llvm::stable_sort(ranked, [](const auto &a, const auto &b) {
    return std::tie(a.first, a.second) < std::tie(b.first, b.second);
  });
  ranked.resize(std::min<size_t>(ranked.size(), 5));
  return llvm::join(
      llvm::map_range(ranked,
                      [](const auto &entry) { return entry.second.str(); }),
      ", ");
}

/// A triple, CPU and feature request on its way to an attribute.
class Resolver {
public:
  Resolver(ModuleOp module, StringRef tripleName, StringRef cpu,
           StringRef features)
      : module(module), triple(llvm::Triple::normalize(tripleName)),
        tripleName(tripleName), cpu(cpu), features(features) {}

  FailureOr<CpuTargetAttr> resolve();
  int64_t numFeatures() const { return numEnabled; }

private:
  LogicalResult findTarget();
  LogicalResult applyNative();
  LogicalResult checkCpu(const llvm::MCSubtargetInfo &known);
  LogicalResult checkFeatures(const llvm::MCSubtargetInfo &known);
  void collectFeatures();
  InFlightDiagnostic emitError() { return module.emitError(); }

  ModuleOp module;
  llvm::Triple triple;
  std::string tripleName, cpu, features;
  const llvm::Target *target = nullptr;
  SmallVector<std::string> enabled;
  int64_t numEnabled = 0;
};

LogicalResult Resolver::findTarget() {
  std::string ignored;
  target = llvm::TargetRegistry::lookupTarget(triple, ignored);
  if (target)
    return success();
  SmallVector<StringRef> names;
  for (const llvm::Target &known : llvm::TargetRegistry::targets())
    names.push_back(known.getName());
  StringRef arch = StringRef(tripleName).split('-').first;
  return emitError() << "unknown target triple '" << tripleName
                     << "'; nearest architectures: " << nearest(arch, names);
}

/// Replaces the CPU name `native` by this machine's name and features.
LogicalResult Resolver::applyNative() {
  if (cpu != "native")
    return success();
  llvm::Triple host(llvm::sys::getDefaultTargetTriple());
  if (host.getArch() != triple.getArch())
    return emitError() << "mcpu=native needs the architecture of this machine ("
                       << host.getArchName() << "), found triple '"
                       << tripleName << "'; name a cpu instead";
  cpu = llvm::sys::getHostCPUName().str();
  SmallVector<std::string> flags;
  for (const auto &entry : llvm::sys::getHostCPUFeatures())
    flags.push_back((entry.second ? "+" : "-") + entry.first().str());
  llvm::sort(flags);
  if (!features.empty())
    flags.push_back(features);
  features = llvm::join(flags, ",");
  return success();
}

LogicalResult Resolver::checkCpu(const llvm::MCSubtargetInfo &known) {
  if (cpu.empty() || known.isCPUStringValid(cpu))
    return success();
  SmallVector<StringRef> names;
  for (const llvm::SubtargetSubTypeKV &entry :
       known.getAllProcessorDescriptions())
    names.push_back(entry.Key);
  return emitError() << "unknown cpu '" << cpu << "' for triple '" << tripleName
                     << "'; nearest: " << nearest(cpu, names);
}

LogicalResult Resolver::checkFeatures(const llvm::MCSubtargetInfo &known) {
  if (features.empty())
    return success();
  SmallVector<StringRef> names;
  for (const llvm::SubtargetFeatureKV &entry : known.getAllProcessorFeatures())
    names.push_back(entry.Key);
  for (StringRef feature : llvm::split(features, ',')) {
    StringRef name = feature;
    if (!name.consume_front("+") && !name.consume_front("-"))
      return emitError() << "expected feature '" << feature
                         << "' to start with + or -";
    if (!llvm::is_contained(names, name))
      return emitError() << "unknown feature '" << name << "' for triple '"
                         << tripleName
                         << "'; nearest: " << nearest(name, names);
  }
  return success();
}

/// Lists what is on, and what the CPU has but this target goes without: a code
/// generator adds the features of the CPU by itself.
void Resolver::collectFeatures() {
  auto featuresOf = [&](StringRef wanted) {
    std::unique_ptr<llvm::MCSubtargetInfo> info(
        target->createMCSubtargetInfo(triple, cpu, wanted));
    llvm::SetVector<StringRef> names;
    for (const llvm::SubtargetFeatureKV &entry :
         info->getEnabledProcessorFeatures())
      names.insert(entry.Key);
    return names;
  };
  auto chosen = featuresOf(features), implied = featuresOf("");
  for (StringRef name : chosen)
    // Kernels choose their vector width themselves.
    if (!name.starts_with("prefer-"))
      enabled.push_back("+" + name.str());
  numEnabled = static_cast<int64_t>(enabled.size());
  for (StringRef name : implied)
    if (!chosen.contains(name) || name.starts_with("prefer-"))
      enabled.push_back("-" + name.str());
  llvm::sort(enabled);
}

FailureOr<CpuTargetAttr> Resolver::resolve() {
  if (failed(findTarget()) || failed(applyNative()))
    return failure();
  std::unique_ptr<llvm::MCSubtargetInfo> known(
      target->createMCSubtargetInfo(triple, "", ""));
  if (!known)
    return emitError() << "triple '" << tripleName
                       << "' has no table of cpus in this LLVM";
  if (failed(checkCpu(*known)) || failed(checkFeatures(*known)))
    return failure();
  if (cpu.empty())
    cpu = triple.getArch() == llvm::Triple::x86_64 ? "x86-64" : "generic";
  collectFeatures();
  return CpuTargetAttr::get(module.getContext(), triple.str(), cpu,
                            llvm::join(enabled, ","));
}

struct SetTarget : mlir::qnt::impl::SetTargetBase<SetTarget> {
  using SetTargetBase::SetTargetBase;

  LogicalResult initialize(MLIRContext *) override {
    llvm::InitializeAllTargetInfos();
    llvm::InitializeAllTargetMCs();
    return success();
  }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    bool asked = !triple.empty() || !mcpu.empty() || !features.empty();
    if (!asked && module->hasAttr(kTargetAttr))
      return;
    std::string name =
        triple.empty() ? llvm::sys::getDefaultTargetTriple() : triple;
    Resolver resolver(module, name, mcpu, features);
    FailureOr<CpuTargetAttr> target = resolver.resolve();
    if (failed(target))
      return signalPassFailure();
    numFeatures = resolver.numFeatures();
    module->setAttr(kTargetAttr, *target);
  }
};

} // namespace
