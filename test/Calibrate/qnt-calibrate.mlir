// RUN: rm -rf %t && %python %S/Inputs/make_arrays.py %t
// RUN: quant-opt %s --qnt-calibrate="data=%t/ramp.npz write-table=%t/ramp.json" | FileCheck %s
// RUN: FileCheck %s --check-prefix=TABLE --input-file=%t/ramp.json

// Packed, single .npy, sharded, or from the table: the same answer.
// RUN: quant-opt %s --qnt-calibrate="data=%t/ramp.npz" -o %t/expected.mlir
// RUN: quant-opt %s --qnt-calibrate="data=%t/packed.npz" | diff - %t/expected.mlir
// RUN: quant-opt %s --qnt-calibrate="data=%t/ramp.npy" | diff - %t/expected.mlir
// RUN: quant-opt %s --qnt-calibrate="data=%t/shards" | diff - %t/expected.mlir
// RUN: quant-opt %s --qnt-calibrate="table=%t/ramp.json" | diff - %t/expected.mlir

// Two halves merged through a table are the whole, but for moving averages,
// which depend on the order.
// RUN: quant-opt %s --qnt-calibrate="data=%t/half0.npz write-table=%t/half.json" -o /dev/null
// RUN: quant-opt %s --qnt-calibrate="data=%t/half1.npz table=%t/half.json write-table=%t/merged.json" -o /dev/null
// RUN: grep -v negated %t/ramp.json > %t/whole
// RUN: grep -v negated %t/merged.json | diff - %t/whole

// Fewer samples, smaller ranges.
// RUN: quant-opt %s --qnt-calibrate="data=%t/ramp.npz samples=16" | FileCheck %s --check-prefix=FEWER

// Constants.
// RUN: quant-opt %s --qnt-calibrate="data=%t/zero.npz" 2>&1 | FileCheck %s --check-prefix=ZERO
// RUN: quant-opt %s --qnt-calibrate="data=%t/seven.npz" 2>&1 | FileCheck %s --check-prefix=SEVEN

// TABLE: {"format": "qnt-calibration", "version": 1,
// TABLE: "model_sha256": "{{[0-9a-f]+}}"
// TABLE: "samples": 64
// TABLE: {"name": "x", "observer": "#qnt.min_max", "chosen": [0, 255], "seen": [0, 255], "count": 256, "state": [0, 255, 256]}
// TABLE: {"name": "negated", "observer": "#qnt.moving_average<momentum = 5.000000e-01>"
// TABLE: {"name": "tail", "observer": "#qnt.percentile<percentile = 5.000000e+01>", "chosen": [63.125, 191.125], "seen": [0, 255], "count": 256

// ZERO: remark: edge 'x' is constantly 0; it gets scale 1
// SEVEN: remark: edge 'x' saw only the value 7.000000e+00; its range is extended to contain 0
// SEVEN: qnt.quantize {{.*}} {qnt.edge = "x", qnt.seen_max = 7.000000e+00 : f64, qnt.seen_min = 7.000000e+00 : f64}
// FEWER: qnt.edge = "x", qnt.seen_max = 6.300000e+01

// CHECK: module attributes {qnt.calibration_sha256 = "{{[0-9a-f]+}}"}
// CHECK-LABEL: @edges
// CHECK-SAME: %[[X:[a-z0-9]*]]: tensor<1x4xf32>
// CHECK: %[[Q:.*]] = qnt.quantize %[[X]] {qnt.edge = "x", qnt.seen_max = 2.550000e+02 : f64, qnt.seen_min = 0.000000e+00 : f64}
// CHECK-SAME: !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 1.000000e+00, zero_point = -128>>
// CHECK: %[[D:.*]] = qnt.dequantize %[[Q]]
// CHECK: %[[N:.*]] = tosa.negate %[[D]]
// CHECK: qnt.quantize %[[N]] {qnt.edge = "negated", qnt.seen_max = 0.000000e+00 : f64, qnt.seen_min = -2.550000e+02 : f64}
// CHECK: qnt.quantize %[[D]] {qnt.edge = "tail"
// CHECK-SAME: ui8 : f32, #qnt.per_tensor<scale = {{.*}}
// CHECK-NOT: qnt.observe
func.func @edges(%x: tensor<1x4xf32> {qnt.name = "x"}) -> (tensor<1x4xf32>, tensor<1x4xf32>) {
  %zero = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %a = qnt.observe %x "x" by #qnt.min_max as !qnt.quantized<i8 : f32, #qnt.pending<per_tensor>> : tensor<1x4xf32>
  %n = tosa.negate %a, %zero, %zero : (tensor<1x4xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x4xf32>
  %b = qnt.observe %n "negated" by #qnt.moving_average<momentum = 0.5> as !qnt.quantized<i8 : f32, #qnt.pending<per_tensor, symmetric = true>> : tensor<1x4xf32>
  %c = qnt.observe %a "tail" by #qnt.percentile<percentile = 50.0> as !qnt.quantized<ui8 : f32, #qnt.pending<per_tensor>> : tensor<1x4xf32>
  return %b, %c : tensor<1x4xf32>, tensor<1x4xf32>
}
