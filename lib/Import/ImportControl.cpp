//===- ImportControl.cpp - If, Loop and Scan ------------------------------===//
//
// A branch whose condition is known takes its place; others become scf.if. How
// loops are built is Iteration's matter.
//
//===----------------------------------------------------------------------===//

#include "Iteration.h"
#include "OpTable.h"
#include "ValueMath.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::onnx_import {

static void setResults(NodeImporter &n, ArrayRef<OnnxValue> results) {
  for (auto [i, value] : llvm::enumerate(results))
    if (value.isKnown())
      n.setResult(i, value);
}

/// The graph attribute, or null with the reason set.
static const onnx::GraphProto *graphOf(NodeImporter &n, StringRef name) {
  const onnx::AttributeProto *attr = n.findAttr(name);
  if (attr)
    return &attr->g();
  (void)n.invalid("attribute '" + name + "' is missing");
  return nullptr;
}

//===----------------------------------------------------------------------===//
// If
//===----------------------------------------------------------------------===//

namespace {
/// A branch in a region of its own.
struct Branch {
  Region region;
  SmallVector<OnnxValue> outputs;
  SmallVector<Value> values;
  bool complete = true;
};
} // namespace

static LogicalResult
importBranch(NodeImporter &n, const onnx::GraphProto &graph, Branch &branch) {
  Block *block = new Block;
  branch.region.push_back(block);
  OpBuilder::InsertionGuard guard(n.builder);
  n.builder.setInsertionPointToStart(block);
  FailureOr<SmallVector<OnnxValue>> outputs =
      n.subgraphs->importSubgraph(graph, {});
  if (failed(outputs))
    return n.reported();
  branch.outputs = *outputs;
  for (const OnnxValue &output : branch.outputs) {
    if (output.sequence)
      return n.unsupported(
          "a sequence as the result of a branch that is chosen at run time");
    if (!output.isKnown()) {
      branch.complete = false;
      return success();
    }
    branch.values.push_back(materializeAny(n, output));
    if (!branch.values.back())
      return failure();
  }
  scf::YieldOp::create(n.builder, n.loc, branch.values);
  return success();
}

static LogicalResult buildChoice(NodeImporter &n, const onnx::GraphProto &then,
                                 const onnx::GraphProto &otherwise) {
  FailureOr<Value> condition = n.anyValueOf(0);
  if (failed(condition))
    return failure();
  if (*countElements(shapeOf(*condition)) != 1)
    return n.invalid("the condition is not one element");
  Branch yes, no;
  if (failed(importBranch(n, then, yes)) ||
      failed(importBranch(n, otherwise, no)))
    return failure();
  if (!yes.complete || !no.complete)
    return success();
  if (yes.values.size() != no.values.size())
    return n.invalid("the branches have different numbers of outputs");
  for (auto [i, a, b] : llvm::enumerate(yes.values, no.values))
    if (a.getType() != b.getType())
      return n.unsupported(llvm::formatv(
          "output {0} has shape {1} in one branch and {2} in the other, and "
          "the condition is not known at compile time",
          i, formatShape(shapeOf(a)), formatShape(shapeOf(b))));
  Value scalar = scalarOf(n, *condition);
  auto choice =
      scf::IfOp::create(n.builder, n.loc, ValueRange(yes.values).getTypes(),
                        scalar, /*withElseRegion=*/true);
  choice.getThenRegion().takeBody(yes.region);
  choice.getElseRegion().takeBody(no.region);
  for (auto [i, output] : llvm::enumerate(yes.outputs))
    n.setResult(i, choice.getResult(i), output.elem);
  return success();
}

LogicalResult buildIf(NodeImporter &n) {
  const onnx::GraphProto *then = graphOf(n, "then_branch");
  const onnx::GraphProto *otherwise = graphOf(n, "else_branch");
  if (!then || !otherwise)
    return failure();
  const HostTensor *condition = n.constantOf(0);
  if (!condition)
    return buildChoice(n, *then, *otherwise);
  if (condition->size() != 1)
    return n.invalid("the condition is not one element");
  FailureOr<SmallVector<OnnxValue>> outputs = n.subgraphs->importSubgraph(
      condition->intAt(0) != 0 ? *then : *otherwise, {});
  if (failed(outputs))
    return n.reported();
  setResults(n, *outputs);
  return success();
}

