// A model of half floats is integer inside: the change of width at its ends
// belongs to the signature.

// RUN: quant-opt %s --qnt-insert-observers --qnt-assume-ranges \
// RUN:   --qnt-propagate --qnt-fold --qnt-lower-to-integer="full-integer=true" \
// RUN:   --qnt-verify-contract=stage=lower | FileCheck %s

// CHECK-LABEL: func.func @ends
// CHECK-NOT: qnt.float_ops
// CHECK: arith.extf %{{.*}} : tensor<1x4xf16> to tensor<1x4xf32>
// CHECK-NEXT: qnt.to_int
// CHECK: qnt.to_float
// CHECK-NEXT: arith.truncf %{{.*}} : tensor<1x4xf32> to tensor<1x4xf16>
func.func @ends(%x: tensor<1x4xf16>) -> tensor<1x4xf16> {
  %wide = arith.extf %x : tensor<1x4xf16> to tensor<1x4xf32>
  %a = tosa.tanh %wide : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %narrow = arith.truncf %a : tensor<1x4xf32> to tensor<1x4xf16>
  return %narrow : tensor<1x4xf16>
}
