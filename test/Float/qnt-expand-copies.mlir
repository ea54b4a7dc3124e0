// RUN: quant-opt %s --qnt-expand-copies | FileCheck %s

// CHECK-LABEL: @strided
// CHECK-NOT: memref.copy
// CHECK: linalg.generic
func.func @strided(%x: memref<4x4xf32>, %y: memref<4x4xf32, strided<[8, 1]>>) {
  memref.copy %x, %y : memref<4x4xf32> to memref<4x4xf32, strided<[8, 1]>>
  return
}

// A contiguous copy becomes a memcpy as it is.
// CHECK-LABEL: @contiguous
// CHECK-NEXT: memref.copy
func.func @contiguous(%x: memref<4x4xf32>, %y: memref<4x4xf32>) {
  memref.copy %x, %y : memref<4x4xf32> to memref<4x4xf32>
  return
}
