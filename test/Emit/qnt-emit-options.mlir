// RUN: quant-opt %s --qnt-emit="file=%t.s triple=aarch64-linux-gnu mcpu=cortex-a76" \
// RUN:   -verify-diagnostics
// RUN: FileCheck %s < %t.s
// RUN: not ls %t.h
// RUN: not quant-opt %s --qnt-emit="file=%t.s format=wav" 2>&1 | FileCheck %s --check-prefix=FORMAT
// RUN: not quant-opt %s --qnt-emit="file=%t.s linker=ld" 2>&1 | FileCheck %s --check-prefix=LINKER
// RUN: not quant-opt %s --qnt-emit="file=%t.so linker=/no/such/linker" 2>&1 | FileCheck %s --check-prefix=NOLINKER
// RUN: not quant-opt %s --qnt-emit="file=%t.exe" 2>&1 | FileCheck %s --check-prefix=EXE
// RUN: not quant-opt %s --qnt-emit="file=%t.odd" 2>&1 | FileCheck %s --check-prefix=SUFFIX

// A module of somebody else: the options name its target, and it keeps all of
// its symbols.

// FORMAT: error: unknown format 'wav'; expected one of obj, asm, shared, exe, llvm, bitcode, mlir, bytecode, onnx
// LINKER: error: option 'linker' has no effect on format 'asm'
// NOLINKER: error: '/no/such/linker' failed
// EXE: error: an executable needs the 'qnt.contract' attribute that --lower-to-llvm leaves; emit an object instead
// SUFFIX: error: cannot tell the format of '{{.*}}.odd' from its suffix; set option 'format'

// expected-remark@+1 {{no 'qnt.contract' attribute, so no C header and no JSON are written beside}}
module {
  // CHECK: .globl add
  // CHECK: add{{.*}}w0, w{{[01]}}, w{{[01]}}
  llvm.func @add(%a: i32, %b: i32) -> i32 {
    %sum = llvm.add %a, %b : i32
    llvm.return %sum : i32
  }
}
