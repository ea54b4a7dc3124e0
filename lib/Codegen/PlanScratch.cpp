//===- PlanScratch.cpp - temporaries of float functions -------------------===//
//
// Gives each allocation a place in one block of scratch memory that the caller
// passes. Invariant: afterwards the function allocates nothing, and two
// allocations share bytes only if no op at the top level sees both.
//
//===----------------------------------------------------------------------===//

#include "qnt/Codegen/Passes.h"
#include "llvm/Support/MathExtras.h"

namespace mlir::qnt {
#define GEN_PASS_DEF_PLANSCRATCH
#include "qnt/Codegen/Passes.h.inc"
} // namespace mlir::qnt

using namespace mlir;
using namespace mlir::qnt;

namespace {
/// An allocation, and the first and last top-level op that touch it.
struct Temporary {
  memref::AllocOp alloc;
  int64_t bytes;
  unsigned first, last;
  int64_t offset = -1;

  bool overlaps(const Temporary &other) const {
    return first <= other.last && other.first <= last;
  }
};
} // namespace

static constexpr int64_t kAlign = 64;

static int64_t bytesOf(MemRefType type) {
  return llvm::alignTo(type.getNumElements() *
                           llvm::divideCeil(type.getElementTypeBitWidth(), 8),
                       kAlign);
}

/// Extends `temporary` to every user of `value` and of the views made of it.
static void extendToUsers(Value value, Block &body,
                          const DenseMap<Operation *, unsigned> &order,
                          Temporary &temporary) {
  for (Operation *user : value.getUsers()) {
    unsigned at = order.lookup(body.findAncestorOpInBlock(*user));
    temporary.last = std::max(temporary.last, at);
    for (Value result : user->getResults())
      if (isa<BaseMemRefType>(result.getType()))
        extendToUsers(result, body, order, temporary);
  }
}

static FailureOr<SmallVector<Temporary>> collect(func::FuncOp function) {
  Block &body = function.getBody().front();
  DenseMap<Operation *, unsigned> order;
  for (auto [index, op] : llvm::enumerate(body))
    order[&op] = index;
  SmallVector<Temporary> temporaries;
  WalkResult result = function.walk([&](memref::AllocOp alloc) {
    MemRefType type = alloc.getType();
    if (!type.hasStaticShape() || !type.getLayout().isIdentity() ||
        !type.getElementType().isIntOrFloat()) {
      alloc.emitError() << "expected an allocation of static size, found "
                        << type;
      return WalkResult::interrupt();
    }
    unsigned at = order.lookup(body.findAncestorOpInBlock(*alloc));
    Temporary temporary{alloc, bytesOf(type), at, at};
    extendToUsers(alloc, body, order, temporary);
    temporaries.push_back(temporary);
    return WalkResult::advance();
  });
  if (result.wasInterrupted())
    return failure();
  return temporaries;
}

/// Large ones first, each at the lowest offset that is free in its lifetime.
static int64_t place(MutableArrayRef<Temporary> temporaries) {
  SmallVector<Temporary *> order;
  for (Temporary &temporary : temporaries)
    order.push_back(&temporary);
  llvm::sort(order, [](Temporary *a, Temporary *b) {
    return std::make_tuple(-a->bytes, a->first, a) <
           std::make_tuple(-b->bytes, b->first, b);
  });
  int64_t total = 0;
  SmallVector<Temporary *> placed;
  for (Temporary *temporary : order) {
    int64_t offset = 0;
    for (Temporary *other : placed)
      if (temporary->overlaps(*other) &&
          other->offset < offset + temporary->bytes)
        offset = std::max(offset, other->offset + other->bytes);
    temporary->offset = offset;
    total = std::max(total, offset + temporary->bytes);
    auto at =
        llvm::upper_bound(placed, temporary, [](Temporary *a, Temporary *b) {
          return a->offset < b->offset;
        });
    placed.insert(at, temporary);
  }
  return total;
}

static void replace(func::FuncOp function, ArrayRef<Temporary> temporaries,
                    int64_t total) {
  OpBuilder builder(function.getContext());
  MemRefType type = MemRefType::get(total, builder.getI8Type());
  unsigned index = function.getNumArguments();
  (void)function.insertArgument(index, type, {}, function.getLoc());
  Value scratch = function.getArgument(index);
  for (const Temporary &temporary : temporaries) {
    memref::AllocOp alloc = temporary.alloc;
    builder.setInsertionPoint(alloc);
    Value offset = arith::ConstantIndexOp::create(builder, alloc.getLoc(),
                                                  temporary.offset);
    Value view =
        memref::ViewOp::create(builder, alloc.getLoc(), alloc.getType(),
                               scratch, offset, ValueRange{});
    for (Operation *user : llvm::make_early_inc_range(alloc->getUsers()))
      if (isa<memref::DeallocOp>(user))
        user->erase();
    alloc.replaceAllUsesWith(view);
    alloc.erase();
  }
}

namespace {

struct PlanScratch : mlir::qnt::impl::PlanScratchBase<PlanScratch> {
  using PlanScratchBase::PlanScratchBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal())
      return;
    FailureOr<SmallVector<Temporary>> temporaries = collect(function);
    if (failed(temporaries))
      return signalPassFailure();
    int64_t total = place(*temporaries);
    if (!temporaries->empty())
      replace(function, *temporaries, total);
    numTemporaries = temporaries->size();
    scratchBytes = total;
    Builder builder(function.getContext());
    function->setAttr(kScratchAttr, builder.getI64IntegerAttr(total));
  }
};

} // namespace