//===----------------------------------------------------------------------===//
// Loop
//===----------------------------------------------------------------------===//

static LogicalResult checkScalar(NodeImporter &n, unsigned input) {
  if (!n.hasInput(input) || *countElements(n.shapeOf(input)) == 1)
    return success();
  return n.invalid(llvm::formatv("input {0} is not one element", input));
}

LogicalResult buildLoop(NodeImporter &n) {
  const onnx::GraphProto *body = graphOf(n, "body");
  if (!body || failed(checkScalar(n, 0)) || failed(checkScalar(n, 1)))
    return failure();
  Iteration loop(n, *body);
  loop.hasCondition = true;
  for (unsigned i = 2; i < n.numInputs(); ++i) {
    if (!n.hasInput(i))
      return n.invalid(llvm::formatv("input {0} is missing", i));
    loop.state.push_back(n.inputValue(i));
  }
  size_t states = loop.state.size();
  if (body->input_size() != static_cast<int>(states + 2) ||
      body->output_size() < static_cast<int>(states + 1))
    return n.invalid(
        llvm::formatv("the body has {0} inputs and {1} outputs for {2} states",
                      body->input_size(), body->output_size(), states));
  loop.outputWalks.resize(body->output_size() - states - 1);
  if (const HostTensor *count = n.constantOf(0))
    loop.turns = std::max<int64_t>(count->intAt(0), 0);
  else if (n.hasInput(0))
    loop.limit = n.inputValue(0);
  if (n.hasInput(1))
    loop.condition = n.inputValue(1);
  FailureOr<SmallVector<OnnxValue>> results = loop.run();
  if (failed(results))
    return failure();
  setResults(n, *results);
  return success();
}

//===----------------------------------------------------------------------===//
// Scan
//===----------------------------------------------------------------------===//

/// Axis and direction of each scanned input or output.
static LogicalResult readWalks(NodeImporter &n, SmallVectorImpl<Walk> &walks,
                               StringRef axes, StringRef directions,
                               ArrayRef<int64_t> ranks) {
  Shape axisList = n.getInts(axes), directionList = n.getInts(directions);
  for (auto [i, rank] : llvm::enumerate(ranks)) {
    Walk walk;
    if (i < axisList.size()) {
      FailureOr<int64_t> axis = n.normalizeAxis(axisList[i], rank);
      if (failed(axis))
        return failure();
      walk.axis = *axis;
    }
    walk.reverse = i < directionList.size() && directionList[i] != 0;
    walks.push_back(walk);
  }
  return success();
}

/// The rank that each collected output has: one more than the body's.
static FailureOr<Shape>
outputRanks(NodeImporter &n, const onnx::GraphProto &body, size_t states) {
  Shape ranks;
  bool needed = n.hasAttr("scan_output_axes");
  for (int i = states; i < body.output_size(); ++i) {
    const auto &type = body.output(i).type().tensor_type();
    if (needed && !type.has_shape() &&
        llvm::any_of(n.getInts("scan_output_axes"),
                     [](int64_t axis) { return axis < 0; }))
      return n.unsupported(
          "a negative axis of an output whose rank the body does not say");
    ranks.push_back(type.has_shape() ? type.shape().dim_size() + 1 : kMaxRank);
  }
  return ranks;
}

