//===- Recurrent.h - what an LSTM, GRU or RNN node says ---------*- C++ -*-===//
//
// Attributes and shapes of a recurrent node, checked against each other, so
// that the cells need no checks of their own.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_RECURRENT_H
#define QNT_LIB_IMPORT_RECURRENT_H

#include "ValueMath.h"

namespace mlir::qnt::onnx_import {

enum class CellKind { Lstm, Gru, Rnn };

enum class CellFunction {
  Affine,
  Elu,
  HardSigmoid,
  LeakyRelu,
  Relu,
  ScaledTanh,
  Sigmoid,
  Softplus,
  Softsign,
  Tanh,
  ThresholdedRelu,
};

struct CellActivation {
  CellFunction function;
  float alpha;
  float beta;
};

struct RecurrentConfig {
  CellKind kind;
  /// Rows of the weights per hidden unit: 4, 3 or 1.
  int64_t gates;
  int64_t steps, batch, inputSize, hidden;
  /// One entry per direction: whether it walks from the last step.
  SmallVector<bool, 2> reversed;
  /// Layout 1: the batch is the first dimension.
  bool batchFirst;
  /// Bound of what goes into activations; 0 is none.
  float clip;
  bool inputForget;
  bool linearBeforeReset;
  /// 3, 2 or 1 per direction.
  SmallVector<CellActivation> activations;

  int64_t directions() const { return reversed.size(); }
  /// The functions of one direction.
  ArrayRef<CellActivation> activationsOf(int64_t direction) const {
    int64_t count = activations.size() / reversed.size();
    return ArrayRef(activations).slice(direction * count, count);
  }
};

/// Inputs by position; the last two are of LSTM alone.
enum RecurrentInput {
  kInputX,
  kInputW,
  kInputR,
  kInputBias,
  kInputLengths,
  kInputH,
  kInputC,
  kInputPeepholes,
  kNumRecurrentInputs,
};

FailureOr<RecurrentConfig> readRecurrent(NodeImporter &n, CellKind kind);

/// The activation of a value.
Value applyActivation(ValueMath &math, const CellActivation &activation,
                      Value x);

} // namespace mlir::qnt::onnx_import

#endif // QNT_LIB_IMPORT_RECURRENT_H
