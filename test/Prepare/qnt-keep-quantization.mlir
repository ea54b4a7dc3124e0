// RUN: quant-opt %s --qnt-keep-quantization --split-input-file | FileCheck %s

!u8 = !qnt.quantized<ui8 : f32, #qnt.per_tensor<scale = 5.000000e-01, zero_point = 128>>

// A max pool of stored bytes in front of a dequantize.
// CHECK-LABEL: func @before_cast
// CHECK-SAME: %[[I:.*]]: tensor<1x4x4x2xi8>
// CHECK: %[[Q:.*]] = qnt.storage_cast %[[I]]
// CHECK: %[[D:.*]] = qnt.dequantize %[[Q]]
// CHECK: %[[P:.*]] = tosa.max_pool2d %[[D]] {{.*}} -> tensor<1x2x2x2xf32>
// CHECK: %[[R:.*]] = qnt.quantize %[[P]] {qnt.given}
// CHECK: qnt.dequantize %[[R]]
func.func @before_cast(%i: tensor<1x4x4x2xi8>) -> tensor<1x2x2x2xf32> {
  %p = tosa.max_pool2d %i {kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>} : (tensor<1x4x4x2xi8>) -> tensor<1x2x2x2xi8>
  %q = qnt.storage_cast %p : tensor<1x2x2x2xi8> to tensor<1x2x2x2x!u8>
  %d = qnt.dequantize %q : tensor<1x2x2x2x!u8> to tensor<1x2x2x2xf32>
  return %d : tensor<1x2x2x2xf32>
}

// -----

!s8 = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01>>

// A reshape of stored bytes behind a quantize.
// CHECK-LABEL: func @behind_cast
// CHECK: %[[Q:.*]] = qnt.quantize %{{.*}} {qnt.given}
// CHECK: %[[D:.*]] = qnt.dequantize %[[Q]]
// CHECK: %[[R:.*]] = tosa.reshape %[[D]]
// CHECK: %[[S:.*]] = qnt.quantize %[[R]] {qnt.given}
// CHECK: %[[C:.*]] = qnt.storage_cast %[[S]]
// CHECK: return %[[C]] : tensor<2x2xi8>
func.func @behind_cast(%x: tensor<4xf32>) -> tensor<2x2xi8> {
  %s = tosa.const_shape {values = dense<2> : tensor<2xindex>} : () -> !tosa.shape<2>
  %q = qnt.quantize %x : tensor<4xf32> to tensor<4x!s8>
  %c = qnt.storage_cast %q : tensor<4x!s8> to tensor<4xi8>
  %r = tosa.reshape %c, %s : (tensor<4xi8>, !tosa.shape<2>) -> tensor<2x2xi8>
  return %r : tensor<2x2xi8>
}

// -----

!fq = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01>>

// CHECK-LABEL: func @fake_quant
// CHECK: %[[Q:.*]] = qnt.quantize %{{.*}} {qnt.given}
// CHECK: qnt.dequantize %[[Q]]
func.func @fake_quant(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = qnt.fake_quant %x as !fq : tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

!w = !qnt.quantized<i8 : f32, #qnt.per_axis<axis = 0, scales = [5.000000e-01, 2.500000e-01]>>
!b = !qnt.quantized<i32 : f32, #qnt.per_tensor<scale = 1.250000e-01>>

// A stored row behind a convolution is its bias, through the reshape between.
// CHECK-LABEL: func @row_to_bias
// CHECK: %[[B:.*]] = qnt.storage_cast %{{.*}} : tensor<2xi32>
// CHECK: %[[D:.*]] = qnt.dequantize %[[B]]
// CHECK: tosa.conv2d %{{.*}}, %{{.*}}, %[[D]],
// CHECK-NOT: tosa.add
func.func @row_to_bias(%x: tensor<1x1x1x3xf32>) -> tensor<1x2xf32> {
  %wi = arith.constant dense<[[[[1, 2, 3]]], [[[4, 5, 6]]]]> : tensor<2x1x1x3xi8>
  %wq = qnt.storage_cast %wi : tensor<2x1x1x3xi8> to tensor<2x1x1x3x!w>
  %w = qnt.dequantize %wq : tensor<2x1x1x3x!w> to tensor<2x1x1x3xf32>
  %ri = arith.constant dense<[[7, 8]]> : tensor<1x2xi32>
  %rq = qnt.storage_cast %ri : tensor<1x2xi32> to tensor<1x2x!b>
  %r = qnt.dequantize %rq : tensor<1x2x!b> to tensor<1x2xf32>
  %none = "tosa.const"() {values = dense<0.0> : tensor<2xf32>} : () -> tensor<2xf32>
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %s = tosa.const_shape {values = dense<[1, 2]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %c = tosa.conv2d %x, %w, %none, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x1x1x3xf32>, tensor<2x1x1x3xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x2xf32>
  %f = tosa.reshape %c, %s : (tensor<1x1x1x2xf32>, !tosa.shape<2>) -> tensor<1x2xf32>
  %y = tosa.add %f, %r : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// -----

// Integers that nobody reads as quantized numbers stay.
// CHECK-LABEL: func @plain_integers
// CHECK: tosa.reshape %{{.*}} : (tensor<4xi8>, !tosa.shape<2>) -> tensor<2x2xi8>
func.func @plain_integers(%x: tensor<4xi8>) -> tensor<2x2xi8> {
  %s = tosa.const_shape {values = dense<2> : tensor<2xindex>} : () -> !tosa.shape<2>
  %r = tosa.reshape %x, %s : (tensor<4xi8>, !tosa.shape<2>) -> tensor<2x2xi8>
  return %r : tensor<2x2xi8>
}

// -----

!w4 = !qnt.quantized<ui4 : f32, #qnt.per_tensor<scale = 5.000000e-01, zero_point = 8>>

// Four bits become a byte of the same numbers and range.
// CHECK-LABEL: func @four_bits
// CHECK: %[[C:.*]] = arith.constant dense<[0, 15, 8]> : tensor<3xi8>
// CHECK: qnt.storage_cast %[[C]] : tensor<3xi8> to tensor<3x!qnt.quantized<i8<0:15> : f32, #qnt.per_tensor<scale = 5.000000e-01, zero_point = 8>>>
func.func @four_bits() -> tensor<3xf32> {
  %i = arith.constant dense<[0, -1, -8]> : tensor<3xi4>
  %q = qnt.storage_cast %i : tensor<3xi4> to tensor<3x!w4>
  %d = qnt.dequantize %q : tensor<3x!w4> to tensor<3xf32>
  return %d : tensor<3xf32>
}
