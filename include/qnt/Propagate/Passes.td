//===- Passes.td - passes of Propagate ---------------------*- tablegen -*-===//
//
// One pass: it completes what calibration began, so that every scale
// constraint holds afterwards.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_PROPAGATE_PASSES_TD
#define QNT_PROPAGATE_PASSES_TD

include "mlir/Pass/PassBase.td"

def Propagate : Pass<"qnt-propagate", "::mlir::ModuleOp"> {
  let summary = "Make all scale constraints hold and store the weights";
  let description = [{
    Works on a calibrated graph, where observed edges are `qnt.quantize` and
    `qnt.dequantize` with complete schemes, and asks QuantizableOpInterface for
    the constraints:

    1. Edges inside a chain of scalar functions, and between a product or sum
       and a multiplication by a constant, lose their quantize and dequantize:
       one table or one rescale computes the whole.
    2. Unsigned 8-bit edges become signed ones of the same numbers.
    3. Edges that must share a scale (reshape, transpose, pad, max pool,
       concat, ...) are grouped. The range of an op's result decides where
       everything else could saturate anyway (max pool, slice); joins take the
       union. Fixed results (softmax, sigmoid, tanh) keep theirs. Edges that
       calibration left out take the parameters of their group.
    4. Where that contradicts, the operand gets a `qnt.requantize` and a remark.
    5. Constants are stored: weights symmetric in [-127, 127] per output
       channel, bias as i32 with the scale of input times weight, others per
       tensor. A bias that would not fit, with room for the sum of products,
       widens the weight scale of its channel, with a remark. Where the edge
       carries `qnt.channel_means`, the bias takes back what the rounding of the
       weights adds to the mean of each channel, unless that is less than a
       quarter of a step of the result in all of them.

    Left float: ops without interface, with `qnt.exclude`, or with an edge that
    neither calibration nor a constraint determines. Refused: weights that are
    not finite.

    ```mlir
    func.func @f(%x: tensor<4xf32>) -> tensor<2x2xf32> {
      %q = qnt.quantize %x : tensor<4xf32> to tensor<4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01>>>
      %d = qnt.dequantize %q : tensor<4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01>>> to tensor<4xf32>
      %s = tosa.const_shape {values = dense<2> : tensor<2xindex>} : () -> !tosa.shape<2>
      %r = tosa.reshape %d, %s : (tensor<4xf32>, !tosa.shape<2>) -> tensor<2x2xf32>
      return %r : tensor<2x2xf32>
    }
    // ----- after
    module attributes {qnt.rounding = #qnt.rounding<fp32_rne>} {
      func.func @f(%x: tensor<4xf32>) -> tensor<2x2xf32> {
        %q = qnt.quantize %x : tensor<4xf32> to tensor<4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01>>>
        %d = qnt.dequantize %q : tensor<4x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01>>> to tensor<4xf32>
        %s = tosa.const_shape {values = dense<2> : tensor<2xindex>} : () -> !tosa.shape<2>
        %r = tosa.reshape %d, %s : (tensor<4xf32>, !tosa.shape<2>) -> tensor<2x2xf32>
        %rq = qnt.quantize %r {qnt.edge = "tosa.reshape"} : tensor<2x2xf32> to tensor<2x2x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01>>>
        %rd = qnt.dequantize %rq : tensor<2x2x!qnt.quantized<i8 : f32, #qnt.per_tensor<scale = 5.000000e-01>>> to tensor<2x2xf32>
        return %rd : tensor<2x2xf32>
      }
    }
    ```
  }];
  let options = [
    Option<"rounding", "rounding", "std::string", [{""}],
           "Rounding mode of the module: fp32-rne, tflite-double or "
           "tflite-single (default: what the module says, else fp32-rne)">,
    Option<"perTensorWeights", "per-tensor-weights", "bool", "false",
           "One scale per weight tensor instead of one per output channel">,
    Option<"keepSchemes", "keep-schemes", "bool", "false",
           "Never change parameters that are there already (quantized models); "
           "requantize instead">,
    Option<"printScaleGroups", "print-scale-groups", "bool", "false",
           "Emit a remark with parameters and reason for each edge">
  ];
  let statistics = [
    Statistic<"numDropped", "edges-dropped",
              "Number of edges inside one table or rescale">,
    Statistic<"numInserted", "edges-inserted",
              "Number of edges quantized because a constraint determines them">,
    Statistic<"numRequantized", "requantized",
              "Number of operands that need a requantize">,
    Statistic<"numConstants", "constants-stored",
              "Number of constants stored as integers">,
    Statistic<"numWidened", "channels-widened",
              "Number of weight scales widened for a bias">,
    Statistic<"numCorrected", "biases-corrected",
              "Number of biases that take back what rounded weights add">
  ];
  let dependentDialects = ["::mlir::qnt::QntDialect"];
}

#endif // QNT_PROPAGATE_PASSES_TD
