// 4 bits and blocks need opset 21; 4-bit constants are packed two to a byte.

// REQUIRES: onnx
// RUN: quant-opt %s --qnt-export-onnx=file=%t.onnx -o /dev/null
// RUN: %python %S/Inputs/print_onnx.py %t.onnx | FileCheck %s

// CHECK: opset 21
// CHECK: = DequantizeLinear({{.*}}:INT4[1, 4, 2], {{.*}}:FLOAT[1, 2, 2]) axis=1 block_size=2
// CHECK: y = MatMul(x, {{.*}})

!weight = tensor<1x4x2x!qnt.quantized<i4 : f32, #qnt.per_block<axis = 1, block_size = 2, scales = dense<[[[1.0, 2.0], [3.0, 4.0]]]> : tensor<1x2x2xf32>>>>

func.func @blocks(%x: tensor<1x3x4xf32> {qnt.name = "x"}) -> (tensor<1x3x2xf32> {qnt.name = "y"}) {
  %zero = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %w = arith.constant dense<[[[1, -2], [3, -4], [5, -6], [7, -8]]]> : tensor<1x4x2xi4>
  %q = qnt.storage_cast %w : tensor<1x4x2xi4> to !weight
  %r = qnt.dequantize %q : !weight to tensor<1x4x2xf32>
  %y = tosa.matmul %x, %r, %zero, %zero : (tensor<1x3x4xf32>, tensor<1x4x2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x3x2xf32>
  return %y : tensor<1x3x2xf32>
}
