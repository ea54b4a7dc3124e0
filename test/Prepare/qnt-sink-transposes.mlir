// RUN: quant-opt %s --qnt-sink-transposes --split-input-file | FileCheck %s

// A constant operand takes the layout of the others.
// CHECK-LABEL: func @elementwise
// CHECK-SAME: %[[X:.*]]: tensor<1x2x3x4xf32>
func.func @elementwise(%x: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  %c = "tosa.const"() {values = dense<[[[[1.0]], [[2.0]], [[3.0]], [[4.0]]]]> : tensor<1x4x1x1xf32>} : () -> tensor<1x4x1x1xf32>
  // CHECK: %[[C:.*]] = "tosa.const"() <{values = dense<{{.*}}> : tensor<1x1x1x4xf32>}>
  // CHECK: %[[ADD:.*]] = tosa.add %[[X]], %[[C]] : (tensor<1x2x3x4xf32>, tensor<1x1x1x4xf32>)
  // CHECK-NEXT: return %[[ADD]]
  %t = tosa.transpose %x {perms = array<i32: 0, 3, 1, 2>} : (tensor<1x2x3x4xf32>) -> tensor<1x4x2x3xf32>
  %a = tosa.add %t, %c : (tensor<1x4x2x3xf32>, tensor<1x4x1x1xf32>) -> tensor<1x4x2x3xf32>
  %u = tosa.transpose %a {perms = array<i32: 0, 2, 3, 1>} : (tensor<1x4x2x3xf32>) -> tensor<1x2x3x4xf32>
  return %u : tensor<1x2x3x4xf32>
}

// -----

