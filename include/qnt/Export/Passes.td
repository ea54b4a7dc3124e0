//===- Passes.td - passes of the export -------------------*- tablegen -*-===//
//
// Models in the forms of other tools.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_EXPORT_PASSES_TD
#define QNT_EXPORT_PASSES_TD

include "mlir/Pass/PassBase.td"

def QntExportOnnx : Pass<"qnt-export-onnx", "::mlir::ModuleOp"> {
  let summary = "Write a model with quantize and dequantize as ONNX";
  let description = [{
    Writes the only public function to `file`: `qnt.quantize` and
    `qnt.dequantize` as QuantizeLinear and DequantizeLinear, stored constants as
    integer initializers with a DequantizeLinear, float ops as the ONNX ops of
    the same meaning, composites as the op of their name (softmax) or as what
    they consist of. Channels come second, as ONNX has them: transposes vanish
    wherever the ops around them allow it. Opset 13, or 21 where the model holds
    4 or 16 bits or blocks. The module does not change.

    Refused: integer arithmetic (take `--quantize-int8="form=qdq"`), control
    flow, several public functions, and ops without an ONNX form.

    ```mlir
    // RUN: quant-opt %s --qnt-export-onnx="file=%t.onnx" -o /dev/null
    // RUN: quant-opt %t.onnx | FileCheck %s
    // CHECK: tosa.abs
    func.func @f(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
      %y = tosa.abs %x : (tensor<1x4xf32>) -> tensor<1x4xf32>
      return %y : tensor<1x4xf32>
    }
    ```
  }];
  let options = [
    Option<"file", "file", "std::string", /*default=*/"\"\"",
           "Where to write; `-` is standard output">
  ];
  let statistics = [
    Statistic<"numNodes", "nodes", "Nodes written">,
    Statistic<"numInitializers", "initializers", "Constants written">
  ];
}

#endif // QNT_EXPORT_PASSES_TD