/// Inputs from `first` on: states, then scanned ones.
static FailureOr<SmallVector<OnnxValue>>
runScan(NodeImporter &n, const onnx::GraphProto &body,
        ArrayRef<OnnxValue> inputs, int64_t scans, StringRef inputAxes,
        StringRef inputDirections) {
  Iteration scan(n, body);
  size_t states = inputs.size() - scans;
  scan.state.assign(inputs.begin(), inputs.begin() + states);
  scan.scanned.assign(inputs.begin() + states, inputs.end());
  Shape ranks;
  for (const OnnxValue &value : scan.scanned)
    ranks.push_back(value.shape().size());
  FailureOr<Shape> results = outputRanks(n, body, states);
  if (failed(results) ||
      failed(
          readWalks(n, scan.inputWalks, inputAxes, inputDirections, ranks)) ||
      failed(readWalks(n, scan.outputWalks, "scan_output_axes",
                       "scan_output_directions", *results)))
    return failure();
  for (auto [value, walk] : llvm::zip(scan.scanned, scan.inputWalks)) {
    if (value.shape().empty())
      return n.invalid("a scanned input is a scalar");
    int64_t size = value.shape()[walk.axis];
    if (scan.turns && *scan.turns != size)
      return n.invalid(llvm::formatv("scanned inputs have {0} and {1} entries",
                                     *scan.turns, size));
    scan.turns = size;
  }
  return scan.run();
}

/// Until operator set 8 every tensor has a batch in front, whose members are
/// scanned one after the other.
static FailureOr<SmallVector<OnnxValue>>
runBatches(NodeImporter &n, const onnx::GraphProto &body, int64_t scans) {
  if (n.hasInput(0))
    return n.unsupported("lengths of sequences");
  ValueMath math(n);
  SmallVector<SmallVector<Value>> members;
  SmallVector<Elem> elems;
  int64_t batch = n.rankOf(1) > 0 ? n.shapeOf(1)[0] : 0;
  for (int64_t b = 0; b < batch; ++b) {
    SmallVector<OnnxValue> inputs;
    for (unsigned i = 1; i < n.numInputs(); ++i) {
      if (n.rankOf(i) == 0 || n.shapeOf(i)[0] != batch)
        return n.invalid(llvm::formatv("input {0} has another batch", i));
      OnnxValue own = sliceOnnx(n, n.inputValue(i), 0, b, 1);
      if (own.isKnown())
        own = reshapeOnnx(n, own, n.shapeOf(i).drop_front());
      if (!own.isKnown())
        return failure();
      inputs.push_back(own);
    }
    FailureOr<SmallVector<OnnxValue>> results =
        runScan(n, body, inputs, scans, "", "directions");
    if (failed(results))
      return failure();
    members.resize(results->size());
    elems.clear();
    for (auto [i, value] : llvm::enumerate(*results)) {
      Value own = materializeAny(n, value);
      if (!own)
        return SmallVector<OnnxValue>();
      Shape shape(shapeOf(own));
      shape.insert(shape.begin(), 1);
      members[i].push_back(math.reshape(own, shape));
      elems.push_back(value.elem);
    }
  }
  SmallVector<OnnxValue> all;
  for (auto [values, elem] : llvm::zip(members, elems)) {
    Value value = math.concat(values, 0);
    if (!value)
      return failure();
    all.push_back(OnnxValue(value, elem));
  }
  return all;
}

LogicalResult buildScan(NodeImporter &n) {
  const onnx::GraphProto *body = graphOf(n, "body");
  if (!body)
    return failure();
  bool batches = n.opset < 9;
  int64_t inputs = n.numInputs() - (batches ? 1 : 0);
  int64_t scans = n.getInt("num_scan_inputs", 0);
  if (scans < 1 || scans > inputs)
    return n.invalid("attribute 'num_scan_inputs' is out of range");
  if (body->input_size() != inputs || body->output_size() < inputs - scans)
    return n.invalid(llvm::formatv("the body has {0} inputs and {1} outputs",
                                   body->input_size(), body->output_size()));
  FailureOr<SmallVector<OnnxValue>> results;
  if (batches) {
    results = runBatches(n, *body, scans);
  } else {
    SmallVector<OnnxValue> values;
    for (unsigned i = 0; i < n.numInputs(); ++i)
      values.push_back(n.inputValue(i));
    results = runScan(n, *body, values, scans, "scan_input_axes",
                      "scan_input_directions");
  }
  if (failed(results))
    return failure();
  setResults(n, *results);
  return success();
}

} // namespace mlir::qnt::onnx_import
