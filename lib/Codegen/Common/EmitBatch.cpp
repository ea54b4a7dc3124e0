//===- EmitBatch.cpp - the entry point for batches ------------------------===//
//
// A loop over samples around the entry point for one: pointers move on by the
// bytes of a sample. Invariant: no sample is touched unless the count is valid,
// and the first error ends the loop.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "qnt/Codegen/Body.h"

using namespace mlir;
using namespace mlir::qnt;

/// errno EINVAL.
static constexpr int32_t kInvalid = 22;

/// Bytes of one sample outside of the code.
static int64_t sampleBytes(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  return tensor.getNumElements() *
         llvm::divideCeil(tensor.getElementTypeBitWidth(), 8);
}

namespace {
/// Writes the body of `run_batch`.
class BatchEmitter {
public:
  BatchEmitter(ImplicitLocOpBuilder &b)
      : b(b), pointer(LLVM::LLVMPointerType::get(b.getContext())) {}

  Value number(int64_t value) {
    return arith::ConstantOp::create(b, b.getI64IntegerAttr(value));
  }
  Value status(int32_t value) {
    return arith::ConstantOp::create(b, b.getI32IntegerAttr(value));
  }
  /// Room for `count` pointers; one at least, so that it has an address.
  Value allocate(int64_t count) {
    return LLVM::AllocaOp::create(b, pointer, pointer,
                                  number(std::max<int64_t>(count, 1)),
                                  /*alignment=*/8);
  }
  /// slots[i] = given[i] + sample * bytes[i], nulls staying null.
  void advance(Value given, Value slots, TypeRange types, Value sample) {
    for (auto [i, type] : llvm::enumerate(types)) {
      Value from = slot(given, i);
      Value base = LLVM::LoadOp::create(b, pointer, from);
      Value offset =
          arith::MulIOp::create(b, sample, number(sampleBytes(type)));
      Value moved = LLVM::GEPOp::create(b, pointer, b.getI8Type(), base,
                                        ArrayRef<LLVM::GEPArg>{offset});
      Value chosen = arith::SelectOp::create(b, isNull(base), base, moved);
      LLVM::StoreOp::create(b, chosen, slot(slots, i));
    }
  }
  Value isNull(Value value) {
    Value null = LLVM::ZeroOp::create(b, pointer);
    return LLVM::ICmpOp::create(b, LLVM::ICmpPredicate::eq, value, null);
  }

private:
  Value slot(Value array, size_t index) {
    return LLVM::GEPOp::create(
        b, pointer, pointer, array,
        ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(index)});
  }

  ImplicitLocOpBuilder &b;
  Type pointer;
};
} // namespace

void mlir::qnt::emitBatchEntry(ImplicitLocOpBuilder &b, FunctionType type,
                               func::FuncOp run, const BodyOptions &options) {
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  auto entry = func::FuncOp::create(
      b, options.name + "_run_batch",
      b.getFunctionType({pointer, pointer, pointer, b.getI64Type()},
                        {b.getI32Type()}));
  b.setInsertionPointToStart(entry.addEntryBlock());
  BatchEmitter emitter(b);
  Value inputs = entry.getArgument(0), outputs = entry.getArgument(1);
  Value count = entry.getArgument(3);
  Value ins = emitter.allocate(type.getNumInputs());
  Value outs = emitter.allocate(type.getNumResults());
  Value bad = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, count,
                                    emitter.number(0));
  bad = arith::OrIOp::create(b, bad, emitter.isNull(inputs));
  bad = arith::OrIOp::create(b, bad, emitter.isNull(outputs));
  Value start = arith::SelectOp::create(b, bad, emitter.status(kInvalid),
                                        emitter.status(0));
  auto loop = scf::WhileOp::create(
      b, TypeRange{b.getI64Type(), b.getI32Type()},
      ValueRange{emitter.number(0), start},
      [&](OpBuilder &, Location, ValueRange carried) {
        Value more = arith::CmpIOp::create(b, arith::CmpIPredicate::slt,
                                           carried[0], count);
        Value good = arith::CmpIOp::create(b, arith::CmpIPredicate::eq,
                                           carried[1], emitter.status(0));
        Value go = arith::AndIOp::create(b, more, good);
        scf::ConditionOp::create(b, go, carried);
      },
      [&](OpBuilder &, Location, ValueRange carried) {
        emitter.advance(inputs, ins, type.getInputs(), carried[0]);
        emitter.advance(outputs, outs, type.getResults(), carried[0]);
        auto call = func::CallOp::create(
            b, run, ValueRange{ins, outs, entry.getArgument(2)});
        Value next = arith::AddIOp::create(b, carried[0], emitter.number(1));
        scf::YieldOp::create(b, ValueRange{next, call.getResult(0)});
      });
  func::ReturnOp::create(b, loop.getResult(1));
}
