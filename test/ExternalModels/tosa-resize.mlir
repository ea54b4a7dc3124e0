// The integer forms of tosa.resize.
// RUN: quant-opt %s -qnt-lower-to-integer -split-input-file | FileCheck %s
// RUN: quant-opt %s -qnt-lower-to-integer -split-input-file \
// RUN:   -verify-diagnostics -o /dev/null

!q = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5, zero_point = 3>>

// N80: neighbours are moved.
// CHECK-LABEL: @n80_nearest_moves
// CHECK: %[[Q:.*]] = qnt.to_int
// CHECK: %[[R:.*]] = tosa.resize %[[Q]], {{.*}} {mode = NEAREST_NEIGHBOR} : (tensor<1x2x2x3xi8>, {{.*}}) -> tensor<1x4x4x3xi8>
// CHECK: qnt.to_float %[[R]]
func.func @n80_nearest_moves(%x: tensor<1x2x2x3xf32>) -> tensor<1x4x4x3xf32> {
  %q = qnt.quantize %x : tensor<1x2x2x3xf32> to tensor<1x2x2x3x!q>
  %d = qnt.dequantize %q : tensor<1x2x2x3x!q> to tensor<1x2x2x3xf32>
  %scale = tosa.const_shape {values = dense<[2, 1, 2, 1]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %offset = tosa.const_shape {values = dense<[0, 0]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %border = tosa.const_shape {values = dense<[1, 1]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %r = tosa.resize %d, %scale, %offset, %border {mode = NEAREST_NEIGHBOR} : (tensor<1x2x2x3xf32>, !tosa.shape<4>, !tosa.shape<2>, !tosa.shape<2>) -> tensor<1x4x4x3xf32>
  %p = qnt.quantize %r : tensor<1x4x4x3xf32> to tensor<1x4x4x3x!q>
  %e = qnt.dequantize %p : tensor<1x4x4x3x!q> to tensor<1x4x4x3xf32>
  return %e : tensor<1x4x4x3xf32>
}

// -----

!q = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5, zero_point = 3>>

// N81: weights of 4 * 4 are divided out by the rescale.
// CHECK-LABEL: @n81_bilinear_sums
// CHECK: tosa.resize {{.*}} {mode = BILINEAR} : (tensor<1x2x2x3xi8>, {{.*}}) -> tensor<1x4x4x3xi32>
// CHECK: qnt.rescale {{.*}}input_zp = 48 : i32{{.*}}multipliers = array<f64: 6.250000e-02>{{.*}}output_zp = 3 : i32
func.func @n81_bilinear_sums(%x: tensor<1x2x2x3xf32>) -> tensor<1x4x4x3xf32> {
  %q = qnt.quantize %x : tensor<1x2x2x3xf32> to tensor<1x2x2x3x!q>
  %d = qnt.dequantize %q : tensor<1x2x2x3x!q> to tensor<1x2x2x3xf32>
  %scale = tosa.const_shape {values = dense<[4, 2, 4, 2]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %offset = tosa.const_shape {values = dense<[-1, -1]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %border = tosa.const_shape {values = dense<[1, 1]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %r = tosa.resize %d, %scale, %offset, %border {mode = BILINEAR} : (tensor<1x2x2x3xf32>, !tosa.shape<4>, !tosa.shape<2>, !tosa.shape<2>) -> tensor<1x4x4x3xf32>
  %p = qnt.quantize %r : tensor<1x4x4x3xf32> to tensor<1x4x4x3x!q>
  %e = qnt.dequantize %p : tensor<1x4x4x3x!q> to tensor<1x4x4x3xf32>
  return %e : tensor<1x4x4x3xf32>
}

// -----

!q = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5, zero_point = 3>>

func.func @n81_weights_can_overflow(%x: tensor<1x2x2x3xf32>) -> tensor<1x2x2x3xf32> {
  %q = qnt.quantize %x : tensor<1x2x2x3xf32> to tensor<1x2x2x3x!q>
  %d = qnt.dequantize %q : tensor<1x2x2x3x!q> to tensor<1x2x2x3xf32>
  %scale = tosa.const_shape {values = dense<8192> : tensor<4xindex>} : () -> !tosa.shape<4>
  %offset = tosa.const_shape {values = dense<[0, 0]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %border = tosa.const_shape {values = dense<[0, 0]> : tensor<2xindex>} : () -> !tosa.shape<2>
  // expected-remark @below {{'tosa.resize' stays float: the ratios of its sizes, 8192 times 8192, make weights that overflow 32 bits; exclude the op}}
  %r = tosa.resize %d, %scale, %offset, %border {mode = BILINEAR} : (tensor<1x2x2x3xf32>, !tosa.shape<4>, !tosa.shape<2>, !tosa.shape<2>) -> tensor<1x2x2x3xf32>
  %p = qnt.quantize %r : tensor<1x2x2x3xf32> to tensor<1x2x2x3x!q>
  %e = qnt.dequantize %p : tensor<1x2x2x3x!q> to tensor<1x2x2x3xf32>
  return %e : tensor<1x2x2x3xf32>
}
