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
    to float32, the precision of every runtime. Ops of tosa on such types become
    float ops between dequantize and quantize, and `tosa.rescale` the quantize of
    what it rescales. Refused: expressed types other
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
    Statistic<"numCasts", "casts", "Number of quant casts converted">,
    Statistic<"numOps", "ops", "Number of tosa ops made float ops">
  ];
  let dependentDialects = ["::mlir::qnt::QntDialect",
                           "::mlir::tosa::TosaDialect"];
}

def QntFromTosa : Pass<"qnt-from-tosa"> {
  let summary = "Convert the integer arithmetic of tosa to qnt";
  let description = [{
    Converters from TFLite write a quantized model in tosa, with `tosa.rescale`
    behind each sum. That op from i32 to signed i8 becomes `qnt.rescale`,
    together with a clamp that is its only user, and `tosa.table` becomes
    `qnt.table`: the forms that kernels exist for. The integers are the same:
    `SINGLE_ROUND` is the rounding tflite-single, `DOUBLE_ROUND` tflite-double,
    and `INEXACT_ROUND`, which leaves the choice, tflite-single. Left alone are
    other widths, unsigned types, parameters that are no constants, and
    multipliers of `DOUBLE_ROUND` below 2^30.

    ```mlir
    func.func @f(%x: tensor<1x4xi32>) -> tensor<1x4xi8> {
      %m = "tosa.const"() <{values = dense<1073741824> : tensor<1xi32>}> : () -> tensor<1xi32>
      %s = "tosa.const"() <{values = dense<36> : tensor<1xi8>}> : () -> tensor<1xi8>
      %zi = "tosa.const"() <{values = dense<0> : tensor<1xi32>}> : () -> tensor<1xi32>
      %zo = "tosa.const"() <{values = dense<-128> : tensor<1xi8>}> : () -> tensor<1xi8>
      %y = tosa.rescale %x, %m, %s, %zi, %zo {input_unsigned = false, output_unsigned = false, per_channel = false, rounding_mode = SINGLE_ROUND, scale32 = true} : (tensor<1x4xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x4xi8>
      return %y : tensor<1x4xi8>
    }
    // ----- after
    func.func @f(%x: tensor<1x4xi32>) -> tensor<1x4xi8> {
      %y = qnt.rescale %x {max = 127 : i32, min = -128 : i32, multipliers = array<f64: 1.562500e-02>, output_zp = -128 : i32, rounding = #qnt.rounding<tflite_single>} : tensor<1x4xi32> to tensor<1x4xi8>
      return %y : tensor<1x4xi8>
    }
    ```
  }];
  let statistics = [
    Statistic<"numConverted", "converted", "Number of tosa ops converted">
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
