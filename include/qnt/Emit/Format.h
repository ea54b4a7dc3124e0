//===- Format.h - the products of quant-opt --------------------*- C++ -*-===//
//
// Names and file suffixes of what can be emitted. The driver chooses by them,
// the pass `qnt-emit` takes them as an option.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_EMIT_FORMAT_H
#define QNT_EMIT_FORMAT_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/StringRef.h"

#include <optional>

namespace mlir::qnt {

enum class EmitFormat {
  Object,
  Assembly,
  Shared,
  Executable,
  LLVMIR,
  Bitcode,
  MLIR,
  Bytecode,
  ONNX
};

/// "obj", "asm", "shared", "exe", "llvm", "bitcode", "mlir", "bytecode",
/// "onnx".
StringRef stringifyEmitFormat(EmitFormat format);

/// The format of that name.
std::optional<EmitFormat> parseEmitFormat(StringRef name);

/// All names, for messages: "obj, asm, ...".
std::string listEmitFormats();

/// What the suffix of a path asks for: .o .s .so .ll .bc .mlir .mlirbc .onnx
/// .exe, or none for an executable. Nothing for `-` and other suffixes.
std::optional<EmitFormat> formatOfPath(StringRef path);

/// True if the suffix names a format of other tools that is not among ours, so
/// that MLIR under that name would be a surprise (.a, .obj, .dll, .tflite,
/// ...).
bool isForeignSuffix(StringRef path);

/// True if the format is MLIR, which the driver prints itself.
inline bool isMLIR(EmitFormat format) {
  return format == EmitFormat::MLIR || format == EmitFormat::Bytecode;
}

} // namespace mlir::qnt

#endif // QNT_EMIT_FORMAT_H
