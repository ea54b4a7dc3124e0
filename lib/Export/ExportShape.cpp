//===- ExportShape.cpp - ops that move elements to ONNX -------------------===//
//
// Transposes, and reshapes that move only dimensions of size 1, cost nothing:
// they become permutations. Axes are counted in the tensor, not in the value.
//
//===----------------------------------------------------------------------===//

#include "GraphExporter.h"

#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/StringSwitch.h"

#include <climits>

using namespace mlir;
using namespace mlir::qnt::onnx_export;

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<ShapedType>(value.getType()).getShape();
}

static FailureOr<SmallVector<int64_t>> getInts(Operation *op, Value value) {
  DenseIntElementsAttr elements;
  if (!matchPattern(value, m_Constant(&elements))) {
    op->emitError("expected a constant to export, found ") << value;
    return failure();
  }
  SmallVector<int64_t> result;
  for (const APInt &element : elements.getValues<APInt>())
    result.push_back(element.getSExtValue());
  return result;
}

static LogicalResult exportTranspose(GraphExporter &exporter, Operation *op) {
  auto transpose = cast<tosa::TransposeOp>(op);
  // perms[i]: the dimension of the operand that is dimension i of the result.
  Perm perm;
  for (int32_t p : transpose.getPerms())
    perm.push_back(p);
  exporter.alias(op->getResult(0), transpose.getInput1(), perm);
  return success();
}

/// The permutation that a reshape is, if it moves only dimensions of size 1.
static std::optional<Perm> asPermutation(ArrayRef<int64_t> from,
                                         ArrayRef<int64_t> to) {
  if (from.size() != to.size())
    return std::nullopt;
  Perm longer, ones, perm;
  for (auto [i, size] : llvm::enumerate(from))
    (size == 1 ? ones : longer).push_back(i);
  size_t nextLonger = 0, nextOne = 0;
  for (int64_t size : to) {
    if (size == 1) {
      if (nextOne == ones.size())
        return std::nullopt;
      perm.push_back(ones[nextOne++]);
      continue;
    }
    if (nextLonger == longer.size() || from[longer[nextLonger]] != size)
      return std::nullopt;
    perm.push_back(longer[nextLonger++]);
  }
  return perm;
}

static LogicalResult exportReshape(GraphExporter &exporter, Operation *op) {
  Value input = op->getOperand(0), result = op->getResult(0);
  if (auto perm = asPermutation(shapeOf(input), shapeOf(result))) {
    exporter.alias(result, input, *perm);
    return success();
  }
  // Data that lie in the right order need not be transposed first.
  Perm perm = exporter.getPerm(input);
  if (!isSameOrder(shapeOf(input), perm, GraphExporter::identity(input)))
    perm = GraphExporter::identity(input);
  OnnxGraph &graph = exporter.getGraph();
  std::string hint = GraphExporter::hint(op);
  exporter.define(result,
                  graph.add("Reshape",
                            {exporter.use(input, perm),
                             graph.addInts(hint + "_shape", shapeOf(result))},
                            hint));
  return success();
}

static LogicalResult exportConcat(GraphExporter &exporter, Operation *op) {
  auto concat = cast<tosa::ConcatOp>(op);
  Perm perm = exporter.getPerm(op->getOperands());
  SmallVector<std::string> inputs;
  for (Value operand : op->getOperands())
    inputs.push_back(exporter.use(operand, perm));
  std::string name =
      exporter.getGraph().add("Concat", inputs, GraphExporter::hint(op));
  exporter.getGraph().set("axis", perm[concat.getAxis()]);
  exporter.define(op->getResult(0), name, perm);
  return success();
}

static LogicalResult exportPad(GraphExporter &exporter, Operation *op) {
  auto pad = cast<tosa::PadOp>(op);
  auto padding = getInts(op, pad.getPadding());
  auto value = exporter.getConstant(pad.getPadConst());
  if (failed(padding))
    return failure();
  if (!value || value->first.getDType() != qnt::DType::Float32)
    return op->emitError("expected a float constant to pad with");
  Perm perm = exporter.getPerm(pad.getInput1());
  size_t rank = perm.size();
  SmallVector<int64_t> pads(2 * rank);
  for (size_t i = 0; i < rank; ++i) {
    pads[perm[i]] = (*padding)[2 * i];
    pads[rank + perm[i]] = (*padding)[2 * i + 1];
  }
  OnnxGraph &graph = exporter.getGraph();
  std::string hint = GraphExporter::hint(op);
  exporter.define(
      op->getResult(0),
      graph.add("Pad",
                {exporter.use(pad.getInput1(), perm),
                 graph.addInts(hint + "_pads", pads),
                 graph.addFloat(hint + "_value", value->first.getAsDouble(0))},
                hint),
      perm);
  return success();
}

static std::string addSlice(GraphExporter &exporter, const std::string &input,
                            ArrayRef<int64_t> starts, ArrayRef<int64_t> ends,
                            ArrayRef<int64_t> axes, ArrayRef<int64_t> steps,
                            StringRef hint) {
  OnnxGraph &graph = exporter.getGraph();
  std::string base = hint.str();
  return graph.add("Slice",
                   {input, graph.addInts(base + "_starts", starts),
                    graph.addInts(base + "_ends", ends),
                    graph.addInts(base + "_axes", axes),
                    graph.addInts(base + "_steps", steps)},
                   hint);
}

