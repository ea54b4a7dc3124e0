// RUN: quant-opt %s --qnt-lower-to-integer --split-input-file | FileCheck %s

!q = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5, zero_point = -128>>
!w = !qnt.quantized<i8<-127:127> : f32, #qnt.per_axis<axis = 0, scales = [1.0, 2.0]>>
!b = !qnt.quantized<i32 : f32, #qnt.per_axis<axis = 0, scales = [0.5, 1.0]>>

// One multiplier per channel; the clamp behind becomes the saturation.
// CHECK-LABEL: @convolution_absorbs_clamp
// CHECK: %[[I:.*]] = qnt.to_int %{{.*}} {max = 127 : i32, min = -128 : i32, scale = 5.000000e-01 : f32, zero_point = -128 : i32}
// CHECK: %[[A:.*]] = tosa.conv2d %[[I]], {{.*}}acc_type = i32{{.*}}-> tensor<1x1x1x2xi32>
// CHECK: %[[R:.*]] = qnt.rescale %[[A]] {max = -116 : i32, min = -128 : i32, multipliers = array<f64: 1.000000e+00, 2.000000e+00>, output_zp = -128 : i32
// CHECK-NOT: tosa.clamp
// CHECK: qnt.to_float %[[R]]
func.func @convolution_absorbs_clamp(%x: tensor<1x1x1x1xf32>) -> tensor<1x1x1x2xf32> {
  %w = arith.constant dense<[[[[127]]], [[[-3]]]]> : tensor<2x1x1x1xi8>
  %ws = qnt.storage_cast %w : tensor<2x1x1x1xi8> to tensor<2x1x1x1x!w>
  %wd = qnt.dequantize %ws : tensor<2x1x1x1x!w> to tensor<2x1x1x1xf32>
  %b = arith.constant dense<[4, -4]> : tensor<2xi32>
  %bs = qnt.storage_cast %b : tensor<2xi32> to tensor<2x!b>
  %bd = qnt.dequantize %bs : tensor<2x!b> to tensor<2xf32>
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %q = qnt.quantize %x : tensor<1x1x1x1xf32> to tensor<1x1x1x1x!q>
  %d = qnt.dequantize %q : tensor<1x1x1x1x!q> to tensor<1x1x1x1xf32>
  %c = tosa.conv2d %d, %wd, %bd, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x1x1x1xf32>, tensor<2x1x1x1xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x2xf32>
  %r = tosa.clamp %c {min_val = 0.0 : f32, max_val = 6.0 : f32} : (tensor<1x1x1x2xf32>) -> tensor<1x1x1x2xf32>
  %rq = qnt.quantize %r : tensor<1x1x1x2xf32> to tensor<1x1x1x2x!q>
  %rd = qnt.dequantize %rq : tensor<1x1x1x2x!q> to tensor<1x1x1x2xf32>
  return %rd : tensor<1x1x1x2xf32>
}

// -----

!q = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5>>

