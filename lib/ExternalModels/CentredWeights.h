//===- CentredWeights.h - weights with zero points --------------*- C++ -*-===//
//
// The kernels multiply by weights of zero point 0 in [-127, 127]. Weights of
// another zero point, or with a -128 among them, are 9-bit numbers once the
// zero point is taken off; they are written as a sum of such weights, and the
// input is given to the op once for each. Invariant: the int32 sums are those
// of rule N18, exactly.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_EXTERNALMODELS_CENTREDWEIGHTS_H
#define QNT_LIB_EXTERNALMODELS_CENTREDWEIGHTS_H

#include "IntegerForms.h"

namespace mlir::qnt::models {

/// Input and weights of a convolution as the kernels want them.
struct CentredOperands {
  Value input;
  Value weights;
  /// How often the input is repeated, along the channels of a tosa.conv2d and
  /// along the rows of a tosa.depthwise_conv2d.
  int64_t repeats = 1;
};

/// Rewrites the operands of `op`; fails with a reason if the weights are no
/// constant or a sum can leave 32 bits.
FailureOr<CentredOperands> centreWeights(OpBuilder &builder, Operation *op,
                                         const IntegerForm &form,
                                         std::string &reason);

/// Widens the window of a rebuilt depthwise convolution to repeated rows.
void repeatRows(Operation *convolution, int64_t repeats);

} // namespace mlir::qnt::models

#endif // QNT_LIB_EXTERNALMODELS_CENTREDWEIGHTS_H
