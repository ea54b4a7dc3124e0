// RUN: quant-opt %s --qnt-propagate | FileCheck %s

!q = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5, zero_point = 3>>

// 0.4 and 0.3 are stored as 0 (scale 1). With means 10 and 20 the first channel
// loses 0.4 * 20 = 8 and the second 0.3 * 10 = 3; the biases 0 and 1 become 8
// and 4, in units of 0.5.
// CHECK-LABEL: @means_move_the_bias
// CHECK: arith.constant dense<[16, 8]> : tensor<2xi32>
func.func @means_move_the_bias(%x: tensor<1x1x1x2xf32>) -> tensor<1x1x1x2xf32> {
  %w = "tosa.const"() {values = dense<[[[[127.0, 0.4]]], [[[0.3, 127.0]]]]> : tensor<2x1x1x2xf32>} : () -> tensor<2x1x1x2xf32>
  %b = "tosa.const"() {values = dense<[0.0, 1.0]> : tensor<2xf32>} : () -> tensor<2xf32>
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %q = qnt.quantize %x {qnt.channel_means = array<f64: 10.0, 20.0>} : tensor<1x1x1x2xf32> to tensor<1x1x1x2x!q>
  %d = qnt.dequantize %q : tensor<1x1x1x2x!q> to tensor<1x1x1x2xf32>
  %c = tosa.conv2d %d, %w, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x1x1x2xf32>, tensor<2x1x1x2xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x2xf32>
  %cq = qnt.quantize %c : tensor<1x1x1x2xf32> to tensor<1x1x1x2x!q>
  %cd = qnt.dequantize %cq : tensor<1x1x1x2x!q> to tensor<1x1x1x2xf32>
  return %cd : tensor<1x1x1x2xf32>
}

// Each depthwise channel has a mean of its own: 0.4 of the second channel's
// second tap is lost, times 20.
// CHECK-LABEL: @depthwise
// CHECK: arith.constant dense<[0, 16]> : tensor<2xi32>
func.func @depthwise(%x: tensor<1x1x2x2xf32>) -> tensor<1x1x1x2xf32> {
  %w = "tosa.const"() {values = dense<[[[[127.0], [127.0]], [[5.0], [0.4]]]]> : tensor<1x2x2x1xf32>} : () -> tensor<1x2x2x1xf32>
  %b = "tosa.const"() {values = dense<0.0> : tensor<2xf32>} : () -> tensor<2xf32>
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %q = qnt.quantize %x {qnt.channel_means = array<f64: 10.0, 20.0>} : tensor<1x1x2x2xf32> to tensor<1x1x2x2x!q>
  %d = qnt.dequantize %q : tensor<1x1x2x2x!q> to tensor<1x1x2x2xf32>
  %c = tosa.depthwise_conv2d %d, %w, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x1x2x2xf32>, tensor<1x2x2x1xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x2xf32>
  %cq = qnt.quantize %c : tensor<1x1x1x2xf32> to tensor<1x1x1x2x!q>
  %cd = qnt.dequantize %cq : tensor<1x1x1x2x!q> to tensor<1x1x1x2xf32>
  return %cd : tensor<1x1x1x2xf32>
}

// CHECK-LABEL: @without_means
// CHECK: arith.constant dense<0> : tensor<2xi32>
func.func @without_means(%x: tensor<1x1x1x2xf32>) -> tensor<1x1x1x2xf32> {
  %w = "tosa.const"() {values = dense<[[[[127.0, 0.4]]], [[[0.3, 127.0]]]]> : tensor<2x1x1x2xf32>} : () -> tensor<2x1x1x2xf32>
  %b = "tosa.const"() {values = dense<0.0> : tensor<2xf32>} : () -> tensor<2xf32>
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %q = qnt.quantize %x : tensor<1x1x1x2xf32> to tensor<1x1x1x2x!q>
  %d = qnt.dequantize %q : tensor<1x1x1x2x!q> to tensor<1x1x1x2xf32>
  %c = tosa.conv2d %d, %w, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x1x1x2xf32>, tensor<2x1x1x2xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x2xf32>
  %cq = qnt.quantize %c : tensor<1x1x1x2xf32> to tensor<1x1x1x2x!q>
  %cd = qnt.dequantize %cq : tensor<1x1x1x2x!q> to tensor<1x1x1x2xf32>
  return %cd : tensor<1x1x1x2xf32>
}
