// What stayed float between integer ops runs inside the same object, without a
// heap: the results are those of numpy, and only memset and memcpy are wanted
// from outside.
// REQUIRES: numpy, cc
// RUN: rm -rf %t && mkdir -p %t
// RUN: quant-opt %s --lower-to-llvm="mcpu=native" -o %t/mixed.o
// RUN: llvm-nm --undefined-only %t/mixed.o | FileCheck %s --check-prefix=SYMBOLS --allow-empty
// RUN: %python -c "import numpy as np; np.savez(r'%t/in.npz', x=np.random.default_rng(0).normal(size=(6, 4, 4, 8)).astype(np.float32))"
// RUN: quant-run %t/mixed.o --inputs=%t/in.npz --outputs=%t/out.npz
// RUN: %python %S/Inputs/check_islands.py %t/in.npz %t/out.npz | FileCheck %s

// SYMBOLS-NOT: malloc
// SYMBOLS-NOT: exp
// SYMBOLS-NOT: tanh
// CHECK: within 1e-5

func.func @mixed(%x: tensor<1x4x4x8xf32> {qnt.name = "x"}) -> (tensor<1x4x4x8xf32> {qnt.name = "y"}, tensor<1x128xf32> {qnt.name = "z"}) {
  %q = qnt.to_int %x {scale = 5.0e-02 : f32, zero_point = 3 : i32, min = -128 : i32, max = 127 : i32} : tensor<1x4x4x8xf32> to tensor<1x4x4x8xi8>
  %f = qnt.to_float %q {scale = 5.0e-02 : f32, zero_point = 3 : i32} : tensor<1x4x4x8xi8> to tensor<1x4x4x8xf32>
  %e = tosa.exp %f : (tensor<1x4x4x8xf32>) -> tensor<1x4x4x8xf32>
  %t = tosa.tanh %e : (tensor<1x4x4x8xf32>) -> tensor<1x4x4x8xf32>
  %q2 = qnt.to_int %t {scale = 1.0e-02 : f32, zero_point = 3 : i32, min = -128 : i32, max = 127 : i32} : tensor<1x4x4x8xf32> to tensor<1x4x4x8xi8>
  %f2 = qnt.to_float %q2 {scale = 1.0e-02 : f32, zero_point = 3 : i32} : tensor<1x4x4x8xi8> to tensor<1x4x4x8xf32>
  %r = tosa.add %f2, %e : (tensor<1x4x4x8xf32>, tensor<1x4x4x8xf32>) -> tensor<1x4x4x8xf32>
  %s = tosa.const_shape {values = dense<[1, 128]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %z = tosa.reshape %r, %s : (tensor<1x4x4x8xf32>, !tosa.shape<2>) -> tensor<1x128xf32>
  return %t, %z : tensor<1x4x4x8xf32>, tensor<1x128xf32>
}
