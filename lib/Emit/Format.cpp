//===- Format.cpp - the products of quant-opt -----------------------------===//
//
// One table of names and suffixes, in the order of the enum.
//
//===----------------------------------------------------------------------===//

#include "qnt/Emit/Format.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace mlir::qnt;

namespace {
struct FormatEntry {
  EmitFormat format;
  StringLiteral name;
  StringLiteral suffix;
};
} // namespace

static constexpr FormatEntry kFormats[] = {
    {EmitFormat::Object, "obj", ".o"},
    {EmitFormat::Assembly, "asm", ".s"},
    {EmitFormat::Shared, "shared", ".so"},
    {EmitFormat::Executable, "exe", ".exe"},
    {EmitFormat::LLVMIR, "llvm", ".ll"},
    {EmitFormat::Bitcode, "bitcode", ".bc"},
    {EmitFormat::MLIR, "mlir", ".mlir"},
    {EmitFormat::Bytecode, "bytecode", ".mlirbc"},
    {EmitFormat::ONNX, "onnx", ".onnx"}};

StringRef qnt::stringifyEmitFormat(EmitFormat format) {
  return kFormats[static_cast<unsigned>(format)].name;
}

std::optional<EmitFormat> qnt::parseEmitFormat(StringRef name) {
  for (const FormatEntry &entry : kFormats)
    if (entry.name == name)
      return entry.format;
  return std::nullopt;
}

std::string qnt::listEmitFormats() {
  return llvm::join(
      llvm::map_range(kFormats,
                      [](const FormatEntry &entry) { return entry.name; }),
      ", ");
}

std::optional<EmitFormat> qnt::formatOfPath(StringRef path) {
  if (path == "-" || path.starts_with("/dev/"))
    return std::nullopt;
  StringRef suffix = llvm::sys::path::extension(path);
  if (suffix.empty())
    return EmitFormat::Executable;
  for (const FormatEntry &entry : kFormats)
    if (entry.suffix == suffix)
      return entry.format;
  return std::nullopt;
}

bool qnt::isForeignSuffix(StringRef path) {
  return llvm::StringSwitch<bool>(llvm::sys::path::extension(path).lower())
      .Cases({".a", ".c", ".cc", ".cpp", ".dll", ".dylib", ".elf", ".h"}, true)
      .Cases({".json", ".lib", ".obj", ".tflite", ".wasm"}, true)
      .Default(false);
}
