// RUN: quant-opt %s --split-input-file --qnt-simulate-quantization | FileCheck %s

!q = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01, zero_point = -3>>
// Division, half to even, NaN as 0; the zero point is added after rounding.
// CHECK-LABEL: @quantize
// CHECK-SAME: -> tensor<4xi8>
// CHECK: arith.divf
// CHECK: arith.cmpf uno
// CHECK: math.roundeven
// CHECK: arith.maximumf
// CHECK: arith.minimumf
// CHECK: arith.fptosi
func.func @quantize(%x: tensor<4xf32>) -> tensor<4x!q> {
  %q = qnt.quantize %x : tensor<4xf32> to tensor<4x!q>
  return %q : tensor<4x!q>
}

// -----

!q = !qnt.quantized<i8 : f32, #qnt.per_axis<axis = 0, scales = [1.0, 2.0]>>
// One scale per index of the axis, read through its own map.
// CHECK: affine_map<(d0, d1) -> (d0)>
// CHECK-LABEL: @per_axis
// CHECK: %[[SCALES:.*]] = arith.constant dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %[[SCALES]]
// CHECK: arith.extsi
// CHECK: arith.subi
// CHECK: arith.sitofp
// CHECK: arith.mulf
func.func @per_axis(%q: tensor<2x4x!q>) -> tensor<2x4xf32> {
  %x = qnt.dequantize %q : tensor<2x4x!q> to tensor<2x4xf32>
  return %x : tensor<2x4xf32>
}

// -----

// CHECK-LABEL: @unchanged
// CHECK-NEXT: tosa.tanh
// CHECK-NEXT: return
func.func @unchanged(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = tosa.tanh %x : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
