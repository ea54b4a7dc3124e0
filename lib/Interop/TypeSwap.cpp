//===- TypeSwap.cpp - replace element types in a whole module -------------===//
//
// Two walks: the first only asks, so that a refusal leaves the IR untouched;
// the second replaces.
//
//===----------------------------------------------------------------------===//

#include "TypeSwap.h"

#include "mlir/IR/AttrTypeSubElements.h"

using namespace mlir;
using namespace mlir::qnt;

/// All types that an operation mentions, nested ones included.
static void walkTypes(Operation *op, function_ref<void(Type)> visit) {
  AttrTypeWalker walker;
  walker.addWalk([&](Type type) { visit(type); });
  walker.walk(op->getAttrDictionary());
  for (Type type : op->getResultTypes())
    walker.walk(type);
  for (Region &region : op->getRegions())
    for (Block &block : region)
      for (Type type : block.getArgumentTypes())
        walker.walk(type);
}

static LogicalResult checkTypes(Operation *op, ElementTypeMap map) {
  std::string reason;
  Type culprit;
  walkTypes(op, [&](Type type) {
    std::string why;
    if (!culprit && failed(map(type, why))) {
      culprit = type;
      reason = std::move(why);
    }
  });
  if (!culprit)
    return success();
  return op->emitError() << "type " << culprit
                         << " has no counterpart: " << reason;
}

LogicalResult mlir::qnt::swapElementTypes(Operation *root, ElementTypeMap map) {
  bool refused = false;
  root->walk([&](Operation *op) { refused |= failed(checkTypes(op, map)); });
  if (refused)
    return failure();

  AttrTypeReplacer replacer;
  replacer.addReplacement([&](Type type) -> std::optional<Type> {
    std::string reason;
    FailureOr<Type> mapped = map(type, reason);
    if (failed(mapped) || !*mapped)
      return std::nullopt;
    return *mapped;
  });
  replacer.recursivelyReplaceElementsIn(root, /*replaceAttrs=*/true,
                                        /*replaceLocs=*/false,
                                        /*replaceTypes=*/true);
  return success();
}
