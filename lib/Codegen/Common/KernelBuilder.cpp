//===- KernelBuilder.cpp - short hands for writing kernels ----------------===//
//
// See the header. Index arithmetic carries nsw and nuw, which is what lets LLVM
// fold it into addressing modes.
//
//===----------------------------------------------------------------------===//

#include "KernelBuilder.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/bit.h"

using namespace mlir;
using namespace mlir::qnt;

//===----------------------------------------------------------------------===//
// Indices
//===----------------------------------------------------------------------===//

static constexpr arith::IntegerOverflowFlags kNoWrap =
    arith::IntegerOverflowFlags::nsw | arith::IntegerOverflowFlags::nuw;

static Value indexConstant(ImplicitLocOpBuilder &b, int64_t value) {
  return arith::ConstantIndexOp::create(b, value);
}

Value Offset::materialize(ImplicitLocOpBuilder &b) const {
  if (!value)
    return indexConstant(b, constant);
  if (constant == 0)
    return value;
  return arith::AddIOp::create(b, value, indexConstant(b, constant), kNoWrap);
}

Offset mlir::qnt::addOffsets(ImplicitLocOpBuilder &b, Offset x, Offset y) {
  int64_t constant = x.constant + y.constant;
  if (!x.value || !y.value)
    return {x.value ? x.value : y.value, constant};
  return {arith::AddIOp::create(b, x.value, y.value, kNoWrap), constant};
}

Offset mlir::qnt::scaleOffset(ImplicitLocOpBuilder &b, Offset x,
                              int64_t factor) {
  if (!x.value || factor == 0)
    return {x.constant * factor};
  if (factor == 1)
    return x;
  Value scaled =
      arith::MulIOp::create(b, x.value, indexConstant(b, factor), kNoWrap);
  return {scaled, x.constant * factor};
}

