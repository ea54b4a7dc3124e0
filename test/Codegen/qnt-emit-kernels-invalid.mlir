// RUN: quant-opt %s --qnt-emit-kernels --split-input-file --verify-diagnostics

// expected-error @below {{expected attribute 'qnt.target'; run qnt-set-target first}}
module {
}

// -----

// expected-error @below {{expected a public function, found none}}
module attributes {qnt.target = #qnt.cpu_target<"x86_64", "x86-64", "">} {
}

// -----

module attributes {qnt.target = #qnt.cpu_target<"x86_64", "x86-64", "">} {
  func.func @one(%x: tensor<4xi8>) -> tensor<4xi8> {
    return %x : tensor<4xi8>
  }
  // expected-error @below {{expected one public function, found 'one' and 'two'; make one private}}
  func.func @two(%x: tensor<4xi8>) -> tensor<4xi8> {
    return %x : tensor<4xi8>
  }
}

// -----

// All ops without a kernel are named, not only the first.
module attributes {qnt.target = #qnt.cpu_target<"x86_64", "x86-64", "">} {
  func.func @float(%x: tensor<4xf32>) -> tensor<4xf32> {
    // expected-error @below {{'tosa.exp' has no kernel; quantize it, or run qnt-outline-float first where it stays float}}
    %e = tosa.exp %x : (tensor<4xf32>) -> tensor<4xf32>
    // expected-error @below {{'tosa.tanh' has no kernel}}
    %t = tosa.tanh %e : (tensor<4xf32>) -> tensor<4xf32>
    return %t : tensor<4xf32>
  }
}

// -----

module attributes {qnt.target = #qnt.cpu_target<"x86_64", "x86-64", "">} {
  func.func @accumulator(%x: tensor<1x2x3xi8>, %y: tensor<1x3x2xi8>) -> tensor<1x2x2xi32> {
    %z = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
    // expected-error @below {{'tosa.matmul' has a kernel only together with the qnt.rescale to i8 that is its single user; lower it with qnt-lower-to-integer}}
    %r = tosa.matmul %x, %y, %z, %z : (tensor<1x2x3xi8>, tensor<1x3x2xi8>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x2x2xi32>
    return %r : tensor<1x2x2xi32>
  }
}

// -----

module attributes {qnt.target = #qnt.cpu_target<"x86_64", "x86-64", "">} {
  // expected-error @below {{argument 0 has type 'tensor<?xi8>'; expected a static tensor of i1, i8 to i64, ui8, or f16 to f64}}
  func.func @dynamic(%x: tensor<?xi8>) -> tensor<?xi8> {
    return %x : tensor<?xi8>
  }
}

// -----

module attributes {qnt.target = #qnt.cpu_target<"x86_64", "x86-64", "">} {
  func.func @weights(%x: tensor<1x1x1x2xi8>, %w: tensor<1x1x1x2xi8>) -> tensor<1x1x1x1xi8> {
    %b = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
    %z = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
    // expected-error @below {{'tosa.conv2d' has a kernel only for constant weights of i8 and a constant bias of i32}}
    %c = tosa.conv2d %x, %w, %b, %z, %z {acc_type = i32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (tensor<1x1x1x2xi8>, tensor<1x1x1x2xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x1x1x1xi32>
    %r = qnt.rescale %c {multipliers = array<f64: 0.5>, min = -128 : i32, max = 127 : i32, rounding = #qnt.rounding<fp32_rne>} : tensor<1x1x1x1xi32> to tensor<1x1x1x1xi8>
    return %r : tensor<1x1x1x1xi8>
  }
}
