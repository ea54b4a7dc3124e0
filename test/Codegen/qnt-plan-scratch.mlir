// RUN: quant-opt %s --qnt-plan-scratch --split-input-file | FileCheck %s

// The first and the last temporary are never alive together.
// CHECK-LABEL: func.func @reuse(
// CHECK-SAME: %[[SCRATCH:[^:]+]]: memref<192xi8>) attributes {qnt.scratch_bytes = 192 : i64}
// CHECK-DAG: %[[ZERO:.+]] = arith.constant 0 : index
// CHECK-DAG: memref.view %[[SCRATCH]][%[[ZERO]]][] : memref<192xi8> to memref<32xf32>
// CHECK: %[[MIDDLE:.+]] = arith.constant 128 : index
// CHECK: memref.view %[[SCRATCH]][%[[MIDDLE]]][] : memref<192xi8> to memref<16xf32>
// CHECK: %[[AGAIN:.+]] = arith.constant 0 : index
// CHECK: memref.view %[[SCRATCH]][%[[AGAIN]]][] : memref<192xi8> to memref<16xf32>
// CHECK-NOT: memref.alloc
// CHECK-NOT: memref.dealloc
func.func @reuse(%x: memref<16xf32>) {
  %a = memref.alloc() : memref<32xf32>
  %v = memref.subview %a[0] [16] [1] : memref<32xf32> to memref<16xf32, strided<[1]>>
  memref.copy %x, %v : memref<16xf32> to memref<16xf32, strided<[1]>>
  %b = memref.alloc() : memref<16xf32>
  memref.copy %v, %b : memref<16xf32, strided<[1]>> to memref<16xf32>
  memref.dealloc %a : memref<32xf32>
  %c = memref.alloc() : memref<16xf32>
  memref.copy %b, %c : memref<16xf32> to memref<16xf32>
  memref.copy %c, %x : memref<16xf32> to memref<16xf32>
  return
}

// -----

// Nothing to place, no argument.
// CHECK-LABEL: func.func @nothing(
// CHECK-SAME: %{{[^:,]+}}: memref<16xf32>) attributes {qnt.scratch_bytes = 0 : i64}
// CHECK-NEXT: return
func.func @nothing(%x: memref<16xf32>) {
  return
}
