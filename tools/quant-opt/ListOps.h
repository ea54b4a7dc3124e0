//===- ListOps.h - what a compilation would make of each node ---*- C++ -*-===//
//
// The answer to `quant-opt model --list-ops`.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_TOOLS_QUANT_OPT_LISTOPS_H
#define QNT_TOOLS_QUANT_OPT_LISTOPS_H

#include "qnt/Import/Onnx.h"

namespace mlir::qnt {

/// Text for people, or JSON.
enum class ListFormat { table, json };

/// Prints the nodes of a model and what quantize-int8 would make of each, by
/// running its stages on a copy of the module with ranges made up. `nodes` are
/// those of an ONNX graph; without them the ops of the module are listed.
/// `missing` counts those that cannot be compiled.
LogicalResult listOps(ModuleOp module, const std::vector<OnnxNode> *nodes,
                      ListFormat format, raw_ostream &os, int64_t &missing);

} // namespace mlir::qnt

#endif // QNT_TOOLS_QUANT_OPT_LISTOPS_H
