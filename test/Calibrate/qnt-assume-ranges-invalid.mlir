// RUN: not quant-opt %s --qnt-assume-ranges="limit=0" 2>&1 | FileCheck %s --check-prefix=ZERO
// RUN: quant-opt %s --qnt-assume-ranges -verify-diagnostics

// ZERO: error: expected a limit above 0, found 0

func.func @per_axis(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  // expected-error @below {{edge 'x' asks for #qnt.pending<per_axis, axis = 1>; expected #qnt.pending<per_tensor>}}
  %o = qnt.observe %x "x" by #qnt.min_max as !qnt.quantized<i8 : f32, #qnt.pending<per_axis, axis = 1>> : tensor<1x4xf32>
  return %o : tensor<1x4xf32>
}
