//===- ImportLoss.cpp - losses over classes -------------------------------===//
//
// NegativeLogLikelihoodLoss, and SoftmaxCrossEntropyLoss as that of a log
// softmax. Labels come from the model: one that is no class reads the nearest
// class and never memory outside.
//
//===----------------------------------------------------------------------===//

#include "Emit.h"
#include "Loops.h"
#include "OpTable.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::onnx_import {

/// Per label: -weight * log probability, and the weight.
static FailureOr<SmallVector<Value>> lossTerms(NodeImporter &n, Value scores,
                                               Value labels, Value weights,
                                               std::optional<int64_t> ignored) {
  int64_t classes = shapeOf(scores)[1];
  Type f32 = n.builder.getF32Type();
  return emitLoops(
      n, shapeOf(labels), {f32, f32}, [&](ArrayRef<Scalar> o) -> Scalars {
        Scalar label = toIndex(at(labels, o));
        Scalar safe = clampOf(label, 0, classes - 1);
        Scalars from{o[0], safe};
        llvm::append_range(from, o.drop_front());
        Scalar score = at(scores, from);
        Scalar weight = weights ? at(weights, safe) : score.like(1.0);
        if (ignored)
          weight =
              select(label == label.like(*ignored), weight.like(0.0), weight);
        // Not a product: an ignored score may be infinite.
        Scalar loss = select(weight == 0.0, score.like(0.0),
                             score.like(0.0) - score * weight);
        return {loss, weight};
      });
}

/// The sum of all elements as a tensor of one.
static FailureOr<Value> sumAll(NodeImporter &n, Value value) {
  FailureOr<Value> flat = n.reshape(value, {*countElements(shapeOf(value))});
  return failed(flat) ? flat : emitReduceSum(n, *flat, 0);
}

static FailureOr<Value> lossBody(NodeImporter &n, ValueRange args,
                                 StringRef reduction,
                                 std::optional<int64_t> ignored) {
  FailureOr<SmallVector<Value>> terms = lossTerms(
      n, args[0], args[1], args.size() > 2 ? args[2] : Value(), ignored);
  if (failed(terms) || reduction == "none")
    return failed(terms) ? FailureOr<Value>(failure()) : (*terms)[0];
  FailureOr<Value> sum = sumAll(n, (*terms)[0]);
  if (failed(sum) || reduction == "sum")
    return sum;
  FailureOr<Value> weight = sumAll(n, (*terms)[1]);
  return failed(weight) ? weight : emitMul(n, *sum, emitReciprocal(n, *weight));
}

/// The loss of log probabilities as output 0.
static LogicalResult buildLoss(NodeImporter &n, Value scores) {
  StringRef reduction = n.getString("reduction", "mean");
  if (reduction != "none" && reduction != "sum" && reduction != "mean")
    return n.invalid("attribute 'reduction' is '" + reduction + "'");
  Shape labelShape(n.shapeOf(0));
  if (labelShape.size() < 2)
    return n.invalid("the scores have no classes");
  labelShape.erase(labelShape.begin() + 1);
  if (n.shapeOf(1) != ArrayRef(labelShape) || !n.isInteger(1))
    return n.invalid(llvm::formatv("the labels have shape {0}, expected {1}",
                                   formatShape(n.shapeOf(1)),
                                   formatShape(labelShape)));
  FailureOr<Value> labels = n.anyValueOf(1);
  if (failed(labels))
    return failure();
  SmallVector<Value> inputs{scores, *labels};
  if (n.hasInput(2)) {
    if (n.shapeOf(2) != n.shapeOf(0).slice(1, 1))
      return n.invalid("the weights are not one per class");
    FailureOr<Value> weights = n.valueOf(2);
    if (failed(weights))
      return failure();
    inputs.push_back(*weights);
  }
  std::optional<int64_t> ignored;
  if (n.hasAttr("ignore_index"))
    ignored = n.getInt("ignore_index", 0);
  FailureOr<RankedTensorType> type =
      n.tensorType(reduction == "none" ? labelShape : Shape{1});
  if (failed(type))
    return failure();
  FailureOr<Value> loss = emitComposite(
      n, "nll_loss", inputs, *type, configString(n, "reduction", reduction),
      [&](ValueRange args) { return lossBody(n, args, reduction, ignored); });
  if (succeeded(loss) && reduction != "none")
    loss = n.reshape(*loss, {});
  if (failed(loss))
    return failure();
  n.setResult(0, *loss, n.elemOf(0));
  return success();
}

LogicalResult buildNllLoss(NodeImporter &n) {
  FailureOr<Value> scores = n.valueOf(0);
  return failed(scores) ? failure() : buildLoss(n, *scores);
}

LogicalResult buildSoftmaxCrossEntropyLoss(NodeImporter &n) {
  FailureOr<Value> scores = n.valueOf(0);
  if (failed(scores))
    return failure();
  if (n.rankOf(0) < 2)
    return n.invalid("the scores have no classes");
  FailureOr<Value> logs = emitLogSoftmax(n, *scores, 1);
  if (failed(logs) || failed(buildLoss(n, *logs)))
    return failure();
  n.setResult(1, *logs, n.elemOf(0));
  return success();
}

} // namespace mlir::qnt::onnx_import
