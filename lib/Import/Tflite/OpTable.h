//===- OpTable.h - which TFLite ops are read, and how -----------*- C++ -*-===//
//
// One row per op. The table is all that the graph importer knows about ops; a
// new op is one row and, where no builder fits, one builder.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_TFLITE_OPTABLE_H
#define QNT_LIB_IMPORT_TFLITE_OPTABLE_H

#include "OpImporter.h"

namespace mlir::qnt::tflite_import {

using TfliteBuildFn = LogicalResult (*)(OpImporter &);

struct TfliteRow {
  schema::OpCode code;
  /// Inputs: that must be there, and that may be there.
  unsigned minInputs;
  unsigned maxInputs;
  TfliteBuildFn build;
  /// The ONNX op of the same meaning, for builders that serve several.
  const char *onnxName = nullptr;
};

constexpr unsigned kAnyNumber = ~0u;

/// The row of an op, or null.
const TfliteRow *findTfliteOp(schema::OpCode code);

/// Checks the inputs of the op against the row.
LogicalResult checkOp(OpImporter &o, const TfliteRow &row);

//===- Builders, by file --------------------------------------------------===//

// ImportConv.cpp
LogicalResult buildConv2d(OpImporter &o);
LogicalResult buildDepthwiseConv2d(OpImporter &o);
LogicalResult buildTransposeConv(OpImporter &o);
// ImportDense.cpp
LogicalResult buildFullyConnected(OpImporter &o);
LogicalResult buildBatchMatMul(OpImporter &o);
// ImportPool.cpp
LogicalResult buildPool2d(OpImporter &o);
LogicalResult buildResizeBilinear(OpImporter &o);
LogicalResult buildResizeNearest(OpImporter &o);
// ImportElementwise.cpp
LogicalResult buildSame(OpImporter &o);
LogicalResult buildBinary(OpImporter &o);
LogicalResult buildUnary(OpImporter &o);
LogicalResult buildSquare(OpImporter &o);
LogicalResult buildSquaredDifference(OpImporter &o);
LogicalResult buildFloorDiv(OpImporter &o);
LogicalResult buildFloorMod(OpImporter &o);
LogicalResult buildNotEqual(OpImporter &o);
LogicalResult buildCast(OpImporter &o);
LogicalResult buildDequantize(OpImporter &o);
LogicalResult buildZerosLike(OpImporter &o);
// ImportActivation.cpp
LogicalResult buildRelu(OpImporter &o);
LogicalResult buildLeakyRelu(OpImporter &o);
LogicalResult buildGelu(OpImporter &o);
LogicalResult buildSoftmax(OpImporter &o);
LogicalResult buildLogSoftmax(OpImporter &o);
LogicalResult buildL2Norm(OpImporter &o);
LogicalResult buildLrn(OpImporter &o);
// ImportReduce.cpp
LogicalResult buildReduce(OpImporter &o);
LogicalResult buildAnyAll(OpImporter &o);
LogicalResult buildArg(OpImporter &o);
LogicalResult buildTopK(OpImporter &o);
LogicalResult buildCumsum(OpImporter &o);
// ImportShape.cpp
LogicalResult buildReshape(OpImporter &o);
LogicalResult buildSqueeze(OpImporter &o);
LogicalResult buildExpandDims(OpImporter &o);
LogicalResult buildTranspose(OpImporter &o);
LogicalResult buildShapeOf(OpImporter &o);
LogicalResult buildRank(OpImporter &o);
LogicalResult buildFill(OpImporter &o);
LogicalResult buildRange(OpImporter &o);
LogicalResult buildBroadcastTo(OpImporter &o);
// ImportLayout.cpp
LogicalResult buildConcatenation(OpImporter &o);
LogicalResult buildPack(OpImporter &o);
LogicalResult buildUnpack(OpImporter &o);
LogicalResult buildSplit(OpImporter &o);
LogicalResult buildSplitV(OpImporter &o);
LogicalResult buildSlice(OpImporter &o);
LogicalResult buildStridedSlice(OpImporter &o);
LogicalResult buildReverse(OpImporter &o);
LogicalResult buildReverseSequence(OpImporter &o);
// ImportBlocks.cpp
LogicalResult buildPad(OpImporter &o);
LogicalResult buildMirrorPad(OpImporter &o);
LogicalResult buildSpaceToDepth(OpImporter &o);
LogicalResult buildDepthToSpace(OpImporter &o);
LogicalResult buildSpaceToBatch(OpImporter &o);
LogicalResult buildBatchToSpace(OpImporter &o);
// ImportGather.cpp
LogicalResult buildGather(OpImporter &o);
LogicalResult buildOneHot(OpImporter &o);
LogicalResult buildScatterNd(OpImporter &o);
LogicalResult buildSelect(OpImporter &o);
// ImportRecurrent.cpp
LogicalResult buildSequenceLstm(OpImporter &o);

} // namespace mlir::qnt::tflite_import

#endif // QNT_LIB_IMPORT_TFLITE_OPTABLE_H
