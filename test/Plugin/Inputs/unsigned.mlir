func.func @unsigned(
    %a: tensor<4x!qnt.quantized<ui8 : f32, #pow2.scale<exponent = 1>>>) {
  %b = qnt.dequantize %a : tensor<4x!qnt.quantized<ui8 : f32, #pow2.scale<exponent = 1>>> to tensor<4xf32>
  return
}
