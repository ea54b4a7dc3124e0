// RUN: quant-opt %s --qnt-fold-batch-norm --split-input-file --verify-diagnostics

// Weights of the wrong rank are tosa's to refuse, before the pass runs.
func.func @wrong_weights(%x: tensor<1x2x2x1xf32>, %w: tensor<1x1x1xf32>, %z: tensor<1xf32>) -> tensor<1x2x2x1xf32> {
  // expected-error @below {{operand #1 must be 4-d tosa-conformant tensor}}
  %c = tosa.conv2d %x, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x2x2x1xf32>, tensor<1x1x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x2x2x1xf32>
  return %c : tensor<1x2x2x1xf32>
}
