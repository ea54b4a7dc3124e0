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

// -----

func.func @half_quantized(%x: tensor<4x!quant.uniform<i32:f32, 0.5>>) -> tensor<4xi8> {
  %m = "tosa.const"() <{values = dense<1073741824> : tensor<1xi32>}> : () -> tensor<1xi32>
  %s = "tosa.const"() <{values = dense<36> : tensor<1xi8>}> : () -> tensor<1xi8>
  %zi = "tosa.const"() <{values = dense<0> : tensor<1xi32>}> : () -> tensor<1xi32>
  %zo = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  // expected-error @below {{expected quantized types on both sides of a rescale, found}}
  %y = tosa.rescale %x, %m, %s, %zi, %zo {input_unsigned = false, output_unsigned = false, per_channel = false, rounding_mode = SINGLE_ROUND, scale32 = true} : (tensor<4x!quant.uniform<i32:f32, 0.5>>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<4xi8>
  return %y : tensor<4xi8>
}
