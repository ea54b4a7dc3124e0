//===- Passes.td - passes between quant and qnt ------------*- tablegen -*-===//
//
// Both directions convert types wherever they stand (values, attributes,
// function types) and the three casts; a type without a counterpart is an error
// and leaves the module as it was.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_INTEROP_PASSES_TD
#define QNT_INTEROP_PASSES_TD

include "mlir/Pass/PassBase.td"

def QntFromQuant : Pass<"qnt-from-quant"> {
  let summary = "Convert upstream quant types and casts to qnt";
  let description = [{
    `!quant.uniform` per layer, per axis and sub-channel become
    `!qnt.quantized`; `quant.qcast`, `quant.dcast` and `quant.scast` become
    `qnt.quantize`, `qnt.dequantize` and `qnt.storage_cast`. Scales are rounded
    to float32, the precision of every runtime. Refused: expressed types other
    than f32, `!quant.any`, `!quant.calibrated`, and sub-channel types
    unless they list every dimension, all but one with blocks of 1.

    ```mlir
    func.func @f(%x: tensor<4xf32>) -> tensor<4x!quant.uniform<i8:f32, 0.5:-3>> {
      %q = quant.qcast %x : tensor<4xf32> to tensor<4x!quant.uniform<i8:f32, 0.5:-3>>
      return %q : tensor<4x!quant.uniform<i8:f32, 0.5:-3>>
    }
    // ----- after
    func.func @f(%x: tensor<4xf32>) -> tensor<4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01, zero_point = -3>>> {
      %q = qnt.quantize %x : tensor<4xf32> to tensor<4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01, zero_point = -3>>>
      return %q : tensor<4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01, zero_point = -3>>>
    }
    ```
  }];
  let statistics = [
    Statistic<"numCasts", "casts", "Number of quant casts converted">
  ];
  let dependentDialects = ["::mlir::qnt::QntDialect"];
}

def QntToQuant : Pass<"qnt-to-quant"> {
  let summary = "Convert qnt types and casts to upstream quant";
  let description = [{
    The reverse of `qnt-from-quant`. Refused: schemes without parameters
    (`#qnt.pending`, `#qnt.dynamic`), schemes of plugins, float storage; other
    qnt ops stay, since upstream has none for them.

    ```mlir
    func.func @f(%q: tensor<4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01>>>) -> tensor<4xf32> {
      %x = qnt.dequantize %q : tensor<4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01>>> to tensor<4xf32>
      return %x : tensor<4xf32>
    }
    // ----- after
    func.func @f(%q: tensor<4x!quant.uniform<i8:f32, 5.000000e-01>>) -> tensor<4xf32> {
      %x = quant.dcast %q : tensor<4x!quant.uniform<i8:f32, 5.000000e-01>> to tensor<4xf32>
      return %x : tensor<4xf32>
    }
    ```
  }];
  let statistics = [
    Statistic<"numCasts", "casts", "Number of qnt casts converted">
  ];
  let dependentDialects = ["::mlir::quant::QuantDialect"];
}

#endif // QNT_INTEROP_PASSES_TD
