//===- ExportWindow.cpp - convolutions, pools and products to ONNX --------===//
//
// These insist on channels second: their inputs are asked for in that layout,
// and their results lie in it.
//
//===----------------------------------------------------------------------===//

#include "GraphExporter.h"

#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace mlir::qnt::onnx_export;

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<ShapedType>(value.getType()).getShape();
}

/// tosa: top, bottom, left, right; ONNX: begins, then ends.
static SmallVector<int64_t> toPads(ArrayRef<int64_t> pad) {
  SmallVector<int64_t> pads;
  for (size_t i = 0; i < pad.size(); i += 2)
    pads.push_back(pad[i]);
  for (size_t i = 1; i < pad.size(); i += 2)
    pads.push_back(pad[i]);
  return pads;
}

/// Channels second: 0, 2, ..., rank - 1, 1.
static Perm channelsSecond(Value value) {
  Perm perm = {0};
  for (int64_t i = 2, e = shapeOf(value).size(); i < e; ++i)
    perm.push_back(i);
  perm.push_back(1);
  return perm;
}

/// True if the bias is there only because tosa wants one.
static bool isZero(GraphExporter &exporter, Value bias) {
  auto constant = exporter.getConstant(bias);
  return constant && llvm::all_of(constant->first.bytes(),
                                  [](char byte) { return byte == 0; });
}

static void addBias(GraphExporter &exporter, Value bias, int64_t channels,
                    SmallVectorImpl<std::string> &inputs) {
  if (isZero(exporter, bias))
    return;
  std::string name = exporter.use(bias);
  // tosa lets one value stand for all.
  if (shapeOf(bias)[0] != channels) {
    OnnxGraph &graph = exporter.getGraph();
    name = graph.add("Expand", {name, graph.addInts("channels", {channels})},
                     "bias");
  }
  inputs.push_back(name);
}

template <typename ConvT>
static LogicalResult exportConv(GraphExporter &exporter, Operation *op) {
  auto conv = cast<ConvT>(op);
  OnnxGraph &graph = exporter.getGraph();
  Perm perm = channelsSecond(conv.getInput());
  SmallVector<std::string> inputs = {
      exporter.use(conv.getInput(), perm),
      exporter.use(conv.getWeight(), channelsSecond(conv.getWeight()))};
  addBias(exporter, conv.getBias(), shapeOf(op->getResult(0)).back(), inputs);
  std::string name = graph.add("Conv", inputs, GraphExporter::hint(op));
  graph.set("kernel_shape", shapeOf(conv.getWeight()).drop_front().drop_back());
  graph.set("pads", toPads(conv.getPad()));
  graph.set("strides", conv.getStride());
  graph.set("dilations", conv.getDilation());
  exporter.define(op->getResult(0), name, perm);
  return success();
}

/// Weights [h, w, c, m] are [c * m, 1, h, w] to ONNX.
static LogicalResult exportDepthwise(GraphExporter &exporter, Operation *op) {
  auto conv = cast<tosa::DepthwiseConv2DOp>(op);
  OnnxGraph &graph = exporter.getGraph();
  ArrayRef<int64_t> kernel = shapeOf(conv.getWeight());
  std::string hint = GraphExporter::hint(op);
  // Dimensions h, w, c, m of the value are 2, 3, 0, 1 of the tensor.
  std::string weight = exporter.use(conv.getWeight(), {2, 3, 0, 1});
  if (kernel[3] != 1)
    weight = graph.add(
        "Reshape",
        {weight, graph.addInts(hint + "_kernel", {kernel[2] * kernel[3], 1,
                                                  kernel[0], kernel[1]})},
        hint + "_weight");
  Perm perm = GraphExporter::nchw();
  SmallVector<std::string> inputs = {exporter.use(conv.getInput(), perm),
                                     weight};
  addBias(exporter, conv.getBias(), shapeOf(op->getResult(0)).back(), inputs);
  std::string name = graph.add("Conv", inputs, hint);
  graph.set("group", kernel[2]);
  graph.set("kernel_shape", kernel.take_front(2));
  graph.set("pads", toPads(conv.getPad()));
  graph.set("strides", conv.getStride());
  graph.set("dilations", conv.getDilation());
  exporter.define(op->getResult(0), name, perm);
  return success();
}

static LogicalResult exportTransposeConv(GraphExporter &exporter,
                                         Operation *op) {
  auto conv = cast<tosa::TransposeConv2DOp>(op);
  OnnxGraph &graph = exporter.getGraph();
  SmallVector<int64_t> pads = toPads(conv.getOutPad()), extra(2, 0);
  for (auto [i, pad] : llvm::enumerate(pads)) {
    pad = -pad;
    if (pad >= 0)
      continue;
    if (i < 2 || -pad >= conv.getStride()[i - 2])
      return op->emitError("expected an out_pad that output_padding of ONNX "
                           "can say, found ")
             << conv.getOutPad();
    extra[i - 2] = -pad;
    pad = 0;
  }
  Perm perm = GraphExporter::nchw();
  // Weights [o, h, w, i] are [i, o, h, w].
  SmallVector<std::string> inputs = {
      exporter.use(conv.getInput(), perm),
      exporter.use(conv.getWeight(), {1, 2, 3, 0})};
  addBias(exporter, conv.getBias(), shapeOf(op->getResult(0)).back(), inputs);
  std::string name =
      graph.add("ConvTranspose", inputs, GraphExporter::hint(op));
  graph.set("kernel_shape", shapeOf(conv.getWeight()).drop_front().drop_back());
  graph.set("pads", pads);
  graph.set("output_padding", extra);
  graph.set("strides", conv.getStride());
  exporter.define(op->getResult(0), name, perm);
  return success();
}

template <typename PoolT>
static LogicalResult exportPool(GraphExporter &exporter, Operation *op) {
  auto pool = cast<PoolT>(op);
  OnnxGraph &graph = exporter.getGraph();
  Perm perm = GraphExporter::nchw();
  bool isMax = isa<tosa::MaxPool2dOp>(op);
  std::string name = graph.add(isMax ? "MaxPool" : "AveragePool",
                               {exporter.use(op->getOperand(0), perm)},
                               GraphExporter::hint(op));
  graph.set("kernel_shape", pool.getKernel());
  graph.set("pads", toPads(pool.getPad()));
  graph.set("strides", pool.getStride());
  exporter.define(op->getResult(0), name, perm);
  return success();
}

static LogicalResult exportMatMul(GraphExporter &exporter, Operation *op) {
  std::string name = exporter.getGraph().add(
      "MatMul",
      {exporter.use(op->getOperand(0)), exporter.use(op->getOperand(1))},
      GraphExporter::hint(op));
  exporter.define(op->getResult(0), name);
  return success();
}

ExportFn qnt::onnx_export::findWindow(StringRef name) {
  return llvm::StringSwitch<ExportFn>(name)
      .Case("tosa.conv2d", exportConv<tosa::Conv2DOp>)
      .Case("tosa.conv3d", exportConv<tosa::Conv3DOp>)
      .Case("tosa.depthwise_conv2d", exportDepthwise)
      .Case("tosa.transpose_conv2d", exportTransposeConv)
      .Case("tosa.max_pool2d", exportPool<tosa::MaxPool2dOp>)
      .Case("tosa.avg_pool2d", exportPool<tosa::AvgPool2dOp>)
      .Case("tosa.matmul", exportMatMul)
      .Default(nullptr);
}
