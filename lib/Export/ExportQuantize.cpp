//===- ExportQuantize.cpp - ops of qnt to ONNX ----------------------------===//
//
// quantize and dequantize are QuantizeLinear and DequantizeLinear; a composite
// is the ONNX op of its name where there is one, else its decomposition.
//
//===----------------------------------------------------------------------===//

#include "GraphExporter.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace mlir::qnt;
using namespace mlir::qnt::onnx_export;

static qnt::QuantizedType quantizedType(Value value) {
  return cast<qnt::QuantizedType>(getElementTypeOrSelf(value.getType()));
}

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<ShapedType>(value.getType()).getShape();
}

/// Parameters must be known, and of a kind that ONNX has.
static LogicalResult checkType(Operation *op, qnt::QuantizedType type) {
  if (!type.getScheme().isComplete())
    return op->emitError("expected a complete scheme to export, found ")
           << type.getScheme();
  if (!isa<PerTensorAttr, PerAxisAttr, PerBlockAttr>(type.getScheme()))
    return op->emitError("scheme ")
           << type.getScheme() << " has no form in ONNX";
  if (!getOnnxType(type.getStorage()) || !isa<IntegerType>(type.getStorage()))
    return op->emitError("storage ")
           << type.getStorage() << " has no form in ONNX";
  return success();
}

/// Integers outside of a narrower range than the type's own.
static std::string addRange(OnnxGraph &graph, const std::string &name,
                            qnt::QuantizedType type) {
  unsigned width = type.getStorageWidth();
  int64_t least = type.isSigned() ? -(int64_t(1) << (width - 1)) : 0;
  int64_t most = least + (int64_t(1) << width) - 1;
  if (width != 8 ||
      (type.getStorageMin() == least && type.getStorageMax() == most))
    return name;
  int32_t onnxType = *getOnnxType(type.getStorage());
  char low = type.getStorageMin(), high = type.getStorageMax();
  return graph.add("Clip",
                   {name, graph.addConstant(name + "_min", onnxType, {}, low),
                    graph.addConstant(name + "_max", onnxType, {}, high)},
                   name + "_clipped");
}

static LogicalResult exportQuantize(GraphExporter &exporter, Operation *op) {
  auto quantize = cast<QuantizeOp>(op);
  qnt::QuantizedType type = quantizedType(quantize.getResult());
  if (failed(checkType(op, type)))
    return failure();
  auto edge = op->getAttrOfType<StringAttr>("qnt.edge");
  std::string hint =
      (edge ? edge.str() : GraphExporter::hint(op)) + "_quantized";
  Perm perm = exporter.getPerm(quantize.getInput());
  std::string name = exporter.addQuantization(
      "QuantizeLinear", exporter.use(quantize.getInput(), perm), type,
      shapeOf(quantize.getInput()), perm, hint);
  exporter.define(quantize.getResult(),
                  addRange(exporter.getGraph(), name, type), perm);
  return success();
}

static LogicalResult exportDequantize(GraphExporter &exporter, Operation *op) {
  auto dequantize = cast<DequantizeOp>(op);
  qnt::QuantizedType type = quantizedType(dequantize.getInput());
  if (failed(checkType(op, type)))
    return failure();
  // A constant appears where it is used.
  if (exporter.getConstant(dequantize.getResult()))
    return success();
  Perm perm = exporter.getPerm(dequantize.getInput());
  std::string input = exporter.use(dequantize.getInput(), perm);
  exporter.define(dequantize.getResult(),
                  exporter.addQuantization("DequantizeLinear", input, type,
                                           shapeOf(dequantize.getInput()), perm,
                                           input + "_real"),
                  perm);
  return success();
}

static LogicalResult exportStorageCast(GraphExporter &exporter, Operation *op) {
  exporter.alias(op->getResult(0), op->getOperand(0),
                 GraphExporter::identity(op->getOperand(0)));
  return success();
}

static LogicalResult exportComposite(GraphExporter &exporter, Operation *op) {
  auto composite = cast<CompositeOp>(op);
  DictionaryAttr config = composite.getConfigAttr();
  auto axis = config ? config.getAs<IntegerAttr>("axis") : IntegerAttr();
  if (composite.getName() == "softmax" && axis &&
      composite.getInputs().size() == 1) {
    Value input = composite.getInputs().front();
    Perm perm = exporter.getPerm(input);
    int64_t position = axis.getInt();
    if (position < 0)
      position += perm.size();
    std::string name = exporter.getGraph().add(
        "Softmax", {exporter.use(input, perm)}, GraphExporter::hint(op));
    exporter.getGraph().set("axis", perm[position]);
    exporter.define(op->getResult(0), name, perm);
    return success();
  }
  Block &body = composite.getBody().front();
  for (auto [inner, outer] :
       llvm::zip_equal(body.getArguments(), composite.getInputs()))
    exporter.alias(inner, outer, GraphExporter::identity(outer));
  if (failed(exporter.exportBlock(body)))
    return failure();
  for (auto [outer, inner] :
       llvm::zip_equal(op->getResults(), body.getTerminator()->getOperands()))
    exporter.alias(outer, inner, GraphExporter::identity(inner));
  return success();
}

ExportFn qnt::onnx_export::findQuantize(StringRef name) {
  return llvm::StringSwitch<ExportFn>(name)
      .Case("qnt.quantize", exportQuantize)
      .Case("qnt.dequantize", exportDequantize)
      .Case("qnt.storage_cast", exportStorageCast)
      .Case("qnt.composite", exportComposite)
      .Default(nullptr);
}
