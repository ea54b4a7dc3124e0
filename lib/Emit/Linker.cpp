//===- Linker.cpp - objects to libraries and programs ---------------------===//
//
// Finds a linker, runs it in a private temporary directory under fixed file
// names (so that no path reaches the product) and reads the product back. The
// directory is gone afterwards, whatever happened.
//
//===----------------------------------------------------------------------===//

#include "qnt/Emit/Linker.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Host.h"

using namespace mlir;
using namespace mlir::qnt;
namespace fs = llvm::sys::fs;

static const char kHarness[] = {
#include "harness.c.inc"
};

template <typename... Args>
static llvm::Error makeError(const char *format, Args &&...args) {
  return llvm::createStringError(
      llvm::formatv(format, std::forward<Args>(args)...).str());
}

//===----------------------------------------------------------------------===//
// Running a tool
//===----------------------------------------------------------------------===//

namespace {
/// A temporary directory that vanishes with its owner.
class Workspace {
public:
  ~Workspace() {
    if (!directory.empty())
      fs::remove_directories(directory);
  }

  llvm::Error create() {
    if (std::error_code code = fs::createUniqueDirectory("qnt", directory))
      return makeError("cannot create a temporary directory: {0}",
                       code.message());
    return llvm::Error::success();
  }

  std::string path(StringRef name) const {
    SmallString<128> result(directory);
    llvm::sys::path::append(result, name);
    return result.str().str();
  }

  llvm::Error write(StringRef name, StringRef content) {
    std::error_code code;
    llvm::raw_fd_ostream os(path(name), code);
    if (!code) {
      os << content;
      os.close();
      code = os.error();
      os.clear_error();
    }
    if (code)
      return makeError("cannot write '{0}': {1}", path(name), code.message());
    return llvm::Error::success();
  }

  llvm::Expected<std::string> read(StringRef name) const {
    auto buffer = llvm::MemoryBuffer::getFile(path(name));
    if (!buffer)
      return makeError("cannot read '{0}': {1}", path(name),
                       buffer.getError().message());
    return (*buffer)->getBuffer().str();
  }

private:
  SmallString<128> directory;
};
} // namespace

/// Runs the tool; a failure carries the first lines it printed.
static llvm::Error runTool(StringRef tool, ArrayRef<std::string> arguments,
                           const Workspace &workspace) {
  SmallVector<StringRef> argv{tool};
  argv.append(arguments.begin(), arguments.end());
  std::string log = workspace.path("log");
  std::optional<StringRef> redirects[] = {StringRef(""), StringRef(log),
                                          StringRef(log)};
  std::string message;
  int code = llvm::sys::ExecuteAndWait(tool, argv, std::nullopt, redirects,
                                       /*SecondsToWait=*/0, /*MemoryLimit=*/0,
                                       &message);
  if (code == 0)
    return llvm::Error::success();
  if (message.empty()) {
    llvm::Expected<std::string> text = workspace.read("log");
    message = text ? StringRef(*text).take_front(2000).rtrim().str()
                   : llvm::toString(text.takeError());
  }
  return makeError("'{0}' failed with exit code {1}: {2}", tool, code, message);
}

