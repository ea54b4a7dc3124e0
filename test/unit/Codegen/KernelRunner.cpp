//===- KernelRunner.cpp - compile kernels and run them apart --------------===//
//
// Lowers with upstream passes only, so that kernels are tested apart from the
// pipelines, and drives them by a generated C program that is linked with the C
// compiler of the target.
//
//===----------------------------------------------------------------------===//

#include "KernelRunner.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Transforms/Passes.h"
#include "qnt/Dialect/IR/Qnt.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"

using namespace mlir;
using namespace qnt_test;

static const TestCpu kCpus[] = {
    {"sse2", "x86_64-unknown-linux-gnu", "+sse2"},
    {"avx2", "x86_64-unknown-linux-gnu", "+avx2,+fma"},
    {"avxvnni", "x86_64-unknown-linux-gnu", "+avx2,+fma,+avxvnni"},
    {"avx512vnni", "x86_64-unknown-linux-gnu",
     "+avx2,+fma,+avx512f,+avx512bw,+avx512vl,+avx512dq,+avx512vnni"},
    {"avx512vbmi", "x86_64-unknown-linux-gnu",
     "+avx2,+fma,+avx512f,+avx512bw,+avx512vl,+avx512dq,+avx512vnni,"
     "+avx512vbmi"},
    {"neon", "aarch64-unknown-linux-gnu", "+neon,+fp-armv8"},
    {"dotprod", "aarch64-unknown-linux-gnu", "+neon,+fp-armv8,+dotprod"},
    // Vectors, but no intrinsics: what an unknown architecture gets.
    {"portable", "aarch64-unknown-linux-gnu", "+fp-armv8"},
};

/// No vector and no float unit at all.
static const TestCpu kSoftFloat = {"softfloat", "x86_64-unknown-linux-gnu",
                                   "-mmx,-sse,-sse2,-x87,+soft-float"};

llvm::ArrayRef<TestCpu> qnt_test::testCpus() { return kCpus; }
const TestCpu &qnt_test::softFloatCpu() { return kSoftFloat; }

const TestCpu *qnt_test::findTestCpu(StringRef name) {
  const TestCpu *found = llvm::find_if(
      kCpus, [&](const TestCpu &cpu) { return cpu.name == name; });
  return found == std::end(kCpus) ? nullptr : found;
}

static std::string findProgram(StringRef name) {
  llvm::ErrorOr<std::string> path = llvm::sys::findProgramByName(name);
  return path ? *path : "";
}

std::string TestCpu::whyNot() const {
  if (isArm()) {
    for (StringRef tool : {"aarch64-linux-gnu-gcc", "qemu-aarch64"})
      if (findProgram(tool).empty())
        return (tool + " is not installed").str();
    return "";
  }
  if (findProgram("cc").empty())
    return "cc is not installed";
  llvm::StringMap<bool> host = llvm::sys::getHostCPUFeatures();
  for (StringRef feature : llvm::split(features, ','))
    if (feature.consume_front("+") && feature != "soft-float" &&
        !host.lookup(feature))
      return ("this CPU has no " + feature).str();
  return "";
}

std::unique_ptr<MLIRContext> qnt_test::makeContext() {
  DialectRegistry registry;
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  registry.insert<arith::ArithDialect, func::FuncDialect, LLVM::LLVMDialect,
                  memref::MemRefDialect, scf::SCFDialect, vector::VectorDialect,
                  qnt::QntDialect>();
  auto context =
      std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
  context->loadAllAvailableDialects();
  return context;
}

//===----------------------------------------------------------------------===//
// Compilation
//===----------------------------------------------------------------------===//

static LogicalResult lowerToLLVM(ModuleOp module) {
  PassManager pm(module.getContext());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(memref::createExpandStridedMetadataPass());
  pm.addPass(createLowerAffinePass());
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(createConvertVectorToLLVMPass());
  pm.addPass(createFinalizeMemRefToLLVMConversionPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  ConvertFuncToLLVMPassOptions options;
  options.useBarePtrCallConv = true;
  pm.addPass(createConvertFuncToLLVMPass(options));
  pm.addPass(createReconcileUnrealizedCastsPass());
  return pm.run(module);
}

static void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager lam;
  llvm::FunctionAnalysisManager fam;
  llvm::CGSCCAnalysisManager cgam;
  llvm::ModuleAnalysisManager mam;
  llvm::PassBuilder builder(&machine);
  builder.registerModuleAnalyses(mam);
  builder.registerCGSCCAnalyses(cgam);
  builder.registerFunctionAnalyses(fam);
  builder.registerLoopAnalyses(lam);
  builder.crossRegisterProxies(lam, fam, cgam, mam);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3)
      .run(module, mam);
}

