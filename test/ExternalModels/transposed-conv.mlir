// A transposed convolution is a convolution by the turned weights over the
// input with its zero point between the pixels.
// RUN: quant-opt %s -qnt-lower-to-integer | FileCheck %s

!x = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5, zero_point = 3>>
!w = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.25>>
!b = !qnt.quantized<i32 : f32, #qnt.per_tensor<scale = 0.125>>

// CHECK-LABEL: @n19_transposed
// CHECK: %[[P:.*]] = tosa.pad
// CHECK-SAME: tensor<2x2x2x1xi8>
// CHECK: %[[R:.*]] = tosa.pad
// CHECK: %[[S:.*]] = tosa.reshape %[[R]]
// CHECK-SAME: tensor<1x4x4x1xi8>
// CHECK: tosa.conv2d
// CHECK-SAME: pad = array<i64: 1, 0, 1, 0>
// CHECK: qnt.rescale
func.func @n19_transposed(%x: tensor<1x2x2x1x!x>) -> tensor<1x4x4x1x!x> {
  %w = "tosa.const"() {values = dense<[[[[1], [2]], [[3], [4]]]]> : tensor<1x2x2x1xi8>} : () -> tensor<1x2x2x1xi8>
  %wq = qnt.storage_cast %w : tensor<1x2x2x1xi8> to tensor<1x2x2x1x!w>
  %wf = qnt.dequantize %wq : tensor<1x2x2x1x!w> to tensor<1x2x2x1xf32>
  %b = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %bq = qnt.storage_cast %b : tensor<1xi32> to tensor<1x!b>
  %bf = qnt.dequantize %bq : tensor<1x!b> to tensor<1xf32>
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %xf = qnt.dequantize %x : tensor<1x2x2x1x!x> to tensor<1x2x2x1xf32>
  %y = tosa.transpose_conv2d %xf, %wf, %bf, %z, %z {acc_type = f32, out_pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>} : (tensor<1x2x2x1xf32>, tensor<1x2x2x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x4x4x1xf32>
  %q = qnt.quantize %y : tensor<1x4x4x1xf32> to tensor<1x4x4x1x!x>
  return %q : tensor<1x4x4x1x!x>
}
