//===- Passes.td - passes of Lower -------------------------*- tablegen -*-===//
//
// One pass: it replaces quantized float ops by integer arithmetic and says what
// it could not replace, and why.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LOWER_PASSES_TD
#define QNT_LOWER_PASSES_TD

include "mlir/Pass/PassBase.td"

def LowerToInteger : Pass<"qnt-lower-to-integer", "::mlir::ModuleOp"> {
  let summary = "Replace quantized ops by integer arithmetic";
  let description = [{
    An op whose operands all come out of `qnt.dequantize` and whose result goes
    into `qnt.quantize` is replaced by the integer form that its
    QuantizableOpInterface builds. A clamp or a constant factor behind it goes
    into its rescale; a chain of scalar functions becomes one `qnt.table`.
    Quantize and dequantize that remain become `qnt.to_int` and `qnt.to_float`.
    No `qnt.quantized` type is left in code.

    What stays float is listed in the function attribute `qnt.float_ops` with
    op, name and reason, and gets a remark; with `full-integer` an error. Then
    nothing but the conversion of inputs and outputs may be float, and
    `inference-input-type` and `inference-output-type` can remove that too.
    Arguments and results keep `qnt.name` and get `qnt.scale` and
    `qnt.zero_point`; a module with an integer op gets `qnt.mode = "int8"`.

    ```mlir
    module attributes {qnt.rounding = #qnt.rounding<fp32_rne>} {
      func.func @f(%q: tensor<4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01>>>) -> tensor<4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 2.500000e-01>>> {
        %d = qnt.dequantize %q : tensor<4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01>>> to tensor<4xf32>
        %a = tosa.add %d, %d : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
        %r = qnt.quantize %a : tensor<4xf32> to tensor<4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 2.500000e-01>>>
        return %r : tensor<4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 2.500000e-01>>>
      }
    }
    // ----- after
    module attributes {qnt.mode = "int8", qnt.rounding = #qnt.rounding<fp32_rne>} {
      func.func @f(%q: tensor<4xi8>) -> tensor<4xi8> {
        %r = qnt.add %q, %q {lhs_scale = 5.000000e-01 : f32, lhs_zp = 0 : i32, max = 127 : i32, min = -128 : i32, output_scale = 2.500000e-01 : f32, output_zp = 0 : i32, rhs_scale = 5.000000e-01 : f32, rhs_zp = 0 : i32, rounding = #qnt.rounding<fp32_rne>} : tensor<4xi8>, tensor<4xi8> to tensor<4xi8>
        return %r : tensor<4xi8>
      }
    }
    ```
  }];
  let options = [
    Option<"fullInteger", "full-integer", "bool", "false",
           "Fail if anything between inputs and outputs stays float">,
    Option<"inputType", "inference-input-type", "std::string",
           [{"float"}], "Element type of inputs: float, int8 or uint8">,
    Option<"outputType", "inference-output-type", "std::string",
           [{"float"}], "Element type of outputs: float, int8 or uint8">
  ];
  let statistics = [
    Statistic<"numInteger", "integer-ops", "Number of ops made integer">,
    Statistic<"numAbsorbed", "absorbed-ops",
              "Number of ops that went into another op's integer form">,
    Statistic<"numFloat", "float-ops", "Number of ops that stay float">
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::qnt::QntDialect", "::mlir::tensor::TensorDialect",
    "::mlir::tosa::TosaDialect"
  ];
}

#endif // QNT_LOWER_PASSES_TD
