// RUN: quant-opt %s --qnt-fold-batch-norm --split-input-file | FileCheck %s

// In front of a padding convolution a factor folds, a term does not.
// CHECK-LABEL: func @before_padding_conv
// CHECK: %[[ADD:.*]] = tosa.add %{{.*}}, %{{.*}}
// CHECK-NOT: tosa.mul
// CHECK: tosa.conv2d %[[ADD]]
func.func @before_padding_conv(%x: tensor<1x2x2x1xf32>) -> tensor<1x3x3x1xf32> {
  %w = "tosa.const"() {values = dense<2.0> : tensor<1x2x2x1xf32>} : () -> tensor<1x2x2x1xf32>
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %shift = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %s = "tosa.const"() {values = dense<3.0> : tensor<1x1x1x1xf32>} : () -> tensor<1x1x1x1xf32>
  %a = tosa.add %x, %s : (tensor<1x2x2x1xf32>, tensor<1x1x1x1xf32>) -> tensor<1x2x2x1xf32>
  %m = tosa.mul %a, %s, %shift : (tensor<1x2x2x1xf32>, tensor<1x1x1x1xf32>, tensor<1xi8>) -> tensor<1x2x2x1xf32>
  %c = tosa.conv2d %m, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>} : (tensor<1x2x2x1xf32>, tensor<1x2x2x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x3x3x1xf32>
  return %c : tensor<1x3x3x1xf32>
}

// -----

// Another user still needs the result before the addition.
// CHECK-LABEL: func @two_users
// CHECK: tosa.conv2d
// CHECK: tosa.add
func.func @two_users(%x: tensor<1x1x1x1xf32>) -> (tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>) {
  %w = "tosa.const"() {values = dense<2.0> : tensor<1x1x1x1xf32>} : () -> tensor<1x1x1x1xf32>
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %c = tosa.conv2d %x, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x1xf32>
  %a = tosa.add %c, %w : (tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
  return %c, %a : tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>
}

// -----

// A constant that varies along width is not per channel.
// CHECK-LABEL: func @per_column
// CHECK: tosa.conv2d
// CHECK: tosa.add
func.func @per_column(%x: tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32> {
  %w = "tosa.const"() {values = dense<2.0> : tensor<2x1x1x2xf32>} : () -> tensor<2x1x1x2xf32>
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %b = "tosa.const"() {values = dense<0.0> : tensor<2xf32>} : () -> tensor<2xf32>
  %t = "tosa.const"() {values = dense<[[[[0.5], [1.5]]]]> : tensor<1x1x2x1xf32>} : () -> tensor<1x1x2x1xf32>
  %c = tosa.conv2d %x, %w, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x1x2x2xf32>, tensor<2x1x1x2xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x2x2xf32>
  %a = tosa.add %c, %t : (tensor<1x1x2x2xf32>, tensor<1x1x2x1xf32>) -> tensor<1x1x2x2xf32>
  return %a : tensor<1x1x2x2xf32>
}