std::string qnt_test::compileObject(ModuleOp module, const TestCpu &cpu,
                                    const std::string &path) {
  if (failed(lowerToLLVM(module)))
    return "lowering failed";
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> code = translateModuleToLLVMIR(module, context);
  if (!code)
    return "translation failed";
  llvm::InitializeAllTargetInfos();
  llvm::InitializeAllTargets();
  llvm::InitializeAllTargetMCs();
  llvm::InitializeAllAsmPrinters();
  llvm::Triple triple(cpu.triple);
  std::string error;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return error;
  std::unique_ptr<llvm::TargetMachine> machine(target->createTargetMachine(
      triple, "", cpu.features, llvm::TargetOptions(), llvm::Reloc::PIC_, {},
      llvm::CodeGenOptLevel::Aggressive));
  code->setTargetTriple(triple);
  code->setDataLayout(machine->createDataLayout());
  optimize(*code, *machine);
  std::error_code status;
  llvm::raw_fd_ostream stream(path, status);
  if (status)
    return status.message();
  llvm::legacy::PassManager passes;
  if (machine->addPassesToEmitFile(passes, stream, nullptr,
                                   llvm::CodeGenFileType::ObjectFile))
    return "target can not write objects";
  passes.run(*code);
  return "";
}

namespace {
/// A directory that vanishes with its owner.
struct ScratchDirectory {
  llvm::SmallString<128> path;
  ScratchDirectory() {
    (void)llvm::sys::fs::createUniqueDirectory("qnt-kernels", path);
  }
  ~ScratchDirectory() { (void)llvm::sys::fs::remove_directories(path); }
  std::string file(StringRef name) const { return (path + "/" + name).str(); }
};
} // namespace

static size_t textSize(const std::string &path) {
  auto object = llvm::object::ObjectFile::createObjectFile(path);
  if (!object) {
    llvm::consumeError(object.takeError());
    return 0;
  }
  size_t total = 0;
  for (const llvm::object::SectionRef &section :
       object->getBinary()->sections())
    if (section.isText())
      total += section.getSize();
  return total;
}

size_t qnt_test::measureText(ModuleOp module, const TestCpu &cpu) {
  ScratchDirectory scratch;
  std::string path = scratch.file("kernels.o");
  return compileObject(module, cpu, path).empty() ? textSize(path) : 0;
}

//===----------------------------------------------------------------------===//
// Driver
//===----------------------------------------------------------------------===//

