// The snapshot is kept for the comparison, which removes it.
// RUN: quant-opt %s --qnt-snapshot-float | FileCheck %s --check-prefix=KEPT
// RUN: quant-opt %s --qnt-snapshot-float --qnt-report-sqnr 2>/dev/null | FileCheck %s

// KEPT: module attributes {qnt.float_reference = "
// KEPT: qnt.observe
// CHECK-NOT: qnt.float_reference
// CHECK: qnt.observe
func.func @f(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %o = qnt.observe %x "x" by #qnt.min_max as !qnt.quantized<i8 : f32, #qnt.pending<per_tensor>> : tensor<1x4xf32>
  return %o : tensor<1x4xf32>
}
