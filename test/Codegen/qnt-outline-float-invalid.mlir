// RUN: quant-opt %s --qnt-outline-float --verify-diagnostics

func.func @dynamic(%x: tensor<?xf32>) -> tensor<?xf32> {
  // expected-error @below {{'tosa.exp' has a result of dynamic size 'tensor<?xf32>'; give the model fixed input shapes}}
  %e = tosa.exp %x : (tensor<?xf32>) -> tensor<?xf32>
  return %e : tensor<?xf32>
}
