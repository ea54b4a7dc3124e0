//===- ObserverState.h - words of observer states --------------*- C++ -*-===//
//
// Which f64 word of a state means what: shared by the native updates and the
// host side, and part of the format of calibration tables.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_DIALECT_IR_OBSERVERSTATE_H
#define QNT_LIB_DIALECT_IR_OBSERVERSTATE_H

#include <cstdint>

namespace mlir::qnt {

struct MinMaxState {
  enum Word : unsigned { min, max, count, size };
};

struct AverageState {
  enum Word : unsigned {
    averageMin,
    averageMax,
    min,
    max,
    count,
    samples,
    size
  };
};

struct HistogramState {
  static constexpr int64_t numBins = 2048;
  /// Histograms reach at least to 2^minExponent, so that the scale from values
  /// to bins is a normal float32.
  static constexpr int minExponent = -99;
  enum Word : unsigned {
    low,
    high,
    min,
    max,
    count,
    bins,
    size = bins + numBins
  };
};

} // namespace mlir::qnt

#endif // QNT_LIB_DIALECT_IR_OBSERVERSTATE_H
