// What each kind of op becomes, read back from the file.

// REQUIRES: onnx
// RUN: quant-opt %s --qnt-export-onnx=file=%t.onnx -o /dev/null
// RUN: %python %S/Inputs/print_onnx.py %t.onnx | FileCheck %s

// CHECK: opset 13
// CHECK: input image FLOAT [1, 8, 8, 3]
// CHECK: output scores FLOAT [1, 4, 4, 4]

// The only transposes are those at the ends, where the caller has channels last.
// CHECK: image_quantized = QuantizeLinear(image, image_quantized_scale:FLOAT[], image_quantized_zero_point:INT8[])
// CHECK: DequantizeLinear(image_quantized
// CHECK: Transpose
// CHECK-SAME: perm=[0, 3, 1, 2]
// CHECK: = DequantizeLinear({{.*}}:INT8[4, 3, 3, 3], {{.*}}:FLOAT[4]) axis=0
// CHECK: = DequantizeLinear({{.*}}:INT32[4], {{.*}}:FLOAT[4]) axis=0
// CHECK: = Conv(
// CHECK-SAME: kernel_shape=[3, 3] pads=[1, 1, 1, 1] strides=[1, 1] dilations=[1, 1]
// CHECK: = Clip({{.*}}:FLOAT[], {{.*}}:FLOAT[])
// CHECK-NOT: Transpose
// CHECK: = MaxPool(
// CHECK-SAME: kernel_shape=[2, 2]
// CHECK-NOT: Transpose
// CHECK: = Softmax(
// CHECK-SAME: axis=1
// CHECK: scores = Transpose(
// CHECK-SAME: perm=[0, 2, 3, 1]

!image = tensor<1x8x8x3x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01, zero_point = 3>>>
!weight = tensor<4x3x3x3x!qnt.quantized<i8 : f32, #qnt.per_axis<axis = 0, scales = [1.000000e+00, 2.000000e+00, 3.000000e+00, 4.000000e+00]>>>
!bias = tensor<4x!qnt.quantized<i32 : f32, #qnt.per_axis<axis = 0, scales = [5.000000e-01, 1.000000e+00, 1.500000e+00, 2.000000e+00]>>>

func.func @net(%image: tensor<1x8x8x3xf32> {qnt.name = "image"}) -> (tensor<1x4x4x4xf32> {qnt.name = "scores"}) {
  %zero = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %w = arith.constant dense<1> : tensor<4x3x3x3xi8>
  %b = arith.constant dense<7> : tensor<4xi32>
  %q = qnt.quantize %image {qnt.edge = "image"} : tensor<1x8x8x3xf32> to !image
  %x = qnt.dequantize %q : !image to tensor<1x8x8x3xf32>
  %wq = qnt.storage_cast %w : tensor<4x3x3x3xi8> to !weight
  %wr = qnt.dequantize %wq : !weight to tensor<4x3x3x3xf32>
  %bq = qnt.storage_cast %b : tensor<4xi32> to !bias
  %br = qnt.dequantize %bq : !bias to tensor<4xf32>
  %c = tosa.conv2d %x, %wr, %br, %zero, %zero {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>} : (tensor<1x8x8x3xf32>, tensor<4x3x3x3xf32>, tensor<4xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x8x8x4xf32>
  %r = tosa.clamp %c {min_val = 0.0 : f32, max_val = 6.0 : f32} : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
  %p = tosa.max_pool2d %r {kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>} : (tensor<1x8x8x4xf32>) -> tensor<1x4x4x4xf32>
  %s = qnt.composite "softmax" (%p) {config = {axis = 3 : i64}} : (tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32> {
  ^bb0(%a: tensor<1x4x4x4xf32>):
    %e = tosa.exp %a : (tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32>
    qnt.yield %e : tensor<1x4x4x4xf32>
  }
  return %s : tensor<1x4x4x4xf32>
}
