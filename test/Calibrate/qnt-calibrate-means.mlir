// RUN: quant-opt %s --qnt-calibrate="data=%S/Inputs/ramp.npz" | FileCheck %s
// RUN: quant-opt %s --qnt-calibrate="data=%S/Inputs/ramp.npz write-table=%t.json" -o /dev/null
// RUN: quant-opt %s --qnt-calibrate="table=%t.json" | FileCheck %s

// The range is the inner observer's; means lie on the quantize op, whether they
// come from data or from a table.
// CHECK: qnt.quantize %{{.*}} {qnt.channel_means = array<f64: 1.260000e+02, 1.270000e+02, 1.280000e+02, 1.290000e+02>, qnt.edge = "x", qnt.seen_max = 2.550000e+02 : f64, qnt.seen_min = 0.000000e+00 : f64}
// CHECK-SAME: #qnt.per_tensor<scale = 1.000000e+00, zero_point = -128>
func.func @f(%x: tensor<1x4xf32> {qnt.name = "x"}) -> tensor<1x4xf32> {
  %o = qnt.observe %x "x" by #qnt.channel_means<4, #qnt.min_max> as !qnt.quantized<i8 : f32, #qnt.pending<per_tensor>> : tensor<1x4xf32>
  return %o : tensor<1x4xf32>
}
