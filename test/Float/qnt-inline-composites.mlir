// RUN: quant-opt %s --split-input-file --qnt-inline-composites | FileCheck %s

// Inner composites come out with the outer one.
// CHECK-LABEL: @nested
// CHECK-SAME: %[[X:.*]]: tensor<4xf32>
// CHECK: %[[SUM:.*]] = arith.addf %[[X]], %[[X]]
// CHECK: %[[PRODUCT:.*]] = arith.mulf %[[SUM]], %[[X]]
// CHECK: return %[[PRODUCT]]
// CHECK-NOT: qnt.composite
func.func @nested(%x: tensor<4xf32>) -> tensor<4xf32> {
  %r = qnt.composite "outer" (%x) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%a: tensor<4xf32>):
    %i = qnt.composite "inner" (%a) : (tensor<4xf32>) -> tensor<4xf32> {
    ^bb1(%b: tensor<4xf32>):
      %s = arith.addf %b, %b : tensor<4xf32>
      qnt.yield %s : tensor<4xf32>
    }
    %p = arith.mulf %i, %a : tensor<4xf32>
    qnt.yield %p : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}

// -----

// CHECK-LABEL: @unchanged
// CHECK-NEXT: arith.addf
// CHECK-NEXT: return
func.func @unchanged(%x: tensor<4xf32>) -> tensor<4xf32> {
  %s = arith.addf %x, %x : tensor<4xf32>
  return %s : tensor<4xf32>
}
