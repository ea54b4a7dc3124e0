//===- Kernel.h - what kernels are made of ---------------------*- C++ -*-===//
//
// The structs between the memory planner, which decides where tensors lie, and
// the emitters, which write one function per kernel. Invariant: a kernel is
// fully described by its spec (the key that deduplicates it); everything that
// differs between two layers of the same shape - weights, biases, multipliers -
// reaches it as a pointer to a constant.
//
// All numbers in specs are in the signed domain of the IR. Where
// `KernelTarget::unsignedActivations` holds, memory stores them with the sign
// bit flipped (value + 128 as u8), and the emitters shift by 128 themselves.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_CODEGEN_KERNEL_H
#define QNT_CODEGEN_KERNEL_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "qnt/Dialect/IR/Qnt.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"

#include <optional>
#include <string>

namespace mlir::qnt {

//===----------------------------------------------------------------------===//
// Target
//===----------------------------------------------------------------------===//

/// The families of kernels. Generic is portable vector code that runs
/// everywhere: SSE2, baseline AArch64, any other triple.
enum class Isa { Generic, Avx2, AvxVnni, Avx512Vnni, NeonDotprod };

/// The instruction sets whose intrinsics Generic may use besides portable code.
enum class Arch { Other, X86, AArch64 };

/// "generic", "avx2", "avxvnni", "avx512vnni", "neon-dotprod".
StringRef stringifyIsa(Isa isa);

/// What emitters need to know about the CPU.
struct KernelTarget {
  Isa isa = Isa::Generic;
  Arch arch = Arch::Other;
  /// 8-bit activations in the arena are u8 = s8 ^ 0x80 (vpdpbusd wants u8).
  bool unsignedActivations = false;
  /// Bits of a vector register: 128, 256 or 512.
  int64_t vectorBits = 128;
  /// Bytes can be permuted across a whole 512-bit register.
  bool hasVbmi = false;
  /// x * y + z in float32 is one instruction.
  bool hasFma = false;
  /// No float unit: float instructions become library calls.
  bool softFloat = false;

  /// From the feature list of a resolved target (`qnt-set-target`).
  static KernelTarget get(CpuTargetAttr target);

  /// 32-bit lanes of a vector register.
  int64_t lanes32() const { return vectorBits / 32; }
  /// What memory adds to a signed 8-bit value.
  int32_t storageOffset() const { return unsignedActivations ? 128 : 0; }
};

//===----------------------------------------------------------------------===//
// Tensors in memory
//===----------------------------------------------------------------------===//

/// Bytes after the last element of a buffer that may be read (never written
/// with meaning): vector loads and K tails run over the end by less than this.
inline constexpr int64_t kSlackBytes = 64;

/// An 8-bit NHWC tensor in memory (other ranks: [c], [n, c], [n, w, c]; higher
/// ranks fold their first dimensions into n). Element (n, y, x, c) lies at
/// interiorOffset + n * imagePitch + y * rowPitch + x * pixelPitch + c.
struct TensorLayout {
  int64_t n = 1, h = 1, w = 1, c = 1;
  /// Pixels around the interior that lie in memory as well, filled with the
  /// zero point before the first consumer runs.
  int64_t padTop = 0, padBottom = 0, padLeft = 0, padRight = 0;
  /// Bytes from one pixel, row, image to the next.
  int64_t pixelPitch = 0, rowPitch = 0, imagePitch = 0;
  /// Byte of the first interior element.
  int64_t interiorOffset = 0;
  /// Size of the buffer, halo and `kSlackBytes` included.
  int64_t bytes = 0;

  /// The layout of `shape` without a halo, elements of one byte.
  static TensorLayout dense(ArrayRef<int64_t> shape);
  /// Sets pitches, offset and size from the dimensions, the halo and
  /// `channelPitch` (bytes per pixel, at least c; 0 for c).
  void finalize(int64_t channelPitch = 0);

  bool hasHalo() const { return padTop || padBottom || padLeft || padRight; }
  /// True if the interior is one run of n*h*w*c bytes.
  bool isContiguous() const;
  int64_t elements() const { return n * h * w * c; }
  bool operator==(const TensorLayout &other) const;
  /// Text that is equal exactly for equal layouts; part of kernel keys.
  std::string key() const;
};

//===----------------------------------------------------------------------===//
// Specs
//===----------------------------------------------------------------------===//

/// clamp(round((acc - inputZp) * multiplier) + outputZp, min, max).
struct RescaleSpec {
  /// One for all, or one per channel.
  SmallVector<double> multipliers;
  int32_t inputZp = 0, outputZp = 0;
  int32_t min = -128, max = 127;
  Rounding rounding = Rounding::Fp32Rne;
  /// Set where the zero point, more this offset, is added before the rounding
  /// (N67).
  std::optional<int32_t> earlyZp = std::nullopt;
  /// Bounds of `acc` that were proved from the weights.
  int64_t accMin = INT32_MIN, accMax = INT32_MAX;

