// RUN: quant-opt %s --qnt-propagate --qnt-fold --qnt-lower-to-integer=full-integer --split-input-file | FileCheck %s

!q = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5>>
#map = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d1)>

// A body of one variable is a table, whatever it computes: x * x / 2 here, of
// the stored number i that is i * i / 4.
// CHECK-LABEL: @any_scalar_body
// CHECK: qnt.table %{{.*}} {table = array<i8: {{.*}}, 6, 4, 2, 1, 0, 0, 0, 1, 2, 4, 6,
func.func @any_scalar_body(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %two = arith.constant 2.0 : f32
  %e = tensor.empty() : tensor<2x3xf32>
  %q = qnt.quantize %x : tensor<2x3xf32> to tensor<2x3x!q>
  %d = qnt.dequantize %q : tensor<2x3x!q> to tensor<2x3xf32>
  %y = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]} ins(%d : tensor<2x3xf32>) outs(%e : tensor<2x3xf32>) {
  ^bb0(%in: f32, %out: f32):
    %s = arith.mulf %in, %in : f32
    %h = arith.divf %s, %two : f32
    linalg.yield %h : f32
  } -> tensor<2x3xf32>
  %yq = qnt.quantize %y : tensor<2x3xf32> to tensor<2x3x!q>
  %yd = qnt.dequantize %yq : tensor<2x3x!q> to tensor<2x3xf32>
  return %yd : tensor<2x3xf32>
}

// -----

!q = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5>>
#map = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d1)>

// An operand that broadcasts is brought to the rank of the result.
// CHECK-LABEL: @broadcast_product
// CHECK: %[[R:.*]] = tosa.reshape %{{.*}} -> tensor<1x3xi8>
// CHECK: qnt.mul %{{.*}}, %[[R]] {{.*}} : tensor<2x3xi8>, tensor<1x3xi8> to tensor<2x3xi8>
func.func @broadcast_product(%x: tensor<2x3xf32>, %v: tensor<3xf32>) -> tensor<2x3xf32> {
  %e = tensor.empty() : tensor<2x3xf32>
  %q = qnt.quantize %x : tensor<2x3xf32> to tensor<2x3x!q>
  %d = qnt.dequantize %q : tensor<2x3x!q> to tensor<2x3xf32>
  %vq = qnt.quantize %v : tensor<3xf32> to tensor<3x!q>
  %vd = qnt.dequantize %vq : tensor<3x!q> to tensor<3xf32>
  %y = linalg.generic {indexing_maps = [#map, #row, #map], iterator_types = ["parallel", "parallel"]} ins(%d, %vd : tensor<2x3xf32>, tensor<3xf32>) outs(%e : tensor<2x3xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %s = arith.mulf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<2x3xf32>
  %yq = qnt.quantize %y : tensor<2x3xf32> to tensor<2x3x!q>
  %yd = qnt.dequantize %yq : tensor<2x3x!q> to tensor<2x3xf32>
  return %yd : tensor<2x3xf32>
}

// -----

!q = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5>>

// Weights HWCF become OHWI; what whole strides do not reach is cut off.
// CHECK-LABEL: @convolution
// CHECK: %[[S:.*]] = tosa.slice %{{.*}} -> tensor<1x2x3x1xi8>
// CHECK: dense<{{\[\[\[\[}}32], [64]], {{\[\[}}95], [127]]]]> : tensor<1x2x2x1xi8>
// CHECK: tosa.conv2d %[[S]]
func.func @convolution(%x: tensor<1x4x3x1xf32>) -> tensor<1x1x2x1xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]]]> : tensor<2x2x1x1xf32>
  %e = tensor.empty() : tensor<1x1x2x1xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<1x1x2x1xf32>) -> tensor<1x1x2x1xf32>
  %q = qnt.quantize %x : tensor<1x4x3x1xf32> to tensor<1x4x3x1x!q>
  %d = qnt.dequantize %q : tensor<1x4x3x1x!q> to tensor<1x4x3x1xf32>
  %c = linalg.conv_2d_nhwc_hwcf {dilations = dense<1> : vector<2xi64>, strides = dense<[3, 1]> : vector<2xi64>} ins(%d, %w : tensor<1x4x3x1xf32>, tensor<2x2x1x1xf32>) outs(%i : tensor<1x1x2x1xf32>) -> tensor<1x1x2x1xf32>
  %cq = qnt.quantize %c : tensor<1x1x2x1xf32> to tensor<1x1x2x1x!q>
  %cd = qnt.dequantize %cq : tensor<1x1x2x1x!q> to tensor<1x1x2x1xf32>
  return %cd : tensor<1x1x2x1xf32>
}
