// The integer forms of models whose home is LiteRT with XNNPACK.
// RUN: quant-opt %s -qnt-lower-to-integer -split-input-file | FileCheck %s

module attributes {qnt.home = "litert_xnnpack"} {
// N60: one shift of the sum.
// CHECK-LABEL: @n60_add
// CHECK: qnt.add {{.*}}home = #qnt.home<litert_xnnpack>
// CHECK-SAME: rounding = #qnt.rounding<fp32_rne>
func.func @n60_add(%x: tensor<1x4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5>>>, %y: tensor<1x4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.25>>>) -> tensor<1x4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 1.0>>> {
  %a = qnt.dequantize %x : tensor<1x4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5>>> to tensor<1x4xf32>
  %b = qnt.dequantize %y : tensor<1x4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.25>>> to tensor<1x4xf32>
  %s = tosa.add %a, %b : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  %q = qnt.quantize %s : tensor<1x4xf32> to tensor<1x4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 1.0>>>
  return %q : tensor<1x4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 1.0>>>
}
}

// -----

module attributes {qnt.home = "litert_xnnpack"} {
// A ratio of scales that the delegate refuses: TFLite's own kernel.
// CHECK-LABEL: @n60_far_scales
// CHECK: qnt.add
// CHECK-NOT: home
// CHECK-SAME: rounding = #qnt.rounding<tflite_double>
func.func @n60_far_scales(%x: tensor<1x4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 512.0>>>, %y: tensor<1x4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.25>>>) -> tensor<1x4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 1.0>>> {
  %a = qnt.dequantize %x : tensor<1x4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 512.0>>> to tensor<1x4xf32>
  %b = qnt.dequantize %y : tensor<1x4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.25>>> to tensor<1x4xf32>
  %s = tosa.add %a, %b : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  %q = qnt.quantize %s : tensor<1x4xf32> to tensor<1x4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 1.0>>>
  return %q : tensor<1x4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 1.0>>>
}
}

// -----

!q = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5, zero_point = 3>>
!p = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.25, zero_point = -3>>

module attributes {qnt.home = "litert_xnnpack"} {
// CHECK-LABEL: @n66_average_pool
// CHECK: qnt.stored_average %{{.*}} {kernel = array<i64: 2, 2>, max = 127 : i32, min = -128 : i32, offset = 128 : i32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>}
func.func @n66_average_pool(%i: tensor<1x4x4x3xi8>) -> tensor<1x2x2x3x!q> {
  %x = qnt.storage_cast %i : tensor<1x4x4x3xi8> to tensor<1x4x4x3x!q>
  %a = qnt.dequantize %x : tensor<1x4x4x3x!q> to tensor<1x4x4x3xf32>
  %s = qnt.composite "average_pool" (%a) {config = {kernel = array<i64: 2, 2>, offset = 128 : i32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>}} : (tensor<1x4x4x3xf32>) -> tensor<1x2x2x3xf32> {
  ^bb0(%b: tensor<1x4x4x3xf32>):
    %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
    %c = tosa.avg_pool2d %b, %z, %z {acc_type = f32, kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>} : (tensor<1x4x4x3xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x2x2x3xf32>
    qnt.yield %c : tensor<1x2x2x3xf32>
  }
  %q = qnt.quantize %s : tensor<1x2x2x3xf32> to tensor<1x2x2x3x!q>
  return %q : tensor<1x2x2x3x!q>
}

// CHECK-LABEL: @n67_mean
// CHECK: %[[S:.*]] = linalg.pooling_nhwc_sum
// CHECK: qnt.rescale %[[S]] {early_zp = 0 : i32, input_zp = 48 : i32, {{.*}}multipliers = array<f64: 1.250000e-01>, output_zp = -3 : i32
func.func @n67_mean(%i: tensor<1x4x4x3xi8>) -> tensor<1x1x1x3x!p> {
  %x = qnt.storage_cast %i : tensor<1x4x4x3xi8> to tensor<1x4x4x3x!q>
  %a = qnt.dequantize %x : tensor<1x4x4x3x!q> to tensor<1x4x4x3xf32>
  %s = qnt.composite "mean" (%a) {config = {offset = 0 : i32}} : (tensor<1x4x4x3xf32>) -> tensor<1x1x1x3xf32> {
  ^bb0(%b: tensor<1x4x4x3xf32>):
    %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
    %c = tosa.avg_pool2d %b, %z, %z {acc_type = f32, kernel = array<i64: 4, 4>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x4x4x3xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x3xf32>
    qnt.yield %c : tensor<1x1x1x3xf32>
  }
  %q = qnt.quantize %s : tensor<1x1x1x3xf32> to tensor<1x1x1x3x!p>
  return %q : tensor<1x1x1x3x!p>
}

// N62: eight fraction bits, as a table.
// CHECK-LABEL: @n62_requantize
// CHECK: qnt.table
func.func @n62_requantize(%x: tensor<4x!q>) -> tensor<4x!p> {
  %r = qnt.requantize %x : tensor<4x!q> to tensor<4x!p>
  return %r : tensor<4x!p>
}
}
