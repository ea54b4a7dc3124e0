// RUN: quant-opt %s --qnt-lower-to-integer="full-integer inference-input-type=int8 inference-output-type=uint8" | FileCheck %s
// RUN: quant-opt %s --qnt-lower-to-integer=full-integer | FileCheck %s --check-prefix=FLOAT

!q = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5, zero_point = 2>>

// CHECK: func.func @borders(%[[X:.*]]: tensor<4xi8> {qnt.name = "x", qnt.scale = 5.000000e-01 : f32, qnt.zero_point = 2 : i32})
// CHECK-SAME: -> (tensor<4xui8> {qnt.name = "y", qnt.scale = 5.000000e-01 : f32, qnt.zero_point = 130 : i32})
// CHECK-NEXT: %[[A:.*]] = qnt.add %[[X]], %[[X]]
// CHECK-NEXT: %[[U:.*]] = qnt.rescale %[[A]] {max = 255 : i32, min = 0 : i32, multipliers = array<f64: 1.000000e+00>, output_zp = 128 : i32
// CHECK-NEXT: return %[[U]]
// FLOAT: func.func @borders(%{{.*}}: tensor<4xf32> {qnt.name = "x", qnt.scale = 5.000000e-01 : f32, qnt.zero_point = 2 : i32})
// FLOAT: qnt.to_int
// FLOAT: qnt.add
// FLOAT: qnt.to_float
func.func @borders(%x: tensor<4xf32> {qnt.name = "x"}) -> (tensor<4xf32> {qnt.name = "y"}) {
  %q = qnt.quantize %x : tensor<4xf32> to tensor<4x!q>
  %d = qnt.dequantize %q : tensor<4x!q> to tensor<4xf32>
  %a = tosa.add %d, %d : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %aq = qnt.quantize %a : tensor<4xf32> to tensor<4x!q>
  %ad = qnt.dequantize %aq : tensor<4x!q> to tensor<4xf32>
  return %ad : tensor<4xf32>
}
