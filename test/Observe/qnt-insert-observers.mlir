// RUN: quant-opt %s --split-input-file --qnt-insert-observers | FileCheck %s
// RUN: quant-opt %s --split-input-file \
// RUN:   --qnt-insert-observers="observer=percentile percentile=99.5 storage=ui8" \
// RUN:   | FileCheck %s --check-prefix=PERCENTILE
// RUN: quant-opt %s --split-input-file \
// RUN:   --qnt-insert-observers="observer=moving-average momentum=0.25 symmetric=true" \
// RUN:   | FileCheck %s --check-prefix=AVERAGE
// RUN: quant-opt %s --split-input-file \
// RUN:   --qnt-insert-observers="observer='#qnt.percentile<percentile = 50.0>'" \
// RUN:   | FileCheck %s --check-prefix=ATTRIBUTE

// The argument is named by qnt.name, the result by its location.
// CHECK-LABEL: @names
// CHECK-SAME: %[[X:.*]]: tensor<1x4xf32>
// CHECK: %[[OBSERVED:.*]] = qnt.observe %[[X]] "input" by #qnt.min_max as !qnt.quantized<i8 : f32, #qnt.pending<per_tensor>>
// CHECK: %[[Y:.*]] = tosa.tanh %[[OBSERVED]]
// CHECK: %[[RESULT:.*]] = qnt.observe %[[Y]] "layer/Tanh"
// CHECK: return %[[RESULT]]
// PERCENTILE: by #qnt.percentile<percentile = 9.950000e+01> as !qnt.quantized<ui8 : f32, #qnt.pending<per_tensor>>
// AVERAGE: by #qnt.moving_average<momentum = 2.500000e-01> as !qnt.quantized<i8 : f32, #qnt.pending<per_tensor, symmetric = true>>
// ATTRIBUTE: by #qnt.percentile<percentile = 5.000000e+01>
func.func @names(%x: tensor<1x4xf32> {qnt.name = "input"}) -> tensor<1x4xf32> {
  %y = tosa.tanh %x : (tensor<1x4xf32>) -> tensor<1x4xf32> loc("layer/Tanh")
  return %y : tensor<1x4xf32>
}

// -----

// A name that is taken gets a number; without a location the op's name serves.
// CHECK-LABEL: @duplicates
// CHECK: qnt.observe {{.*}} "arg0"
// CHECK: qnt.observe {{.*}} "tanh"
// CHECK: qnt.observe {{.*}} "tanh#2"
func.func @duplicates(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %y = tosa.tanh %x : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %z = tosa.tanh %y : (tensor<1x4xf32>) -> tensor<1x4xf32>
  return %z : tensor<1x4xf32>
}

// -----

// The convolution saturates where the clamp does: no edge between them, and
// none on weights and bias.
// CHECK-LABEL: @clamp_absorbed
// CHECK: qnt.observe {{.*}} "arg0"
// CHECK-NOT: qnt.observe
// CHECK: tosa.conv2d
// CHECK-NOT: qnt.observe
// CHECK: tosa.clamp
// CHECK: qnt.observe {{.*}} "clamp"
// CHECK-NOT: qnt.observe
func.func @clamp_absorbed(%x: tensor<1x4x4x1xf32>) -> tensor<1x4x4x2xf32> {
  %w = "tosa.const"() <{values = dense<1.0> : tensor<2x1x1x1xf32>}> : () -> tensor<2x1x1x1xf32>
  %b = "tosa.const"() <{values = dense<0.0> : tensor<2xf32>}> : () -> tensor<2xf32>
  %zp = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %y = tosa.conv2d %x, %w, %b, %zp, %zp {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x4x4x1xf32>, tensor<2x1x1x1xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x4x4x2xf32>
  %z = tosa.clamp %y {min_val = 0.0 : f32, max_val = 6.0 : f32} : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  return %z : tensor<1x4x4x2xf32>
}

// -----

// With a second user the convolution's own values are needed, too.
// CHECK-LABEL: @clamp_shared
// CHECK: %[[CONV:.*]] = tosa.conv2d
// CHECK: qnt.observe %[[CONV]] "conv2d"
func.func @clamp_shared(%x: tensor<1x4x4x1xf32>) -> (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) {
  %w = "tosa.const"() <{values = dense<1.0> : tensor<2x1x1x1xf32>}> : () -> tensor<2x1x1x1xf32>
  %b = "tosa.const"() <{values = dense<0.0> : tensor<2xf32>}> : () -> tensor<2xf32>
  %zp = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %y = tosa.conv2d %x, %w, %b, %zp, %zp {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x4x4x1xf32>, tensor<2x1x1x1xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x4x4x2xf32>
  %z = tosa.clamp %y {min_val = 0.0 : f32, max_val = 6.0 : f32} : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  return %y, %z : tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>
}

// -----

// The region of a composite is what it means, not a part of the model.
// CHECK-LABEL: @composite
// CHECK: qnt.composite
// CHECK-NOT: qnt.observe
// CHECK: qnt.yield
func.func @composite(%x: tensor<4xf32>) -> tensor<4xf32> {
  %r = qnt.composite "twice" (%x) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%a: tensor<4xf32>):
    %s = tosa.tanh %a : (tensor<4xf32>) -> tensor<4xf32>
    qnt.yield %s : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}

// -----

// Nothing to do: integers, and edges that are observed or dequantized already.
// CHECK-LABEL: @unchanged
// CHECK-COUNT-1: qnt.observe
// CHECK-NOT: qnt.observe
func.func @unchanged(%x: tensor<4xf32>, %i: tensor<4xi32>) -> (tensor<4xf32>, tensor<4xi32>) {
  %o = qnt.observe %x "x" by #qnt.min_max as !qnt.quantized<i8 : f32, #qnt.pending<per_tensor>> : tensor<4xf32>
  %s = arith.addf %o, %o : tensor<4xf32>
  %n = tosa.abs %i : (tensor<4xi32>) -> tensor<4xi32>
  return %s, %n : tensor<4xf32>, tensor<4xi32>
}
