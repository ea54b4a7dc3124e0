//===- OpTable.cpp - which TFLite ops are read, and how -------------------===//
//
// The table, by code. Ops that hold subgraphs are the graph importer's.
//
//===----------------------------------------------------------------------===//

#include "OpTable.h"

#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::tflite_import {

static const TfliteRow opTable[] = {
    {schema::OpCode_ADD, 2, 2, buildBinary, "Add"},
    {schema::OpCode_AVERAGE_POOL_2D, 1, 1, buildPool2d},
    {schema::OpCode_CONCATENATION, 1, kAnyNumber, buildConcatenation},
    {schema::OpCode_CONV_2D, 2, 3, buildConv2d},
    {schema::OpCode_DEPTHWISE_CONV_2D, 2, 3, buildDepthwiseConv2d},
    {schema::OpCode_DEPTH_TO_SPACE, 1, 1, buildDepthToSpace},
    {schema::OpCode_DEQUANTIZE, 1, 1, buildDequantize},
    {schema::OpCode_FLOOR, 1, 1, buildUnary, "Floor"},
    {schema::OpCode_FULLY_CONNECTED, 2, 3, buildFullyConnected},
    {schema::OpCode_L2_NORMALIZATION, 1, 1, buildL2Norm},
    {schema::OpCode_LOCAL_RESPONSE_NORMALIZATION, 1, 1, buildLrn},
    {schema::OpCode_LOGISTIC, 1, 1, buildUnary, "Sigmoid"},
    {schema::OpCode_MAX_POOL_2D, 1, 1, buildPool2d},
    {schema::OpCode_MUL, 2, 2, buildBinary, "Mul"},
    {schema::OpCode_RELU, 1, 1, buildRelu},
    {schema::OpCode_RELU_N1_TO_1, 1, 1, buildRelu},
    {schema::OpCode_RELU6, 1, 1, buildRelu},
    {schema::OpCode_RESHAPE, 1, 2, buildReshape},
    {schema::OpCode_RESIZE_BILINEAR, 2, 2, buildResizeBilinear},
    {schema::OpCode_SOFTMAX, 1, 1, buildSoftmax},
    {schema::OpCode_SPACE_TO_DEPTH, 1, 1, buildSpaceToDepth},
    {schema::OpCode_TANH, 1, 1, buildUnary, "Tanh"},
    {schema::OpCode_PAD, 2, 2, buildPad},
    {schema::OpCode_GATHER, 2, 2, buildGather},
    {schema::OpCode_BATCH_TO_SPACE_ND, 3, 3, buildBatchToSpace},
    {schema::OpCode_SPACE_TO_BATCH_ND, 3, 3, buildSpaceToBatch},
    {schema::OpCode_TRANSPOSE, 2, 2, buildTranspose},
    {schema::OpCode_MEAN, 2, 2, buildReduce, "ReduceMean"},
    {schema::OpCode_SUB, 2, 2, buildBinary, "Sub"},
    {schema::OpCode_DIV, 2, 2, buildBinary, "Div"},
    {schema::OpCode_SQUEEZE, 1, 1, buildSqueeze},
    {schema::OpCode_UNIDIRECTIONAL_SEQUENCE_LSTM, 16, 24, buildSequenceLstm},
    {schema::OpCode_STRIDED_SLICE, 4, 4, buildStridedSlice},
    {schema::OpCode_EXP, 1, 1, buildUnary, "Exp"},
    {schema::OpCode_TOPK_V2, 2, 2, buildTopK},
    {schema::OpCode_SPLIT, 2, 2, buildSplit},
    {schema::OpCode_LOG_SOFTMAX, 1, 1, buildLogSoftmax},
    {schema::OpCode_CAST, 1, 1, buildCast},
    {schema::OpCode_PRELU, 2, 2, buildSame, "PRelu"},
    {schema::OpCode_MAXIMUM, 2, 2, buildSame, "Max"},
    {schema::OpCode_ARG_MAX, 2, 2, buildArg, "ArgMax"},
    {schema::OpCode_MINIMUM, 2, 2, buildSame, "Min"},
    {schema::OpCode_LESS, 2, 2, buildSame, "Less"},
    {schema::OpCode_NEG, 1, 1, buildUnary, "Neg"},
    {schema::OpCode_PADV2, 3, 3, buildPad},
    {schema::OpCode_GREATER, 2, 2, buildSame, "Greater"},
    {schema::OpCode_GREATER_EQUAL, 2, 2, buildSame, "GreaterOrEqual"},
    {schema::OpCode_LESS_EQUAL, 2, 2, buildSame, "LessOrEqual"},
    {schema::OpCode_SELECT, 3, 3, buildSelect},
    {schema::OpCode_SLICE, 3, 3, buildSlice},
    {schema::OpCode_SIN, 1, 1, buildUnary, "Sin"},
    {schema::OpCode_TRANSPOSE_CONV, 3, 4, buildTransposeConv},
    {schema::OpCode_TILE, 2, 2, buildSame, "Tile"},
    {schema::OpCode_EXPAND_DIMS, 2, 2, buildExpandDims},
    {schema::OpCode_EQUAL, 2, 2, buildSame, "Equal"},
    {schema::OpCode_NOT_EQUAL, 2, 2, buildNotEqual},
    {schema::OpCode_LOG, 1, 1, buildUnary, "Log"},
    {schema::OpCode_SUM, 2, 2, buildReduce, "ReduceSum"},
    {schema::OpCode_SQRT, 1, 1, buildUnary, "Sqrt"},
    {schema::OpCode_RSQRT, 1, 1, buildUnary, "Rsqrt"},
    {schema::OpCode_SHAPE, 1, 1, buildShapeOf},
    {schema::OpCode_POW, 2, 2, buildSame, "Pow"},
    {schema::OpCode_ARG_MIN, 2, 2, buildArg, "ArgMin"},
    {schema::OpCode_REDUCE_PROD, 2, 2, buildReduce, "ReduceProd"},
    {schema::OpCode_REDUCE_MAX, 2, 2, buildReduce, "ReduceMax"},
    {schema::OpCode_PACK, 1, kAnyNumber, buildPack},
    {schema::OpCode_LOGICAL_OR, 2, 2, buildSame, "Or"},
    {schema::OpCode_ONE_HOT, 4, 4, buildOneHot},
    {schema::OpCode_LOGICAL_AND, 2, 2, buildSame, "And"},
    {schema::OpCode_LOGICAL_NOT, 1, 1, buildSame, "Not"},
    {schema::OpCode_UNPACK, 1, 1, buildUnpack},
    {schema::OpCode_REDUCE_MIN, 2, 2, buildReduce, "ReduceMin"},
    {schema::OpCode_FLOOR_DIV, 2, 2, buildFloorDiv},
    {schema::OpCode_REDUCE_ANY, 2, 2, buildAnyAll, "ReduceMax"},
    {schema::OpCode_SQUARE, 1, 1, buildSquare},
    {schema::OpCode_ZEROS_LIKE, 1, 1, buildZerosLike},
    {schema::OpCode_FILL, 2, 2, buildFill},
    {schema::OpCode_FLOOR_MOD, 2, 2, buildFloorMod},
    {schema::OpCode_RANGE, 3, 3, buildRange},
    {schema::OpCode_RESIZE_NEAREST_NEIGHBOR, 2, 2, buildResizeNearest},
    {schema::OpCode_LEAKY_RELU, 1, 1, buildLeakyRelu},
    {schema::OpCode_SQUARED_DIFFERENCE, 2, 2, buildSquaredDifference},
    {schema::OpCode_MIRROR_PAD, 2, 2, buildMirrorPad},
    {schema::OpCode_ABS, 1, 1, buildUnary, "Abs"},
    {schema::OpCode_SPLIT_V, 3, 3, buildSplitV},
    {schema::OpCode_CEIL, 1, 1, buildUnary, "Ceil"},
    {schema::OpCode_REVERSE_V2, 2, 2, buildReverse},
    {schema::OpCode_ADD_N, 1, kAnyNumber, buildSame, "Sum"},
    {schema::OpCode_GATHER_ND, 2, 2, buildSame, "GatherND"},
    {schema::OpCode_COS, 1, 1, buildUnary, "Cos"},
    {schema::OpCode_RANK, 1, 1, buildRank},
    {schema::OpCode_ELU, 1, 1, buildUnary, "Elu"},
    {schema::OpCode_REVERSE_SEQUENCE, 2, 2, buildReverseSequence},
    {schema::OpCode_QUANTIZE, 1, 1, buildDequantize},
    {schema::OpCode_ROUND, 1, 1, buildUnary, "Round"},
    {schema::OpCode_HARD_SWISH, 1, 1, buildUnary, "HardSwish"},
    {schema::OpCode_SCATTER_ND, 3, 3, buildScatterNd},
    {schema::OpCode_SELECT_V2, 3, 3, buildSelect},
    {schema::OpCode_BATCH_MATMUL, 2, 2, buildBatchMatMul},
    {schema::OpCode_CUMSUM, 2, 2, buildCumsum},
    {schema::OpCode_BROADCAST_TO, 2, 2, buildBroadcastTo},
    {schema::OpCode_REDUCE_ALL, 2, 2, buildAnyAll, "ReduceMin"},
    {schema::OpCode_GELU, 1, 1, buildGelu},
    {schema::OpCode_RELU_0_TO_1, 1, 1, buildRelu},
    {schema::OpCode_SIGN, 1, 1, buildUnary, "Sign"},
};

const TfliteRow *findTfliteOp(schema::OpCode code) {
  const TfliteRow *row = llvm::find_if(
      opTable, [code](const TfliteRow &row) { return row.code == code; });
  return row == std::end(opTable) ? nullptr : row;
}

LogicalResult checkOp(OpImporter &o, const TfliteRow &row) {
  if (o.numInputs() > row.maxInputs)
    return o.invalid(llvm::formatv("has {0} inputs, at most {1} are expected",
                                   o.numInputs(), row.maxInputs));
  unsigned needed = row.maxInputs == kAnyNumber ? o.numInputs() : row.minInputs;
  // Those of a recurrent cell are optional one by one.
  if (needed > 4 && row.maxInputs != kAnyNumber)
    needed = 1;
  for (unsigned i = 0; i < std::max(needed, 1u); ++i)
    if (!o.hasInput(i))
      return o.invalid(llvm::formatv("input {0} is missing", i));
  if (o.numInputs() < row.minInputs)
    return o.invalid(llvm::formatv("has {0} inputs, at least {1} are expected",
                                   o.numInputs(), row.minInputs));
  if (o.numOutputs() == 0)
    return o.invalid("has no output");
  return success();
}

} // namespace mlir::qnt::tflite_import
