//===- KernelBuilder.h - short hands for writing kernels -------*- C++ -*-===//
//
// Addresses, loads, stores, loops and vector pieces as kernels need them.
// Invariant: an address is a value plus a constant, so that constant parts fold
// while the kernel is written and reach the instruction as a displacement.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_CODEGEN_COMMON_KERNELBUILDER_H
#define QNT_LIB_CODEGEN_COMMON_KERNELBUILDER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::qnt {

/// An index: a value (null for 0) plus a constant. Indices are never negative
/// and never wrap.
struct Offset {
  Value value;
  int64_t constant = 0;

  Offset(int64_t constant = 0) : constant(constant) {}
  Offset(Value value) : value(value) {}
  Offset(Value value, int64_t constant) : value(value), constant(constant) {}

  Offset operator+(int64_t more) const { return {value, constant + more}; }
  Value materialize(ImplicitLocOpBuilder &b) const;
};
Offset addOffsets(ImplicitLocOpBuilder &b, Offset x, Offset y);
Offset scaleOffset(ImplicitLocOpBuilder &b, Offset x, int64_t factor);
/// The smaller of both.
Offset minOffset(ImplicitLocOpBuilder &b, Offset x, int64_t limit);

/// `count` elements of a 1-D memref as a vector.
Value loadVector(ImplicitLocOpBuilder &b, Value memref, Offset at,
                 int64_t count);
void storeVector(ImplicitLocOpBuilder &b, Value vector, Value memref,
                 Offset at);
/// Stores the first `count` lanes and not a byte more.
void storeFirst(ImplicitLocOpBuilder &b, Value vector, int64_t count,
                Value memref, Offset at);

/// Lanes [first, first + count).
Value takeLanes(ImplicitLocOpBuilder &b, Value vector, int64_t first,
                int64_t count);
/// All lanes of equally long vectors, in order.
Value concatVectors(ImplicitLocOpBuilder &b, ArrayRef<Value> vectors);
/// Applies `f` to each run of `lanes` lanes and joins the results.
Value forEachPart(ImplicitLocOpBuilder &b, Value vector, int64_t lanes,
                  function_ref<Value(Value)> f);
Value bitcastVector(ImplicitLocOpBuilder &b, Value vector, int64_t count,
                    unsigned bits);
Value shuffle(ImplicitLocOpBuilder &b, Value x, Value y,
              ArrayRef<int64_t> mask);
Value splatConstant(ImplicitLocOpBuilder &b, VectorType type, int64_t value);

/// Overloaded names go without their type suffix.
Value callIntrinsic(ImplicitLocOpBuilder &b, Type result, StringRef name,
                    ValueRange arguments);

/// body(index) for 0, step, ... below `bound`; no loop if it runs once.
void emitLoop(ImplicitLocOpBuilder &b, int64_t bound, int64_t step,
              function_ref<void(Offset)> body);
/// The same with carried values; body(index, carried) returns the next ones.
SmallVector<Value>
emitLoop(ImplicitLocOpBuilder &b, int64_t bound, int64_t step,
         ArrayRef<Value> inits,
         function_ref<SmallVector<Value>(Offset, ArrayRef<Value>)> body);

} // namespace mlir::qnt

#endif // QNT_LIB_CODEGEN_COMMON_KERNELBUILDER_H
