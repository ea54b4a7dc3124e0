// RUN: quant-opt %s --qnt-to-quant --split-input-file --verify-diagnostics

// expected-error @below {{has no counterpart: its scheme has no parameters yet; calibrate first}}
func.func @pending(%q: tensor<4x!qnt.quantized<i8 : f32, #qnt.pending<per_tensor>>>) {
  return
}

// -----

// expected-error @below {{has no counterpart: its storage is not an integer}}
func.func @float_storage(%q: tensor<4x!qnt.quantized<f16 : f32, #qnt.per_tensor<scale = 0.5>>>) {
  return
}
