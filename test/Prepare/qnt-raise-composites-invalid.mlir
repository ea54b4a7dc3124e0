// RUN: quant-opt %s --qnt-raise-composites --split-input-file --verify-diagnostics

// A product whose operands do not broadcast is tosa's to refuse, before the
// pass runs.
func.func @shapes(%x: tensor<4xf32>, %z: tensor<3xf32>, %shift: tensor<1xi8>) -> tensor<4xf32> {
  %s = tosa.sigmoid %z : (tensor<3xf32>) -> tensor<3xf32>
  // expected-error @below {{operands don't have broadcast-compatible shapes}}
  %y = tosa.mul %x, %s, %shift : (tensor<4xf32>, tensor<3xf32>, tensor<1xi8>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
