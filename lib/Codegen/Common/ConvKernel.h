//===- ConvKernel.h - emitters of convolution kernels ----------*- C++ -*-===//
//
// What emitConv dispatches to. Invariant: a kernel reads its input, weights and
// parameters, and writes the interior of its output, nothing else.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_CODEGEN_COMMON_CONVKERNEL_H
#define QNT_LIB_CODEGEN_COMMON_CONVKERNEL_H

#include "ConvPlan.h"

namespace mlir::qnt {

/// The operands of a convolution kernel.
struct ConvOperands {
  Value in, weights, parameters, out;
};

/// Writes the body of a convolution over all input channels.
void emitConvBody(ImplicitLocOpBuilder &b, const ConvSpec &spec,
                  const ConvPlan &plan, const DotFamily &family,
                  const KernelTarget &target, const ConvOperands &operands);

} // namespace mlir::qnt

#endif // QNT_LIB_CODEGEN_COMMON_CONVKERNEL_H
