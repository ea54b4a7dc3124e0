// RUN: quant-opt %s --qnt-tile-float-convs="vector-length=8 tile-vectors=4" | FileCheck %s

// Four columns by one vector of channels stay in registers; the two columns and
// the four channels that are left get tiles of their own.
// CHECK-LABEL: @conv
// CHECK-NOT: linalg.conv
// CHECK-COUNT-4: vector.load %{{.*}} : memref<1x6x6x12xf32>, vector<8xf32>
// CHECK: scf.for {{.*}} iter_args
// CHECK: vector.broadcast
// CHECK: arith.mulf {{.*}} fastmath<contract> : vector<8xf32>
// CHECK: vector.load %{{.*}} : memref<1x6x6x12xf32>, vector<4xf32>
func.func @conv(%x: memref<1x8x8x3xf32>, %w: memref<3x3x3x12xf32>, %y: memref<1x6x6x12xf32>) {
  linalg.conv_2d_nhwc_hwcf {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>}
    ins(%x, %w : memref<1x8x8x3xf32>, memref<3x3x3x12xf32>) outs(%y : memref<1x6x6x12xf32>)
  return
}

// CHECK-LABEL: @depthwise
// CHECK-NOT: linalg.depthwise
// CHECK: memref.collapse_shape
// CHECK-NOT: vector.broadcast
// CHECK: vector.store
func.func @depthwise(%x: memref<1x8x8x8xf32>, %w: memref<3x3x8x1xf32>, %y: memref<1x6x6x8x1xf32>) {
  linalg.depthwise_conv_2d_nhwc_hwcm {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>}
    ins(%x, %w : memref<1x8x8x8xf32>, memref<3x3x8x1xf32>) outs(%y : memref<1x6x6x8x1xf32>)
  return
}

// Two outputs per channel have another layout; strided channels can't be
// loaded as vectors; integers have kernels of their own.
// CHECK-LABEL: @unchanged
// CHECK: linalg.depthwise_conv_2d_nhwc_hwcm
// CHECK: linalg.conv_2d_nhwc_hwcf
// CHECK: linalg.conv_2d_nhwc_hwcf
// CHECK-NOT: scf.for
func.func @unchanged(%x: memref<1x8x8x8xf32>, %w2: memref<3x3x8x2xf32>, %y2: memref<1x6x6x8x2xf32>,
    %w: memref<1x1x8x4xf32>, %y: memref<1x8x8x4xf32, strided<[1024, 128, 16, 2]>>,
    %xi: memref<1x8x8x8xi8>, %wi: memref<1x1x8x4xi8>, %yi: memref<1x8x8x4xi32>) {
  linalg.depthwise_conv_2d_nhwc_hwcm {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>}
    ins(%x, %w2 : memref<1x8x8x8xf32>, memref<3x3x8x2xf32>) outs(%y2 : memref<1x6x6x8x2xf32>)
  linalg.conv_2d_nhwc_hwcf {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>}
    ins(%x, %w : memref<1x8x8x8xf32>, memref<1x1x8x4xf32>) outs(%y : memref<1x8x8x4xf32, strided<[1024, 128, 16, 2]>>)
  linalg.conv_2d_nhwc_hwcf {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>}
    ins(%xi, %wi : memref<1x8x8x8xi8>, memref<1x1x8x4xi8>) outs(%yi : memref<1x8x8x4xi32>)
  return
}
