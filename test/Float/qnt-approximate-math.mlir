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

// CHECK-LABEL: @hyperbolic
// CHECK-NOT: math.{{tan|sinh|cosh|asinh|acosh|atanh|exp|log|sin|cos}}
// CHECK: return
func.func @hyperbolic(%x: f32) -> (f32, f32, f32, f32, f32, f32) {
  %0 = math.tan %x : f32
  %1 = math.sinh %x : f32
  %2 = math.cosh %x : f32
  %3 = math.asinh %x : f32
  %4 = math.acosh %x : f32
  %5 = math.atanh %x : f32
  return %0, %1, %2, %3, %4, %5 : f32, f32, f32, f32, f32, f32
}

// Only f32 has polynomials.
// CHECK-LABEL: @double
// CHECK-NEXT: math.sinh
func.func @double(%x: f64) -> f64 {
  %0 = math.sinh %x : f64
  return %0 : f64
}
