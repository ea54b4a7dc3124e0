// RUN: quant-opt %s --qnt-exact-extrema --split-input-file | FileCheck %s

// CHECK-LABEL: @maximum
// CHECK: %[[INF:.*]] = arith.constant 0xFF800000 : f32
// CHECK: %[[INIT:.*]] = linalg.fill ins(%[[INF]]
// CHECK: %[[MAX:.*]] = linalg.reduce ins(%{{.*}} : tensor<2x3x4xf32>) outs(%[[INIT]] : tensor<2x4xf32>) dimensions = [1]
// CHECK: arith.maximumf
// CHECK: tensor.expand_shape %[[MAX]] {{\[\[}}0, 1], [2]]
func.func @maximum(%x: tensor<2x3x4xf32>) -> tensor<2x1x4xf32> {
  %m = tosa.reduce_max %x {axis = 1 : i32} : (tensor<2x3x4xf32>) -> tensor<2x1x4xf32>
  return %m : tensor<2x1x4xf32>
}

// -----

// CHECK-LABEL: @minimum_of_the_first
// CHECK: arith.constant 0x7F800000 : f32
// CHECK: linalg.reduce {{.*}} dimensions = [0]
// CHECK: arith.minimumf
// CHECK: tensor.expand_shape %{{.*}} {{\[\[}}0, 1]]
func.func @minimum_of_the_first(%x: tensor<3x4xf32>) -> tensor<1x4xf32> {
  %m = tosa.reduce_min %x {axis = 0 : i32} : (tensor<3x4xf32>) -> tensor<1x4xf32>
  return %m : tensor<1x4xf32>
}

// -----

// A vector becomes a scalar before its dimension is put back.
// CHECK-LABEL: @vector
// CHECK: linalg.reduce {{.*}} outs(%{{.*}} : tensor<f32>) dimensions = [0]
// CHECK: tensor.expand_shape %{{.*}} [] output_shape [1]
func.func @vector(%x: tensor<4xf32>) -> tensor<1xf32> {
  %m = tosa.reduce_max %x {axis = 0 : i32} : (tensor<4xf32>) -> tensor<1xf32>
  return %m : tensor<1xf32>
}

// -----

// Integers have no infinity.
// CHECK-LABEL: @integers
// CHECK-NEXT: tosa.reduce_max
func.func @integers(%x: tensor<3x4xi32>) -> tensor<1x4xi32> {
  %m = tosa.reduce_max %x {axis = 0 : i32} : (tensor<3x4xi32>) -> tensor<1x4xi32>
  return %m : tensor<1x4xi32>
}

// -----

// CHECK-LABEL: @ignores_nan
// CHECK-NEXT: tosa.reduce_max
func.func @ignores_nan(%x: tensor<3x4xf32>) -> tensor<1x4xf32> {
  %m = tosa.reduce_max %x {axis = 0 : i32, nan_mode = IGNORE} : (tensor<3x4xf32>) -> tensor<1x4xf32>
  return %m : tensor<1x4xf32>
}
