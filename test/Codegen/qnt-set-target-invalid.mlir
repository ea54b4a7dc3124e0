// RUN: not quant-opt %s --qnt-set-target="triple=x87_64-linux-gnu" 2>&1 | FileCheck %s --check-prefix=TRIPLE
// RUN: not quant-opt %s --qnt-set-target="triple=x86_64-linux-gnu mcpu=skylak" 2>&1 | FileCheck %s --check-prefix=CPU
// RUN: not quant-opt %s --qnt-set-target="triple=aarch64-linux-gnu features=+dotprodd" 2>&1 | FileCheck %s --check-prefix=FEATURE
// RUN: not quant-opt %s --qnt-set-target="triple=aarch64-linux-gnu features=dotprod" 2>&1 | FileCheck %s --check-prefix=SIGN
// RUN: not quant-opt %s --qnt-set-target="triple=hexagon-linux-gnu mcpu=native" 2>&1 | FileCheck %s --check-prefix=NATIVE

// TRIPLE: error: unknown target triple 'x87_64-linux-gnu'; nearest architectures:
// CPU: error: unknown cpu 'skylak' for triple 'x86_64-linux-gnu'; nearest: skylake,
// FEATURE: error: unknown feature 'dotprodd' for triple 'aarch64-linux-gnu'; nearest: dotprod,
// SIGN: error: expected feature 'dotprod' to start with + or -
// NATIVE: error: mcpu=native needs the architecture of this machine ({{.*}}), found triple 'hexagon-linux-gnu'; name a cpu instead
module {
}
