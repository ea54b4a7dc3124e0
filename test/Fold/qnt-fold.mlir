// RUN: quant-opt %s --qnt-fold --split-input-file | FileCheck %s

!a = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5>>
!b = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.25>>

// CHECK-LABEL: @equal_schemes_vanish
// CHECK-SAME: (%[[Q:.*]]: tensor
// CHECK-NEXT: return %[[Q]]
func.func @equal_schemes_vanish(%q: tensor<4x!a>) -> tensor<4x!a> {
  %d = qnt.dequantize %q : tensor<4x!a> to tensor<4xf32>
  %r = qnt.quantize %d : tensor<4xf32> to tensor<4x!a>
  return %r : tensor<4x!a>
}

// CHECK-LABEL: @others_requantize
// CHECK-SAME: (%[[Q:.*]]: tensor
// CHECK-NEXT: %[[R:.*]] = qnt.requantize %[[Q]]
// CHECK-NEXT: return %[[R]]
func.func @others_requantize(%q: tensor<4x!a>) -> tensor<4x!b> {
  %d = qnt.dequantize %q : tensor<4x!a> to tensor<4xf32>
  %r = qnt.quantize %d : tensor<4xf32> to tensor<4x!b>
  return %r : tensor<4x!b>
}

// CHECK-LABEL: @duplicates_merge
// CHECK: %[[Q:.*]] = qnt.quantize
// CHECK-NOT: = qnt.quantize
// CHECK: return %[[Q]], %[[Q]]
func.func @duplicates_merge(%x: tensor<4xf32>) -> (tensor<4x!a>, tensor<4x!a>) {
  %q = qnt.quantize %x : tensor<4xf32> to tensor<4x!a>
  %r = qnt.quantize %x : tensor<4xf32> to tensor<4x!a>
  return %q, %r : tensor<4x!a>, tensor<4x!a>
}

// -----

!a = !qnt.quantized<i8 : f32, #qnt.per_axis<axis = 0, scales = [0.5, 0.25]>>
!b = !qnt.quantized<i8 : f32, #qnt.per_axis<axis = 0, scales = [0.5, 0.5]>>

// No integer requantize of several scales.
// CHECK-LABEL: @per_axis_stays
// CHECK: qnt.dequantize
// CHECK: qnt.quantize
func.func @per_axis_stays(%q: tensor<2x!a>) -> tensor<2x!b> {
  %d = qnt.dequantize %q : tensor<2x!a> to tensor<2xf32>
  %r = qnt.quantize %d : tensor<2xf32> to tensor<2x!b>
  return %r : tensor<2x!b>
}

// -----

!a = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5>>
!p = !qnt.quantized<i8 : f32, #qnt.pending<per_tensor>>

// Parameters are not known yet.
// CHECK-LABEL: @pending_stays
// CHECK: qnt.dequantize
// CHECK: qnt.quantize
func.func @pending_stays(%q: tensor<2x!a>) -> tensor<2x!p> {
  %d = qnt.dequantize %q : tensor<2x!a> to tensor<2xf32>
  %r = qnt.quantize %d : tensor<2xf32> to tensor<2x!p>
  return %r : tensor<2x!p>
}

// -----

!a = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5>>
!b = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.25>>

// The requantize rounds as the module does.
// CHECK: qnt.rounding = #qnt.rounding<tflite_single>
module attributes {qnt.rounding = #qnt.rounding<tflite_single>} {
  // CHECK-LABEL: @rounding_of_module
  // CHECK: qnt.requantize {{.*}}rounding = #qnt.rounding<tflite_single>
  func.func @rounding_of_module(%q: tensor<4x!a>) -> tensor<4x!b> {
    %d = qnt.dequantize %q : tensor<4x!a> to tensor<4xf32>
    %r = qnt.quantize %d : tensor<4xf32> to tensor<4x!b>
    return %r : tensor<4x!b>
  }
}