// A chain of scalar functions is one table: |(-x)| for x from -64.
// CHECK-LABEL: @chain_is_one_table
// CHECK: qnt.table %{{.*}} {table = array<i8: 127, 127, 126, 125,
// CHECK-NOT: qnt.table
// CHECK-NOT: tosa
func.func @chain_is_one_table(%x: tensor<4xf32>) -> tensor<4xf32> {
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %q = qnt.quantize %x : tensor<4xf32> to tensor<4x!q>
  %d = qnt.dequantize %q : tensor<4x!q> to tensor<4xf32>
  %n = tosa.negate %d, %z, %z : (tensor<4xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<4xf32>
  %a = tosa.abs %n : (tensor<4xf32>) -> tensor<4xf32>
  %aq = qnt.quantize %a : tensor<4xf32> to tensor<4x!q>
  %ad = qnt.dequantize %aq : tensor<4x!q> to tensor<4xf32>
  return %ad : tensor<4xf32>
}

// -----

!q = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5, zero_point = 2>>

// (sum - zp * count) * s_in / (s_out * count).
// CHECK-LABEL: @average_pool
// CHECK: linalg.pooling_nhwc_sum {{.*}}strides = dense<2>{{.*}} -> tensor<1x1x1x3xi32>
// CHECK: qnt.rescale %{{.*}} {input_zp = 8 : i32, max = 127 : i32, min = -128 : i32, multipliers = array<f64: 2.500000e-01>, output_zp = 2 : i32
func.func @average_pool(%x: tensor<1x2x2x3xf32>) -> tensor<1x1x1x3xf32> {
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %q = qnt.quantize %x : tensor<1x2x2x3xf32> to tensor<1x2x2x3x!q>
  %d = qnt.dequantize %q : tensor<1x2x2x3x!q> to tensor<1x2x2x3xf32>
  %p = tosa.avg_pool2d %d, %z, %z {acc_type = f32, kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>} : (tensor<1x2x2x3xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x3xf32>
  %pq = qnt.quantize %p : tensor<1x1x1x3xf32> to tensor<1x1x1x3x!q>
  %pd = qnt.dequantize %pq : tensor<1x1x1x3x!q> to tensor<1x1x1x3xf32>
  return %pd : tensor<1x1x1x3xf32>
}

// -----

!q = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5, zero_point = 2>>

// A mean is a sum whose rescale takes the factor 1/4.
// CHECK-LABEL: @mean
// CHECK: tosa.cast %{{.*}} : (tensor<1x4xi8>) -> tensor<1x4xi32>
// CHECK: tosa.reduce_sum %{{.*}} -> tensor<1x1xi32>
// CHECK: qnt.rescale %{{.*}} {input_zp = 8 : i32, {{.*}}multipliers = array<f64: 2.500000e-01>
// CHECK-NOT: tosa.mul
func.func @mean(%x: tensor<1x4xf32>) -> tensor<1x1xf32> {
  %f = "tosa.const"() {values = dense<0.25> : tensor<1x1xf32>} : () -> tensor<1x1xf32>
  %s = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %q = qnt.quantize %x : tensor<1x4xf32> to tensor<1x4x!q>
  %d = qnt.dequantize %q : tensor<1x4x!q> to tensor<1x4xf32>
  %r = tosa.reduce_sum %d {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %m = tosa.mul %r, %f, %s : (tensor<1x1xf32>, tensor<1x1xf32>, tensor<1xi8>) -> tensor<1x1xf32>
  %mq = qnt.quantize %m : tensor<1x1xf32> to tensor<1x1x!q>
  %md = qnt.dequantize %mq : tensor<1x1x!q> to tensor<1x1xf32>
  return %md : tensor<1x1xf32>
}

// -----

!q = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5>>
!s = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.00390625, zero_point = -128>>

// CHECK-LABEL: @softmax
// CHECK: qnt.softmax %{{.*}} {axis = 1 : i64, table = array<i32: 8388608,
// CHECK: qnt.to_float %{{.*}} {scale = 3.906250e-03 : f32, zero_point = -128 : i32}
func.func @softmax(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %q = qnt.quantize %x : tensor<1x4xf32> to tensor<1x4x!q>
  %d = qnt.dequantize %q : tensor<1x4x!q> to tensor<1x4xf32>
  %r = qnt.composite "softmax" (%d) {config = {axis = 1 : i64}} : (tensor<1x4xf32>) -> tensor<1x4xf32> {
  ^bb0(%a: tensor<1x4xf32>):
    qnt.yield %a : tensor<1x4xf32>
  }
  %rq = qnt.quantize %r : tensor<1x4xf32> to tensor<1x4x!s>
  %rd = qnt.dequantize %rq : tensor<1x4x!s> to tensor<1x4xf32>
  return %rd : tensor<1x4xf32>
}

// -----

!q = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5>>

// What stays float is listed with its reason, between two conversions.
// CHECK-LABEL: @float_is_listed
// CHECK-SAME: qnt.float_ops = [{name = "tosa.sigmoid", op = "tosa.sigmoid", reason = "excluded by the recipe"}]
// CHECK: qnt.to_int
// CHECK: qnt.to_float
// CHECK: tosa.sigmoid
func.func @float_is_listed(%x: tensor<4xf32>) -> tensor<4xf32> {
  %q = qnt.quantize %x : tensor<4xf32> to tensor<4x!q>
  %d = qnt.dequantize %q : tensor<4x!q> to tensor<4xf32>
  %s = tosa.sigmoid %d {qnt.exclude = "the recipe"} : (tensor<4xf32>) -> tensor<4xf32>
  return %s : tensor<4xf32>
}

// -----

// Nothing to do in a float function without casts.
// CHECK-LABEL: @must_not_change
// CHECK-SAME: qnt.float_ops
// CHECK-NEXT: = tosa.exp
// CHECK-NEXT: return
func.func @must_not_change(%x: tensor<4xf32>) -> tensor<4xf32> {
  %e = tosa.exp %x : (tensor<4xf32>) -> tensor<4xf32>
  return %e : tensor<4xf32>
}
