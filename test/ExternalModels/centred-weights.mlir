// Weights with a zero point: one centred constant where it fits a byte, else a
// sum of several over a repeated input.

// RUN: quant-opt %s --qnt-lower-to-integer --canonicalize --split-input-file | FileCheck %s

!x = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01, zero_point = 3>>
!w = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 2.500000e-01, zero_point = 10>>
!b = !qnt.quantized<i32 : f32, #qnt.per_tensor<scale = 1.250000e-01>>

// CHECK-LABEL: func.func @fits
// CHECK-SAME: %[[X:.*]]: tensor<1x2x2x3xi8>
// CHECK: %[[W:.*]] = "tosa.const"() <{values = dense<{{\[\[\[\[}}-9, -8, -7]]], {{\[\[\[}}-6, -5, -4]]]]> : tensor<2x1x1x3xi8>}>
// CHECK: tosa.conv2d %[[X]], %[[W]],
func.func @fits(%xq: tensor<1x2x2x3x!x>) -> tensor<1x2x2x2x!x> {
  %x = qnt.dequantize %xq : tensor<1x2x2x3x!x> to tensor<1x2x2x3xf32>
  %wi = arith.constant dense<[[[[1, 2, 3]]], [[[4, 5, 6]]]]> : tensor<2x1x1x3xi8>
  %wq = qnt.storage_cast %wi : tensor<2x1x1x3xi8> to tensor<2x1x1x3x!w>
  %w = qnt.dequantize %wq : tensor<2x1x1x3x!w> to tensor<2x1x1x3xf32>
  %bi = arith.constant dense<[7, 8]> : tensor<2xi32>
  %bq = qnt.storage_cast %bi : tensor<2xi32> to tensor<2x!b>
  %b = qnt.dequantize %bq : tensor<2x!b> to tensor<2xf32>
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %c = tosa.conv2d %x, %w, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x2x2x3xf32>, tensor<2x1x1x3xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x2x2x2xf32>
  %y = qnt.quantize %c : tensor<1x2x2x2xf32> to tensor<1x2x2x2x!x>
  return %y : tensor<1x2x2x2x!x>
}

// -----

!x = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01, zero_point = 3>>
!w = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 2.500000e-01, zero_point = -100>>
!b = !qnt.quantized<i32 : f32, #qnt.per_tensor<scale = 1.250000e-01>>

// 127 + 100 = 113 + 114.
// CHECK-LABEL: func.func @two_parts
// CHECK: %[[W:.*]] = "tosa.const"() <{values = dense<{{\[\[\[\[}}113, 50, 114, 51]]]]> : tensor<1x1x1x4xi8>}>
// CHECK: %[[X:.*]] = tosa.concat %{{.*}}, %{{.*}} {axis = 3 : i32}
// CHECK: tosa.conv2d %[[X]], %[[W]],
func.func @two_parts(%xq: tensor<1x2x2x2x!x>) -> tensor<1x2x2x1x!x> {
  %x = qnt.dequantize %xq : tensor<1x2x2x2x!x> to tensor<1x2x2x2xf32>
  %wi = arith.constant dense<[[[[127, 1]]]]> : tensor<1x1x1x2xi8>
  %wq = qnt.storage_cast %wi : tensor<1x1x1x2xi8> to tensor<1x1x1x2x!w>
  %w = qnt.dequantize %wq : tensor<1x1x1x2x!w> to tensor<1x1x1x2xf32>
  %bi = arith.constant dense<7> : tensor<1xi32>
  %bq = qnt.storage_cast %bi : tensor<1xi32> to tensor<1x!b>
  %b = qnt.dequantize %bq : tensor<1x!b> to tensor<1xf32>
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %c = tosa.conv2d %x, %w, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x2x2x2xf32>, tensor<1x1x1x2xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x2x2x1xf32>
  %y = qnt.quantize %c : tensor<1x2x2x1xf32> to tensor<1x2x2x1x!x>
  return %y : tensor<1x2x2x1x!x>
}

// -----

!x = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01, zero_point = 3>>
!w = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 2.500000e-01, zero_point = -100>>
!b = !qnt.quantized<i32 : f32, #qnt.per_tensor<scale = 1.250000e-01>>

// Rows are repeated, and the window steps over both copies.
// CHECK-LABEL: func.func @depthwise
// CHECK: tosa.concat %{{.*}}, %{{.*}} {axis = 2 : i32} {{.*}} -> tensor<1x4x2x8xi8>
// CHECK: tosa.depthwise_conv2d {{.*}}pad = array<i64: 2, 0, 1, 0>, stride = array<i64: 2, 1>{{.*}} tensor<4x2x2x1xi8>
func.func @depthwise(%xq: tensor<1x4x4x2x!x>) -> tensor<1x4x4x2x!x> {
  %x = qnt.dequantize %xq : tensor<1x4x4x2x!x> to tensor<1x4x4x2xf32>
  %wi = arith.constant dense<127> : tensor<2x2x2x1xi8>
  %wq = qnt.storage_cast %wi : tensor<2x2x2x1xi8> to tensor<2x2x2x1x!w>
  %w = qnt.dequantize %wq : tensor<2x2x2x1x!w> to tensor<2x2x2x1xf32>
  %bi = arith.constant dense<7> : tensor<2xi32>
  %bq = qnt.storage_cast %bi : tensor<2xi32> to tensor<2x!b>
  %b = qnt.dequantize %bq : tensor<2x!b> to tensor<2xf32>
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %c = tosa.depthwise_conv2d %x, %w, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 1, 0, 1, 0>, stride = array<i64: 1, 1>} : (tensor<1x4x4x2xf32>, tensor<2x2x2x1xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x4x4x2xf32>
  %y = qnt.quantize %c : tensor<1x4x4x2xf32> to tensor<1x4x4x2x!x>
  return %y : tensor<1x4x4x2x!x>
}
