// What has no form in ONNX is refused, by name.

// RUN: quant-opt %s --qnt-export-onnx=file=%t.onnx -verify-diagnostics -split-input-file
// RUN: not quant-opt %s --qnt-export-onnx 2>&1 | FileCheck %s
// CHECK: error: expected file to name the model

func.func @integers(%x: tensor<4xi32>) -> tensor<4xi8> {
  // expected-error @below {{op 'qnt.rescale' has no ONNX form; only float ops with quantize and dequantize can be exported (quantize-int8 form=qdq)}}
  %y = qnt.rescale %x {multipliers = array<f64: 0.5>, rounding = #qnt.rounding<fp32_rne>, min = -128 : i32, max = 127 : i32} : tensor<4xi32> to tensor<4xi8>
  return %y : tensor<4xi8>
}

// -----

!pending = tensor<4x!qnt.quantized<i8 : f32, #qnt.pending<per_tensor>>>

func.func @pending(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{expected a complete scheme to export, found #qnt.pending<per_tensor>}}
  %q = qnt.quantize %x : tensor<4xf32> to !pending
  %y = qnt.dequantize %q : !pending to tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// expected-error @below {{expected one block, found control flow, which cannot be exported}}
func.func @blocks(%x: tensor<4xf32>) -> tensor<4xf32> {
  cf.br ^bb1
^bb1:
  return %x : tensor<4xf32>
}

// -----

// expected-error @below {{expected one public function to export, found 'f' and 'g'}}
module {
  func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
    return %x : tensor<4xf32>
  }
  func.func @g(%x: tensor<4xf32>) -> tensor<4xf32> {
    return %x : tensor<4xf32>
  }
}
