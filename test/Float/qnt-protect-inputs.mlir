// RUN: quant-opt %s --qnt-protect-inputs | FileCheck %s

// CHECK: @public(%{{.*}}: tensor<4xf32> {bufferization.writable = false}, %{{.*}}: f32)
func.func @public(%x: tensor<4xf32>, %s: f32) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}

// What the caller said stays; private functions are nobody's interface.
// CHECK: @given(%{{.*}}: tensor<4xf32> {bufferization.writable = true})
func.func @given(%x: tensor<4xf32> {bufferization.writable = true}) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
// CHECK: @private(%{{.*}}: tensor<4xf32>)
func.func private @private(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
