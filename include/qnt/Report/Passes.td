//===- Passes.td - passes of the report --------------------*- tablegen -*-===//
//
// Four passes at four places of the pipeline: after Observe (keep the float
// model), after Fold (note the tensors), after Lower (measure), at the end
// (write).
//
//===----------------------------------------------------------------------===//

#ifndef QNT_REPORT_PASSES_TD
#define QNT_REPORT_PASSES_TD

include "mlir/Pass/PassBase.td"

def QntSnapshotFloat : Pass<"qnt-snapshot-float", "::mlir::ModuleOp"> {
  let summary = "Keep the observed float model for a later comparison";
  let description = [{
    Stores the module as bytecode in the attribute `qnt.float_reference`, which
    `qnt-report-sqnr` reads and removes. Runs after Observe, when the edges have
    names. The functions themselves do not change.

    ```mlir
    func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
      return %x : tensor<4xf32>
    }
    // ----- after
    module attributes {qnt.float_reference = ...} {
      func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
        return %x : tensor<4xf32>
      }
    }
    ```
  }];
  let statistics = [
    Statistic<"numBytes", "bytes", "Bytes of bytecode kept">
  ];
}

def QntReportTensors : Pass<"qnt-report-tensors", "::mlir::ModuleOp"> {
  let summary = "Note type, scheme and range of every quantized tensor";
  let description = [{
    Runs after Fold, when all parameters are final: each `qnt.quantize` is an
    activation, each dequantized constant a weight or a bias. The notes go to
    the module attribute `qnt.report`; nothing else changes.

    ```mlir
    func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
      %q = qnt.quantize %x {qnt.edge = "input"} : tensor<4xf32> to tensor<4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01>>>
      %d = qnt.dequantize %q : tensor<4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01>>> to tensor<4xf32>
      return %d : tensor<4xf32>
    }
    // ----- after
    module attributes {qnt.report = {tensors = [{name = "input", role = "activation"...{
    ...
    }
    ```
  }];
  let statistics = [
    Statistic<"numTensors", "tensors", "Number of tensors noted">
  ];
}

def QntReportSqnr : Pass<"qnt-report-sqnr", "::mlir::ModuleOp"> {
  let summary = "Measure each edge of the integer model against float";
  let description = [{
    Runs the float model of `qnt.float_reference` (compiled) and the integer
    model (reference kernels) side by side on calibration samples, and notes the
    signal to quantization noise ratio of each edge in decibels:
    `10 log10(sum x^2 / sum (x - x')^2)` over all samples, where `x'` is the
    dequantized integer. Edges are found by the `qnt.edge` attribute. Removes
    `qnt.float_reference`. Without it the pass does nothing; with it, but
    without data, it only removes it and says so in a remark.

    ```mlir
    func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
      return %x : tensor<4xf32>
    }
    // ----- after
    func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
      return %x : tensor<4xf32>
    }
    ```
  }];
  let options = [
    Option<"data", "data", "std::string", "",
           ".npz, .npy or folder with samples of the inputs">,
    Option<"samples", "samples", "int64_t", "16",
           "samples to compare, at least 1">
  ];
  let statistics = [
    Statistic<"numEdges", "edges", "Number of edges measured">
  ];
}

def QntWriteReport : Pass<"qnt-write-report", "::mlir::ModuleOp"> {
  let summary = "Write the report as JSON and as text";
  let description = [{
    Writes what the module's attributes say (`qnt.report`, `qnt.contract`,
    `qnt.float_ops` and the hashes) to `file` as JSON, and beside it a text of
    the same name with the suffix `.txt`. The module does not change. Refused:
    an empty `file` and one that cannot be written.

    ```mlir
    // RUN: quant-opt %s --qnt-write-report="file=%t.json" | FileCheck %s
    // CHECK: func.func @f
    func.func @f() {
      return
    }
    ```
  }];
  let options = [
    Option<"file", "file", "std::string", "", "path of the JSON file">,
    Option<"objectFile", "object", "std::string", "",
           "the emitted object, whose size is reported">
  ];
  let statistics = [
    Statistic<"numBytes", "bytes", "Bytes written">
  ];
}

#endif // QNT_REPORT_PASSES_TD
