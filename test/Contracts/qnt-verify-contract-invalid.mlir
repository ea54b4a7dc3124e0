// RUN: split-file %s %t
// RUN: quant-opt %t/import.mlir --qnt-verify-contract=stage=import --verify-diagnostics
// RUN: quant-opt %t/prepare.mlir --qnt-verify-contract=stage=prepare --verify-diagnostics
// RUN: quant-opt %t/observe.mlir --qnt-verify-contract=stage=observe --verify-diagnostics
// RUN: quant-opt %t/calibrate.mlir --qnt-verify-contract=stage=calibrate --verify-diagnostics
// RUN: quant-opt %t/propagate.mlir --qnt-verify-contract=stage=propagate --verify-diagnostics
// RUN: quant-opt %t/fold.mlir --qnt-verify-contract=stage=fold --verify-diagnostics
// RUN: quant-opt %t/lower.mlir --qnt-verify-contract=stage=lower --verify-diagnostics
// RUN: quant-opt %t/codegen.mlir --qnt-verify-contract=stage=codegen --verify-diagnostics
// RUN: not quant-opt %t/codegen.mlir --qnt-verify-contract=stage=bake 2>&1 | FileCheck %s
// CHECK: error: unknown stage 'bake'; expected import, prepare, observe, calibrate, propagate, fold, lower or codegen

//--- import.mlir
// expected-error @below {{contract of import: 'func.func' has the dynamic type 'tensor<?xf32>'}}
func.func @dynamic(%x: tensor<?xf32>) {
  return
}

func.func @half(%x: tensor<4xf16>) {
  // expected-error @below {{contract of import: 'arith.negf' has the type 'tensor<4xf16>', whose elements are not f32 or f64}}
  %y = arith.negf %x : tensor<4xf16>
  return
}

//--- prepare.mlir
func.func @dead(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{contract of prepare: 'tosa.exp' is never used}}
  %e = tosa.exp %x : (tensor<4xf32>) -> tensor<4xf32>
  return %x : tensor<4xf32>
}
func.func @twice(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %t = tosa.transpose %x {perms = array<i32: 1, 0>} : (tensor<2x3xf32>) -> tensor<3x2xf32>
  // expected-error @below {{contract of prepare: 'tosa.transpose' transposes a transpose}}
  %u = tosa.transpose %t {perms = array<i32: 1, 0>} : (tensor<3x2xf32>) -> tensor<2x3xf32>
  return %u : tensor<2x3xf32>
}

//--- observe.mlir
!p = !qnt.quantized<i8 : f32, #qnt.pending<per_tensor>>
!c = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5>>
func.func @names(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  // expected-note @below {{first here}}
  %a = qnt.observe %x "edge" by #qnt.min_max as !p : tensor<4xf32>
  // expected-error @below {{contract of observe: edge 'edge' is observed twice}}
  %b = qnt.observe %y "edge" by #qnt.min_max as !p : tensor<4xf32>
  // expected-error @below {{contract of observe: edge 'again' watches another observer}}
  %c = qnt.observe %a "again" by #qnt.min_max as !p : tensor<4xf32>
  return %c : tensor<4xf32>
}

//--- calibrate.mlir
!p = !qnt.quantized<i8 : f32, #qnt.pending<per_tensor>>
func.func @left(%x: tensor<4xf32>) -> tensor<4x!p> {
  // expected-error @below {{contract of calibrate: edge 'edge' is still observed}}
  %a = qnt.observe %x "edge" by #qnt.min_max as !p : tensor<4xf32>
  // expected-error @below {{contract of calibrate: 'qnt.quantize' has a scheme without parameters}}
  %q = qnt.quantize %a : tensor<4xf32> to tensor<4x!p>
  return %q : tensor<4x!p>
}

//--- propagate.mlir
!a = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5>>
!b = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.25>>
func.func @scales(%x: tensor<4xf32>) -> tensor<4xf32> {
  %q = qnt.quantize %x : tensor<4xf32> to tensor<4x!a>
  %d = qnt.dequantize %q : tensor<4x!a> to tensor<4xf32>
  // expected-error @below {{contract of propagate: 'tosa.reverse' needs one scale for all its edges, but result 0 has #qnt.per_tensor<scale = 2.500000e-01> and operand 0 has #qnt.per_tensor<scale = 5.000000e-01>}}
  %r = tosa.reverse %d {axis = 0 : i32} : (tensor<4xf32>) -> tensor<4xf32>
  %rq = qnt.quantize %r : tensor<4xf32> to tensor<4x!b>
  %rd = qnt.dequantize %rq : tensor<4x!b> to tensor<4xf32>
  // expected-error @below {{contract of propagate: 'tosa.sigmoid' has a fixed result 0 of scale}}
  %s = tosa.sigmoid %rd : (tensor<4xf32>) -> tensor<4xf32>
  %sq = qnt.quantize %s : tensor<4xf32> to tensor<4x!b>
  %sd = qnt.dequantize %sq : tensor<4x!b> to tensor<4xf32>
  return %sd : tensor<4xf32>
}

//--- fold.mlir
!a = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.5>>
!b = !qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 0.25>>
func.func @pair(%q: tensor<4x!a>) -> tensor<4x!b> {
  %d = qnt.dequantize %q : tensor<4x!a> to tensor<4xf32>
  // expected-error @below {{contract of fold: 'qnt.quantize' quantizes a dequantize}}
  %r = qnt.quantize %d : tensor<4xf32> to tensor<4x!b>
  return %r : tensor<4x!b>
}

//--- lower.mlir
func.func @unlisted(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{contract of lower: 'tosa.exp' computes floats, but is not listed in qnt.float_ops}}
  %e = tosa.exp %x : (tensor<4xf32>) -> tensor<4xf32>
  return %e : tensor<4xf32>
}

//--- codegen.mlir
// expected-error @below {{contract of codegen: 'func.func' is the op 'func.func' outside the LLVM dialect}}
func.func private @left(tensor<4xf32>)
