//===- QntDialect.td - the qnt dialect ---------------------*- tablegen -*-===//
//
// Declares the dialect only; types, attributes, interfaces and ops have a file
// each and include this one.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_DIALECT_TD
#define QNT_DIALECT_TD

include "mlir/IR/DialectBase.td"

def Qnt_Dialect : Dialect {
  let name = "qnt";
  let cppNamespace = "::mlir::qnt";
  let summary = "quantized tensors, from observers to integer arithmetic";
  let description = [{
    The `qnt` dialect carries a model through quantization: which edges are
    observed, which parameters were chosen for them, and at last the integer
    arithmetic with its rounding. Upstream `quant` owns only the types and the
    three casts; `qnt` adds schemes that a plugin can extend, observers, and
    ops whose rounding is part of their meaning.

    Numbers: a stored integer `q` stands for `scale * (q - zero_point)`. Every
    rule that computes one is numbered in docs/Numerics.md, and the folders
    call the same functions as the reference kernels.

    The module attribute `qnt.home`, a string, names the runtime whose integers
    a quantized model reproduces: `native`, `onnxruntime`, `litert_xnnpack` or
    `litert_reference` (rule N40); `qnt.rounding` is the mode of its rescales.
  }];
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
  let hasConstantMaterializer = 1;
  // Checks `qnt.home` of modules.
  let hasOperationAttrVerify = 1;
  let dependentDialects = ["::mlir::arith::ArithDialect"];
  let extraClassDeclaration = [{
    void registerAttributes();
    void registerTypes();
  }];
}

#endif // QNT_DIALECT_TD
