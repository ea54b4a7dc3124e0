// RUN: quant-opt %s --qnt-set-target="triple=x86_64-linux-gnu mcpu=cascadelake features=-avx512vnni" | FileCheck %s --check-prefix=X86
// RUN: quant-opt %s --qnt-set-target="triple=aarch64-linux-gnu" | FileCheck %s --check-prefix=ARM
// RUN: quant-opt %s --qnt-set-target="mcpu=native" | FileCheck %s --check-prefix=NATIVE
// RUN: quant-opt %s --qnt-set-target="triple=aarch64-linux-gnu features=+dotprod" --qnt-set-target | FileCheck %s --check-prefix=KEPT

// Features that a CPU implies are written out, and so is one that was taken
// away, since the CPU's name would bring it back.
// X86: qnt.target = #qnt.cpu_target<"x86_64-unknown-linux-gnu", "cascadelake", "
// X86-NOT: +avx512vnni
// X86-NOT: +prefer-
// X86-SAME: +avx512vl
// X86-NOT: +avx512vnni
// X86-SAME: -avx512vnni
// X86-SAME: ">

// ARM: #qnt.cpu_target<"aarch64-unknown-linux-gnu", "generic", "{{.*}}+fp-armv8,{{.*}}+neon

// NATIVE: #qnt.cpu_target<"{{[^"]+}}", "{{[^"]+}}", "+

// A target is kept where no option asks for another.
// KEPT: #qnt.cpu_target<"aarch64-unknown-linux-gnu", "generic", "{{.*}}+dotprod
module {
}
