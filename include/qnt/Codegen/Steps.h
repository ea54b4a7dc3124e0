//===- Steps.h - what the handlers of ops share ----------------*- C++ -*-===//
//
// Kernels that treat each element alike, and the few conversions between what
// memory holds and the signed 32-bit integers that arithmetic works on.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_CODEGEN_STEPS_H
#define QNT_CODEGEN_STEPS_H

#include "qnt/Codegen/Plan.h"
#include "qnt/Codegen/Requantize.h"

namespace mlir::qnt {

/// A kernel that computes each output element from the input elements at the
/// same (broadcast) index.
struct ElementwiseKernel {
  /// Starts the symbol; with `key` says everything that `body` depends on.
  std::string stem;
  std::string key;
  /// Constants walked along the last dimension.
  SmallVector<memref::GlobalOp> perChannel;
  /// Constants that the body gets whole.
  SmallVector<memref::GlobalOp> tables;
  int64_t lanes = 16;
  /// Gets the vectors of inputs and per-channel constants, and the tables.
  std::function<Value(ImplicitLocOpBuilder &, ValueRange, ValueRange)> body;
};

/// Emits the kernel for the operands of `step`.
FailureOr<KernelCall> emitElementwise(KernelModule &module, const Step &step,
                                      const ElementwiseKernel &kernel);

/// The access of an input that broadcasts to `shape`.
Access broadcastAccess(const View &view, ArrayRef<int64_t> shape);

/// An op of this rescale on these multipliers.
RescaleSpec specOf(RescaleOp op, int64_t accMin, int64_t accMax);
/// The constants that per-channel multipliers need, in the order in which
/// `perChannelOperands` takes them; empty for one multiplier.
SmallVector<memref::GlobalOp> rescaleTables(KernelModule &module,
                                            const RescaleSpec &spec);
/// The operands of a rescale: loaded words, or constants where there are none.
RescaleOperands rescaleOperands(ImplicitLocOpBuilder &b,
                                const RescaleSpec &spec, Value acc,
                                ValueRange words);

/// i8 as memory holds it to signed i32, same lanes.
Value emitWiden(ImplicitLocOpBuilder &b, Value bytes,
                const KernelTarget &target);
/// A splat of `value` shaped like `like` (i32 or f32 by the overload).
Value splatInt(ImplicitLocOpBuilder &b, Value like, int32_t value);
Value splatFloat(ImplicitLocOpBuilder &b, Value like, float value);
/// clamp(rne(x), low, high) + shift as i8; -256 <= low <= high <= 256, x is no
/// NaN.
Value emitRoundToByte(ImplicitLocOpBuilder &b, Value x, int32_t low,
                      int32_t high, int32_t shift);

/// x * y + z with one rounding, on targets without such an instruction too.
Value emitFma(ImplicitLocOpBuilder &b, Value x, Value y, Value z,
              const KernelTarget &target);

/// table[byte] for each byte as memory holds it; `table` has 256 entries in the
/// order of unsigned bytes.
Value emitTableLookup(ImplicitLocOpBuilder &b, Value bytes, Value table,
                      const KernelTarget &target);
/// The lanes that a lookup handles best.
int64_t tableLanes(const KernelTarget &target);

/// The only user of `op`'s result if that is a qnt.rescale, else an error that
/// names the op and the fix.
FailureOr<RescaleOp> onlyRescale(Operation *op);

/// 8-bit and static, or an error at `op`.
LogicalResult expectBytes(Operation *op, Value value);

} // namespace mlir::qnt

#endif // QNT_CODEGEN_STEPS_H
