//===- Passes.td - passes of the observe stage ----------*- tablegen -*-===//
//
// One pass, which asks QuantizableOpInterface and knows no op.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_OBSERVE_PASSES_TD
#define QNT_OBSERVE_PASSES_TD

include "mlir/Pass/PassBase.td"

def QntInsertObservers : Pass<"qnt-insert-observers", "::mlir::ModuleOp"> {
  let summary = "Watch every activation edge of the quantizable ops";
  let description = [{
    Activation operands (function arguments included) and results of ops with
    `QuantizableOpInterface` get a `qnt.observe`, and all users use its result.
    Left alone: constants and what is computed from constants alone, tensors
    that are not f32, edges that are observed, quantized or dequantized already,
    what an op absorbs on the way to a quantize, and the edge between an op and
    the only clamp behind it that it can absorb. Ops that only move numbers
    between ops without an integer form, or combine numbers for such ops alone
    and take some from one, get `qnt.exclude`; with `float-tails`,
    so do joins, sums and products behind the last op with weights, and what
    follows them; with `float-scores`, a softmax behind a product of two
    activations and what lies between. Edges
    are named by the location of the op or by `qnt.name` of the argument; a
    name that is taken gets `#2`, `#3`, ... Refused: unknown observers and
    storage types, parameters out of range.

    Before, with `--qnt-insert-observers="observer=min-max"`:
    ```mlir
    func.func @f(%x: tensor<1x4xf32> {qnt.name = "input"}) -> tensor<1x4xf32> {
      %y = tosa.tanh %x : (tensor<1x4xf32>) -> tensor<1x4xf32>
      return %y : tensor<1x4xf32>
    }
    ```
    After:
    ```mlir
    func.func @f(%x: tensor<1x4xf32> {qnt.name = "input"}) -> tensor<1x4xf32> {
      %a = qnt.observe %x "input" by #qnt.min_max as !qnt.quantized<i8 : f32, #qnt.pending<per_tensor>> : tensor<1x4xf32>
      %y = tosa.tanh %a : (tensor<1x4xf32>) -> tensor<1x4xf32>
      %b = qnt.observe %y "tanh" by #qnt.min_max as !qnt.quantized<i8 : f32, #qnt.pending<per_tensor>> : tensor<1x4xf32>
      return %b : tensor<1x4xf32>
    }
    ```
  }];
  let options =
      [Option<"observer", "observer", "std::string", /*default=*/"\"min-max\"",
              "min-max, moving-average, percentile, mse, or an attribute such as "
              "#qnt.min_max">,
       Option<"percentile", "percentile", "double", /*default=*/"99.999",
              "Share of the values inside the range, in percent (percentile)">,
       Option<"momentum", "momentum", "double", /*default=*/"0.01",
              "Weight of each new sample (moving-average)">,
       Option<"storage", "storage", "std::string", /*default=*/"\"i8\"",
              "Storage type of activations: i8 or ui8">,
       Option<"symmetric", "symmetric", "bool", /*default=*/"false",
              "Ask for zero point 0">,
       Option<"floatTails", "float-tails", "bool", /*default=*/"false",
              "Leave float what joins or combines tensors behind the last op "
              "with weights">,
       Option<"floatScores", "float-scores", "bool", /*default=*/"false",
              "Leave float the softmax of an attention, with the product of "
              "activations in front of it">,
       Option<"channelMeans", "channel-means", "bool", /*default=*/"false",
              "Gather the means of the channels, too, where the edge feeds "
              "weights and a bias, which Propagate then corrects">,
       Option<
           "quantizedOnly", "quantized-only", "bool", /*default=*/"false",
           "No calibration follows: watch nothing, and refuse a module without "
           "quantize ops">];
  let statistics = [
    Statistic<"numObserved", "observed", "Number of edges observed">,
    Statistic<"numExcluded", "excluded",
              "Number of ops left float since 8 bits would only lose">,
    Statistic<"numMeans", "means",
              "Number of edges whose channel means are gathered">,
    Statistic<"numAbsorbed", "absorbed",
              "Number of edges left to a clamp that is absorbed">
  ];
  let dependentDialects = ["::mlir::qnt::QntDialect"];
}

#endif // QNT_OBSERVE_PASSES_TD