/// The first program of the list that exists, LLVM's own directory first.
static std::optional<std::string> findTool(ArrayRef<StringRef> names) {
  for (StringRef name : names) {
    if (auto path = llvm::sys::findProgramByName(name, {QNT_LLVM_TOOLS_DIR}))
      return *path;
    if (auto path = llvm::sys::findProgramByName(name))
      return *path;
  }
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Shared libraries
//===----------------------------------------------------------------------===//

llvm::Expected<std::string> qnt::linkShared(StringRef object,
                                            const llvm::Triple &triple,
                                            StringRef linker) {
  if (!triple.isOSBinFormatELF())
    return makeError("a shared library for '{0}' is not supported, only ELF "
                     "targets; emit an object",
                     triple.str());
  std::optional<std::string> tool =
      linker.empty() ? findTool({"ld.lld", "ld.lld-22"})
                     : std::optional<std::string>(linker.str());
  if (!tool)
    return makeError("no linker found for a shared library: neither 'ld.lld' "
                     "nor 'ld.lld-22' is beside LLVM or in PATH; install lld "
                     "or emit an object");
  Workspace workspace;
  if (llvm::Error error = workspace.create())
    return error;
  if (llvm::Error error = workspace.write("model.o", object))
    return error;
  std::string output = workspace.path("model.so");
  if (llvm::Error error =
          runTool(*tool,
                  {"-shared", "--build-id=none", "--hash-style=gnu",
                   "--gc-sections", "-z", "noexecstack", "-z", "now", "-o",
                   output, workspace.path("model.o")},
                  workspace))
    return error;
  return workspace.read("model.so");
}

//===----------------------------------------------------------------------===//
// Programs
//===----------------------------------------------------------------------===//

/// numpy's descr and the C side's kind of an element type.
static std::pair<std::string, char> describe(const TensorContract &tensor) {
  char kind = StringRef(tensor.dtype).starts_with("float") ? 'f'
              : StringRef(tensor.dtype).starts_with("int") ? 'i'
              : tensor.dtype == "bool"                     ? 'b'
                                                           : 'u';
  int64_t bytes = tensor.elementBytes();
  // numpy has no name for it.
  if (tensor.dtype == "bfloat16")
    return {"|V2", 'u'};
  std::string descr =
      llvm::formatv("{0}{1}{2}", bytes == 1 ? '|' : '<', kind, bytes);
  // A half is printed as its bits, a boolean as 0 or 1.
  bool plain = kind == 'b' || (kind == 'f' && bytes == 2);
  return {descr, plain ? 'u' : kind};
}

static void writeTable(llvm::raw_ostream &os, StringRef name,
                       ArrayRef<TensorContract> tensors) {
  for (auto [index, tensor] : llvm::enumerate(tensors)) {
    os << "static const long long " << name << "Shape" << index << "[] = {";
    llvm::interleaveComma(tensor.shape, os);
    os << (tensor.shape.empty() ? "0};\n" : "};\n");
  }
  os << "static const struct QntTensor " << name << "[] = {\n";
  for (auto [index, tensor] : llvm::enumerate(tensors)) {
    auto [descr, kind] = describe(tensor);
    os << "  {" << toCString(tensor.name) << ", " << toCString(tensor.dtype)
       << ", " << toCString(descr) << ", '" << kind << "', "
       << tensor.shape.size() << ", " << tensor.elementCount() << ", "
       << tensor.byteSize() << ", " << name << "Shape" << index << "},\n";
  }
  os << "  {0, 0, 0, 0, 0, 0, 0, 0}};\n";
}

/// What harness.c includes as contract.h.
static std::string buildContractTable(const Contract &contract) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "#include <stddef.h>\n"
     << "#define QNT_INIT " << contract.init << "\n"
     << "#define QNT_RUN " << contract.run << "\n"
     << "#define QNT_INPUTS " << contract.inputs.size() << "\n"
     << "#define QNT_OUTPUTS " << contract.outputs.size() << "\n"
     << "#define QNT_ARENA_BYTES " << contract.arenaBytes << "\n"
     << "#define QNT_ARENA_ALIGN " << contract.arenaAlign << "\n"
     << "int QNT_INIT(int threads);\n"
     << "int QNT_RUN(const void *const inputs[], void *const outputs[], "
        "void *arena);\n"
     << "struct QntTensor { const char *name, *dtype, *descr; char kind; "
        "size_t rank, elements, bytes; const long long *shape; };\n";
  writeTable(os, "qntInputs", contract.inputs);
  writeTable(os, "qntOutputs", contract.outputs);
  return text;
}

/// A C compiler that makes programs for the triple.
static llvm::Expected<std::string> findCompiler(const llvm::Triple &triple) {
  llvm::Triple host(llvm::sys::getProcessTriple());
  bool native =
      host.getArch() == triple.getArch() && host.getOS() == triple.getOS();
  std::string cross = (triple.getArchName() + "-linux-gnu-gcc").str();
  SmallVector<StringRef> names;
  if (native)
    names = {"cc", "gcc", "clang", "clang-22"};
  else
    names = {cross};
  if (std::optional<std::string> tool = findTool(names))
    return *tool;
  return makeError("no C compiler found that links programs for '{0}' (looked "
                   "for {1}); install one or emit an object",
                   triple.str(), llvm::join(names, ", "));
}

llvm::Expected<std::string> qnt::linkExecutable(StringRef object,
                                                const Contract &contract,
                                                const llvm::Triple &triple,
                                                StringRef compiler) {
  llvm::Expected<std::string> tool =
      compiler.empty() ? findCompiler(triple)
                       : llvm::Expected<std::string>(compiler.str());
  if (!tool)
    return tool.takeError();
  Workspace workspace;
  if (llvm::Error error = workspace.create())
    return error;
  StringRef harness(kHarness, sizeof(kHarness));
  if (llvm::Error error = workspace.write("harness.c", harness))
    return error;
  if (llvm::Error error =
          workspace.write("contract.h", buildContractTable(contract)))
    return error;
  if (llvm::Error error = workspace.write("model.o", object))
    return error;
  // Static where it must run elsewhere: no library of the target is at hand.
  bool cross =
      llvm::Triple(llvm::sys::getProcessTriple()).getArch() != triple.getArch();
  SmallVector<std::string> arguments{"-std=c99",
                                     "-O2",
                                     "-Wl,--build-id=none",
                                     "-Wl,--gc-sections",
                                     "-o",
                                     workspace.path("model"),
                                     workspace.path("harness.c"),
                                     workspace.path("model.o"),
                                     "-lm"};
  if (cross)
    arguments.push_back("-static");
  if (llvm::Error error = runTool(*tool, arguments, workspace))
    return error;
  return workspace.read("model");
}
