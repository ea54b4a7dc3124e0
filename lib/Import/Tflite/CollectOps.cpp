//===- CollectOps.cpp - the ops of a TFLite graph that count --------------===//
//
// Drops what no output needs. Older converters spell a dilated convolution as
// SPACE_TO_BATCH_ND, a convolution of stride 1 without padding, and
// BATCH_TO_SPACE_ND: where nothing else uses the values in between and the
// blocks are constants, the three become one op.
//
//===----------------------------------------------------------------------===//

#include "TfliteGraph.h"

namespace mlir::qnt::tflite_import {

static SmallVector<OpInfo> dropDead(const GraphInfo &graph) {
  std::vector<bool> needed(graph.tensors.size(), false);
  for (int32_t output : graph.outputs)
    needed[output] = true;
  SmallVector<OpInfo> ops;
  for (const OpInfo &op : llvm::reverse(graph.ops)) {
    if (llvm::none_of(op.outputs, [&](int32_t i) { return needed[i]; }))
      continue;
    for (int32_t input : op.inputs)
      if (input >= 0)
        needed[input] = true;
    ops.push_back(op);
  }
  std::reverse(ops.begin(), ops.end());
  return ops;
}

/// The integers of a constant of `count` entries.
static std::optional<Shape> constantInts(const GraphInfo &graph, int32_t index,
                                         int64_t count) {
  const TensorInfo *tensor = index < 0 ? nullptr : &graph.tensors[index];
  std::string reason;
  if (!tensor || !tensor->isConstant ||
      tensor->type != schema::ElementType_INT32)
    return std::nullopt;
  HostTensorRef constant = readConstant(*tensor, reason);
  if (!constant || constant->size() != count)
    return std::nullopt;
  return Shape(ArrayRef<int64_t>(constant->toInts()));
}

/// True for a convolution that takes every window of its input once.
static bool isPlain(const OpInfo &op) {
  if (const auto *options = op.op->builtin_options_as_Conv2DOptions();
      options && op.code == schema::OpCode_CONV_2D)
    return options->padding() == schema::Padding_VALID &&
           options->stride_h() == 1 && options->stride_w() == 1 &&
           options->dilation_h_factor() == 1 &&
           options->dilation_w_factor() == 1;
  if (const auto *options = op.op->builtin_options_as_DepthwiseConv2DOptions();
      options && op.code == schema::OpCode_DEPTHWISE_CONV_2D)
    return options->padding() == schema::Padding_VALID &&
           options->stride_h() == 1 && options->stride_w() == 1 &&
           options->dilation_h_factor() == 1 &&
           options->dilation_w_factor() == 1;
  return false;
}

/// How the three ops read as one; nothing where they do not.
static std::optional<BlockedConv> readBlocks(const GraphInfo &graph,
                                             const OpInfo &before,
                                             const OpInfo &conv,
                                             const OpInfo &behind) {
  if (!isPlain(conv) || before.inputs.size() != 3 || behind.inputs.size() != 3)
    return std::nullopt;
  auto size = constantInts(graph, before.inputs[1], 2);
  auto pads = constantInts(graph, before.inputs[2], 4);
  auto sizeBehind = constantInts(graph, behind.inputs[1], 2);
  auto crops = constantInts(graph, behind.inputs[2], 4);
  const TensorInfo &from = graph.tensors[before.inputs[0]];
  if (!size || !pads || !crops || sizeBehind != size ||
      from.shape.size() != 4 ||
      from.quant != graph.tensors[before.outputs[0]].quant ||
      graph.tensors[behind.inputs[0]].quant !=
          graph.tensors[behind.outputs[0]].quant)
    return std::nullopt;
  BlockedConv blocks;
  for (size_t i = 0; i < 2; ++i) {
    blocks.size[i] = (*size)[i];
    blocks.padLow[i] = (*pads)[2 * i];
    blocks.padHigh[i] = (*pads)[2 * i + 1];
    blocks.cropHigh[i] = (*crops)[2 * i + 1];
    for (int64_t amount :
         {blocks.padLow[i], blocks.padHigh[i], blocks.cropHigh[i]})
      if (amount < 0 || amount > onnx_import::kMaxDim)
        return std::nullopt;
    if ((*crops)[2 * i] != 0 || blocks.size[i] < 1)
      return std::nullopt;
  }
  return blocks;
}

SmallVector<OpInfo> collectOps(const GraphInfo &graph) {
  SmallVector<OpInfo> ops = dropDead(graph);
  // Producer and number of uses of every tensor; outputs count as a use.
  std::vector<int> producer(graph.tensors.size(), -1);
  std::vector<int> uses(graph.tensors.size(), 0);
  for (auto [i, op] : llvm::enumerate(ops)) {
    for (int32_t input : op.inputs)
      if (input >= 0)
        ++uses[input];
    for (int32_t output : op.outputs)
      producer[output] = i;
  }
  for (int32_t output : graph.outputs)
    ++uses[output];
  std::vector<bool> dropped(ops.size(), false);
  auto soleProducer = [&](int32_t tensor, schema::OpCode code) {
    int at = tensor < 0 || uses[tensor] != 1 ? -1 : producer[tensor];
    return at >= 0 && (code == schema::OpCode_CUSTOM || ops[at].code == code) &&
                   ops[at].outputs.size() == 1 && !ops[at].inputs.empty()
               ? at
               : -1;
  };
  for (OpInfo &behind : ops) {
    if (behind.code != schema::OpCode_BATCH_TO_SPACE_ND ||
        behind.inputs.empty() || behind.outputs.empty())
      continue;
    // Any op: which it is, isPlain asks.
    int conv = soleProducer(behind.inputs[0], schema::OpCode_CUSTOM);
    int before = conv < 0 ? -1
                          : soleProducer(ops[conv].inputs[0],
                                         schema::OpCode_SPACE_TO_BATCH_ND);
    if (before < 0 || ops[before].inputs[0] < 0)
      continue;
    auto blocks = readBlocks(graph, ops[before], ops[conv], behind);
    if (!blocks)
      continue;
    OpInfo joined = ops[conv];
    joined.blocks = blocks;
    joined.inputs[0] = ops[before].inputs[0];
    joined.outputs = behind.outputs;
    behind = std::move(joined);
    dropped[conv] = dropped[before] = true;
  }
  SmallVector<OpInfo> kept;
  for (auto [i, op] : llvm::enumerate(ops))
    if (!dropped[i])
      kept.push_back(std::move(op));
  return kept;
}

} // namespace mlir::qnt::tflite_import
