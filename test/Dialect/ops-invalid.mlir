// RUN: quant-opt %s --split-input-file --verify-diagnostics

// expected-error @below {{expected scale to be finite and above 0, found 0}}
// expected-error @below {{failed to parse Qnt_QuantizedType parameter 'scheme'}}
func.func @zero_scale(%x: tensor<4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.0>>>) { return }

// -----

// expected-error @below {{expected storage of 1 to 32 bits, found 'i33'}}
func.func @wide(%x: tensor<4x!qnt.quantized<i33 : f32, #qnt.per_tensor<scale = 1.0>>>) { return }

// -----

// expected-error @below {{expected stored range within [-128, 127] of 'i8', found [-200, 127]}}
func.func @range(%x: tensor<4x!qnt.quantized<i8<-200:127> : f32, #qnt.per_tensor<scale = 1.0>>>) { return }

// -----

// expected-error @below {{expected 2 zero points, one per scale, found 1}}
// expected-error @below {{failed to parse Qnt_QuantizedType parameter 'scheme'}}
func.func @zero_points(%x: tensor<4x!qnt.quantized<i8 : f32, #qnt.per_axis<axis = 0, scales = [1.0, 2.0], zero_points = [1]>>>) { return }

// -----

func.func @axis_size(%q: tensor<3x!qnt.quantized<i8 : f32, #qnt.per_axis<axis = 0, scales = [1.0, 2.0]>>>) -> tensor<3xf32> {
  // expected-error @below {{expected scale of axis 0 to have 3 entries, found 2}}
  %d = qnt.dequantize %q : tensor<3x!qnt.quantized<i8 : f32, #qnt.per_axis<axis = 0, scales = [1.0, 2.0]>>> to tensor<3xf32>
  return %d : tensor<3xf32>
}

// -----

func.func @axis_rank(%q: tensor<3x!qnt.quantized<i8 : f32, #qnt.per_axis<axis = 2, scales = [1.0]>>>) -> tensor<3xf32> {
  // expected-error @below {{expected quantized axis below rank 1, found 2}}
  %d = qnt.dequantize %q : tensor<3x!qnt.quantized<i8 : f32, #qnt.per_axis<axis = 2, scales = [1.0]>>> to tensor<3xf32>
  return %d : tensor<3xf32>
}

// -----

func.func @zero_point(%x: tensor<3xf32>) {
  // expected-error @below {{expected zero point in [-128, 127] of storage 'i8', found 200}}
  %q = qnt.quantize %x : tensor<3xf32> to tensor<3x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 1.0, zero_point = 200>>>
  return
}

// -----

func.func @block(%q: tensor<2x3x!qnt.quantized<i8 : f32, #qnt.per_block<axis = 1, block_size = 2, scales = dense<1.0> : tensor<2x1xf32>>>>) {
  // expected-error @below {{expected block size to divide dimension 1 of size 3, found 2}}
  %d = qnt.dequantize %q : tensor<2x3x!qnt.quantized<i8 : f32, #qnt.per_block<axis = 1, block_size = 2, scales = dense<1.0> : tensor<2x1xf32>>>> to tensor<2x3xf32>
  return
}

// -----

func.func @edge(%x: tensor<3xf32>) {
  // expected-error @below {{expected a non-empty edge name}}
  %o = qnt.observe %x "" by #qnt.min_max as !qnt.quantized<i8 : f32, #qnt.pending<per_tensor>> : tensor<3xf32>
  return
}

// -----

func.func @dynamic(%x: tensor<3xf32>) {
  // expected-error @below {{expected scale and zero point operands for a dynamic scheme and only for it}}
  %q = qnt.quantize %x : tensor<3xf32> to tensor<3x!qnt.quantized<i8 : f32, #qnt.dynamic<per_tensor>>>
  return
}

// -----

func.func @rescale_count(%x: tensor<1x3xi32>) {
  // expected-error @below {{expected 3 multipliers, one per index of the last dimension, found 2}}
  %q = qnt.rescale %x {multipliers = array<f64: 1.0, 2.0>, min = 0 : i32, max = 1 : i32, rounding = #qnt.rounding<fp32_rne>} : tensor<1x3xi32> to tensor<1x3xi8>
  return
}

// -----

func.func @rescale_clamp(%x: tensor<1x3xi32>) {
  // expected-error @below {{expected clamp within [-128, 127] of 'i8', found [-129, 1]}}
  %q = qnt.rescale %x {multipliers = array<f64: 1.0>, min = -129 : i32, max = 1 : i32, rounding = #qnt.rounding<fp32_rne>} : tensor<1x3xi32> to tensor<1x3xi8>
  return
}

// -----

func.func @table(%x: tensor<3xi8>) {
  // expected-error @below {{expected 256 entries, found 2}}
  %q = qnt.table %x {table = array<i8: 1, 2>} : tensor<3xi8> to tensor<3xi8>
  return
}

// -----

func.func @storage(%x: tensor<3xi16>) {
  // expected-error @below {{expected storage type 'i8', found 'i16'}}
  %q = qnt.storage_cast %x : tensor<3xi16> to tensor<3x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 1.0>>>
  return
}

// -----

func.func @composite(%x: tensor<3xf32>) {
  // expected-error @below {{expected the region to yield the result types}}
  %r = qnt.composite "f" (%x) : (tensor<3xf32>) -> tensor<3xf32> {
  ^bb0(%a: tensor<3xf32>):
    qnt.yield
  }
  return
}

// -----

func.func @average_windows(%x: tensor<1x4x4x3xi8>) -> tensor<1x3x2x3xi8> {
  // expected-error @+1 {{expected windows that give the size of dimension 1 of 'tensor<1x3x2x3xi8>'}}
  %a = qnt.stored_average %x {kernel = array<i64: 2, 2>, max = 127 : i32, min = -128 : i32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>} : tensor<1x4x4x3xi8> to tensor<1x3x2x3xi8>
  return %a : tensor<1x3x2x3xi8>
}

// -----

func.func @softmax_table(%x: tensor<4xi8>) -> tensor<4xi8> {
  // expected-error @+1 {{expected 256 entries, found 1}}
  %s = qnt.softmax_f32 %x {output_scale = 3.906250e-03 : f32, output_zp = -128 : i32, table = array<f32: 1.0>} : tensor<4xi8> to tensor<4xi8>
  return %s : tensor<4xi8>
}

// -----

func.func @early_mode(%x: tensor<4xi32>) -> tensor<4xi8> {
  // expected-error @+1 {{expected early_zp with rounding fp32_rne alone}}
  %r = qnt.rescale %x {early_zp = 0 : i32, multipliers = array<f64: 0.5>, min = -128 : i32, max = 127 : i32, rounding = #qnt.rounding<tflite_double>} : tensor<4xi32> to tensor<4xi8>
  return %r : tensor<4xi8>
}
