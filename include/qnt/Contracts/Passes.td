//===- Passes.td - the verifier of stage contracts ---------*- tablegen -*-===//
//
// Stages talk through the IR only; this is what each border promises.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_CONTRACTS_PASSES_TD
#define QNT_CONTRACTS_PASSES_TD

include "mlir/Pass/PassBase.td"

def VerifyContract : Pass<"qnt-verify-contract", "::mlir::ModuleOp"> {
  let summary = "Check what a stage promises to the next one";
  let description = [{
    After `stage` the module holds:

    | stage | promise |
    |---|---|
    | import | ranked static tensors; ops of tosa, linalg, tensor, arith, math, scf, func, and of qnt composites, quantize, dequantize and storage_cast; float is f32 or f64, or f16 and bf16 that are converted at the ends; no observer |
    | prepare | as import; no dead op; no transpose of a transpose or of a constant |
    | observe | every observer has an edge name of its own and a pending scheme; none watches another |
    | calibrate | no observer; every scheme has its parameters |
    | propagate | as calibrate; the scale constraints of every quantized op hold; its weights are stored integers |
    | fold | as propagate; no quantize of a dequantize; no requantize between equal types |
    | lower | no quantized type and no cast to or from one; each float op is listed in `qnt.float_ops` |
    | codegen | ops of the LLVM dialect only |

    Each broken promise is one error that names the op. Nothing is changed.

    ```mlir
    // What `stage=lower` accepts.
    func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
      %q = qnt.to_int %x {scale = 5.000000e-01 : f32, zero_point = 0 : i32, min = -128 : i32, max = 127 : i32} : tensor<4xf32> to tensor<4xi8>
      %y = qnt.to_float %q {scale = 5.000000e-01 : f32, zero_point = 0 : i32} : tensor<4xi8> to tensor<4xf32>
      return %y : tensor<4xf32>
    }
    ```
  }];
  let options = [
    Option<"stage", "stage", "std::string", [{"lower"}],
           "The stage that has just run: import, prepare, observe, calibrate, "
           "propagate, fold, lower or codegen">
  ];
  let statistics = [
    Statistic<"numOps", "ops-checked", "Number of ops checked">
  ];
}

#endif // QNT_CONTRACTS_PASSES_TD
