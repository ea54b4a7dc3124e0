//===- TypeSwap.h - replace element types in a whole module ----*- C++ -*-===//
//
// What both directions share: find the types that must change, refuse before
// anything is changed, then replace them everywhere.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_INTEROP_TYPESWAP_H
#define QNT_LIB_INTEROP_TYPESWAP_H

#include "mlir/IR/Operation.h"

namespace mlir::qnt {

/// Maps one element type: null where it needs no change; failure with `reason`
/// set where it has no counterpart.
using ElementTypeMap = function_ref<FailureOr<Type>(Type, std::string &reason)>;

/// Replaces element types in all results, block arguments and attributes under
/// `root`. Emits one error per operation with a type that has no counterpart,
/// and then changes nothing.
LogicalResult swapElementTypes(Operation *root, ElementTypeMap map);

} // namespace mlir::qnt

#endif // QNT_LIB_INTEROP_TYPESWAP_H
