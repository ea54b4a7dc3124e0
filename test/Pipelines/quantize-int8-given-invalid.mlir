// RUN: quant-opt %s --quantize-int8="calibration-data=%digits/calib.npz" -verify-diagnostics

!s = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01, zero_point = 3>>

// expected-error @+1 {{every edge of the model is quantized already; drop the calibration data, they would have no effect}}
module {
func.func @f(%x: tensor<4xi8>) -> tensor<4xi8> {
  %q = qnt.storage_cast %x : tensor<4xi8> to tensor<4x!s>
  %d = qnt.dequantize %q : tensor<4x!s> to tensor<4xf32>
  %g = tosa.sigmoid %d : (tensor<4xf32>) -> tensor<4xf32>
  %h = qnt.quantize %g : tensor<4xf32> to tensor<4x!s>
  %hi = qnt.storage_cast %h : tensor<4x!s> to tensor<4xi8>
  return %hi : tensor<4xi8>
}
}
