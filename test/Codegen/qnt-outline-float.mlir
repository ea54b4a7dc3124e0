// RUN: quant-opt %s --qnt-outline-float --split-input-file | FileCheck %s

// Two groups with integer arithmetic between them stay apart, although a float
// value of the first reaches the second directly.
// CHECK: func.func private @two_float_0(tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
// CHECK: func.func private @two_float_1(tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
// CHECK-LABEL: func.func @two(
// CHECK: %[[FIRST:.+]]:2 = call @two_float_0
// CHECK: %[[INT:.+]] = qnt.to_int %[[FIRST]]#
// CHECK: %[[BACK:.+]] = qnt.to_float %[[INT]]
// CHECK: call @two_float_1
// CHECK: module @qnt_float
// CHECK: func.func @two_float_0
// CHECK: tosa.exp
// CHECK: tosa.tanh
// CHECK: func.func @two_float_1
// CHECK: tosa.add
func.func @two(%x: tensor<4xf32>) -> tensor<4xf32> {
  %e = tosa.exp %x : (tensor<4xf32>) -> tensor<4xf32>
  %t = tosa.tanh %e : (tensor<4xf32>) -> tensor<4xf32>
  %q = qnt.to_int %t {scale = 1.0e-02 : f32, zero_point = 0 : i32, min = -128 : i32, max = 127 : i32} : tensor<4xf32> to tensor<4xi8>
  %f = qnt.to_float %q {scale = 1.0e-02 : f32, zero_point = 0 : i32} : tensor<4xi8> to tensor<4xf32>
  %r = tosa.add %f, %e : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// Constants are copied, a reshape between float ops goes along.
// CHECK-LABEL: func.func @constants(
// CHECK-NOT: tosa.reshape
// CHECK: call @constants_float_0
// CHECK: module @qnt_float
// CHECK: func.func @constants_float_0
// CHECK: "tosa.const"
// CHECK: tosa.add
// CHECK: tosa.const_shape
// CHECK: tosa.reshape
// CHECK: tosa.exp
func.func @constants(%x: tensor<4xf32>) -> tensor<2x2xf32> {
  %c = "tosa.const"() {values = dense<1.0> : tensor<4xf32>} : () -> tensor<4xf32>
  %s = tosa.const_shape {values = dense<2> : tensor<2xindex>} : () -> !tosa.shape<2>
  %a = tosa.add %x, %c : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %r = tosa.reshape %a, %s : (tensor<4xf32>, !tosa.shape<2>) -> tensor<2x2xf32>
  %e = tosa.exp %r : (tensor<2x2xf32>) -> tensor<2x2xf32>
  return %e : tensor<2x2xf32>
}

// -----

// The multiply-accumulates are counted before the ops are gone.
// CHECK: module @qnt_float
// CHECK: func.func @macs_float_0({{.*}}) -> tensor<1x2x4xf32> attributes {qnt.macs = 24 : i64}
func.func @macs(%a: tensor<1x2x3xf32>, %b: tensor<1x3x4xf32>) -> tensor<1x2x4xf32> {
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %r = tosa.matmul %a, %b, %z, %z : (tensor<1x2x3xf32>, tensor<1x3x4xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x2x4xf32>
  return %r : tensor<1x2x4xf32>
}

// -----

// Integer code without float ops stays as it is.
// CHECK-LABEL: func.func @integers(
// CHECK-NEXT: qnt.to_int
// CHECK-NEXT: qnt.to_float
// CHECK-NEXT: return
// CHECK-NOT: module @
func.func @integers(%x: tensor<4xf32>) -> tensor<4xf32> {
  %q = qnt.to_int %x {scale = 1.0e-02 : f32, zero_point = 0 : i32, min = -128 : i32, max = 127 : i32} : tensor<4xf32> to tensor<4xi8>
  %f = qnt.to_float %q {scale = 1.0e-02 : f32, zero_point = 0 : i32} : tensor<4xi8> to tensor<4xf32>
  return %f : tensor<4xf32>
}

// -----

// Integers that were never quantized have no kernels either.
// CHECK-LABEL: func.func @ids
// CHECK-NOT: linalg.generic
// CHECK: call @ids_float_0
// CHECK-NEXT: return
// CHECK: func.func @ids_float_0(%{{.*}}: tensor<4xi64>) -> tensor<4xi1>
func.func @ids(%x: tensor<4xi64>) -> tensor<4xi1> {
  %zero = "tosa.const"() <{values = dense<0> : tensor<4xi64>}> : () -> tensor<4xi64>
  %e = tensor.empty() : tensor<4xi1>
  %r = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%x, %zero : tensor<4xi64>, tensor<4xi64>) outs(%e : tensor<4xi1>) {
  ^bb0(%a: i64, %b: i64, %o: i1):
    %c = arith.cmpi eq, %a, %b : i64
    linalg.yield %c : i1
  } -> tensor<4xi1>
  return %r : tensor<4xi1>
}

// -----

// Bytes that only move have a kernel.
// CHECK-LABEL: func.func @bytes
// CHECK-NEXT: tosa.transpose
// CHECK-NEXT: return
func.func @bytes(%x: tensor<2x3xi8>) -> tensor<3x2xi8> {
  %r = tosa.transpose %x {perms = array<i32: 1, 0>} : (tensor<2x3xi8>) -> tensor<3x2xi8>
  return %r : tensor<3x2xi8>
}
