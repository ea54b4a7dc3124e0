// RUN: quant-opt %s --qnt-propagate --split-input-file | FileCheck %s

!q = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5, zero_point = 3>>

// A reshape that calibration left out takes the scale of its operand.
// CHECK-LABEL: @missing_edge
// CHECK: %[[R:.*]] = tosa.reshape
// CHECK: %[[Q:.*]] = qnt.quantize %[[R]] {{.*}} to tensor<2x2x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01, zero_point = 3>>>
// CHECK: %[[D:.*]] = qnt.dequantize %[[Q]]
// CHECK: return %[[D]]
func.func @missing_edge(%x: tensor<4xf32>) -> tensor<2x2xf32> {
  %q = qnt.quantize %x : tensor<4xf32> to tensor<4x!q>
  %d = qnt.dequantize %q : tensor<4x!q> to tensor<4xf32>
  %s = tosa.const_shape {values = dense<2> : tensor<2xindex>} : () -> !tosa.shape<2>
  %r = tosa.reshape %d, %s : (tensor<4xf32>, !tosa.shape<2>) -> tensor<2x2xf32>
  return %r : tensor<2x2xf32>
}

// -----

!in = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5>>
!out = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.25>>

// Values beyond the range of a max pool's result may saturate before it.
// CHECK-LABEL: @result_range_wins
// CHECK: %[[A:.*]] = tosa.add
// CHECK: qnt.quantize %[[A]] {{.*}}scale = 2.500000e-01
// CHECK: tosa.max_pool2d
func.func @result_range_wins(%x: tensor<1x4x4x1xf32>) -> tensor<1x2x2x1xf32> {
  %q = qnt.quantize %x : tensor<1x4x4x1xf32> to tensor<1x4x4x1x!in>
  %d = qnt.dequantize %q : tensor<1x4x4x1x!in> to tensor<1x4x4x1xf32>
  %a = tosa.add %d, %d : (tensor<1x4x4x1xf32>, tensor<1x4x4x1xf32>) -> tensor<1x4x4x1xf32>
  %aq = qnt.quantize %a : tensor<1x4x4x1xf32> to tensor<1x4x4x1x!in>
  %ad = qnt.dequantize %aq : tensor<1x4x4x1x!in> to tensor<1x4x4x1xf32>
  %p = tosa.max_pool2d %ad {kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>} : (tensor<1x4x4x1xf32>) -> tensor<1x2x2x1xf32>
  %pq = qnt.quantize %p : tensor<1x2x2x1xf32> to tensor<1x2x2x1x!out>
  %pd = qnt.dequantize %pq : tensor<1x2x2x1x!out> to tensor<1x2x2x1xf32>
  return %pd : tensor<1x2x2x1xf32>
}

// -----

!a = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.1, zero_point = -128>>
!b = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.1, zero_point = 127>>

// A join takes the union, here [-25.5, 25.5].
// CHECK-LABEL: @join_takes_union
// CHECK-COUNT-2: qnt.quantize %{{.*}} to tensor<4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 2.000000e-01>>>
func.func @join_takes_union(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<8xf32> {
  %xq = qnt.quantize %x : tensor<4xf32> to tensor<4x!a>
  %xd = qnt.dequantize %xq : tensor<4x!a> to tensor<4xf32>
  %yq = qnt.quantize %y : tensor<4xf32> to tensor<4x!b>
  %yd = qnt.dequantize %yq : tensor<4x!b> to tensor<4xf32>
  %c = tosa.concat %xd, %yd {axis = 0 : i32} : (tensor<4xf32>, tensor<4xf32>) -> tensor<8xf32>
  return %c : tensor<8xf32>
}

// -----

!q = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.1>>

// The range of a sigmoid is known, whatever calibration saw.
// CHECK-LABEL: @fixed_result
// CHECK: %[[S:.*]] = tosa.sigmoid
// CHECK: qnt.quantize %[[S]] {{.*}}#qnt.per_tensor<scale = 3.906250e-03, zero_point = -128>
func.func @fixed_result(%x: tensor<4xf32>) -> tensor<4xf32> {
  %q = qnt.quantize %x : tensor<4xf32> to tensor<4x!q>
  %d = qnt.dequantize %q : tensor<4x!q> to tensor<4xf32>
  %s = tosa.sigmoid %d : (tensor<4xf32>) -> tensor<4xf32>
  %sq = qnt.quantize %s : tensor<4xf32> to tensor<4x!q>
  %sd = qnt.dequantize %sq : tensor<4x!q> to tensor<4xf32>
  return %sd : tensor<4xf32>
}

// -----

!q = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.1>>

// One table computes both functions: no edge between them.
// CHECK-LABEL: @inner_edge
// CHECK: %[[E:.*]] = tosa.exp
// CHECK-NEXT: tosa.tanh %[[E]]
func.func @inner_edge(%x: tensor<4xf32>) -> tensor<4xf32> {
  %q = qnt.quantize %x : tensor<4xf32> to tensor<4x!q>
  %d = qnt.dequantize %q : tensor<4x!q> to tensor<4xf32>
  %e = tosa.exp %d : (tensor<4xf32>) -> tensor<4xf32>
  %eq = qnt.quantize %e : tensor<4xf32> to tensor<4x!q>
  %ed = qnt.dequantize %eq : tensor<4x!q> to tensor<4xf32>
  %t = tosa.tanh %ed : (tensor<4xf32>) -> tensor<4xf32>
  %tq = qnt.quantize %t : tensor<4xf32> to tensor<4x!q>
  %td = qnt.dequantize %tq : tensor<4x!q> to tensor<4xf32>
  return %td : tensor<4xf32>
}

// -----

!u = !qnt.quantized<ui8 : f32, #qnt.per_tensor<scale = 0.5, zero_point = 130>>

// CHECK-LABEL: @unsigned_becomes_signed
// CHECK: qnt.quantize %{{.*}} to tensor<4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01, zero_point = 2>>>
// CHECK-NOT: ui8
func.func @unsigned_becomes_signed(%x: tensor<4xf32>) -> tensor<4xf32> {
  %q = qnt.quantize %x : tensor<4xf32> to tensor<4x!u>
  %d = qnt.dequantize %q : tensor<4x!u> to tensor<4xf32>
  return %d : tensor<4xf32>
}

// -----

!q = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5>>

// Excluded ops and float neighbours stay as they are.
// CHECK-LABEL: @must_not_change
// CHECK-NEXT: qnt.quantize
// CHECK-NEXT: qnt.dequantize
// CHECK-NEXT: tosa.sigmoid
// CHECK-NEXT: tosa.exp
// CHECK-NEXT: return
func.func @must_not_change(%x: tensor<4xf32>) -> tensor<4xf32> {
  %q = qnt.quantize %x : tensor<4xf32> to tensor<4x!q>
  %d = qnt.dequantize %q : tensor<4x!q> to tensor<4xf32>
  %s = tosa.sigmoid %d {qnt.exclude = "the recipe"} : (tensor<4xf32>) -> tensor<4xf32>
  %e = tosa.exp %s : (tensor<4xf32>) -> tensor<4xf32>
  return %e : tensor<4xf32>
}
