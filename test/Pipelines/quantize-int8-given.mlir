// A model that is quantized already goes through without calibration; its
// parameters stay bit for bit, unsigned bytes stay unsigned outside.

// RUN: quant-opt %s --quantize-int8="full-integer=true" --split-input-file | FileCheck %s

!in = !qnt.quantized<ui8 : f32, #qnt.per_tensor<scale = 5.000000e-01, zero_point = 131>>
!w = !qnt.quantized<i8 : f32, #qnt.per_axis<axis = 0, scales = [5.000000e-01, 2.500000e-01]>>
!b = !qnt.quantized<i32 : f32, #qnt.per_axis<axis = 0, scales = [2.500000e-01, 1.250000e-01]>>
!out = !qnt.quantized<ui8 : f32, #qnt.per_tensor<scale = 7.500000e-01, zero_point = 1>>

// CHECK: module attributes {qnt.home = "onnxruntime", qnt.mode = "int8"
// CHECK-LABEL: func.func @conv
// CHECK-SAME: tensor<1x2x2x3xui8> {qnt.name = "x", qnt.scale = 5.000000e-01 : f32, qnt.zero_point = 131 : i32}
// CHECK-SAME: -> (tensor<1x2x2x2xui8> {qnt.name = "y", qnt.scale = 7.500000e-01 : f32, qnt.zero_point = 1 : i32})
// CHECK-DAG: dense<[7, 8]> : tensor<2xi32>
// CHECK-DAG: dense<3> : tensor<1xi8>
// CHECK: qnt.rescale %{{.*}}input_zp = 128 : i32,{{.*}} tensor<1x2x2x3xui8> to tensor<1x2x2x3xi8>
// CHECK: tosa.conv2d
// CHECK: qnt.rescale {{.*}}multipliers = array<f64: 0.33333334{{.*}}, 0.16666667{{.*}}>{{.*}}output_zp = -127 : i32
// CHECK: qnt.rescale {{.*}}output_zp = 128 : i32{{.*}} tensor<1x2x2x2xi8> to tensor<1x2x2x2xui8>
module attributes {qnt.home = "onnxruntime"} {
func.func @conv(%x: tensor<1x2x2x3xi8> {qnt.name = "x", qnt.dtype = "uint8"}) -> (tensor<1x2x2x2xi8> {qnt.name = "y", qnt.dtype = "uint8"}) {
  %xq = qnt.storage_cast %x : tensor<1x2x2x3xi8> to tensor<1x2x2x3x!in>
  %xd = qnt.dequantize %xq : tensor<1x2x2x3x!in> to tensor<1x2x2x3xf32>
  %wi = arith.constant dense<[[[[1, 2, 3]]], [[[4, 5, 6]]]]> : tensor<2x1x1x3xi8>
  %wq = qnt.storage_cast %wi : tensor<2x1x1x3xi8> to tensor<2x1x1x3x!w>
  %w = qnt.dequantize %wq : tensor<2x1x1x3x!w> to tensor<2x1x1x3xf32>
  %bi = arith.constant dense<[7, 8]> : tensor<2xi32>
  %bq = qnt.storage_cast %bi : tensor<2xi32> to tensor<2x!b>
  %b = qnt.dequantize %bq : tensor<2x!b> to tensor<2xf32>
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %c = tosa.conv2d %xd, %w, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x2x2x3xf32>, tensor<2x1x1x3xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x2x2x2xf32>
  %yq = qnt.quantize %c : tensor<1x2x2x2xf32> to tensor<1x2x2x2x!out>
  %y = qnt.storage_cast %yq : tensor<1x2x2x2x!out> to tensor<1x2x2x2xi8>
  return %y : tensor<1x2x2x2xi8>
}
}

// -----

!s = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01, zero_point = 3>>
!t = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 3.000000e-01, zero_point = 4>>

// ONNX Runtime's requantize goes through float: a table. The parameters of a
// sigmoid are those of the model, and two scales of one value stay apart.
// CHECK-LABEL: func.func @tables
// CHECK-SAME: %[[X:.*]]: tensor<4xi8>
// CHECK-DAG: qnt.table %[[X]] {table = array<i8: -128,
// CHECK-DAG: qnt.table %[[X]] {table = array<i8: 4, 4,
module attributes {qnt.home = "onnxruntime"} {
func.func @tables(%x: tensor<4xi8>) -> (tensor<4xi8>, tensor<4xi8>) {
  %q = qnt.storage_cast %x : tensor<4xi8> to tensor<4x!s>
  %d = qnt.dequantize %q : tensor<4x!s> to tensor<4xf32>
  %r = qnt.quantize %d : tensor<4xf32> to tensor<4x!t>
  %g = tosa.sigmoid %d : (tensor<4xf32>) -> tensor<4xf32>
  %h = qnt.quantize %g : tensor<4xf32> to tensor<4x!t>
  %ri = qnt.storage_cast %r : tensor<4x!t> to tensor<4xi8>
  %hi = qnt.storage_cast %h : tensor<4x!t> to tensor<4xi8>
  return %ri, %hi : tensor<4xi8>, tensor<4xi8>
}
}