static LogicalResult exportSlice(GraphExporter &exporter, Operation *op) {
  auto slice = cast<tosa::SliceOp>(op);
  auto starts = getInts(op, slice.getStart());
  auto sizes = getInts(op, slice.getSize());
  if (failed(starts) || failed(sizes))
    return failure();
  Perm perm = exporter.getPerm(slice.getInput1());
  SmallVector<int64_t> ends, steps(perm.size(), 1);
  for (auto [start, size] : llvm::zip_equal(*starts, *sizes))
    ends.push_back(start + size);
  exporter.define(op->getResult(0),
                  addSlice(exporter, exporter.use(slice.getInput1(), perm),
                           *starts, ends, perm, steps, GraphExporter::hint(op)),
                  perm);
  return success();
}

static LogicalResult exportReverse(GraphExporter &exporter, Operation *op) {
  auto reverse = cast<tosa::ReverseOp>(op);
  Perm perm = exporter.getPerm(op->getOperand(0));
  exporter.define(op->getResult(0),
                  addSlice(exporter, exporter.use(op->getOperand(0), perm),
                           {-1}, {INT_MIN}, {perm[reverse.getAxis()]}, {-1},
                           GraphExporter::hint(op)),
                  perm);
  return success();
}

static LogicalResult exportTile(GraphExporter &exporter, Operation *op) {
  auto multiples = getInts(op, op->getOperand(1));
  if (failed(multiples))
    return failure();
  Perm perm = exporter.getPerm(op->getOperand(0));
  SmallVector<int64_t> repeats(perm.size());
  for (auto [p, count] : llvm::zip_equal(perm, *multiples))
    repeats[p] = count;
  OnnxGraph &graph = exporter.getGraph();
  std::string hint = GraphExporter::hint(op);
  exporter.define(op->getResult(0),
                  graph.add("Tile",
                            {exporter.use(op->getOperand(0), perm),
                             graph.addInts(hint + "_repeats", repeats)},
                            hint),
                  perm);
  return success();
}

static LogicalResult exportReduce(GraphExporter &exporter, Operation *op) {
  StringRef name = llvm::StringSwitch<StringRef>(op->getName().stripDialect())
                       .Case("reduce_max", "ReduceMax")
                       .Case("reduce_min", "ReduceMin")
                       .Case("reduce_product", "ReduceProd")
                       .Default("ReduceSum");
  Perm perm = exporter.getPerm(op->getOperand(0));
  int64_t axis = perm[op->getAttrOfType<IntegerAttr>("axis").getInt()];
  OnnxGraph &graph = exporter.getGraph();
  std::string hint = GraphExporter::hint(op);
  SmallVector<std::string> inputs = {exporter.use(op->getOperand(0), perm)};
  // Axes are an input since opset 13 for sums and since 18 for the others.
  bool isInput = name == "ReduceSum" || graph.getOpset() >= 18;
  if (isInput)
    inputs.push_back(graph.addInts(hint + "_axes", {axis}));
  exporter.define(op->getResult(0), graph.add(name, inputs, hint), perm);
  if (!isInput)
    graph.set("axes", ArrayRef<int64_t>{axis});
  graph.set("keepdims", 1);
  return success();
}

static LogicalResult exportArgMax(GraphExporter &exporter, Operation *op) {
  auto argmax = cast<tosa::ArgMaxOp>(op);
  OnnxGraph &graph = exporter.getGraph();
  std::string hint = GraphExporter::hint(op);
  std::string index =
      graph.add("ArgMax", {exporter.use(op->getOperand(0))}, hint + "_int64");
  graph.set("axis", int64_t(argmax.getAxis()));
  graph.set("keepdims", int64_t(0));
  exporter.define(op->getResult(0), graph.add("Cast", {index}, hint));
  graph.set("to", int64_t(*getOnnxType(
                      getElementTypeOrSelf(op->getResult(0).getType()))));
  return success();
}

/// Values [n, k, c] at indices [n, w] give [n, w, c].
static LogicalResult exportGather(GraphExporter &exporter, Operation *op) {
  OnnxGraph &graph = exporter.getGraph();
  std::string hint = GraphExporter::hint(op);
  SmallVector<int64_t> shape(shapeOf(op->getOperand(1)));
  shape.push_back(1);
  std::string wide =
      graph.add("Cast", {exporter.use(op->getOperand(1))}, hint + "_int64");
  graph.set("to", int64_t(onnx::TensorProto::INT64));
  std::string indices =
      graph.add("Reshape", {wide, graph.addInts(hint + "_shape", shape)},
                hint + "_indices");
  exporter.define(
      op->getResult(0),
      graph.add("GatherND", {exporter.use(op->getOperand(0)), indices}, hint));
  graph.set("batch_dims", int64_t(1));
  return success();
}

ExportFn qnt::onnx_export::findShape(StringRef name) {
  return llvm::StringSwitch<ExportFn>(name)
      .Case("tosa.argmax", exportArgMax)
      .Case("tosa.concat", exportConcat)
      .Case("tosa.gather", exportGather)
      .Case("tosa.pad", exportPad)
      .Cases({"tosa.reduce_max", "tosa.reduce_min", "tosa.reduce_product",
              "tosa.reduce_sum"},
             exportReduce)
      .Case("tosa.reshape", exportReshape)
      .Case("tosa.reverse", exportReverse)
      .Case("tosa.slice", exportSlice)
      .Case("tosa.tile", exportTile)
      .Case("tosa.transpose", exportTranspose)
      .Default(nullptr);
}
