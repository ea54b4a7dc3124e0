// RUN: quant-opt %s --qnt-emit="file=%t.o" -split-input-file -verify-diagnostics
// RUN: not ls %t.o

func.func @not_lowered() {
  // expected-error@+1 {{op 'func.return' is not in the LLVM dialect, so no code can be emitted; lower the module with --lower-to-llvm}}
  return
}

// -----

// expected-error@+1 {{'builtin.module' op 'qnt.contract' dictionary has no entry 'name' that is a string}}
module @no_name attributes {qnt.contract = {}} {}

// -----

// expected-error@+1 {{'builtin.module' op 'qnt.contract' entry 0 of 'inputs' has no entry 'type' that is a static tensor of a plain number type}}
module @dynamic_input attributes {qnt.contract = {
  name = "m", init = "m_init", run = "m_run", arena_bytes = 0 : i64,
  arena_align = 1 : i64, macs = 0 : i64,
  inputs = [{name = "x", type = tensor<?xf32>}], outputs = []}} {}

// -----

// expected-error@+1 {{'builtin.module' op 'qnt.contract' has arena_align 3, expected a power of two}}
module @bad_alignment attributes {qnt.contract = {
  name = "m", init = "m_init", run = "m_run", arena_bytes = 0 : i64,
  arena_align = 3 : i64, macs = 0 : i64, inputs = [], outputs = []}} {}

// -----

// expected-error@+1 {{'qnt.contract' names the function 'm_init', which the module does not define}}
module @no_functions attributes {qnt.contract = {
  name = "m", init = "m_init", run = "m_run", arena_bytes = 0 : i64,
  arena_align = 1 : i64, macs = 0 : i64, inputs = [], outputs = []}} {}

// -----

// expected-error@+1 {{unknown target triple 'pdp11-unknown-none'; name one such as 'x86_64-linux-gnu' or 'aarch64-linux-gnu'}}
module @bad_triple attributes {
  qnt.target = #qnt.cpu_target<"pdp11-unknown-none", "generic", "">} {}

// -----

// expected-error@+1 {{unknown CPU 'z80' for triple 'x86_64-linux-gnu'}}
module @bad_cpu attributes {
  qnt.target = #qnt.cpu_target<"x86_64-linux-gnu", "z80", "">} {}

// -----

// expected-error@+1 {{unknown CPU feature '+warp' for triple 'aarch64-linux-gnu'; write '+name' or '-name'}}
module @bad_feature attributes {
  qnt.target = #qnt.cpu_target<"aarch64-linux-gnu", "generic", "+warp">} {}