// The axis of a concat and the lists of pad and slice follow the layout.
// CHECK-LABEL: func @layout_ops
// CHECK-DAG: %[[SIZE:.*]] = tosa.const_shape {values = dense<[1, 2, 1, 8]>
// CHECK-DAG: %[[PAD:.*]] = tosa.const_shape {values = dense<[0, 0, 0, 1, 0, 0, 0, 0]>
// CHECK-DAG: %[[CONCAT:.*]] = tosa.concat %{{.*}}, %{{.*}} {axis = 3 : i32}
// CHECK-DAG: %[[PADDED:.*]] = tosa.pad %[[CONCAT]], %[[PAD]]
// CHECK: tosa.slice %[[PADDED]], %{{.*}}, %[[SIZE]]
// CHECK-NOT: tosa.transpose
func.func @layout_ops(%x: tensor<1x2x3x4xf32>, %y: tensor<1x2x3x4xf32>) -> tensor<1x2x1x8xf32> {
  %zero = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %amounts = tosa.const_shape {values = dense<[0, 0, 0, 0, 0, 1, 0, 0]> : tensor<8xindex>} : () -> !tosa.shape<8>
  %start = tosa.const_shape {values = dense<[0, 0, 1, 1]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %size = tosa.const_shape {values = dense<[1, 8, 2, 1]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %a = tosa.transpose %x {perms = array<i32: 0, 3, 1, 2>} : (tensor<1x2x3x4xf32>) -> tensor<1x4x2x3xf32>
  %b = tosa.transpose %y {perms = array<i32: 0, 3, 1, 2>} : (tensor<1x2x3x4xf32>) -> tensor<1x4x2x3xf32>
  %c = tosa.concat %a, %b {axis = 1 : i32} : (tensor<1x4x2x3xf32>, tensor<1x4x2x3xf32>) -> tensor<1x8x2x3xf32>
  %p = tosa.pad %c, %amounts, %zero : (tensor<1x8x2x3xf32>, !tosa.shape<8>, tensor<1xf32>) -> tensor<1x8x3x3xf32>
  %s = tosa.slice %p, %start, %size : (tensor<1x8x3x3xf32>, !tosa.shape<4>, !tosa.shape<4>) -> tensor<1x8x2x1xf32>
  %u = tosa.transpose %s {perms = array<i32: 0, 2, 3, 1>} : (tensor<1x8x2x1xf32>) -> tensor<1x2x1x8xf32>
  return %u : tensor<1x2x1x8xf32>
}

// -----

// The axis of a softmax is remapped inside and outside of its region.
// CHECK-LABEL: func @softmax
// CHECK: qnt.composite "softmax"
// CHECK-SAME: axis = 1
// CHECK: tosa.reduce_max %{{.*}} {axis = 1 : i32}
// CHECK-NOT: tosa.transpose
// CHECK: qnt.yield
// CHECK: tosa.transpose
func.func @softmax(%x: tensor<1x2x5xf32>) -> tensor<1x5x2xf32> {
  %t = tosa.transpose %x {perms = array<i32: 0, 2, 1>} : (tensor<1x2x5xf32>) -> tensor<1x5x2xf32>
  %r = qnt.composite "softmax"(%t) {config = {axis = 2 : i64}} : (tensor<1x5x2xf32>) -> tensor<1x5x2xf32> {
  ^bb0(%a: tensor<1x5x2xf32>):
    %m = tosa.reduce_max %a {axis = 2 : i32} : (tensor<1x5x2xf32>) -> tensor<1x5x1xf32>
    %s = tosa.sub %a, %m : (tensor<1x5x2xf32>, tensor<1x5x1xf32>) -> tensor<1x5x2xf32>
    %e = tosa.exp %s : (tensor<1x5x2xf32>) -> tensor<1x5x2xf32>
    qnt.yield %e : tensor<1x5x2xf32>
  }
  return %r : tensor<1x5x2xf32>
}

// -----

// Dimensions of size 1 move by a reshape.
// CHECK-LABEL: func @one_channel
// CHECK-NOT: tosa.transpose
// CHECK: tosa.reshape
func.func @one_channel(%x: tensor<1x1x28x28xf32>) -> tensor<1x28x28x1xf32> {
  %t = tosa.transpose %x {perms = array<i32: 0, 2, 3, 1>} : (tensor<1x1x28x28xf32>) -> tensor<1x28x28x1xf32>
  return %t : tensor<1x28x28x1xf32>
}

// -----

// Height and width stay neighbours, so they merge before the transpose.
// CHECK-LABEL: func @merging_reshape
// CHECK: %[[R:.*]] = tosa.reshape {{.*}} -> tensor<1x6x4xf32>
// CHECK: tosa.transpose %[[R]] {perms = array<i32: 0, 2, 1>}
func.func @merging_reshape(%x: tensor<1x2x3x4xf32>) -> tensor<1x4x6xf32> {
  %shape = tosa.const_shape {values = dense<[1, 4, 6]> : tensor<3xindex>} : () -> !tosa.shape<3>
  %t = tosa.transpose %x {perms = array<i32: 0, 3, 1, 2>} : (tensor<1x2x3x4xf32>) -> tensor<1x4x2x3xf32>
  %r = tosa.reshape %t, %shape : (tensor<1x4x2x3xf32>, !tosa.shape<3>) -> tensor<1x4x6xf32>
  return %r : tensor<1x4x6xf32>
}

// -----

// A flattening transpose goes into the weights: input (c, w) is read at (w, c).
// CHECK-LABEL: func @dense
// CHECK: "tosa.const"() <{values = dense<{{\[\[\[\[}}1.000000e+00, 3.000000e+00, 2.000000e+00, 4.000000e+00]]]]>
// CHECK-NOT: tosa.transpose
// CHECK: tosa.conv2d
func.func @dense(%x: tensor<1x1x2x2xf32>) -> tensor<1x1x1x1xf32> {
  %w = "tosa.const"() {values = dense<[[[[1.0, 2.0, 3.0, 4.0]]]]> : tensor<1x1x1x4xf32>} : () -> tensor<1x1x1x4xf32>
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %shape = tosa.const_shape {values = dense<[1, 1, 1, 4]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %t = tosa.transpose %x {perms = array<i32: 0, 3, 1, 2>} : (tensor<1x1x2x2xf32>) -> tensor<1x2x1x2xf32>
  %r = tosa.reshape %t, %shape : (tensor<1x2x1x2xf32>, !tosa.shape<4>) -> tensor<1x1x1x4xf32>
  %c = tosa.conv2d %r, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x1x1x4xf32>, tensor<1x1x1x4xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x1xf32>
  return %c : tensor<1x1x1x1xf32>
}

// -----

// Operands of different layouts leave the transpose where it is.
// CHECK-LABEL: func @mixed_layouts
// CHECK: %[[T:.*]] = tosa.transpose
// CHECK-NEXT: %[[ADD:.*]] = tosa.add %[[T]],
// CHECK-NEXT: return %[[ADD]]
func.func @mixed_layouts(%x: tensor<1x2x3x4xf32>, %y: tensor<1x4x2x3xf32>) -> tensor<1x4x2x3xf32> {
  %t = tosa.transpose %x {perms = array<i32: 0, 3, 1, 2>} : (tensor<1x2x3x4xf32>) -> tensor<1x4x2x3xf32>
  %a = tosa.add %t, %y : (tensor<1x4x2x3xf32>, tensor<1x4x2x3xf32>) -> tensor<1x4x2x3xf32>
  return %a : tensor<1x4x2x3xf32>
}

// -----

// A composite whose parameter the pass does not know keeps its layout.
// CHECK-LABEL: func @unknown_composite
// CHECK: tosa.transpose
// CHECK-NEXT: qnt.composite "rolled"
func.func @unknown_composite(%x: tensor<2x3xf32>) -> tensor<3x2xf32> {
  %t = tosa.transpose %x {perms = array<i32: 1, 0>} : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %r = qnt.composite "rolled"(%t) {config = {axis = 1 : i64}} : (tensor<3x2xf32>) -> tensor<3x2xf32> {
  ^bb0(%a: tensor<3x2xf32>):
    qnt.yield %a : tensor<3x2xf32>
  }
  return %r : tensor<3x2xf32>
}
