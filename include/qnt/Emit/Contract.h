//===- Contract.h - what a caller of emitted code must know ----*- C++ -*-===//
//
// The contract of a compiled model: symbols, tensors, arena, provenance. It is
// read from the module that code generation left behind, or from a model.json,
// and written as C header and JSON. Both files hold the same facts.
//
// Code generation describes itself in the module attribute `qnt.contract`:
//
//   qnt.contract = {
//     name = "digits", init = "digits_init", run = "digits_run",
//     run_batch = "digits_run_batch",
//     arena_bytes = 4096 : i64, arena_align = 64 : i64, static_arena = false,
//     macs = 123456 : i64, isa = ["avx512vnni"],
//     inputs = [{name = "image", type = tensor<1x8x8x1xi8>,
//                scale = [0.5 : f32], zero_point = [-3], axis = 0 : i64},
//               {name = "ids", type = tensor<1x8xi8>, dtype = "uint8"}],
//     outputs = [{name = "scores", type = tensor<1x10xf32>}],
//     float_ops = [{op = "tosa.exp", name = "softmax", reason = "..."}]}
//
// `run_batch`, `dtype` (where the type does not tell), `scale`, `zero_point`,
// `axis`, `static_arena`, `isa` and `float_ops` may be left out, and lists of
// one be written without brackets. The provenance comes from the attributes
// `qnt.mode` (by default int8 where there is a rounding, else float),
// `qnt.rounding`, `qnt.model_sha256`, `qnt.calibration_sha256`; triple and CPU
// are those that the code is emitted for.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_EMIT_CONTRACT_H
#define QNT_EMIT_CONTRACT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Support/LLVM.h"
#include "llvm/Support/Error.h"

#include <optional>
#include <string>
#include <vector>

namespace mlir::qnt {

/// One input or output.
struct TensorContract {
  std::string name;
  /// numpy's name: "float32", "int8", ...
  std::string dtype;
  std::vector<int64_t> shape;
  /// Empty where the tensor is not quantized.
  std::vector<float> scales;
  std::vector<int64_t> zeroPoints;
  std::optional<int64_t> axis;

  int64_t elementCount() const;
  int64_t elementBytes() const;
  int64_t byteSize() const { return elementCount() * elementBytes(); }
};

/// An op that stayed float, and why.
struct FloatOpContract {
  std::string op, name, reason;
};

struct Contract {
  std::string name, init, run;
  /// Empty where the code serves one sample per call only.
  std::string runBatch;
  std::string mode, rounding;
  std::string triple, cpu;
  std::vector<std::string> isa;
  int64_t macs = 0;
  int64_t arenaBytes = 0;
  int64_t arenaAlign = 1;
  /// The object owns an arena; callers may pass NULL.
  bool staticArena = false;
  std::vector<TensorContract> inputs, outputs;
  std::vector<FloatOpContract> floatOps;
  std::string modelSha256, calibrationSha256;

  /// Reads `qnt.contract` and its companions; emits a diagnostic on `module`
  /// that names the entry at fault.
  static FailureOr<Contract> fromModule(ModuleOp module);
  /// Reads a model.json.
  static llvm::Expected<Contract> fromJson(StringRef text);

  /// model.json.
  std::string toJson() const;
  /// model.h: C99 and C++.
  std::string toHeader() const;
};

/// Bytes of an element of a numpy type; nothing for a type we do not emit.
std::optional<int64_t> getElementBytes(StringRef dtype);

/// The name made a C identifier.
std::string toCIdentifier(StringRef name);

/// The text as a C string literal, quotes included.
std::string toCString(StringRef text);

} // namespace mlir::qnt

#endif // QNT_EMIT_CONTRACT_H
