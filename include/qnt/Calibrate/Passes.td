//===- Passes.td - passes of the calibrate stage --------*- tablegen -*-===//
//
// Observers run as compiled code, or their results come from a table, or are
// made up.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_CALIBRATE_PASSES_TD
#define QNT_CALIBRATE_PASSES_TD

include "mlir/Pass/PassBase.td"

def QntCalibrate : Pass<"qnt-calibrate", "::mlir::ModuleOp"> {
  let summary = "Run the observers and choose the parameters of their edges";
  let description = [{
    A copy of the module, with each `qnt.observe` replaced by the native update
    of its observer's state, is compiled once and run over the samples of
    `data`: a .npz archive, a .npy file, or a directory of either, read sample
    by sample. Arrays are named as the inputs (`qnt.name` of the argument, else
    `argN`) and have the samples in the first axis. Instead, or in addition,
    states come from a table that an earlier run wrote; both are merged.

    Then each `qnt.observe` becomes `qnt.quantize` and `qnt.dequantize` with a
    complete per-tensor scheme (rule N11 of docs/Numerics.md). The range seen is
    kept on the `qnt.quantize`, a hash of all states on the module. An edge that
    is always 0 gets scale 1, with a remark; so does an edge with one constant
    value, whose range is extended to contain 0.

    Refused: neither data nor table, arrays that do not fit the inputs, NaN or
    infinity among inputs or on an edge, an edge that saw nothing, a table of
    another model or without one of the edges. A module without observers stays
    as it is.

    Before, with `--qnt-calibrate="data=%src_root/test/Calibrate/Inputs/ramp.npz"`:
    ```mlir
    func.func @f(%x: tensor<1x4xf32> {qnt.name = "x"}) -> tensor<1x4xf32> {
      %o = qnt.observe %x "x" by #qnt.min_max as !qnt.quantized<i8 : f32, #qnt.pending<per_tensor>> : tensor<1x4xf32>
      return %o : tensor<1x4xf32>
    }
    ```
    After:
    ```mlir
    func.func @f(%x: tensor<1x4xf32> {qnt.name = "x"}) -> tensor<1x4xf32> {
      %q = qnt.quantize %x {qnt.edge = "x", qnt.seen_max = 2.550000e+02 : f64, qnt.seen_min = 0.000000e+00 : f64} : tensor<1x4xf32> to tensor<1x4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 1.000000e+00, zero_point = -128>>>
      %d = qnt.dequantize %q : ...
      return %d : tensor<1x4xf32>
    }
    ```
  }];
  let options = [Option<"data", "data", "std::string", /*default=*/"",
                        "Samples: .npz, .npy, or a directory of either">,
                 Option<"table", "table", "std::string", /*default=*/"",
                        "Table of an earlier run to take states from">,
                 Option<"writeTable", "write-table", "std::string",
                        /*default=*/"", "File to write the states to">,
                 Option<"maxSamples", "samples", "int64_t", /*default=*/"0",
                        "Samples to use at most; 0 takes all">,
                 Option<"lowering", "lowering", "std::string",
                        /*default=*/"\"float\"",
                        "Name of the pipeline to machine code">];
  let statistics =
      [Statistic<"numEdges", "edges", "Number of edges calibrated">,
       Statistic<"numSamples", "samples", "Number of samples run">];
  // Those of ours and, since a pass may not load dialects while it runs, those
  // of the lowering.
  let dependentDialects = ["::mlir::qnt::QntDialect",
                           "::mlir::affine::AffineDialect",
                           "::mlir::arith::ArithDialect",
                           "::mlir::bufferization::BufferizationDialect",
                           "::mlir::cf::ControlFlowDialect",
                           "::mlir::func::FuncDialect",
                           "::mlir::index::IndexDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::LLVM::LLVMDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect",
                           "::mlir::tensor::TensorDialect",
                           "::mlir::tosa::TosaDialect", "::mlir::ub::UBDialect",
                           "::mlir::vector::VectorDialect"];
}

def QntAssumeRanges : Pass<"qnt-assume-ranges", "::mlir::ModuleOp"> {
  let summary = "Give every observed edge the same range, without data";
  let description = [{
    Each `qnt.observe` becomes `qnt.quantize` and `qnt.dequantize` with the
    parameters of the range [-limit, limit] (rule N11 of docs/Numerics.md). The
    result computes nothing of use: it is for questions that do not depend on
    the ranges, such as which ops have an integer form. A module without
    observers stays as it is.

    Refused: a limit that is not a positive number, and an edge whose scheme is
    not per tensor.

    Before, with `--qnt-assume-ranges="limit=127.5"`:
    ```mlir
    func.func @f(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
      %o = qnt.observe %x "x" by #qnt.min_max as !qnt.quantized<i8 : f32, #qnt.pending<per_tensor>> : tensor<1x4xf32>
      return %o : tensor<1x4xf32>
    }
    ```
    After:
    ```mlir
    func.func @f(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
      %q = qnt.quantize %x {qnt.edge = "x"} : tensor<1x4xf32> to tensor<1x4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 1.000000e+00>>>
      %d = qnt.dequantize %q : tensor<1x4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 1.000000e+00>>> to tensor<1x4xf32>
      return %d : tensor<1x4xf32>
    }
    ```
  }];
  let options = [Option<"limit", "limit", "double", /*default=*/"1.0",
                        "Largest absolute value of every edge">];
  let statistics = [Statistic<"numEdges", "edges",
                              "Number of edges given a range">];
  let dependentDialects = ["::mlir::qnt::QntDialect"];
}

#endif // QNT_CALIBRATE_PASSES_TD
