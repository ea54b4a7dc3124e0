//===- KernelTarget.cpp - the kernel family of a CPU ----------------------===//
//
// Reads a resolved feature list. Invariant: a family is chosen only if every
// instruction that its kernels use is in the list, so Generic is the answer to
// anything unknown.
//
//===----------------------------------------------------------------------===//

#include "qnt/Codegen/Kernel.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/TargetParser/Triple.h"

using namespace mlir;
using namespace mlir::qnt;

StringRef mlir::qnt::stringifyIsa(Isa isa) {
  switch (isa) {
  case Isa::Generic:
    return "generic";
  case Isa::Avx2:
    return "avx2";
  case Isa::AvxVnni:
    return "avxvnni";
  case Isa::Avx512Vnni:
    return "avx512vnni";
  case Isa::NeonDotprod:
    return "neon-dotprod";
  }
  return "";
}

/// The features that are switched on, without their plus signs.
static llvm::StringSet<> enabledFeatures(StringRef features) {
  llvm::StringSet<> enabled;
  for (StringRef feature : llvm::split(features, ',')) {
    if (feature.consume_front("+"))
      enabled.insert(feature);
    else if (feature.consume_front("-"))
      enabled.erase(feature);
  }
  return enabled;
}

static void chooseX86(KernelTarget &target, const llvm::StringSet<> &enabled) {
  auto has = [&](StringRef name) { return enabled.contains(name); };
  target.softFloat = has("soft-float");
  if (target.softFloat || !(has("sse2") || has("avx2")))
    return;
  target.arch = Arch::X86;
  target.hasFma = has("fma");
  if (has("avx512vnni") && has("avx512bw") && has("avx512vl")) {
    target.isa = Isa::Avx512Vnni;
    target.vectorBits = 512;
    target.hasVbmi = has("avx512vbmi");
  } else if (has("avxvnni") && has("avx2")) {
    target.isa = Isa::AvxVnni;
    target.vectorBits = 256;
  } else if (has("avx2")) {
    target.isa = Isa::Avx2;
    target.vectorBits = 256;
  }
  target.unsignedActivations =
      target.isa == Isa::Avx512Vnni || target.isa == Isa::AvxVnni;
}

KernelTarget KernelTarget::get(CpuTargetAttr attribute) {
  KernelTarget target;
  llvm::Triple triple(attribute.getTriple());
  llvm::StringSet<> enabled = enabledFeatures(attribute.getFeatures());
  if (triple.getArch() == llvm::Triple::x86_64) {
    chooseX86(target, enabled);
  } else if (triple.getArch() == llvm::Triple::aarch64) {
    target.arch = enabled.contains("neon") ? Arch::AArch64 : Arch::Other;
    target.softFloat = !enabled.contains("fp-armv8");
    target.hasFma = !target.softFloat;
    if (enabled.contains("neon") && enabled.contains("dotprod"))
      target.isa = Isa::NeonDotprod;
  } else {
    target.softFloat = enabled.contains("soft-float");
  }
  return target;
}