Offset mlir::qnt::minOffset(ImplicitLocOpBuilder &b, Offset x, int64_t limit) {
  if (!x.value)
    return {std::min(x.constant, limit)};
  return {arith::MinUIOp::create(b, x.materialize(b), indexConstant(b, limit))};
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Value mlir::qnt::loadVector(ImplicitLocOpBuilder &b, Value memref, Offset at,
                            int64_t count) {
  Type element = cast<MemRefType>(memref.getType()).getElementType();
  return vector::LoadOp::create(b, VectorType::get(count, element), memref,
                                at.materialize(b));
}

void mlir::qnt::storeVector(ImplicitLocOpBuilder &b, Value vector, Value memref,
                            Offset at) {
  vector::StoreOp::create(b, vector, memref, at.materialize(b));
}

void mlir::qnt::storeFirst(ImplicitLocOpBuilder &b, Value vector, int64_t count,
                           Value memref, Offset at) {
  int64_t lanes = cast<VectorType>(vector.getType()).getNumElements();
  assert(count <= lanes && "more lanes stored than there are");
  if (count == lanes)
    return storeVector(b, vector, memref, at);
  // Pieces of falling powers of two, each one store.
  for (int64_t done = 0; done < count;) {
    int64_t piece = llvm::bit_floor<uint64_t>(count - done);
    storeVector(b, takeLanes(b, vector, done, piece), memref, at + done);
    done += piece;
  }
}

//===----------------------------------------------------------------------===//
// Vectors
//===----------------------------------------------------------------------===//

Value mlir::qnt::shuffle(ImplicitLocOpBuilder &b, Value x, Value y,
                         ArrayRef<int64_t> mask) {
  return vector::ShuffleOp::create(b, x, y, mask);
}

Value mlir::qnt::takeLanes(ImplicitLocOpBuilder &b, Value vector, int64_t first,
                           int64_t count) {
  if (first == 0 &&
      cast<VectorType>(vector.getType()).getNumElements() == count)
    return vector;
  SmallVector<int64_t> mask = llvm::to_vector(llvm::seq(first, first + count));
  return shuffle(b, vector, vector, mask);
}

Value mlir::qnt::concatVectors(ImplicitLocOpBuilder &b,
                               ArrayRef<Value> vectors) {
  SmallVector<Value> level(vectors);
  while (level.size() > 1) {
    SmallVector<Value> next;
    // An odd one out needs a partner of its length: join it last.
    if (level.size() % 2 != 0) {
      Value x = concatVectors(b, ArrayRef(level).drop_back()), y = level.back();
      int64_t n = cast<VectorType>(x.getType()).getNumElements();
      int64_t m = cast<VectorType>(y.getType()).getNumElements();
      SmallVector<int64_t> widen = llvm::to_vector(llvm::seq<int64_t>(0, m));
      widen.resize(n, 0);
      return shuffle(b, x, shuffle(b, y, y, widen),
                     llvm::to_vector(llvm::seq<int64_t>(0, n + m)));
    }
    for (size_t i = 0; i < level.size(); i += 2) {
      int64_t n = cast<VectorType>(level[i].getType()).getNumElements();
      next.push_back(shuffle(b, level[i], level[i + 1],
                             llvm::to_vector(llvm::seq<int64_t>(0, 2 * n))));
    }
    level = std::move(next);
  }
  return level.front();
}

Value mlir::qnt::forEachPart(ImplicitLocOpBuilder &b, Value vector,
                             int64_t lanes, function_ref<Value(Value)> f) {
  int64_t total = cast<VectorType>(vector.getType()).getNumElements();
  SmallVector<Value> parts;
  for (int64_t first = 0; first < total; first += lanes)
    parts.push_back(f(takeLanes(b, vector, first, lanes)));
  return concatVectors(b, parts);
}

Value mlir::qnt::bitcastVector(ImplicitLocOpBuilder &b, Value vector,
                               int64_t count, unsigned bits) {
  VectorType type = VectorType::get(count, b.getIntegerType(bits));
  if (vector.getType() == type)
    return vector;
  return vector::BitCastOp::create(b, type, vector);
}

Value mlir::qnt::splatConstant(ImplicitLocOpBuilder &b, VectorType type,
                               int64_t value) {
  APInt bits(type.getElementTypeBitWidth(), value, /*isSigned=*/true,
             /*implicitTrunc=*/true);
  return arith::ConstantOp::create(b, DenseElementsAttr::get(type, bits));
}

Value mlir::qnt::callIntrinsic(ImplicitLocOpBuilder &b, Type result,
                               StringRef name, ValueRange arguments) {
  return LLVM::CallIntrinsicOp::create(b, result, b.getStringAttr(name),
                                       arguments)
      .getResult(0);
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

void mlir::qnt::emitLoop(ImplicitLocOpBuilder &b, int64_t bound, int64_t step,
                         function_ref<void(Offset)> body) {
  emitLoop(b, bound, step, ArrayRef<Value>(),
           [&](Offset index, ArrayRef<Value>) {
             body(index);
             return SmallVector<Value>();
           });
}

SmallVector<Value> mlir::qnt::emitLoop(
    ImplicitLocOpBuilder &b, int64_t bound, int64_t step, ArrayRef<Value> inits,
    function_ref<SmallVector<Value>(Offset, ArrayRef<Value>)> body) {
  if (bound <= 0)
    return llvm::to_vector(inits);
  if (bound <= step)
    return body(Offset(0), inits);
  scf::ForOp loop =
      scf::ForOp::create(b, indexConstant(b, 0), indexConstant(b, bound),
                         indexConstant(b, step), llvm::to_vector(inits));
  // Callers write through `b`, so it is `b` that moves into the loop.
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> next =
      body(Offset(loop.getInductionVar()),
           llvm::to_vector<4>(ValueRange(loop.getRegionIterArgs())));
  if (!inits.empty())
    scf::YieldOp::create(b, next);
  return SmallVector<Value>(loop.getResults());
}
