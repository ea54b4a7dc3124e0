// RUN: quant-opt %s --qnt-propagate --split-input-file --verify-diagnostics
// RUN: not quant-opt %s --split-input-file --qnt-propagate=rounding=up 2>&1 | FileCheck %s --check-prefix=MODE
// MODE: error: unknown rounding 'up'; expected fp32-rne, tflite-double or tflite-single

!q = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5>>

func.func @weights_not_finite(%x: tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32> {
  %w = "tosa.const"() {values = dense<0x7F800000> : tensor<1x1x1x1xf32>} : () -> tensor<1x1x1x1xf32>
  %b = "tosa.const"() {values = dense<2.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %q = qnt.quantize %x : tensor<1x1x1x1xf32> to tensor<1x1x1x1x!q>
  %d = qnt.dequantize %q : tensor<1x1x1x1x!q> to tensor<1x1x1x1xf32>
  // expected-error @below {{expected finite weights of 'tosa.conv2d', found NaN or infinity}}
  %c = tosa.conv2d %d, %w, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x1xf32>
  %cq = qnt.quantize %c : tensor<1x1x1x1xf32> to tensor<1x1x1x1x!q>
  %cd = qnt.dequantize %cq : tensor<1x1x1x1x!q> to tensor<1x1x1x1xf32>
  return %cd : tensor<1x1x1x1xf32>
}

// -----

!q = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5>>

// A conflict is never resolved in silence.
func.func @conflict(%x: tensor<4xf32>) -> tensor<8xf32> {
  %q = qnt.quantize %x : tensor<4xf32> to tensor<4x!q>
  %d = qnt.dequantize %q : tensor<4x!q> to tensor<4xf32>
  %s = tosa.sigmoid %d : (tensor<4xf32>) -> tensor<4xf32>
  %sq = qnt.quantize %s : tensor<4xf32> to tensor<4x!q>
  %sd = qnt.dequantize %sq : tensor<4x!q> to tensor<4xf32>
  // expected-remark @below {{operand 1 of 'tosa.concat' is requantized: fixed by tosa.sigmoid, which does not hold the range of the others}}
  %c = tosa.concat %d, %sd {axis = 0 : i32} : (tensor<4xf32>, tensor<4xf32>) -> tensor<8xf32>
  %cq = qnt.quantize %c : tensor<8xf32> to tensor<8x!q>
  %cd = qnt.dequantize %cq : tensor<8x!q> to tensor<8xf32>
  return %cd : tensor<8xf32>
}

// -----

!q = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 1.0e-04>>
!r = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 1.0>>

// Weights of almost nothing beside a large bias.
func.func @bias_needs_room(%x: tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32> {
  %w = "tosa.const"() {values = dense<1.0e-09> : tensor<1x1x1x1xf32>} : () -> tensor<1x1x1x1xf32>
  %b = "tosa.const"() {values = dense<100.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %q = qnt.quantize %x : tensor<1x1x1x1xf32> to tensor<1x1x1x1x!q>
  %d = qnt.dequantize %q : tensor<1x1x1x1x!q> to tensor<1x1x1x1xf32>
  // expected-remark @below {{bias of 'tosa.conv2d' does not fit 32 bits in 1 channel(s), the first is 0; their weight scales were widened}}
  %c = tosa.conv2d %d, %w, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x1xf32>
  %cq = qnt.quantize %c : tensor<1x1x1x1xf32> to tensor<1x1x1x1x!r>
  %cd = qnt.dequantize %cq : tensor<1x1x1x1x!r> to tensor<1x1x1x1xf32>
  return %cd : tensor<1x1x1x1xf32>
}
