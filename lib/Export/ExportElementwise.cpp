//===- ExportElementwise.cpp - elementwise ops to ONNX --------------------===//
//
// One table: an op of tosa, arith or math and its ONNX name. Results lie as the
// operands do, so no layout is changed here.
//
//===----------------------------------------------------------------------===//

#include "GraphExporter.h"

#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/StringSwitch.h"

#include <cfloat>

using namespace mlir;
using namespace mlir::qnt::onnx_export;

/// The ONNX op of the same meaning; empty if there is none.
static StringRef getOnnxName(StringRef name) {
  return llvm::StringSwitch<StringRef>(name)
      .Cases({"tosa.abs", "math.absf"}, "Abs")
      .Cases({"tosa.add", "arith.addf", "arith.addi"}, "Add")
      .Cases({"tosa.ceil", "math.ceil"}, "Ceil")
      .Cases({"tosa.cos", "math.cos"}, "Cos")
      .Case("arith.divf", "Div")
      .Case("tosa.intdiv", "Div")
      .Case("tosa.equal", "Equal")
      .Cases({"tosa.erf", "math.erf"}, "Erf")
      .Cases({"tosa.exp", "math.exp"}, "Exp")
      .Cases({"tosa.floor", "math.floor"}, "Floor")
      .Case("tosa.greater", "Greater")
      .Case("tosa.greater_equal", "GreaterOrEqual")
      .Case("tosa.identity", "Identity")
      .Cases({"tosa.log", "math.log"}, "Log")
      .Case("tosa.logical_and", "And")
      .Case("tosa.logical_not", "Not")
      .Case("tosa.logical_or", "Or")
      .Case("tosa.logical_xor", "Xor")
      .Cases({"tosa.maximum", "arith.maximumf"}, "Max")
      .Cases({"tosa.minimum", "arith.minimumf"}, "Min")
      .Cases({"tosa.mul", "arith.mulf"}, "Mul")
      .Cases({"tosa.negate", "arith.negf"}, "Neg")
      .Cases({"tosa.pow", "math.powf"}, "Pow")
      .Case("tosa.reciprocal", "Reciprocal")
      .Cases({"tosa.select", "arith.select"}, "Where")
      .Case("tosa.sigmoid", "Sigmoid")
      .Cases({"tosa.sin", "math.sin"}, "Sin")
      .Case("math.sqrt", "Sqrt")
      .Cases({"tosa.sub", "arith.subf", "arith.subi"}, "Sub")
      .Cases({"tosa.tanh", "math.tanh"}, "Tanh")
      .Default("");
}

/// How many operands count: others are zero points and shifts of float ops.
static unsigned countOperands(StringRef onnxName) {
  return llvm::StringSwitch<unsigned>(onnxName)
      .Cases({"Abs", "Ceil", "Cos", "Erf", "Exp", "Floor", "Identity"}, 1)
      .Cases({"Log", "Neg", "Not", "Reciprocal", "Sigmoid", "Sin", "Sqrt"}, 1)
      .Case("Tanh", 1)
      .Case("Where", 3)
      .Default(2);
}

static LogicalResult exportSimple(GraphExporter &exporter, Operation *op) {
  StringRef name = getOnnxName(op->getName().getStringRef());
  OperandRange operands = op->getOperands().take_front(countOperands(name));
  Perm perm = exporter.getPerm(operands);
  SmallVector<std::string> inputs;
  for (Value operand : operands)
    inputs.push_back(exporter.use(operand, perm));
  exporter.define(
      op->getResult(0),
      exporter.getGraph().add(name, inputs, GraphExporter::hint(op)), perm);
  return success();
}

static LogicalResult exportRsqrt(GraphExporter &exporter, Operation *op) {
  Perm perm = exporter.getPerm(op->getOperand(0));
  std::string hint = GraphExporter::hint(op);
  OnnxGraph &graph = exporter.getGraph();
  std::string root = graph.add("Sqrt", {exporter.use(op->getOperand(0), perm)},
                               hint + "_sqrt");
  exporter.define(op->getResult(0), graph.add("Reciprocal", {root}, hint),
                  perm);
  return success();
}

static LogicalResult exportClamp(GraphExporter &exporter, Operation *op) {
  auto clamp = cast<tosa::ClampOp>(op);
  auto low = dyn_cast<FloatAttr>(clamp.getMinVal());
  auto high = dyn_cast<FloatAttr>(clamp.getMaxVal());
  if (!low || !high || !getElementTypeOrSelf(op->getResult(0)).isF32())
    return op->emitError("expected a clamp of f32 values to export");
  float min = low.getValueAsDouble(), max = high.getValueAsDouble();
  Perm perm = exporter.getPerm(op->getOperand(0));
  std::string hint = GraphExporter::hint(op);
  std::string input = exporter.use(op->getOperand(0), perm);
  OnnxGraph &graph = exporter.getGraph();
  std::string result;
  if (min == 0 && max >= FLT_MAX) {
    result = graph.add("Relu", {input}, hint);
  } else {
    std::string least =
        min <= -FLT_MAX ? "" : graph.addFloat(hint + "_min", min);
    SmallVector<std::string> inputs = {input, least};
    if (max < FLT_MAX)
      inputs.push_back(graph.addFloat(hint + "_max", max));
    result = graph.add("Clip", inputs, hint);
  }
  exporter.define(op->getResult(0), result, perm);
  return success();
}

static LogicalResult exportCast(GraphExporter &exporter, Operation *op) {
  std::optional<int32_t> type =
      getOnnxType(getElementTypeOrSelf(op->getResult(0).getType()));
  if (!type)
    return op->emitError("no ONNX type for ") << op->getResult(0).getType();
  Perm perm = exporter.getPerm(op->getOperand(0));
  exporter.define(
      op->getResult(0),
      exporter.getGraph().add("Cast", {exporter.use(op->getOperand(0), perm)},
                              GraphExporter::hint(op)),
      perm);
  exporter.getGraph().set("to", *type);
  return success();
}

ExportFn qnt::onnx_export::findElementwise(StringRef name) {
  if (!getOnnxName(name).empty())
    return exportSimple;
  return llvm::StringSwitch<ExportFn>(name)
      .Cases({"tosa.rsqrt", "math.rsqrt"}, exportRsqrt)
      .Case("tosa.clamp", exportClamp)
      .Cases({"tosa.cast", "arith.extf", "arith.truncf", "arith.sitofp"},
             exportCast)
      .Default(nullptr);
}
