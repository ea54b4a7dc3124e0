// RUN: quant-opt %s --qnt-propagate --qnt-fold --qnt-lower-to-integer=full-integer | FileCheck %s

!q = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5, zero_point = 3>>

// Moves of elements are the same ops on stored integers; padding is stored.
// CHECK-LABEL: @moves
// CHECK: %[[I:.*]] = qnt.to_int
// CHECK: %[[E:.*]] = tensor.expand_shape %[[I]] {{.*}} : tensor<4x6xi8> into tensor<2x2x6xi8>
// CHECK: %[[S:.*]] = tensor.extract_slice %[[E]]{{.*}} : tensor<2x2x6xi8> to tensor<1x2x4xi8>
// CHECK: %[[C:.*]] = tensor.collapse_shape %[[S]] {{.*}} : tensor<1x2x4xi8> into tensor<2x4xi8>
// CHECK: %[[V:.*]] = arith.constant 5 : i8
// CHECK: %[[P:.*]] = tensor.pad %[[C]]
// CHECK: tensor.yield %[[V]] : i8
// CHECK: %[[J:.*]] = tensor.concat dim(0) %[[P]], %[[P]] {{.*}}: (tensor<2x5xi8>, tensor<2x5xi8>) -> tensor<4x5xi8>
// CHECK: qnt.to_float %[[J]]
func.func @moves(%x: tensor<4x6xf32>) -> tensor<4x5xf32> {
  %one = arith.constant 1.0 : f32
  %q = qnt.quantize %x : tensor<4x6xf32> to tensor<4x6x!q>
  %d = qnt.dequantize %q : tensor<4x6x!q> to tensor<4x6xf32>
  %e = tensor.expand_shape %d [[0, 1], [2]] output_shape [2, 2, 6] : tensor<4x6xf32> into tensor<2x2x6xf32>
  %s = tensor.extract_slice %e[0, 0, 1] [1, 2, 4] [1, 1, 1] : tensor<2x2x6xf32> to tensor<1x2x4xf32>
  %c = tensor.collapse_shape %s [[0, 1], [2]] : tensor<1x2x4xf32> into tensor<2x4xf32>
  %p = tensor.pad %c low[0, 0] high[0, 1] {
  ^bb0(%i: index, %j: index):
    tensor.yield %one : f32
  } : tensor<2x4xf32> to tensor<2x5xf32>
  %j = tensor.concat dim(0) %p, %p : (tensor<2x5xf32>, tensor<2x5xf32>) -> tensor<4x5xf32>
  return %j : tensor<4x5xf32>
}
