func.func @tiny(%x: tensor<1x4x4x4xf32> {qnt.name = "x"}) -> (tensor<1x2x2x4xf32> {qnt.name = "y"}) {
  %q = qnt.to_int %x {scale = 5.0e-02 : f32, zero_point = 3 : i32, min = -128 : i32, max = 127 : i32} : tensor<1x4x4x4xf32> to tensor<1x4x4x4xi8>
  %m = tosa.max_pool2d %q {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>} : (tensor<1x4x4x4xi8>) -> tensor<1x2x2x4xi8>
  %f = qnt.to_float %m {scale = 5.0e-02 : f32, zero_point = 3 : i32} : tensor<1x2x2x4xi8> to tensor<1x2x2x4xf32>
  return %f : tensor<1x2x2x4xf32>
}
