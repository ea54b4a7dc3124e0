//===- FlattenEmpty.cpp - arguments without elements ----------------------===//
//
// The conversion to LLVM takes no buffer of several dimensions of which one is
// zero. Afterwards no argument is one, unless something else than a copy uses
// it.
//
//===----------------------------------------------------------------------===//

#include "qnt/Float/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace mlir::qnt {
#define GEN_PASS_DEF_QNTFLATTENEMPTY
#include "qnt/Float/Passes.h.inc"
} // namespace mlir::qnt

using namespace mlir;
using namespace mlir::qnt;

/// The type with one dimension of zero; null where there is nothing to change.
static MemRefType flatten(BlockArgument argument) {
  auto type = dyn_cast<MemRefType>(argument.getType());
  if (!type || !type.hasStaticShape() || type.getNumElements() != 0 ||
      type.getRank() < 2)
    return {};
  bool isCopiedAlone = llvm::all_of(argument.getUsers(), [](Operation *user) {
    return isa<memref::CopyOp>(user);
  });
  return isCopiedAlone ? MemRefType::get({0}, type.getElementType())
                       : MemRefType();
}

namespace {
struct FlattenEmpty : qnt::impl::QntFlattenEmptyBase<FlattenEmpty> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal())
      return;
    SmallVector<Type> types;
    for (BlockArgument argument : function.getArguments()) {
      if (MemRefType type = flatten(argument)) {
        // Copies of nothing.
        while (!argument.use_empty())
          (*argument.user_begin())->erase();
        argument.setType(type);
        ++numFlattened;
      }
      types.push_back(argument.getType());
    }
    function.setType(
        FunctionType::get(&getContext(), types, function.getResultTypes()));
  }
};
} // namespace
