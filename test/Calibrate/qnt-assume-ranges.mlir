// Every edge gets the range asked for; the rest stays.

// RUN: quant-opt %s --qnt-assume-ranges | FileCheck %s
// RUN: quant-opt %s --qnt-assume-ranges="limit=127" | FileCheck %s --check-prefix=LIMIT

// CHECK-LABEL: func.func @edge
// CHECK: %[[Q:.*]] = qnt.quantize %{{.*}} {qnt.edge = "x"} : tensor<1x4xf32> to tensor<1x4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.00784{{[0-9]*}}>>>
// CHECK: %[[D:.*]] = qnt.dequantize %[[Q]]
// CHECK: return %[[D]]
// LIMIT-LABEL: func.func @edge
// LIMIT: scale = 0.99607{{[0-9]*}}
func.func @edge(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %o = qnt.observe %x "x" by #qnt.min_max as !qnt.quantized<i8 : f32, #qnt.pending<per_tensor>> : tensor<1x4xf32>
  return %o : tensor<1x4xf32>
}

// CHECK-LABEL: func.func @no_observer
// CHECK-NEXT: tosa.abs
// CHECK-NEXT: return
func.func @no_observer(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %a = tosa.abs %x : (tensor<1x4xf32>) -> tensor<1x4xf32>
  return %a : tensor<1x4xf32>
}
