//===- Nest.h - loop nests over strided operands ---------------*- C++ -*-===//
//
// The one way in which elementwise and data-moving kernels walk memory: any
// number of dimensions, one stride per dimension and operand (0 broadcasts),
// the innermost dimension in vectors. Invariant: elements outside the described
// ones are neither read nor written.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_CODEGEN_NEST_H
#define QNT_CODEGEN_NEST_H

#include "qnt/Codegen/Kernel.h"

namespace mlir::qnt {

/// Where the elements of one operand lie, in elements of its memref.
struct Access {
  int64_t offset = 0;
  /// One per dimension of the nest.
  SmallVector<int64_t> strides;

  std::string key() const;
};

/// An operand of a nest: a 1-D memref and the elements that are meant.
struct NestOperand {
  Value memref;
  Access access;
};

/// Constant of type index.
Value indexConstant(ImplicitLocOpBuilder &b, int64_t value);
/// base + index * factor, folded where it can be.
Value addScaled(ImplicitLocOpBuilder &b, Value base, Value index,
                int64_t factor);
/// base + value, folded where it can be.
Value addConstant(ImplicitLocOpBuilder &b, Value base, int64_t value);
/// scf.for without iteration arguments; a single iteration needs no loop.
void emitLoop(ImplicitLocOpBuilder &b, int64_t count, int64_t step,
              function_ref<void(Value)> body);

/// A stretch of the innermost dimension: `body` is called for the index of each
/// first element and the number of lanes; stretches of `lanes`, then smaller
/// powers of two for the rest.
void emitStretches(ImplicitLocOpBuilder &b, int64_t size, int64_t lanes,
                   function_ref<void(Value, int64_t)> body);

/// The type of `lanes` elements in registers: a vector, or a scalar for one
/// lane, since targets differ in what they make of vectors of one.
Type laneType(Type element, int64_t lanes);
/// `value` in every lane.
Value splatLanes(ImplicitLocOpBuilder &b, Type element, int64_t lanes,
                 int64_t value);
/// Loads `lanes` elements from `index` on, or one that is broadcast.
Value loadLanes(ImplicitLocOpBuilder &b, Value memref, Value index,
                int64_t lanes, bool broadcast = false);
/// Stores all lanes of `value` from `index` on.
void storeLanes(ImplicitLocOpBuilder &b, Value value, Value memref,
                Value index);

using NestIndices =
    function_ref<void(ImplicitLocOpBuilder &, ValueRange, int64_t)>;

/// Walks all `accesses` over `dims` together: `body` gets the index of the
/// first element of each and the number of lanes, at most `lanes`. Strides of
/// the merged innermost dimension other than 0 and 1 give single lanes.
void emitIndexNest(ImplicitLocOpBuilder &b, ArrayRef<int64_t> dims,
                   ArrayRef<Access> accesses, int64_t lanes, NestIndices body);

using NestBody = function_ref<Value(ImplicitLocOpBuilder &, ValueRange)>;

/// For each index of `dims`: output = body(inputs), in vectors of at most
/// `lanes` elements (scalars for one). What the body gets and returns has the
/// element types of the memrefs. `output` may be one of the inputs if their
/// accesses agree.
void emitNest(ImplicitLocOpBuilder &b, ArrayRef<int64_t> dims,
              ArrayRef<NestOperand> inputs, const NestOperand &output,
              int64_t lanes, NestBody body);

/// The value after `count` iterations: body(index, value), from `init` on.
/// Short loops are unrolled.
Value emitReduction(ImplicitLocOpBuilder &b, int64_t count, Value init,
                    function_ref<Value(Value, Value)> body);

} // namespace mlir::qnt

#endif // QNT_CODEGEN_NEST_H
