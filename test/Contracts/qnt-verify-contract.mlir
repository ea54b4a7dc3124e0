// RUN: quant-opt %s --qnt-verify-contract=stage=import | FileCheck %s
// RUN: quant-opt %s --qnt-verify-contract=stage=prepare | FileCheck %s
// RUN: quant-opt %s --qnt-verify-contract=stage=observe | FileCheck %s
// RUN: quant-opt %s --qnt-verify-contract=stage=calibrate | FileCheck %s
// RUN: quant-opt %s --qnt-verify-contract=stage=propagate | FileCheck %s
// RUN: quant-opt %s --qnt-verify-contract=stage=fold | FileCheck %s
// RUN: quant-opt %s --qnt-propagate --qnt-fold --qnt-lower-to-integer \
// RUN:   --qnt-verify-contract=stage=lower

!q = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5>>

// CHECK-LABEL: @kept
// CHECK: tosa.add
func.func @kept(%x: tensor<4xf32>) -> tensor<4xf32> {
  %q = qnt.quantize %x : tensor<4xf32> to tensor<4x!q>
  %d = qnt.dequantize %q : tensor<4x!q> to tensor<4xf32>
  %a = tosa.add %d, %d : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %aq = qnt.quantize %a : tensor<4xf32> to tensor<4x!q>
  %ad = qnt.dequantize %aq : tensor<4x!q> to tensor<4xf32>
  return %ad : tensor<4xf32>
}
