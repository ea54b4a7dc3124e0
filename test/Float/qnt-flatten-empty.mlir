// RUN: quant-opt %s --qnt-flatten-empty | FileCheck %s
// RUN: quant-opt %s --qnt-flatten-empty --convert-func-to-llvm="use-bare-ptr-memref-call-conv=1" \
// RUN:   | FileCheck %s --check-prefix=LLVM

// CHECK-LABEL: func.func @copied(%{{.*}}: memref<0xf32>, %{{.*}}: memref<0xi8>)
// CHECK-NEXT: return
// LLVM: llvm.func @copied
func.func @copied(%x: memref<4x0xf32>, %y: memref<0x2xi8>) {
  memref.copy %x, %x : memref<4x0xf32> to memref<4x0xf32>
  return
}

// What has elements, or one dimension, or is used, stays.
// CHECK-LABEL: func.func @others(%{{.*}}: memref<4x1xf32>, %{{.*}}: memref<0xf32>, %{{.*}}: memref<2x0xf32>)
func.func @others(%x: memref<4x1xf32>, %y: memref<0xf32>, %z: memref<2x0xf32>) -> index {
  %c = arith.constant 1 : index
  %d = memref.dim %z, %c : memref<2x0xf32>
  return %d : index
}