  /// All but the values of the multipliers (their number counts).
  std::string key() const;
};

/// Convolution, depthwise convolution, fully connected (1x1 on w = rows), each
/// with its rescale.
struct ConvSpec {
  bool depthwise = false;
  int64_t kh = 1, kw = 1;
  int64_t strideH = 1, strideW = 1;
  int64_t dilationH = 1, dilationW = 1;
  /// The convolution's own padding; the halo of `in` is at least this.
  int64_t padTop = 0, padBottom = 0, padLeft = 0, padRight = 0;
  int32_t inputZp = 0;
  TensorLayout in, out;
  RescaleSpec rescale;

  /// Byte of the input that tap (0, 0) of output (0, 0) reads.
  int64_t firstTap() const {
    return in.interiorOffset - padTop * in.rowPitch - padLeft * in.pixelPitch;
  }
  std::string key() const;
};

struct ConvWeights {
  /// OHWI, or HWCM of a depthwise convolution; zero point 0.
  ArrayRef<int8_t> weights;
  /// One per output channel, before any folding of zero points.
  ArrayRef<int32_t> bias;
};

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

/// How the body function calls a kernel: operands are the inputs' buffers, the
/// constants, the output's buffer, each a 1-D memref of its whole size.
struct KernelCall {
  func::FuncOp kernel;
  SmallVector<memref::GlobalOp> constants;
};

/// Owns what is emitted into one module: kernels by key, constants by content.
class KernelModule {
public:
  /// Symbols made here start with `prefix` and an underscore.
  KernelModule(ModuleOp module, const KernelTarget &target, StringRef prefix);

  ModuleOp getModule() const { return module; }
  MLIRContext *getContext() const { return ModuleOp(module)->getContext(); }
  const KernelTarget &getTarget() const { return target; }

  /// A private constant, aligned to 64 bytes; equal contents share one symbol.
  /// `name` only makes the symbol readable.
  memref::GlobalOp addConstant(StringRef name, ArrayRef<int8_t> values);
  memref::GlobalOp addConstant(StringRef name, ArrayRef<int32_t> values);
  memref::GlobalOp addConstant(StringRef name, ArrayRef<float> values);
  memref::GlobalOp addConstant(StringRef name, DenseElementsAttr flat);

  using BodyBuilder =
      function_ref<LogicalResult(ImplicitLocOpBuilder &, ValueRange)>;
  /// The kernel of `key`, built by `body` (which gets the arguments, and for
  /// which the return is added) if it is new. `stem` starts its symbol, e.g.
  /// "conv_3x3s1"; a number is appended. Keys of different kinds of kernels
  /// must differ, so start them with the kind. A failed body leaves nothing.
  FailureOr<func::FuncOp> getOrCreateKernel(Location loc, StringRef stem,
                                            StringRef key, TypeRange arguments,
                                            BodyBuilder body);

  /// memref<bytes x i8>, the type of an activation operand.
  MemRefType bufferType(const TensorLayout &layout) const;

  unsigned numKernels() const { return kernels.size(); }
  /// Bytes of all constants.
  int64_t constantBytes() const { return constantTotal; }

private:
  memref::GlobalOp addGlobal(StringRef name, DenseElementsAttr value);

  ModuleOp module;
  KernelTarget target;
  std::string prefix;
  llvm::StringMap<func::FuncOp> kernels;
  llvm::MapVector<Attribute, memref::GlobalOp> constants;
  int64_t constantTotal = 0;
};

/// Bytes per pixel that a convolution would like its input to have (at least
/// `spec.in.c`); only a wish. `spec.in` and `spec.out` are dense here.
int64_t preferredPixelPitch(const ConvSpec &spec, const KernelTarget &target);

/// Emits (or finds) the kernel of a convolution and packs its weights.
/// Operands: input, constants, output. Reports why at `loc` on failure.
FailureOr<KernelCall> emitConv(KernelModule &module, Location loc,
                               const ConvSpec &spec,
                               const ConvWeights &weights);

} // namespace mlir::qnt

#endif // QNT_CODEGEN_KERNEL_H
