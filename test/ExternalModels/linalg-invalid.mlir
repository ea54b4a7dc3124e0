// RUN: quant-opt %s --qnt-propagate --qnt-fold --qnt-lower-to-integer=full-integer --split-input-file --verify-diagnostics

!q = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5>>
#map = affine_map<(d0) -> (d0)>

func.func @two_variables(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %e = tensor.empty() : tensor<4xf32>
  %xq = qnt.quantize %x : tensor<4xf32> to tensor<4x!q>
  %xd = qnt.dequantize %xq : tensor<4x!q> to tensor<4xf32>
  // expected-error @below {{stays float: this linalg.generic is neither a scalar function nor a sum or product of two tensors; split it, or exclude it}}
  %r = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel"]} ins(%xd, %y : tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %p = math.powf %a, %b : f32
    linalg.yield %p : f32
  } -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

!q = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5>>

func.func @init_is_data(%x: tensor<2x2xf32>, %i: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %w = arith.constant dense<1.0> : tensor<2x2xf32>
  %q = qnt.quantize %x : tensor<2x2xf32> to tensor<2x2x!q>
  %d = qnt.dequantize %q : tensor<2x2x!q> to tensor<2x2xf32>
  // expected-error @below {{stays float: its init is neither zeros nor a broadcast constant; add the init afterwards, or exclude the op}}
  %m = linalg.matmul ins(%d, %w : tensor<2x2xf32>, tensor<2x2xf32>) outs(%i : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %m : tensor<2x2xf32>
}
