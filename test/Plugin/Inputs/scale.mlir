func.func @scheme(
    %a: tensor<4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 2.5e-01>>>,
    %b: tensor<4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 3.0e-01>>>) {
  %c = qnt.dequantize %a : tensor<4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 2.5e-01>>> to tensor<4xf32>
  return
}
