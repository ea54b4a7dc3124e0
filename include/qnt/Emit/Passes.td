//===- Passes.td - the pass that emits ----------------------*- tablegen -*-===//
//
// The last stage: LLVM dialect in, files out.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_EMIT_PASSES_TD
#define QNT_EMIT_PASSES_TD

include "mlir/Pass/PassBase.td"

def Emit : Pass<"qnt-emit", "::mlir::ModuleOp"> {
  let summary = "Write a module of the LLVM dialect as native code";
  let description = [{
    Translates the module to LLVM IR, optimizes it for the target and writes
    `file`. The target is `#qnt.cpu_target` in the module attribute
    `qnt.target`; a module that this project did not lower may name it by the
    options instead. Everything but the two functions of the contract becomes
    internal to the object.

    Beside objects, assembly and shared libraries come the C header (`.h`) and
    `.json` of the contract, made from the module attribute `qnt.contract`;
    without that attribute they are left out with a remark. All files appear
    together when everything succeeded. Their bytes depend on the module alone.

    Refused: ops outside the LLVM dialect, unknown targets, a link without a
    linker. The module itself is not changed.

    ```mlir
    // RUN: quant-opt %s --qnt-emit="file=%t.o" && llvm-nm %t.o | FileCheck %s
    // CHECK: T add
    llvm.func @add(%a: i32, %b: i32) -> i32 {
      %sum = llvm.add %a, %b : i32
      llvm.return %sum : i32
    }
    ```
  }];
  let options = [
    Option<"file", "file", "std::string", /*default=*/"\"-\"",
           "Where to write; `-` is standard output">,
    Option<"format", "format", "std::string", /*default=*/"\"\"",
           "obj, asm, shared, exe, llvm or bitcode; by default what the suffix "
           "of the file asks for">,
    Option<"triple", "triple", "std::string", /*default=*/"\"\"",
           "Target triple of a module without `qnt.target`; by default the "
           "host's">,
    Option<"cpu", "mcpu", "std::string", /*default=*/"\"\"",
           "CPU of a module without `qnt.target`; by default generic">,
    Option<"features", "features", "std::string", /*default=*/"\"\"",
           "Features of a module without `qnt.target`, as `+a,-b`">,
    Option<"optLevel", "opt-level", "unsigned", /*default=*/"3",
           "Level of LLVM's optimizer, 0 to 3">,
    Option<"linker", "linker", "std::string", /*default=*/"\"\"",
           "The linker (shared: ld.lld; exe: a C compiler); by default the "
           "first that is found">
  ];
  let statistics = [
    Statistic<"bytesWritten", "bytes-written", "Bytes of the main product">,
    Statistic<"functionsEmitted", "functions-emitted",
              "Functions with a body after optimization">
  ];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // QNT_EMIT_PASSES_TD
