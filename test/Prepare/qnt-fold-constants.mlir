// RUN: quant-opt %s --qnt-fold-constants --split-input-file | FileCheck %s
// RUN: quant-opt %s --qnt-fold-constants="max-elements=1" --split-input-file \
// RUN:   | FileCheck %s --check-prefix=SMALL

// Operands broadcast, and functions of one operand follow.
// CHECK-LABEL: func @arithmetic
// CHECK: %[[C:.*]] = "tosa.const"() <{values = dense<{{\[\[}}0.000000e+00, 1.500000e+00], [5.000000e-01, 2.500000e+00]]>
// CHECK-NEXT: return %[[C]]
// SMALL-LABEL: func @arithmetic
// SMALL: tosa.sub
func.func @arithmetic() -> tensor<2x2xf32> {
  %a = "tosa.const"() {values = dense<[[1.0, 3.0]]> : tensor<1x2xf32>} : () -> tensor<1x2xf32>
  %b = "tosa.const"() {values = dense<[[1.5], [0.5]]> : tensor<2x1xf32>} : () -> tensor<2x1xf32>
  %d = tosa.sub %a, %b : (tensor<1x2xf32>, tensor<2x1xf32>) -> tensor<2x2xf32>
  %r = tosa.clamp %d {min_val = 0.0 : f32, max_val = 6.0 : f32} : (tensor<2x2xf32>) -> tensor<2x2xf32>
  return %r : tensor<2x2xf32>
}

// -----

// A clamp moves up through the reshape, and the pair of reshapes is nothing.
// CHECK-LABEL: func @reshape_chain
// CHECK-SAME: %[[X:.*]]: tensor<1x1x1x4xf32>
// CHECK: %[[CLAMP:.*]] = tosa.clamp %[[X]]
// CHECK-NEXT: return %[[CLAMP]]
func.func @reshape_chain(%x: tensor<1x1x1x4xf32>) -> tensor<1x1x1x4xf32> {
  %s2 = tosa.const_shape {values = dense<[1, 4]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %s4 = tosa.const_shape {values = dense<[1, 1, 1, 4]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %a = tosa.reshape %x, %s2 : (tensor<1x1x1x4xf32>, !tosa.shape<2>) -> tensor<1x4xf32>
  %c = tosa.clamp %a {min_val = 0.0 : f32, max_val = 6.0 : f32} : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %b = tosa.reshape %c, %s4 : (tensor<1x4xf32>, !tosa.shape<4>) -> tensor<1x1x1x4xf32>
  return %b : tensor<1x1x1x4xf32>
}

// -----

// CHECK-LABEL: func @pad_into_conv
// CHECK-NOT: tosa.pad
// CHECK: tosa.conv2d {{.*}}pad = array<i64: 1, 2, 3, 5>
func.func @pad_into_conv(%x: tensor<1x4x4x1xf32>) -> tensor<1x7x12x1xf32> {
  %w = "tosa.const"() {values = dense<2.0> : tensor<1x1x1x1xf32>} : () -> tensor<1x1x1x1xf32>
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %amounts = tosa.const_shape {values = dense<[0, 0, 1, 2, 3, 4, 0, 0]> : tensor<8xindex>} : () -> !tosa.shape<8>
  %p = tosa.pad %x, %amounts, %z : (tensor<1x4x4x1xf32>, !tosa.shape<8>, tensor<1xf32>) -> tensor<1x7x11x1xf32>
  %c = tosa.conv2d %p, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 1>, stride = array<i64: 1, 1>} : (tensor<1x7x11x1xf32>, tensor<1x1x1x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x7x12x1xf32>
  return %c : tensor<1x7x12x1xf32>
}

// -----

// Zeros around a relu are never the only maximum.
// CHECK-LABEL: func @pad_into_max_pool
// CHECK-NOT: tosa.pad
// CHECK: tosa.max_pool2d {{.*}}pad = array<i64: 0, 1, 0, 1>
func.func @pad_into_max_pool(%x: tensor<1x3x3x1xf32>) -> tensor<1x2x2x1xf32> {
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %amounts = tosa.const_shape {values = dense<[0, 0, 0, 1, 0, 1, 0, 0]> : tensor<8xindex>} : () -> !tosa.shape<8>
  %r = tosa.clamp %x {min_val = 0.0 : f32, max_val = 6.0 : f32} : (tensor<1x3x3x1xf32>) -> tensor<1x3x3x1xf32>
  %p = tosa.pad %r, %amounts, %z : (tensor<1x3x3x1xf32>, !tosa.shape<8>, tensor<1xf32>) -> tensor<1x4x4x1xf32>
  %m = tosa.max_pool2d %p {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>} : (tensor<1x4x4x1xf32>) -> tensor<1x2x2x1xf32>
  return %m : tensor<1x2x2x1xf32>
}

// -----

// Where values may be negative, zeros around them can be the maximum.
// CHECK-LABEL: func @pad_may_win
// CHECK: tosa.pad
// CHECK: tosa.max_pool2d
func.func @pad_may_win(%x: tensor<1x3x3x1xf32>) -> tensor<1x2x2x1xf32> {
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %amounts = tosa.const_shape {values = dense<[0, 0, 0, 1, 0, 1, 0, 0]> : tensor<8xindex>} : () -> !tosa.shape<8>
  %p = tosa.pad %x, %amounts, %z : (tensor<1x3x3x1xf32>, !tosa.shape<8>, tensor<1xf32>) -> tensor<1x4x4x1xf32>
  %m = tosa.max_pool2d %p {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>} : (tensor<1x4x4x1xf32>) -> tensor<1x2x2x1xf32>
  return %m : tensor<1x2x2x1xf32>
}

// -----

// What is not finite is left for the run.
// CHECK-LABEL: func @not_finite
// CHECK: tosa.reciprocal
func.func @not_finite() -> tensor<1xf32> {
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %r = tosa.reciprocal %z : (tensor<1xf32>) -> tensor<1xf32>
  return %r : tensor<1xf32>
}
