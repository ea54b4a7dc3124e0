// A product of integers with zero points, as torch-mlir writes it.
func.func @main(%a: tensor<4x8xi8>) -> tensor<4x3xi32> {
  %b = arith.constant dense<[[1,2,3],[4,-5,6],[7,8,-9],[1,2,3],[4,-5,6],[7,8,-9],[1,1,1],[2,2,2]]> : tensor<8x3xi8>
  %za = arith.constant 3 : i32
  %zb = arith.constant 1 : i32
  %c0 = arith.constant 0 : i32
  %e = tensor.empty() : tensor<4x3xi32>
  %i = linalg.fill ins(%c0 : i32) outs(%e : tensor<4x3xi32>) -> tensor<4x3xi32>
  %y = linalg.quantized_matmul ins(%a, %b, %za, %zb : tensor<4x8xi8>, tensor<8x3xi8>, i32, i32) outs(%i : tensor<4x3xi32>) -> tensor<4x3xi32>
  return %y : tensor<4x3xi32>
}
