//===- QntOpInterfaces.h - interfaces of ops -------------------*- C++ -*-===//
//
// The plain structs that op interfaces exchange, then the generated interface.
// They hold values only; nothing here owns IR.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_DIALECT_IR_QNTOPINTERFACES_H
#define QNT_DIALECT_IR_QNTOPINTERFACES_H

#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/PatternMatch.h"
#include "qnt/Dialect/IR/QntAttrInterfaces.h"

#include <functional>

namespace mlir::qnt {

/// The part that an operand plays in the quantization of its op.
struct OperandRole {
  enum Kind { Activation, Weight, Bias };
  unsigned operand;
  Kind kind;
  /// Weight and Bias: the dimension of output channels for per-axis scales.
  std::optional<int64_t> axis;
};

/// The channels that one weight connects.
struct WeightChannels {
  /// Index of the last dimension of the activation.
  int64_t input;
  /// Element of the bias.
  int64_t output;
};

/// An operand or a result of an op.
struct EdgeRef {
  bool isResult;
  unsigned index;
};

/// A relation that the scales around one op must satisfy.
struct ScaleConstraint {
  enum Kind {
    /// All edges share scale and zero point.
    SameScale,
    /// edges[0] has scale = product of the scales of edges[1..], zero point 0.
    Derived,
    /// edges[0] has exactly `scale` and `zeroPoint` for 8-bit storage.
    Fixed
  };
  Kind kind;
  SmallVector<EdgeRef, 4> edges;
  float scale = 0.0f;
  int32_t zeroPoint = 0;
  /// SameScale: every value outside the range of the result may saturate in
  /// the operands without changing the result (max pool, slice).
  bool resultRangeSuffices = false;
};

/// What QuantizableOpInterface::buildInteger works from.
struct IntegerForm {
  /// Per operand: the stored integers, or the operand itself where its role
  /// is none of quantization's business.
  SmallVector<Value> operands;
  /// Per operand: its quantized element type, or null.
  SmallVector<QuantizedType> operandTypes;
  /// Per result: its quantized element type.
  SmallVector<QuantizedType> resultTypes;
  /// Summand absorbed from a consumer (`absorbsAddend`), empty, a single number
  /// or one per index of the last dimension; it comes before the factor.
  SmallVector<float> addend;
  /// Factors absorbed from the consumers (`absorbsFactor`); they come before
  /// the clamp.
  double factor = 1.0;
  /// Bounds of a clamp absorbed from the consumer, in real numbers.
  std::optional<RealRange> clamp;
  /// For an op with `evaluateScalar`: the composition of this op and of the
  /// scalar ops that follow it up to the quantized result. Empty: this op
  /// alone.
  std::function<double(double)> scalar;
  Rounding rounding = Rounding::Fp32Rne;
  /// The runtime whose integers the form reproduces, where rules differ.
  Home home = Home::Native;
  /// The model stores the result in unsigned bytes, which are signed here.
  bool isUnsigned = false;
};

} // namespace mlir::qnt

#include "qnt/Dialect/IR/QntOpInterfaces.h.inc"

#endif // QNT_DIALECT_IR_QNTOPINTERFACES_H
