func.func @main(%x: tensor<1x4x4x1xf32>) -> tensor<1x4x4x1xf32> {
  %b = tosa.exp %x : (tensor<1x4x4x1xf32>) -> tensor<1x4x4x1xf32>
  %y = tosa.pow %b, %x : (tensor<1x4x4x1xf32>, tensor<1x4x4x1xf32>) -> tensor<1x4x4x1xf32> loc("power")
  return %y : tensor<1x4x4x1xf32>
}
