// RUN: quant-opt %s --qnt-lower-to-integer=full-integer --split-input-file --verify-diagnostics
// RUN: not quant-opt %s --split-input-file --qnt-lower-to-integer=inference-input-type=int4 2>&1 | FileCheck %s --check-prefix=TYPE
// TYPE: error: unknown inference input type 'int4'; expected float, int8 or uint8

!q = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5>>

func.func @excluded(%x: tensor<4xf32>) -> tensor<4xf32> {
  %q = qnt.quantize %x : tensor<4xf32> to tensor<4x!q>
  %d = qnt.dequantize %q : tensor<4x!q> to tensor<4xf32>
  // expected-error @below {{'tosa.sigmoid' stays float: excluded by the recipe}}
  %s = tosa.sigmoid %d {qnt.exclude = "the recipe"} : (tensor<4xf32>) -> tensor<4xf32>
  return %s : tensor<4xf32>
}

// -----

!q = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5>>

func.func @no_range(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'tosa.exp' stays float: operand 0 is not quantized: no range is known for the edge 'arg0'; observe it during calibration}}
  %e = tosa.exp %x : (tensor<4xf32>) -> tensor<4xf32>
  return %e : tensor<4xf32>
}

// -----

!q = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5>>

func.func @unknown_composite(%x: tensor<4xf32>) -> tensor<4xf32> {
  %q = qnt.quantize %x : tensor<4xf32> to tensor<4x!q>
  %d = qnt.dequantize %q : tensor<4x!q> to tensor<4xf32>
  // expected-error @below {{'qnt.composite' stays float: no integer form for composite 'secret'; exclude it or inline it}}
  %r = qnt.composite "secret" (%d) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%a: tensor<4xf32>):
    qnt.yield %a : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}

// -----

!q = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5>>

func.func @padded_average(%x: tensor<1x2x2x3xf32>) -> tensor<1x3x3x3xf32> {
  %z = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %q = qnt.quantize %x : tensor<1x2x2x3xf32> to tensor<1x2x2x3x!q>
  %d = qnt.dequantize %q : tensor<1x2x2x3x!q> to tensor<1x2x2x3xf32>
  // expected-error @below {{stays float: the average leaves padding out of the count, which then varies by position; pad with tosa.pad, or exclude the op}}
  %p = tosa.avg_pool2d %d, %z, %z {acc_type = f32, kernel = array<i64: 2, 2>, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>} : (tensor<1x2x2x3xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x3x3x3xf32>
  %pq = qnt.quantize %p : tensor<1x3x3x3xf32> to tensor<1x3x3x3x!q>
  %pd = qnt.dequantize %pq : tensor<1x3x3x3x!q> to tensor<1x3x3x3xf32>
  return %pd : tensor<1x3x3x3xf32>
}

// -----

!q = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5>>

func.func @follows_float(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'tosa.exp' stays float: operand 0 is not quantized}}
  %e = tosa.exp %x : (tensor<4xf32>) -> tensor<4xf32>
  // expected-error @below {{'tosa.tanh' stays float: operand 0 comes from 'tosa.exp', which stays float; make that op integer first}}
  %t = tosa.tanh %e : (tensor<4xf32>) -> tensor<4xf32>
  %a = tosa.add %t, %e : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> // expected-error {{'tosa.add' stays float: operand 0 comes from 'tosa.tanh'}}
  return %a : tensor<4xf32>
}
