//===- Passes.td - passes of Fold --------------------------*- tablegen -*-===//
//
// One pass: what is left of dequantize-quantize pairs when all scales are
// known.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_FOLD_PASSES_TD
#define QNT_FOLD_PASSES_TD

include "mlir/Pass/PassBase.td"

def Fold : Pass<"qnt-fold", "::mlir::ModuleOp"> {
  let summary = "Remove dequantize-quantize pairs";
  let description = [{
    - `quantize(dequantize(q))` of one type is `q`; of two types it becomes one
      `qnt.requantize` in the rounding of the module.
    - Equal quantize, dequantize and requantize ops of one value become one.
    - A requantize to its own type vanishes.

    Left: pairs whose scheme is dynamic or not complete, or whose axes differ.

    ```mlir
    func.func @f(%q: tensor<4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01>>>) -> tensor<4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 2.500000e-01>>> {
      %d = qnt.dequantize %q : tensor<4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01>>> to tensor<4xf32>
      %r = qnt.quantize %d : tensor<4xf32> to tensor<4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 2.500000e-01>>>
      return %r : tensor<4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 2.500000e-01>>>
    }
    // ----- after
    func.func @f(%q: tensor<4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01>>>) -> tensor<4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 2.500000e-01>>> {
      %r = qnt.requantize %q : tensor<4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01>>> to tensor<4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 2.500000e-01>>>
      return %r : tensor<4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 2.500000e-01>>>
    }
    ```
  }];
  let statistics = [
    Statistic<"numFolded", "pairs-folded", "Number of pairs that vanished">,
    Statistic<"numRequantized", "pairs-requantized",
              "Number of pairs that became a requantize">,
    Statistic<"numDuplicates", "duplicates",
              "Number of ops equal to an earlier one">
  ];
  let dependentDialects = ["::mlir::qnt::QntDialect"];
}

#endif // QNT_FOLD_PASSES_TD