static const char kDriver[] = R"(
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}
/* GMAC/s of the multiply-add on registers alone. */
static double peak(void) {
#ifdef PEAK
  enum { N = 20000 };
  double best = 0;
  for (int r = 0; r < 20; ++r) {
    double t = now();
    __asm__ volatile("mov %0, %%ecx\n"
                     "1:\n" PEAK "dec %%ecx\n"
                     "jnz 1b\n" ::"i"(N)
                     : "ecx", "cc", "memory", "xmm0", "xmm1", "xmm2", "xmm3",
                       "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
                       "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
    t = now() - t;
    best = best == 0 || t < best ? t : best;
  }
  return (double)PEAK_MACS * N / best;
#else
  return 1;
#endif
}
/* `n` bytes before an unmapped page. */
static uint8_t *guarded(size_t n, int aligned) {
  size_t page = 65536, size = (n + page - 1) / page * page;
  uint8_t *p = mmap(0, size + page, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(p + size, page, PROT_NONE);
  return aligned ? p : p + size - n;
}
int main(int argc, char **argv) {
  FILE *in = fopen(argv[1], "rb"), *out = fopen(argv[2], "wb");
  int timed = argc > 3;
  double most = timed ? peak() : 0;
  for (unsigned i = 0; i < sizeof cases / sizeof *cases; ++i) {
    uint8_t *a = guarded(cases[i].in, timed), *c = guarded(cases[i].out, timed);
    double best = 0;
    if (fread(a, 1, cases[i].in, in) != cases[i].in ||
        fread(c, 1, cases[i].out, in) != cases[i].out)
      return 2;
    fprintf(stderr, "case %u\n", i);
    cases[i].f(a, c);
    if (timed) {
      double t = now();
      cases[i].f(a, c);
      int n = (int)(1e6 / (now() - t + 1)) + 1;
      for (int r = 0; r < 40; ++r) {
        t = now();
        for (int k = 0; k < n; ++k)
          cases[i].f(a, c);
        t = (now() - t) / n;
        best = best == 0 || t < best ? t : best;
      }
    }
    fwrite(c, 1, cases[i].out, out);
    fwrite(&best, sizeof best, 1, out);
    double again = timed ? peak() : 0;
    most = again > most ? again : most;
  }
  fwrite(&most, sizeof most, 1, out);
  return fclose(out) != 0;
}
)";

/// The definition of PEAK: what a loop repeats, and how many products it makes.
static std::string peakLoop(const TestCpu &cpu) {
  StringRef features = cpu.features;
  if (cpu.isArm())
    return "";
  auto repeat = [](StringRef instructions, int products) {
    return llvm::formatv(
               "#define PEAK \".irp n,0,1,2,3,4,5,6,7,8,9,10,11\\n\" \"{0}\" "
               "\".endr\\n\"\n#define PEAK_MACS {1}\n",
               instructions, 12 * products)
        .str();
  };
  if (features.contains("avx512vnni"))
    return repeat("vpdpbusd %%zmm30, %%zmm31, %%zmm\\\\n\\n", 64);
  if (features.contains("avxvnni"))
    return repeat("%{vex%} vpdpbusd %%ymm14, %%ymm15, %%ymm\\\\n\\n", 32);
  if (features.contains("avx2"))
    return repeat("vpmaddwd %%ymm14, %%ymm15, %%ymm13\\n"
                  "vpaddd %%ymm13, %%ymm\\\\n, %%ymm\\\\n\\n",
                  16);
  return repeat("movdqa %%xmm14, %%xmm13\\npmaddwd %%xmm15, %%xmm13\\n"
                "paddd %%xmm13, %%xmm\\\\n\\n",
                8);
}

static void writeDriver(const std::string &path, const TestCpu &cpu,
                        const std::vector<RunCase> &cases) {
  std::error_code status;
  llvm::raw_fd_ostream os(path, status);
  os << peakLoop(cpu);
  os << "#include <stddef.h>\n";
  for (size_t i = 0; i < cases.size(); ++i)
    os << "extern void case" << i << "(void *, void *);\n";
  os << "static const struct { void (*f)(void *, void *); size_t in, out; } "
        "cases[] = {\n";
  for (size_t i = 0; i < cases.size(); ++i)
    os << "{case" << i << ", " << cases[i].input.size() << ", "
       << cases[i].output.size() << "},\n";
  os << "};\n" << kDriver;
}

static void writeInputs(const std::string &path,
                        const std::vector<RunCase> &cases) {
  std::error_code status;
  llvm::raw_fd_ostream os(path, status);
  for (const RunCase &c : cases) {
    os.write(reinterpret_cast<const char *>(c.input.data()), c.input.size());
    os.write(reinterpret_cast<const char *>(c.output.data()), c.output.size());
  }
}

static std::string execute(ArrayRef<std::string> command,
                           const std::string &log) {
  SmallVector<StringRef> arguments(command.begin(), command.end());
  std::string error;
  std::optional<StringRef> redirects[] = {StringRef(), StringRef(log),
                                          StringRef(log)};
  int rc = llvm::sys::ExecuteAndWait(findProgram(command.front()), arguments,
                                     std::nullopt, redirects, 0, 0, &error);
  if (rc == 0)
    return "";
  auto text = llvm::MemoryBuffer::getFile(log);
  StringRef tail = text ? (*text)->getBuffer().take_back(300) : "";
  return llvm::formatv("{0} failed with {1}: {2} {3}", command.front(), rc,
                       error, tail);
}

RunResult qnt_test::runCases(ModuleOp module, const TestCpu &cpu,
                             const std::vector<RunCase> &cases, bool timed) {
  RunResult result;
  ScratchDirectory scratch;
  std::string object = scratch.file("kernels.o"), driver = scratch.file("d.c"),
              program = scratch.file("run"), in = scratch.file("in"),
              out = scratch.file("out"), log = scratch.file("log");
  result.error = compileObject(module, cpu, object);
  if (!result.error.empty())
    return result;
  writeDriver(driver, cpu, cases);
  writeInputs(in, cases);
  std::string compiler = cpu.isArm() ? "aarch64-linux-gnu-gcc" : "cc";
  result.error =
      execute({compiler, "-O1", "-static", "-o", program, driver, object}, log);
  if (!result.error.empty())
    return result;
  std::vector<std::string> command;
  if (cpu.isArm())
    command = {"qemu-aarch64", "-cpu", "max"};
  command.insert(command.end(), {program, in, out});
  if (timed)
    command.push_back("timed");
  if (!cpu.isArm())
    command.insert(command.begin(), "env");
  result.error = execute(command, log);
  if (!result.error.empty())
    return result;
  auto data = llvm::MemoryBuffer::getFile(out);
  const char *p = data ? (*data)->getBufferStart() : nullptr;
  for (const RunCase &c : cases) {
    result.outputs.emplace_back(p, p + c.output.size());
    p += c.output.size();
    double time;
    memcpy(&time, p, sizeof time);
    p += sizeof time;
    result.nanoseconds.push_back(time);
  }
  memcpy(&result.peak, p, sizeof result.peak);
  return result;
}
