//===- Passes.td - passes of the codegen stage -------------*- tablegen -*-===//
//
// From integer tensors to kernels on memory: choose the CPU, take the float
// parts out, plan one arena, write one function per kernel.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_CODEGEN_PASSES_TD
#define QNT_CODEGEN_PASSES_TD

include "mlir/Pass/PassBase.td"

def SetTarget : Pass<"qnt-set-target", "::mlir::ModuleOp"> {
  let summary = "Resolve the CPU that code is made for";
  let description = [{
    Sets the module attribute `qnt.target` to a triple, a CPU name and the whole
    list of features that are on, implied ones included, so that later passes
    and the code generator need no table of CPUs. `mcpu=native` is the machine
    that the compiler runs on; without a CPU the oldest one of the triple is
    taken. A module that has a target keeps it if no option is given. Refused:
    a triple, CPU or feature that LLVM does not know; the error names the
    nearest ones.

    ```mlir
    module {
    }
    // ----- after: --qnt-set-target="triple=thumbv7m-none-eabi mcpu=cortex-m3"
    module attributes {qnt.target = #qnt.cpu_target<"thumbv7m-unknown-none-eabi", "cortex-m3", ...>} {
    }
    ```
  }];
  let options = [
    Option<"triple", "triple", "std::string", "\"\"",
           "Target triple (default: that of this machine)">,
    Option<"mcpu", "mcpu", "std::string", "\"\"",
           "CPU as LLVM spells it, or native (default: generic)">,
    Option<"features", "features", "std::string", "\"\"",
           "Features to add or take away, e.g. +dotprod,-sve">
  ];
  let statistics = [
    Statistic<"numFeatures", "features", "Number of features that are on">
  ];
  let dependentDialects = ["::mlir::qnt::QntDialect"];
}

def OutlineFloat : Pass<"qnt-outline-float", "::mlir::ModuleOp"> {
  let summary = "Move what stayed float into functions of their own";
  let description = [{
    Connected float ops between `qnt.to_float` and `qnt.to_int`, or the ends of
    the function, and ops on integers that were never quantized (token ids,
    masks), become one function each in the inner module `@qnt_float`,
    which the float pipeline lowers; a declaration with the same name stays
    behind for the call. Reshapes between such ops go with them, constants are
    copied. A function without float ops stays as it is.

    ```mlir
    func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
      %y = tosa.exp %x : (tensor<4xf32>) -> tensor<4xf32>
      return %y : tensor<4xf32>
    }
    // ----- after
    func.func private @f_float_0(tensor<4xf32>) -> tensor<4xf32> attributes {qnt.scratch_bytes = 0 : i64}
    func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
      %y = call @f_float_0(%x) : (tensor<4xf32>) -> tensor<4xf32>
      return %y : tensor<4xf32>
    }
    module @qnt_float {
      func.func @f_float_0(%a: tensor<4xf32>) -> tensor<4xf32> {
        %e = tosa.exp %a : (tensor<4xf32>) -> tensor<4xf32>
        return %e : tensor<4xf32>
      }
    }
    ```
  }];
  let statistics = [
    Statistic<"numFunctions", "functions", "Number of float functions made">
  ];
  let dependentDialects = ["::mlir::func::FuncDialect"];
}

def PlanScratch : Pass<"qnt-plan-scratch", "::mlir::func::FuncOp"> {
  let summary = "Place temporaries in memory that the caller passes";
  let description = [{
    Replaces every `memref.alloc` of a function by a part of one more argument,
    a block of bytes; temporaries whose uses do not overlap share bytes. The
    attribute `qnt.scratch_bytes` says how long the block must be; without
    temporaries there is no such argument. Refused: allocations of dynamic size.

    ```mlir
    func.func @f(%x: memref<4xf32>, %y: memref<4xf32>) {
      %t = memref.alloc() : memref<4xf32>
      memref.copy %x, %t : memref<4xf32> to memref<4xf32>
      memref.copy %t, %y : memref<4xf32> to memref<4xf32>
      return
    }
    // ----- after
    func.func @f(%x: memref<4xf32>, %y: memref<4xf32>, %scratch: memref<64xi8>) attributes {qnt.scratch_bytes = 64 : i64} {
      %c0 = arith.constant 0 : index
      %t = memref.view %scratch[%c0][] : memref<64xi8> to memref<4xf32>
      memref.copy %x, %t : memref<4xf32> to memref<4xf32>
      memref.copy %t, %y : memref<4xf32> to memref<4xf32>
      return
    }
    ```
  }];
  let statistics = [
    Statistic<"numTemporaries", "temporaries", "Number of allocations placed">,
    Statistic<"scratchBytes", "scratch-bytes", "Bytes of scratch memory">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::memref::MemRefDialect"];
}

def EmitKernels : Pass<"qnt-emit-kernels", "::mlir::ModuleOp"> {
  let summary = "Plan memory and write one function per kernel";
  let description = [{
    Turns the integer tensors of the one public function into calls on memory.
    Each op, or contraction with its rescale, becomes a kernel; equal kernels
    are shared and take their constants as arguments. All tensors lie in one
    arena whose offsets follow from their lifetimes; reshapes are views,
    elementwise results may lie over a dying operand, inputs of convolutions
    carry a halo that is filled in each run.

    What is left is a private `<name>_body`, and the C interface
    `<name>_init(threads)` and `<name>_run(inputs, outputs, arena)`, both
    returning 0 or an errno value; the module attribute `qnt.contract` describes
    it. Refused: ops without a kernel, each by name and location.

    ```mlir
    module attributes {qnt.target = #qnt.cpu_target<"x86_64", "x86-64", "">} {
      func.func @tiny(%x: tensor<8xf32>) -> tensor<8xi8> {
        %q = qnt.to_int %x {scale = 5.0e-01 : f32, zero_point = 0 : i32,
            min = -128 : i32, max = 127 : i32} : tensor<8xf32> to tensor<8xi8>
        return %q : tensor<8xi8>
      }
    }
    // ----- after
    func.func private @tiny_body(%in: memref<8xf32>, %out: memref<8xi8>, %arena: memref<128xi8>)
    ...
    func.func @tiny_init(%threads: i32) -> i32
    ...
    func.func @tiny_run(%inputs: !llvm.ptr, %outputs: !llvm.ptr, %memory: !llvm.ptr) -> i32
    ...
    ```
  }];
  let options = [
    Option<"name", "name", "std::string", "\"\"",
           "Prefix of all symbols (default: the name of the function)">,
    Option<"staticArena", "static-arena", "bool", "false",
           "Put the arena into the object, so that callers may pass NULL">
  ];
  let statistics = [
    Statistic<"numSteps", "steps", "Number of kernel calls per run">,
    Statistic<"numKernels", "kernels", "Number of distinct kernels">,
    Statistic<"arenaBytes", "arena-bytes", "Bytes of the arena">,
    Statistic<"lowerBound", "lower-bound",
              "Most bytes alive at once, which no plan can beat">,
    Statistic<"constantBytes", "constant-bytes", "Bytes of constants">
  ];
  let dependentDialects = [
    "::mlir::LLVM::LLVMDialect", "::mlir::arith::ArithDialect",
    "::mlir::func::FuncDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"
  ];
}

#endif // QNT_CODEGEN_PASSES_TD
