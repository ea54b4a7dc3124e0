//===- Steps.h - the steps of qnt-propagate --------------------*- C++ -*-===//
//
// Each step is a function over one root op; the pass only calls them in order.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_PROPAGATE_STEPS_H
#define QNT_LIB_PROPAGATE_STEPS_H

#include "qnt/Analysis/ScaleGraph.h"

namespace mlir::qnt::propagate {

/// What a step did.
struct Counts {
  unsigned dropped = 0, inserted = 0, requantized = 0, constants = 0,
           widened = 0, corrected = 0;
};

/// Removes quantize and dequantize inside chains that become one op.
void dropInnerEdges(Operation *root, Counts &counts);

/// Where a value is quantized in several ways, keeps the first; the others
/// start from its dequantize.
void splitSecondSchemes(Operation *root);

/// Unsigned 8-bit edges and constants become signed; arguments and results that
/// are unsigned bytes get the type ui8 and a shift.
void makeSigned(FunctionOpInterface function, Rounding rounding);

/// Applies types, missing edges and requantizes of the graph.
void applyGroups(const ScaleGraph &graph, Rounding rounding, Counts &counts);

/// Emits a remark per edge with its parameters and their reason.
void printGroups(const ScaleGraph &graph);

/// Stores constant activations of ops that are quantized around.
void storeConstants(Operation *root, const ScaleGraph &graph, Counts &counts);

/// Stores weights and biases of ops that are quantized around.
LogicalResult storeWeights(Operation *root, bool perTensor, Counts &counts);

} // namespace mlir::qnt::propagate

#endif // QNT_LIB_PROPAGATE_STEPS_H
