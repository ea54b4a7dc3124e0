//===- Edges.h - edges, chains and names of a quantized graph --*- C++ -*-===//
//
// What passes between Calibrate and Lower ask of a graph: who quantizes a
// value, which consumers an op absorbs, how to call an op in a message.
// Queries only; nothing here changes IR.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_ANALYSIS_EDGES_H
#define QNT_ANALYSIS_EDGES_H

#include "mlir/Interfaces/FunctionInterfaces.h"
#include "qnt/Dialect/IR/Qnt.h"

namespace mlir::qnt {

/// The attribute of a quantize op, and of the integer op that replaces it, with
/// the name of its edge.
inline constexpr StringLiteral kEdgeAttr = "qnt.edge";

/// The attribute of a quantize op whose parameters came with the model: no pass
/// changes or drops it.
inline constexpr StringLiteral kGivenAttr = "qnt.given";

/// The attribute of a quantize op with the mean of each index of the last
/// dimension, where calibration was asked for it.
inline constexpr StringLiteral kMeansAttr = "qnt.channel_means";

/// The attribute of a quantize op whose bytes were unsigned in the model.
inline constexpr StringLiteral kUnsignedAttr = "qnt.unsigned";

/// The attribute that keeps an op float; its value says who wants it.
inline constexpr StringLiteral kExcludeAttr = "qnt.exclude";

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

/// The name in a location (of an imported node, of an edge); empty if none.
StringRef getLocationName(Location loc);

/// The name of an op in messages and reports: that of its location, else the
/// name of its kind.
std::string getOpLabel(Operation *op);

/// The name of a value: of its quantize op, of its producer, or of the function
/// argument.
std::string getEdgeName(Value value);

//===----------------------------------------------------------------------===//
// Graph
//===----------------------------------------------------------------------===//

/// Calls `visit` for each op of the graph level in order: bodies of
/// composites, of linalg ops and of other quantizable ops are not entered.
void walkGraph(Operation *root, llvm::function_ref<void(Operation *)> visit);

/// A change of the width of floats right behind an input of the function, or
/// right before its return: part of the signature rather than of the model.
bool isBorderConversion(Operation *op);

/// The op as something that may become integer: null if it has no interface,
/// works on other types than f32, or is excluded.
QuantizableOpInterface getQuantizable(Operation *op);

/// The type with complete static parameters of a quantized value, else null.
QuantizedType getCompleteType(Value quantized);

/// The quantized value that `value` is the dequantize of, else null.
Value getQuantizedSource(Value value);

/// The op that quantizes `value`, if all its users are quantize ops of one type
/// (the first one then); null otherwise.
QuantizeOp getQuantizer(Value value);

/// What the integer form of an op absorbs of its consumers.
struct FusedChain {
  SmallVector<Operation *> absorbed;
  /// The value after the last absorbed op.
  Value result;
  /// In the order of evaluation: clamp(factor * (x + addend)).
  SmallVector<float> addend;
  double factor = 1.0;
  std::optional<RealRange> clamp;
};

/// Follows the only user of result 0 as long as the op absorbs it.
FusedChain getFusedChain(QuantizableOpInterface op);

/// The scalar functions that follow `op`, itself first, each the only user of
/// the one before; empty if `op` is none or has more than one activation.
SmallVector<QuantizableOpInterface> getScalarChain(QuantizableOpInterface op);

/// The value whose quantize op stores the result of `op`: behind its scalar
/// chain if it is a scalar function, else behind its fused chain.
Value getStoredResult(QuantizableOpInterface op);

/// True if all activations of `op` come out of dequantize ops or constants and
/// its stored result goes into a quantize op.
bool isQuantizedAround(QuantizableOpInterface op);

} // namespace mlir::qnt

#endif // QNT_ANALYSIS_EDGES_H
