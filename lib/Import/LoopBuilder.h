//===- LoopBuilder.h - loops over elements ----------------------*- C++ -*-===//
//
// For ops that walk their data in an order of its own (sorting, scans, box
// suppression): scf loops that carry tensors and scalars, with what their
// bodies need of arith and tensor. Loop bounds are index values; everything
// carried comes back as the results.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_LOOPBUILDER_H
#define QNT_LIB_IMPORT_LOOPBUILDER_H

#include "NodeImporter.h"

#include "llvm/ADT/STLFunctionalExtras.h"

namespace mlir::qnt::onnx_import {

class LoopBuilder {
public:
  /// The body gets the index and what is carried; it returns what the next turn
  /// carries.
  using Body =
      llvm::function_ref<SmallVector<Value>(Value index, ValueRange carried)>;
  using Branch = llvm::function_ref<SmallVector<Value>()>;

  explicit LoopBuilder(NodeImporter &n) : builder(n.builder), loc(n.loc) {}
  LoopBuilder(OpBuilder &builder, Location loc) : builder(builder), loc(loc) {}

  SmallVector<Value> loop(Value begin, Value end, ValueRange carried,
                          Body body);
  SmallVector<Value> loop(int64_t count, ValueRange carried, Body body) {
    return loop(index(0), index(count), carried, body);
  }
  SmallVector<Value> when(Value condition, Branch then, Branch otherwise);

  Value index(int64_t value);
  /// A scalar of a float or integer type.
  Value number(Type type, double value);
  /// Uninitialized; every element has to be written.
  Value empty(ArrayRef<int64_t> shape, Type elem);
  Value filled(ArrayRef<int64_t> shape, Type elem, double value);
  Value extract(Value tensor, ValueRange indices);
  Value insert(Value scalar, Value tensor, ValueRange indices);

  /// Of floats and integers alike.
  Value add(Value a, Value b);
  Value sub(Value a, Value b);
  Value mul(Value a, Value b);
  Value less(Value a, Value b, bool isUnsigned = false);
  Value equal(Value a, Value b);
  Value both(Value a, Value b);
  Value either(Value a, Value b);
  Value select(Value condition, Value a, Value b);
  /// Between index and integer types.
  Value castIndex(Value value, Type type);

private:
  OpBuilder &builder;
  Location loc;
};

/// A shape as [outer, size, inner] around one axis.
Shape splitAround(ArrayRef<int64_t> shape, int64_t axis);

} // namespace mlir::qnt::onnx_import

#endif // QNT_LIB_IMPORT_LOOPBUILDER_H
