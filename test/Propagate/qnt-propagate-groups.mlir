// RUN: quant-opt %s --qnt-propagate=print-scale-groups --verify-diagnostics

!a = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5>>
!b = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.25>>

// expected-remark @below {{edge 'image': scale 5.000000e-01, zero point 0 (calibrated)}}
func.func @decisions(%x: tensor<1x2x2x1xf32> {qnt.name = "image"}) -> tensor<1x4xf32> {
  %q = qnt.quantize %x : tensor<1x2x2x1xf32> to tensor<1x2x2x1x!a>
  %d = qnt.dequantize %q : tensor<1x2x2x1x!a> to tensor<1x2x2x1xf32>
  // expected-remark @below {{edge 'sum': scale 2.500000e-01, zero point 0 (range of 'flat')}}
  // expected-note @below {{shared with edge 'sum'}}
  %s = tosa.add %d, %d : (tensor<1x2x2x1xf32>, tensor<1x2x2x1xf32>) -> tensor<1x2x2x1xf32>
  %sq = qnt.quantize %s {qnt.edge = "sum"} : tensor<1x2x2x1xf32> to tensor<1x2x2x1x!a>
  %sd = qnt.dequantize %sq : tensor<1x2x2x1x!a> to tensor<1x2x2x1xf32>
  %e = tosa.const_shape {values = dense<[1, 4]> : tensor<2xindex>} : () -> !tosa.shape<2>
  // expected-remark @below {{edge 'flat': scale 2.500000e-01, zero point 0 (range of 'flat')}}
  // expected-note @below {{shared with edge 'flat'}}
  %r = tosa.reshape %sd, %e : (tensor<1x2x2x1xf32>, !tosa.shape<2>) -> tensor<1x4xf32>
  %rq = qnt.quantize %r {qnt.edge = "flat"} : tensor<1x4xf32> to tensor<1x4x!b>
  %rd = qnt.dequantize %rq : tensor<1x4x!b> to tensor<1x4xf32>
  // expected-remark @below {{edge 'tosa.tanh': scale 7.812500e-03, zero point 0 (fixed by tosa.tanh)}}
  %t = tosa.tanh %rd : (tensor<1x4xf32>) -> tensor<1x4xf32>
  return %t : tensor<1x4xf32>
}
