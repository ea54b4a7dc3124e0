// RUN: quant-opt %s --qnt-report-tensors --split-input-file | FileCheck %s

!act = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5, zero_point = -3>>
!weight = !qnt.quantized<i8<-127:127> : f32, #qnt.per_axis<axis = 0, scales = [0.5, 0.25]>>

// Activations keep the range seen; a constant is named by the op that uses it.
// CHECK: module attributes {qnt.report = {tensors = [
// CHECK-SAME: {name = "input", role = "activation", seen_max = 1.000000e+00 : f64, seen_min = -1.000000e+00 : f64, shape = array<i64: 2, 1>, type = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01, zero_point = -3>>}
// CHECK-SAME: {name = "sum", role = "weight", shape = array<i64: 2, 1>, type = !qnt.quantized<i8<-127:127>
func.func @edges(%x: tensor<2x1xf32>) -> tensor<2x1xf32> {
  %q = qnt.quantize %x {qnt.edge = "input", qnt.seen_min = -1.0 : f64, qnt.seen_max = 1.0 : f64} : tensor<2x1xf32> to tensor<2x1x!act>
  %d = qnt.dequantize %q : tensor<2x1x!act> to tensor<2x1xf32>
  %c = arith.constant dense<[[1], [2]]> : tensor<2x1xi8>
  %w = qnt.storage_cast %c : tensor<2x1xi8> to tensor<2x1x!weight>
  %r = qnt.dequantize %w : tensor<2x1x!weight> to tensor<2x1xf32>
  %s = tosa.add %d, %r : (tensor<2x1xf32>, tensor<2x1xf32>) -> tensor<2x1xf32> loc("sum")
  return %s : tensor<2x1xf32>
}

// -----

// A float model has no tensors to note.
// CHECK: qnt.report = {tensors = []}
func.func @float(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
