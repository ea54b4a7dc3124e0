// RUN: quant-opt %s --qnt-propagate | FileCheck %s
// RUN: quant-opt %s --qnt-propagate=per-tensor-weights | FileCheck %s --check-prefix=TENSOR

!q = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5, zero_point = 3>>

// Per output channel: maxabs / 127; the bias in units of input times weight.
// CHECK-LABEL: @convolution
// CHECK: arith.constant dense<{{\[\[\[\[}}127, -127]]], {{\[\[\[}}64, 127]]]]> : tensor<2x1x1x2xi8>
// CHECK: to tensor<2x1x1x2x!qnt.quantized<i8<-127:127> : f32, #qnt.per_axis<axis = 0, scales = [1.000000e+00, 2.000000e+00]>>>
// CHECK: arith.constant dense<[4, -4]> : tensor<2xi32>
// CHECK: to tensor<2x!qnt.quantized<i32 : f32, #qnt.per_axis<axis = 0, scales = [5.000000e-01, 1.000000e+00]>>>
// TENSOR-LABEL: @convolution
// TENSOR: arith.constant dense<{{\[\[\[\[}}64, -64]]], {{\[\[\[}}64, 127]]]]>
// TENSOR: #qnt.per_tensor<scale = 2.000000e+00>
func.func @convolution(%x: tensor<1x1x1x2xf32>) -> tensor<1x1x1x2xf32> {
  %w = "tosa.const"() {values = dense<[[[[127.0, -127.0]]], [[[128.0, 254.0]]]]> : tensor<2x1x1x2xf32>} : () -> tensor<2x1x1x2xf32>
  %b = "tosa.const"() {values = dense<[2.0, -4.0]> : tensor<2xf32>} : () -> tensor<2xf32>
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %q = qnt.quantize %x : tensor<1x1x1x2xf32> to tensor<1x1x1x2x!q>
  %d = qnt.dequantize %q : tensor<1x1x1x2x!q> to tensor<1x1x1x2xf32>
  %c = tosa.conv2d %d, %w, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x1x1x2xf32>, tensor<2x1x1x2xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x2xf32>
  %cq = qnt.quantize %c : tensor<1x1x1x2xf32> to tensor<1x1x1x2x!q>
  %cd = qnt.dequantize %cq : tensor<1x1x1x2x!q> to tensor<1x1x1x2xf32>
  return %cd : tensor<1x1x1x2xf32>
}

// A constant operand is stored with its own range.
// CHECK-LABEL: @constant_operand
// CHECK: arith.constant dense<[-128, 127]> : tensor<2xi8>
// CHECK: qnt.storage_cast
// CHECK: tosa.mul
func.func @constant_operand(%x: tensor<2xf32>) -> tensor<2xf32> {
  %c = "tosa.const"() {values = dense<[0.0, 255.0]> : tensor<2xf32>} : () -> tensor<2xf32>
  %s = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %q = qnt.quantize %x : tensor<2xf32> to tensor<2x!q>
  %d = qnt.dequantize %q : tensor<2x!q> to tensor<2xf32>
  %m = tosa.mul %d, %c, %s : (tensor<2xf32>, tensor<2xf32>, tensor<1xi8>) -> tensor<2xf32>
  %mq = qnt.quantize %m : tensor<2xf32> to tensor<2x!q>
  %md = qnt.dequantize %mq : tensor<2x!q> to tensor<2xf32>
  return %md : tensor<2xf32>
}
