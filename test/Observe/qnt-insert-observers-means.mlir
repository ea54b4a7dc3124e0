// RUN: quant-opt %s --qnt-insert-observers="channel-means" | FileCheck %s
// RUN: quant-opt %s --qnt-insert-observers | FileCheck %s --check-prefix=PLAIN

// The edge into weights and a constant bias gathers means of its 2 channels;
// the result, which feeds nothing, does not.
// CHECK-LABEL: @into_weights
// CHECK: qnt.observe {{.*}} by #qnt.channel_means<2, #qnt.min_max>
// CHECK: tosa.conv2d
// CHECK: qnt.observe {{.*}} by #qnt.min_max
// PLAIN-NOT: channel_means
func.func @into_weights(%x: tensor<1x1x1x2xf32>) -> tensor<1x1x1x2xf32> {
  %w = "tosa.const"() {values = dense<1.0> : tensor<2x1x1x2xf32>} : () -> tensor<2x1x1x2xf32>
  %b = "tosa.const"() {values = dense<0.0> : tensor<2xf32>} : () -> tensor<2xf32>
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %c = tosa.conv2d %x, %w, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x1x1x2xf32>, tensor<2x1x1x2xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x2xf32>
  return %c : tensor<1x1x1x2xf32>
}

// A product of two activations has no bias to correct.
// CHECK-LABEL: @no_weights
// CHECK-NOT: channel_means
func.func @no_weights(%x: tensor<1x2x2xf32>) -> tensor<1x2x2xf32> {
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %m = tosa.matmul %x, %x, %z, %z : (tensor<1x2x2xf32>, tensor<1x2x2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x2x2xf32>
  return %m : tensor<1x2x2xf32>
}
