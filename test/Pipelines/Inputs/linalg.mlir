// A fully connected layer in linalg, as another tool writes it.
module {
  func.func @main(%arg0: tensor<1x4xf32>) -> tensor<1x2xf32> {
    %w = arith.constant dense<[[0.5, -0.25], [1.0, 0.125], [-0.75, 0.5], [0.25, 0.25]]> : tensor<4x2xf32>
    %zero = arith.constant 0.0 : f32
    %empty = tensor.empty() : tensor<1x2xf32>
    %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x2xf32>) -> tensor<1x2xf32>
    %0 = linalg.matmul ins(%arg0, %w : tensor<1x4xf32>, tensor<4x2xf32>) outs(%init : tensor<1x2xf32>) -> tensor<1x2xf32>
    return %0 : tensor<1x2xf32>
  }
}
