//===- ImportTrigonometry.cpp - circular and hyperbolic functions ---------===//
//
// What tosa has no op for stays an op of the math dialect on the tensor, in
// float32; qnt-approximate-math turns it into polynomials.
//
//===----------------------------------------------------------------------===//

#include "OpTable.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/StringSwitch.h"

namespace mlir::qnt::onnx_import {

template <typename OpTy> static Value create(NodeImporter &n, Value x) {
  return OpTy::create(n.builder, n.loc, x);
}

using MathFn = Value (*)(NodeImporter &, Value);

static MathFn mathFunction(StringRef op) {
  return llvm::StringSwitch<MathFn>(op)
      .Case("Acos", create<math::AcosOp>)
      .Case("Acosh", create<math::AcoshOp>)
      .Case("Asin", create<math::AsinOp>)
      .Case("Asinh", create<math::AsinhOp>)
      .Case("Atan", create<math::AtanOp>)
      .Case("Atanh", create<math::AtanhOp>)
      .Case("Cosh", create<math::CoshOp>)
      .Case("Sinh", create<math::SinhOp>)
      .Case("Tan", create<math::TanOp>)
      .Default(nullptr);
}

LogicalResult buildTrigonometry(NodeImporter &n) {
  FailureOr<Value> x = n.valueOf(0);
  if (failed(x))
    return failure();
  n.setResult(0, mathFunction(n.node.op_type())(n, *x));
  return success();
}

} // namespace mlir::qnt::onnx_import
