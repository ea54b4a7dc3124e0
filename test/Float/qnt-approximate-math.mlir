// RUN: quant-opt %s --qnt-approximate-math | FileCheck %s

// CHECK-LABEL: @exp
// CHECK-NOT: math.exp
// CHECK: return
func.func @exp(%x: f32) -> f32 {
  %y = math.exp %x : f32
  return %y : f32
}

// A square root is an instruction.
// CHECK-LABEL: @unchanged
// CHECK-NEXT: math.sqrt
func.func @unchanged(%x: f32) -> f32 {
  %y = math.sqrt %x : f32
  return %y : f32
}
