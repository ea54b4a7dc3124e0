// RUN: quant-opt %s --qnt-from-quant --split-input-file --verify-diagnostics

// expected-error @below {{type '!quant.uniform<i8:f16, 5.000000e-01>' has no counterpart: its expressed type is not f32}}
func.func @expressed(%q: tensor<4x!quant.uniform<i8:f16, 0.5>>) {
  return
}

// -----

// expected-error @below {{type '!quant.any<i8:f32>' has no counterpart: it has no scale}}
func.func @any(%q: tensor<4x!quant.any<i8:f32>>) {
  return
}

// -----

// expected-error @below {{has no counterpart: its blocks are not along exactly one dimension}}
func.func @blocks(%q: tensor<2x4x!quant.uniform<i8:f32:{0:2, 1:2}, {{0.5, 0.25}}>>) {
  return
}
