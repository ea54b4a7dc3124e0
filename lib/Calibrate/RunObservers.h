//===- RunObservers.h - observers as compiled code -------------*- C++ -*-===//
//
// Compiles a model with native observers and streams samples through it.
// Invariant: memory depends on the model, not on the number of samples.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_CALIBRATE_RUNOBSERVERS_H
#define QNT_LIB_CALIBRATE_RUNOBSERVERS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "qnt/Calibrate/Table.h"

namespace mlir::qnt {

/// What to run.
struct ObserverRun {
  func::FuncOp function;
  /// The observers of `function` in program order, and where the state of each
  /// starts in the common buffer.
  SmallVector<ObserveOp> ops;
  SmallVector<int64_t> offsets;
  int64_t stateSize = 0;
  StringRef data, lowering;
  /// 0: all.
  int64_t maxSamples = 0;
};

/// Updates `states` with the samples; returns their number. Emits a diagnostic
/// on failure.
FailureOr<int64_t> runObservers(ObserverRun &run,
                                MutableArrayRef<double> states);

} // namespace mlir::qnt

#endif // QNT_LIB_CALIBRATE_RUNOBSERVERS_H
