// RUN: quant-opt %s --qnt-anchor-loops | FileCheck %s
// RUN: quant-opt %s --qnt-float-to-llvm | FileCheck %s --check-prefix=LLVM

// What one turn computes goes into the buffer that the next one reads.
// CHECK-LABEL: @carried
// LLVM-LABEL: @carried
func.func @carried(%x: tensor<4xf32>) -> tensor<4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  // CHECK: scf.for {{.*}} iter_args([[CARRIED:%[a-z0-9]+]] =
  // CHECK: [[NEXT:%[a-z0-9]+]] = math.exp
  // CHECK: [[WRITTEN:%[a-z0-9]+]] = bufferization.materialize_in_destination [[NEXT]] in [[CARRIED]]
  // CHECK: scf.yield [[WRITTEN]]
  %r = scf.for %i = %c0 to %c8 step %c1 iter_args(%a = %x) -> (tensor<4xf32>) {
    %s = math.exp %a : tensor<4xf32>
    scf.yield %s : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}

// Scalars have no buffer, and a value that is handed on has its own.
// CHECK-LABEL: @untouched
// CHECK-NOT: bufferization
func.func @untouched(%x: tensor<4xf32>, %s: f32, %n: index) -> (tensor<4xf32>, f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x, %b = %s) -> (tensor<4xf32>, f32) {
    %t = arith.addf %b, %b : f32
    scf.yield %a, %t : tensor<4xf32>, f32
  }
  return %r#0, %r#1 : tensor<4xf32>, f32
}

// An element at a time into the carried tensor, by an inner loop: one buffer.
// CHECK-LABEL: @overwritten
// CHECK-NOT: bufferization
// LLVM-LABEL: @overwritten
func.func @overwritten(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %empty = tensor.empty() : tensor<4x4xf32>
  %r = scf.for %i = %c0 to %c4 step %c1 iter_args(%a = %empty) -> (tensor<4x4xf32>) {
    %q = scf.for %j = %c0 to %c4 step %c1 iter_args(%b = %a) -> (tensor<4x4xf32>) {
      %e = tensor.extract %x[%j, %i] : tensor<4x4xf32>
      %s = tensor.insert %e into %b[%i, %j] : tensor<4x4xf32>
      scf.yield %s : tensor<4x4xf32>
    }
    scf.yield %q : tensor<4x4xf32>
  }
  return %r : tensor<4x4xf32>
}

// A loop of unknown length carries its tensors from buffer to buffer.
// CHECK-LABEL: @conditional
// CHECK-NOT: bufferization
// LLVM-LABEL: @conditional
func.func @conditional(%x: tensor<4xf32>) -> tensor<4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1.0 : f32
  %r = scf.while (%a = %x) : (tensor<4xf32>) -> tensor<4xf32> {
    %first = tensor.extract %a[%c0] : tensor<4xf32>
    %more = arith.cmpf olt, %first, %c1 : f32
    scf.condition(%more) %a : tensor<4xf32>
  } do {
  ^bb0(%a: tensor<4xf32>):
    %s = math.exp %a : tensor<4xf32>
    scf.yield %s : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}
