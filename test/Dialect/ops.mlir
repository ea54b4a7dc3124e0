// Every op, type and attribute survives print and parse, text and bytecode.
// RUN: quant-opt %s --verify-roundtrip | FileCheck %s
// RUN: quant-opt %s --emit-bytecode | quant-opt | FileCheck %s

!pt = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.1, zero_point = -3>>
!pa = !qnt.quantized<i8<-127:127> : f32, #qnt.per_axis<axis = 0, scales = [1.0, 2.0], zero_points = [0, 5]>>
!pb = !qnt.quantized<i4 : f32, #qnt.per_block<axis = 1, block_size = 2, scales = dense<0.5> : tensor<2x2xf32>>>
!dyn = !qnt.quantized<i8 : f32, #qnt.dynamic<per_token>>

// CHECK-LABEL: func @observe
// CHECK: qnt.observe {{.*}} "a" by #qnt.min_max as !qnt.quantized<i8 : f32, #qnt.pending<per_tensor>>
// CHECK: qnt.observe {{.*}} "b" by #qnt.percentile<percentile = 9.990000e+01> as !qnt.quantized<ui8 : f32, #qnt.pending<per_axis, axis = 1, symmetric = true>>
// CHECK: qnt.observe {{.*}} "c" by #qnt.moving_average<momentum = 0.00999999977>
func.func @observe(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %a = qnt.observe %x "a" by #qnt.min_max as !qnt.quantized<i8 : f32, #qnt.pending<per_tensor>> : tensor<2x4xf32>
  %b = qnt.observe %a "b" by #qnt.percentile<percentile = 99.9> as !qnt.quantized<ui8 : f32, #qnt.pending<per_axis, axis = 1, symmetric = true>> : tensor<2x4xf32>
  %c = qnt.observe %b "c" by #qnt.moving_average as !qnt.quantized<i8 : f32, #qnt.pending<per_tensor>> : tensor<2x4xf32>
  return %c : tensor<2x4xf32>
}

// CHECK-LABEL: func @casts
// CHECK: !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 1.000000e-01, zero_point = -3>>
// CHECK: !qnt.quantized<i8<-127:127> : f32, #qnt.per_axis<axis = 0, scales = [1.000000e+00, 2.000000e+00], zero_points = [0, 5]>>
func.func @casts(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %q = qnt.quantize %x : tensor<2x4xf32> to tensor<2x4x!pt>
  %r = qnt.requantize %q : tensor<2x4x!pt> to tensor<2x4x!pa>
  %s = qnt.storage_cast %r : tensor<2x4x!pa> to tensor<2x4xi8>
  %t = qnt.storage_cast %s : tensor<2x4xi8> to tensor<2x4x!pa>
  %d = qnt.dequantize %t : tensor<2x4x!pa> to tensor<2x4xf32>
  %f = qnt.fake_quant %d as !pt : tensor<2x4xf32>
  return %f : tensor<2x4xf32>
}

// CHECK-LABEL: func @per_block
// CHECK: #qnt.per_block<axis = 1, block_size = 2, scales = dense<5.000000e-01> : tensor<2x2xf32>>
func.func @per_block(%q: tensor<2x4x!pb>) -> tensor<2x4xf32> {
  %d = qnt.dequantize %q : tensor<2x4x!pb> to tensor<2x4xf32>
  return %d : tensor<2x4xf32>
}

// CHECK-LABEL: func @dynamic
// CHECK: %[[S:.*]], %[[Z:.*]] = qnt.choose_params
// CHECK: qnt.quantize {{.*}} params(%[[S]] : tensor<2xf32>, %[[Z]] : tensor<2xi32>)
func.func @dynamic(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %s, %z = qnt.choose_params %x for !dyn : tensor<2x4xf32> -> tensor<2xf32>, tensor<2xi32>
  %q = qnt.quantize %x params(%s : tensor<2xf32>, %z : tensor<2xi32>) : tensor<2x4xf32> to tensor<2x4x!dyn>
  %d = qnt.dequantize %q params(%s : tensor<2xf32>, %z : tensor<2xi32>) : tensor<2x4x!dyn> to tensor<2x4xf32>
  return %d : tensor<2x4xf32>
}

// CHECK-LABEL: func @litert
// CHECK: qnt.softmax_f32 %{{.*}} {output_scale = 3.906250e-03 : f32, output_zp = -128 : i32, table = array<f32: 1.000000e+00
// CHECK: qnt.stored_average %{{.*}} {kernel = array<i64: 2, 2>, max = 127 : i32, min = -128 : i32, pad = array<i64: 0, 1, 0, 1>, stride = array<i64: 1, 1>}
// CHECK: qnt.rescale %{{.*}} {early_zp = 128 : i32
func.func @litert(%x: tensor<1x2x2x4xi8>, %acc: tensor<4xi32>) -> (tensor<1x2x2x4xi8>, tensor<1x2x2x4xi8>, tensor<4xi8>) {
  %s = qnt.softmax_f32 %x {output_scale = 3.906250e-03 : f32, output_zp = -128 : i32, table = array<f32: 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0>} : tensor<1x2x2x4xi8> to tensor<1x2x2x4xi8>
  %a = qnt.stored_average %x {kernel = array<i64: 2, 2>, max = 127 : i32, min = -128 : i32, pad = array<i64: 0, 1, 0, 1>, stride = array<i64: 1, 1>} : tensor<1x2x2x4xi8> to tensor<1x2x2x4xi8>
  %r = qnt.rescale %acc {early_zp = 128 : i32, multipliers = array<f64: 0.5>, min = -128 : i32, max = 127 : i32, rounding = #qnt.rounding<fp32_rne>} : tensor<4xi32> to tensor<4xi8>
  return %s, %a, %r : tensor<1x2x2x4xi8>, tensor<1x2x2x4xi8>, tensor<4xi8>
}

// CHECK-LABEL: func @composite
// CHECK: qnt.composite "relu6"(%{{.*}}) {config = {alpha = 1.000000e+00 : f32}}
// CHECK: qnt.yield
func.func @composite(%x: tensor<4xf32>) -> tensor<4xf32> {
  %r = qnt.composite "relu6" (%x) {config = {alpha = 1.0 : f32}} : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%a: tensor<4xf32>):
    %c = tosa.clamp %a {min_val = 0.0 : f32, max_val = 6.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
    qnt.yield %c : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}

// CHECK-LABEL: func @target
// CHECK-SAME: #qnt.cpu_target<"aarch64-linux-gnu", "cortex-a76", "+dotprod">
func.func @target() attributes {t = #qnt.cpu_target<"aarch64-linux-gnu", "cortex-a76", "+dotprod">} {
  return
}

// Scales keep all of their bits: text with fewer digits would change a model.
// CHECK-LABEL: @scale_digits
// CHECK-SAME: scales = [0.00392156886, 0.0226712096, 1.000000e-01]
func.func @scale_digits(%x: tensor<3x!qnt.quantized<i8 : f32, #qnt.per_axis<axis = 0, scales = [0.00392156886, 0.0226712096, 0.1]>>>) {
  return
}
