//===- Passes.td - the plugin's pass ----------------------*- tablegen -*-===//
//
// Declared in the same way as those of quant-opt.
//
//===----------------------------------------------------------------------===//

#ifndef POW2_PASSES_TD
#define POW2_PASSES_TD

include "mlir/Pass/PassBase.td"

def SnapScales : Pass<"pow2-snap-scales", "::mlir::ModuleOp"> {
  let summary = "Write scales that are powers of two as such";
  let description = [{
    Replaces `#qnt.per_tensor` with zero point 0 by `#pow2.scale` wherever the
    scale is a power of two. Nothing is rounded; other schemes stay.

    Before:
    ```mlir
    func.func @f(%q: tensor<4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 2.500000e-01>>>) {
      return
    }
    ```
    After:
    ```mlir
    func.func @f(%q: tensor<4x!qnt.quantized<i8 : f32, #pow2.scale<exponent = -2>>>) {
      return
    }
    ```
  }];
  let statistics = [
    Statistic<"numSnapped", "snapped", "Number of distinct schemes replaced">
  ];
  let dependentDialects = ["::pow2::Pow2Dialect"];
}

#endif // POW2_PASSES_TD
