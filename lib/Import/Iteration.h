//===- Iteration.h - a graph that is applied many times ---------*- C++ -*-===//
//
// What Loop and Scan have in common: a body whose state goes from turn to turn,
// inputs of which each turn sees one entry, and outputs that each turn adds an
// entry to. Few turns are written out, one after the other, so that whatever
// depends on their number is known; many become an scf loop.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_ITERATION_H
#define QNT_LIB_IMPORT_ITERATION_H

#include "NodeImporter.h"

namespace mlir::qnt::onnx_import {

/// One input or output that is walked along an axis.
struct Walk {
  int64_t axis = 0;
  bool reverse = false;
};

class Iteration {
public:
  Iteration(NodeImporter &n, const onnx::GraphProto &body) : n(n), body(body) {}

  /// Loop: the body also gets the number of the turn and a condition, and
  /// returns whether to go on.
  bool hasCondition = false;
  /// How many turns at most, where that is known.
  std::optional<int64_t> turns;
  /// The limit as a scalar tensor, where it is not; unknown is no limit.
  OnnxValue limit;
  /// Whether to begin at all; unknown is yes.
  OnnxValue condition;
  SmallVector<OnnxValue> state;
  SmallVector<OnnxValue> scanned;
  SmallVector<Walk> inputWalks;
  SmallVector<Walk> outputWalks;

  /// The final state and the collected outputs. Unknown values stand for nodes
  /// of the body that are not supported.
  FailureOr<SmallVector<OnnxValue>> run();

private:
  enum class Outcome { Done, Failed, NotStatic };

  size_t numScanOutputs() const { return outputWalks.size(); }
  size_t firstScanOutput() const {
    return (hasCondition ? 1 : 0) + state.size();
  }
  bool mayBeWrittenOut() const;
  Outcome writeOut(SmallVectorImpl<OnnxValue> &results);
  OnnxValue entryOf(size_t input, int64_t turn);
  OnnxValue collect(ArrayRef<OnnxValue> entries, const Walk &walk);

  FailureOr<SmallVector<OnnxValue>> importBody(ArrayRef<OnnxValue> head,
                                               ArrayRef<OnnxValue> states,
                                               ArrayRef<OnnxValue> entries);
  Outcome emitFor(SmallVectorImpl<OnnxValue> &results);
  Outcome emitWhile(SmallVectorImpl<OnnxValue> &results);
  bool materializeState(SmallVectorImpl<Value> &values);
  bool checkState(size_t index, Value next, Value carried);
  Value extractEntry(size_t input, Value index);
  Value emitLimit();
  Value turnNumber(Value index);

  NodeImporter &n;
  const onnx::GraphProto &body;
};

/// A constant is written into the current block; null on failure.
Value materializeAny(NodeImporter &n, const OnnxValue &value);
/// The element of a tensor of one element.
Value scalarOf(NodeImporter &n, Value tensor);

} // namespace mlir::qnt::onnx_import

#endif // QNT_LIB_IMPORT_ITERATION_H
