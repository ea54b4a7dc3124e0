// RUN: quant-opt %s --qnt-raise-composites --mlir-elide-elementsattrs-if-larger=4 | FileCheck %s

// CHECK-LABEL: func.func @quick_gelu
// CHECK-SAME: %[[X:.*]]: tensor<4xf32>
// CHECK-NEXT: qnt.composite "silu"(%[[X]]) {config = {alpha = {{1.70.*}} : f64}}
// CHECK: return
func.func @quick_gelu(%x: tensor<4xf32>) -> tensor<4xf32> {
  %shift = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %c = "tosa.const"() {values = dense<1.702> : tensor<1xf32>} : () -> tensor<1xf32>
  %v = tosa.mul %x, %c, %shift : (tensor<4xf32>, tensor<1xf32>, tensor<1xi8>) -> tensor<4xf32>
  %s = tosa.sigmoid %v : (tensor<4xf32>) -> tensor<4xf32>
  %y = tosa.mul %s, %x, %shift : (tensor<4xf32>, tensor<4xf32>, tensor<1xi8>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// The order in which exporters of PyTorch multiply.
// CHECK-LABEL: func.func @gelu
// CHECK-NEXT: qnt.composite "gelu"(
// CHECK-NOT: tosa.erf %arg
func.func @gelu(%x: tensor<4xf32>) -> tensor<4xf32> {
  %shift = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %c = "tosa.const"() {values = dense<0.707106769> : tensor<1xf32>} : () -> tensor<1xf32>
  %one = "tosa.const"() {values = dense<1.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %half = "tosa.const"() {values = dense<0.5> : tensor<1xf32>} : () -> tensor<1xf32>
  %v = tosa.mul %x, %c, %shift : (tensor<4xf32>, tensor<1xf32>, tensor<1xi8>) -> tensor<4xf32>
  %e = tosa.erf %v : (tensor<4xf32>) -> tensor<4xf32>
  %g = tosa.add %e, %one : (tensor<4xf32>, tensor<1xf32>) -> tensor<4xf32>
  %p = tosa.mul %x, %g, %shift : (tensor<4xf32>, tensor<4xf32>, tensor<1xi8>) -> tensor<4xf32>
  %y = tosa.mul %p, %half, %shift : (tensor<4xf32>, tensor<1xf32>, tensor<1xi8>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// CHECK-LABEL: func.func @layer_norm
// CHECK-SAME: %[[X:.*]]: tensor<2x4xf32>
// CHECK: qnt.composite "layer_norm"(%[[X]], %{{.*}}, %{{.*}}) {config = {axis = 1 : i64, epsilon = {{.*}} : f64}}
// CHECK: tosa.reduce_sum
// CHECK: qnt.yield
// CHECK: return
func.func @layer_norm(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %shift = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %n = "tosa.const"() {values = dense<0.25> : tensor<1x1xf32>} : () -> tensor<1x1xf32>
  %eps = "tosa.const"() {values = dense<1.0e-5> : tensor<1x1xf32>} : () -> tensor<1x1xf32>
  %gamma = "tosa.const"() {values = dense<[[1.0, 2.0, 3.0, 4.0]]> : tensor<1x4xf32>} : () -> tensor<1x4xf32>
  %beta = "tosa.const"() {values = dense<[[0.0, 1.0, 0.0, 1.0]]> : tensor<1x4xf32>} : () -> tensor<1x4xf32>
  %s = tosa.reduce_sum %x {axis = 1 : i32} : (tensor<2x4xf32>) -> tensor<2x1xf32>
  %m = tosa.mul %s, %n, %shift : (tensor<2x1xf32>, tensor<1x1xf32>, tensor<1xi8>) -> tensor<2x1xf32>
  %d = tosa.sub %x, %m : (tensor<2x4xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
  %q = tosa.mul %d, %d, %shift : (tensor<2x4xf32>, tensor<2x4xf32>, tensor<1xi8>) -> tensor<2x4xf32>
  %t = tosa.reduce_sum %q {axis = 1 : i32} : (tensor<2x4xf32>) -> tensor<2x1xf32>
  %v = tosa.mul %t, %n, %shift : (tensor<2x1xf32>, tensor<1x1xf32>, tensor<1xi8>) -> tensor<2x1xf32>
  %w = tosa.add %v, %eps : (tensor<2x1xf32>, tensor<1x1xf32>) -> tensor<2x1xf32>
  %r = tosa.rsqrt %w : (tensor<2x1xf32>) -> tensor<2x1xf32>
  %z = tosa.mul %d, %r, %shift : (tensor<2x4xf32>, tensor<2x1xf32>, tensor<1xi8>) -> tensor<2x4xf32>
  %g = tosa.mul %z, %gamma, %shift : (tensor<2x4xf32>, tensor<1x4xf32>, tensor<1xi8>) -> tensor<2x4xf32>
  %y = tosa.add %g, %beta : (tensor<2x4xf32>, tensor<1x4xf32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// A gate that has another use is kept for it.
// CHECK-LABEL: func.func @shared_gate
// CHECK: %[[GATE:.*]] = tosa.sigmoid
// CHECK: %[[SILU:.*]] = qnt.composite "silu"
// CHECK: return %[[SILU]], %[[GATE]]
func.func @shared_gate(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %shift = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %s = tosa.sigmoid %x : (tensor<4xf32>) -> tensor<4xf32>
  %y = tosa.mul %x, %s, %shift : (tensor<4xf32>, tensor<4xf32>, tensor<1xi8>) -> tensor<4xf32>
  return %y, %s : tensor<4xf32>, tensor<4xf32>
}

// The gate of another value (squeeze and excitation) is no silu.
// CHECK-LABEL: func.func @other_gate
// CHECK-NOT: qnt.composite
// CHECK: return
func.func @other_gate(%x: tensor<4xf32>, %z: tensor<4xf32>) -> tensor<4xf32> {
  %shift = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %s = tosa.sigmoid %z : (tensor<4xf32>) -> tensor<4xf32>
  %y = tosa.mul %x, %s, %shift : (tensor<4xf32>, tensor<4xf32>, tensor<1xi8>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
