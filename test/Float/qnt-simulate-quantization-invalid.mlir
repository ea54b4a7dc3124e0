// RUN: quant-opt %s --split-input-file --verify-diagnostics --qnt-simulate-quantization

!a = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 1.0>>
!b = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 3.0>>
// The tflite modes round by shifts, which no float expression repeats.
func.func @tflite_rounding(%x: tensor<4x!a>) -> tensor<4x!b> {
  // expected-error@+1 {{failed to legalize operation 'qnt.requantize' that was explicitly marked illegal}}
  %y = qnt.requantize %x {rounding = #qnt.rounding<tflite_double>} : tensor<4x!a> to tensor<4x!b>
  return %y : tensor<4x!b>
}
