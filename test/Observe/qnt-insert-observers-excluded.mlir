// RUN: quant-opt %s --qnt-insert-observers="float-tails float-scores" | FileCheck %s
// RUN: quant-opt %s --qnt-insert-observers | FileCheck %s --check-prefix=PLAIN

// A join of two results of one product would force one scale on both; the table
// in front of it stays integer.
// CHECK-LABEL: @join_behind_product
// CHECK: tosa.conv2d
// CHECK: %[[S:.*]] = tosa.sigmoid
// CHECK: qnt.observe %[[S]]
// CHECK: tosa.concat {{.*}} {axis = 3 : i32, qnt.exclude = "observation: it lies behind the last product, in front of a float output, where 8 bits only lose"}
// PLAIN-LABEL: @join_behind_product
// PLAIN-NOT: qnt.exclude
func.func @join_behind_product(%x: tensor<1x1x1x2xf32>) -> tensor<1x1x1x4xf32> {
  %w = "tosa.const"() {values = dense<1.0> : tensor<2x1x1x2xf32>} : () -> tensor<2x1x1x2xf32>
  %b = "tosa.const"() {values = dense<0.0> : tensor<2xf32>} : () -> tensor<2xf32>
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %c = tosa.conv2d %x, %w, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x1x1x2xf32>, tensor<2x1x1x2xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x2xf32>
  %s = tosa.sigmoid %c : (tensor<1x1x1x2xf32>) -> tensor<1x1x1x2xf32>
  %j = tosa.concat %c, %s {axis = 3 : i32} : (tensor<1x1x1x2xf32>, tensor<1x1x1x2xf32>) -> tensor<1x1x1x4xf32>
  return %j : tensor<1x1x1x4xf32>
}

// In front of a product nothing is excluded, nor without any product.
// CHECK-LABEL: @join_in_front
// CHECK-NOT: qnt.exclude
func.func @join_in_front(%x: tensor<1x1x1x1xf32>) -> tensor<1x1x1x2xf32> {
  %w = "tosa.const"() {values = dense<1.0> : tensor<2x1x1x2xf32>} : () -> tensor<2x1x1x2xf32>
  %b = "tosa.const"() {values = dense<0.0> : tensor<2xf32>} : () -> tensor<2xf32>
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %j = tosa.concat %x, %x {axis = 3 : i32} : (tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x1x2xf32>
  %c = tosa.conv2d %j, %w, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x1x1x2xf32>, tensor<2x1x1x2xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x2xf32>
  return %c : tensor<1x1x1x2xf32>
}

// CHECK-LABEL: @sum_alone
// CHECK-NOT: qnt.exclude
func.func @sum_alone(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %s = tosa.add %x, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %s : tensor<4xf32>
}

// Data moved between an input and an op without an integer form.
// CHECK-LABEL: @move_between_floats
// CHECK-NOT: qnt.observe
// CHECK: tosa.transpose {{.*}} {perms = array<i32: 1, 0>, qnt.exclude = "observation: it only moves numbers between ops that stay float"}
// CHECK-NOT: qnt.observe
// PLAIN-LABEL: @move_between_floats
// PLAIN: tosa.transpose {{.*}} qnt.exclude
func.func @move_between_floats(%x: tensor<2x3xf32>) -> tensor<3x2xf32> {
  %t = tosa.transpose %x {perms = array<i32: 1, 0>} : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %r = qnt.composite "secret" (%t) : (tensor<3x2xf32>) -> tensor<3x2xf32> {
  ^bb0(%a: tensor<3x2xf32>):
    qnt.yield %a : tensor<3x2xf32>
  }
  return %r : tensor<3x2xf32>
}

// A move that also feeds integer arithmetic is observed.
// CHECK-LABEL: @move_to_both
// CHECK: tosa.transpose
// CHECK-NOT: qnt.exclude
// CHECK: qnt.observe
func.func @move_to_both(%x: tensor<2x3xf32>) -> (tensor<3x2xf32>, tensor<3x2xf32>) {
  %t = tosa.transpose %x {perms = array<i32: 1, 0>} : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %r = qnt.composite "secret" (%t) : (tensor<3x2xf32>) -> tensor<3x2xf32> {
  ^bb0(%a: tensor<3x2xf32>):
    qnt.yield %a : tensor<3x2xf32>
  }
  %s = tosa.add %t, %t : (tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
  return %r, %s : tensor<3x2xf32>, tensor<3x2xf32>
}

// Scores, mask and softmax of an attention; the edge into the next product is
// observed again.
// CHECK-LABEL: @attention
// CHECK: tosa.matmul {{.*}} {qnt.exclude = "observation: the scores
// CHECK: tosa.add {{.*}} {qnt.exclude = "observation: the scores
// CHECK: %[[P:.*]] = qnt.composite "softmax"({{.*}}) {qnt.exclude = "observation: the scores
// CHECK: qnt.observe %[[P]]
// PLAIN-LABEL: @attention
// PLAIN-NOT: qnt.exclude
func.func @attention(%q: tensor<1x2x2xf32>, %k: tensor<1x2x2xf32>, %mask: tensor<1x2x2xf32>) -> tensor<1x2x2xf32> {
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %s = tosa.matmul %q, %k, %z, %z : (tensor<1x2x2xf32>, tensor<1x2x2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x2x2xf32>
  %m = tosa.add %s, %mask : (tensor<1x2x2xf32>, tensor<1x2x2xf32>) -> tensor<1x2x2xf32>
  %p = qnt.composite "softmax" (%m) : (tensor<1x2x2xf32>) -> tensor<1x2x2xf32> {
  ^bb0(%a: tensor<1x2x2xf32>):
    qnt.yield %a : tensor<1x2x2xf32>
  }
  %v = tosa.matmul %p, %k, %z, %z : (tensor<1x2x2xf32>, tensor<1x2x2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x2x2xf32>
  return %v : tensor<1x2x2xf32>
}
