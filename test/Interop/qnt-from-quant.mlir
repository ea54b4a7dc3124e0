// RUN: quant-opt %s --qnt-from-quant --split-input-file | FileCheck %s
// RUN: quant-opt %s --qnt-from-quant --qnt-to-quant --split-input-file | FileCheck %s --check-prefix=BACK

// CHECK-LABEL: func @per_tensor
// CHECK-SAME: %[[X:.*]]: tensor<4xf32>
// CHECK: qnt.quantize %[[X]] : tensor<4xf32> to tensor<4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01, zero_point = -3>>>
// BACK-LABEL: func @per_tensor
// BACK: quant.qcast {{.*}} to tensor<4x!quant.uniform<i8:f32, 5.000000e-01:-3>>
func.func @per_tensor(%x: tensor<4xf32>) -> tensor<4x!quant.uniform<i8:f32, 0.5:-3>> {
  %q = quant.qcast %x : tensor<4xf32> to tensor<4x!quant.uniform<i8:f32, 0.5:-3>>
  return %q : tensor<4x!quant.uniform<i8:f32, 0.5:-3>>
}

// -----

// A restricted range and a per-axis scheme survive.
// CHECK-LABEL: func @per_axis
// CHECK: qnt.dequantize {{.*}} : tensor<2x!qnt.quantized<i8<-127:127> : f32, #qnt.per_axis<axis = 0, scales = [5.000000e-01, 2.500000e-01]>>> to tensor<2xf32>
// BACK-LABEL: func @per_axis
// BACK: quant.dcast {{.*}} : tensor<2x!quant.uniform<i8<-127:127>:f32:0, {5.000000e-01,2.500000e-01}>>
func.func @per_axis(%q: tensor<2x!quant.uniform<i8<-127:127>:f32:0, {0.5, 0.25}>>) -> tensor<2xf32> {
  %x = quant.dcast %q : tensor<2x!quant.uniform<i8<-127:127>:f32:0, {0.5, 0.25}>> to tensor<2xf32>
  return %x : tensor<2xf32>
}

// -----

// Unsigned storage is spelled ui8.
// CHECK-LABEL: func @unsigned
// CHECK: qnt.storage_cast {{.*}} : tensor<4xi8> to tensor<4x!qnt.quantized<ui8 : f32, #qnt.per_tensor<scale = 5.000000e-01, zero_point = 128>>>
// BACK-LABEL: func @unsigned
// BACK: quant.scast {{.*}} : tensor<4xi8> to tensor<4x!quant.uniform<u8:f32, 5.000000e-01:128>>
func.func @unsigned(%s: tensor<4xi8>) -> tensor<4x!quant.uniform<u8:f32, 0.5:128>> {
  %q = quant.scast %s : tensor<4xi8> to tensor<4x!quant.uniform<u8:f32, 0.5:128>>
  return %q : tensor<4x!quant.uniform<u8:f32, 0.5:128>>
}

// -----

// CHECK-LABEL: func @per_block
// CHECK: #qnt.per_block<axis = 1, block_size = 2
// BACK-LABEL: func @per_block
// BACK: !quant.uniform<i8:f32:{0:1, 1:2}
func.func @per_block(%q: tensor<2x4x!quant.uniform<i8:f32:{0:1,1:2}, {{0.5, 0.25}, {1.0, 2.0}}>>) -> tensor<2x4xf32> {
  %x = quant.dcast %q : tensor<2x4x!quant.uniform<i8:f32:{0:1,1:2}, {{0.5, 0.25}, {1.0, 2.0}}>> to tensor<2x4xf32>
  return %x : tensor<2x4xf32>
}

// -----

// Nothing quantized: unchanged.
// CHECK-LABEL: func @float
// CHECK-NEXT: arith.addf
func.func @float(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = arith.addf %x, %x : tensor<4xf32>
  return %y : tensor<4xf32>
}

// Arithmetic on quantized tensors is float ops between conversions.
// CHECK-LABEL: @clamp_on_integers
// CHECK: %[[D:.*]] = qnt.dequantize
// CHECK: %[[C:.*]] = tosa.clamp %[[D]] {max_val = 3.000000e+00 : f32, min_val = 0.000000e+00 : f32} : (tensor<4xf32>) -> tensor<4xf32>
// CHECK: qnt.quantize %[[C]]
func.func @clamp_on_integers(%x: tensor<4x!quant.uniform<i8:f32, 0.5:-3>>) -> tensor<4x!quant.uniform<i8:f32, 0.5:-3>> {
  %y = tosa.clamp %x {min_val = -3 : i8, max_val = 3 : i8} : (tensor<4x!quant.uniform<i8:f32, 0.5:-3>>) -> tensor<4x!quant.uniform<i8:f32, 0.5:-3>>
  return %y : tensor<4x!quant.uniform<i8:f32, 0.5:-3>>
}
