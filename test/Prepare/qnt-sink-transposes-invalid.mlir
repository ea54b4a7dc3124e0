// RUN: quant-opt %s --qnt-sink-transposes --split-input-file --verify-diagnostics

// What is no permutation is tosa's to refuse, before the pass runs.
func.func @no_permutation(%x: tensor<1x2x3xf32>) -> tensor<1x2x3xf32> {
  // expected-error @below {{expected valid permutation indices}}
  %t = tosa.transpose %x {perms = array<i32: 0, 0, 1>} : (tensor<1x2x3xf32>) -> tensor<1x2x3xf32>
  return %t : tensor<1x2x3xf32>
}

// -----

// Shapes that are not static are no error: the transpose moves all the same.
func.func @dynamic(%x: tensor<?x2xf32>) -> tensor<2x?xf32> {
  %t = tosa.transpose %x {perms = array<i32: 1, 0>} : (tensor<?x2xf32>) -> tensor<2x?xf32>
  %a = tosa.abs %t : (tensor<2x?xf32>) -> tensor<2x?xf32>
  return %a : tensor<2x?xf32>
}
