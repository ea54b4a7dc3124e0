// RUN: quant-opt %s --qnt-to-quant --split-input-file | FileCheck %s

// CHECK-LABEL: func @dequantize
// CHECK-SAME: %[[Q:.*]]: tensor<4x!quant.uniform<i8:f32, 5.000000e-01>>
// CHECK: quant.dcast %[[Q]] : tensor<4x!quant.uniform<i8:f32, 5.000000e-01>> to tensor<4xf32>
func.func @dequantize(%q: tensor<4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5>>>) -> tensor<4xf32> {
  %x = qnt.dequantize %q : tensor<4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5>>> to tensor<4xf32>
  return %x : tensor<4xf32>
}

// -----

// Integer arithmetic has no upstream form and stays.
// CHECK-LABEL: func @rescale
// CHECK-NEXT: qnt.rescale
func.func @rescale(%acc: tensor<4xi32>) -> tensor<4xi8> {
  %q = qnt.rescale %acc {max = 127 : i32, min = -128 : i32, multipliers = array<f64: 2.0e-03>, rounding = #qnt.rounding<fp32_rne>} : tensor<4xi32> to tensor<4xi8>
  return %q : tensor<4xi8>
}
