//===- OpTable.h - which ONNX ops are read, and how -------------*- C++ -*-===//
//
// One row per op and range of operator set versions. The table is all that the
// graph importer knows about ops; a new op is one row and one builder.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_LIB_IMPORT_OPTABLE_H
#define QNT_LIB_IMPORT_OPTABLE_H

#include "NodeImporter.h"
#include "Window.h"

namespace mlir::qnt::onnx_import {

/// The newest operator set whose definitions the builders were written for.
constexpr int64_t kNewestOpset = 28;

struct OpRow {
  const char *name;
  /// The versions of the operator set that the row is for.
  int64_t since;
  int64_t until;
  /// Inputs: that must be there, and that may be there.
  unsigned minInputs;
  unsigned maxInputs;
  /// Space-separated `name:kind`; kinds as in `hasKind`: i f s t g, and
  /// I F S for lists. An attribute that is not listed is refused.
  const char *attributes;
  BuildFn build;
  /// Whether an input may be a sequence or an optional.
  bool takesSequence = false;
};

/// Any number of inputs: all have to be there, or any may be left out.
constexpr unsigned kVariadic = ~0u;
constexpr unsigned kOptional = ~0u - 1;

/// The row for an op in an operator set, or null. `knownName` tells whether
/// another version of the operator set has the op.
const OpRow *findOp(StringRef name, int64_t opset, bool &knownName);

/// True if the table has ops of that domain, named `domain.op`.
bool isKnownDomain(StringRef domain);
/// All rows.
ArrayRef<OpRow> allOps();

/// Checks inputs and attributes of the node against the row; on failure the
/// reason is set.
LogicalResult checkNode(NodeImporter &n, const OpRow &row);

/// Computes the node on the host if every input it needs is a constant and the
/// op is one of those that shape arithmetic uses. Success with results unset
/// means that the node has to be built.
LogicalResult foldNode(NodeImporter &n);

//===- Builders, by file --------------------------------------------------===//

// ImportConv.cpp
LogicalResult buildConv(NodeImporter &n);
LogicalResult buildDeformConv(NodeImporter &n);
LogicalResult buildCausalConv(NodeImporter &n);
// ImportConvTranspose.cpp
LogicalResult buildConvTranspose(NodeImporter &n);
// ImportPool.cpp
LogicalResult buildAveragePool(NodeImporter &n);
LogicalResult buildMaxPool(NodeImporter &n);
LogicalResult buildGlobalAveragePool(NodeImporter &n);
LogicalResult buildGlobalMaxPool(NodeImporter &n);
// ImportWindowPool.cpp
LogicalResult buildLpPool(NodeImporter &n);
LogicalResult buildGlobalLpPool(NodeImporter &n);
LogicalResult buildMaxUnpool(NodeImporter &n);
// ImportMatMul.cpp
LogicalResult buildGemm(NodeImporter &n);
LogicalResult buildMatMul(NodeImporter &n);
// ImportAttention.cpp
LogicalResult buildAttention(NodeImporter &n);
// ImportFused.cpp
LogicalResult buildBiasAdd(NodeImporter &n);
LogicalResult buildEmbedLayerNorm(NodeImporter &n);
LogicalResult buildFusedConv(NodeImporter &n);
LogicalResult buildFusedGelu(NodeImporter &n);
LogicalResult buildFusedGemm(NodeImporter &n);
LogicalResult buildFusedMatMul(NodeImporter &n);
LogicalResult buildSimplifiedLayerNorm(NodeImporter &n);
LogicalResult buildSkipLayerNorm(NodeImporter &n);
// ImportFusedAttention.cpp
LogicalResult buildFusedAttention(NodeImporter &n);
LogicalResult buildMultiHeadAttention(NodeImporter &n);
LogicalResult buildRotaryEmbedding(NodeImporter &n);
// ImportControl.cpp
LogicalResult buildIf(NodeImporter &n);
LogicalResult buildLoop(NodeImporter &n);
LogicalResult buildScan(NodeImporter &n);
// ImportDet.cpp
LogicalResult buildDet(NodeImporter &n);
// ImportDetection.cpp
LogicalResult buildNonMaxSuppression(NodeImporter &n);
// ImportEinsum.cpp
LogicalResult buildEinsum(NodeImporter &n);
// ImportOrder.cpp
LogicalResult buildArg(NodeImporter &n);
LogicalResult buildTopK(NodeImporter &n);
LogicalResult buildCumulative(NodeImporter &n);
// ImportRecurrent.cpp
LogicalResult buildLstm(NodeImporter &n);
LogicalResult buildGru(NodeImporter &n);
LogicalResult buildRnn(NodeImporter &n);
// ImportReduce.cpp
LogicalResult buildReduce(NodeImporter &n);
// ImportElementwise.cpp
LogicalResult buildBinary(NodeImporter &n);
LogicalResult buildUnary(NodeImporter &n);
LogicalResult buildPow(NodeImporter &n);
LogicalResult buildClip(NodeImporter &n);
LogicalResult buildMean(NodeImporter &n);
LogicalResult buildIdentity(NodeImporter &n);
// ImportArithmetic.cpp
LogicalResult buildGenericBinary(NodeImporter &n);
LogicalResult buildGenericUnary(NodeImporter &n);
LogicalResult buildGenericPow(NodeImporter &n);
LogicalResult buildGenericClip(NodeImporter &n);
LogicalResult buildRandom(NodeImporter &n);
// ImportCast.cpp
LogicalResult buildCast(NodeImporter &n);
LogicalResult buildCastLike(NodeImporter &n);
LogicalResult buildBitCast(NodeImporter &n);
// ImportCompare.cpp
LogicalResult buildCompare(NodeImporter &n);
LogicalResult buildBitwise(NodeImporter &n);
LogicalResult buildBitwiseNot(NodeImporter &n);
LogicalResult buildBitShift(NodeImporter &n);
LogicalResult buildIsSpecial(NodeImporter &n);
// ImportTrigonometry.cpp
LogicalResult buildTrigonometry(NodeImporter &n);
// ImportActivation.cpp
LogicalResult buildActivation(NodeImporter &n);
LogicalResult buildPRelu(NodeImporter &n);
LogicalResult buildSwiGlu(NodeImporter &n);
// ImportBatchNorm.cpp
LogicalResult buildBatchNormalization(NodeImporter &n);
// ImportSoftmax.cpp
LogicalResult buildSoftmax(NodeImporter &n);
// ImportNorms.cpp
LogicalResult buildLayerNormalization(NodeImporter &n);
LogicalResult buildRmsNormalization(NodeImporter &n);
LogicalResult buildInstanceNormalization(NodeImporter &n);
LogicalResult buildGroupNormalization(NodeImporter &n);
LogicalResult buildLpNormalization(NodeImporter &n);
LogicalResult buildMeanVarianceNormalization(NodeImporter &n);
// ImportShape.cpp
LogicalResult buildReshape(NodeImporter &n);
LogicalResult buildFlatten(NodeImporter &n);
LogicalResult buildSqueeze(NodeImporter &n);
LogicalResult buildUnsqueeze(NodeImporter &n);
LogicalResult buildTranspose(NodeImporter &n);
LogicalResult buildShape(NodeImporter &n);
LogicalResult buildSize(NodeImporter &n);
// ImportLayout.cpp
LogicalResult buildConcat(NodeImporter &n);
LogicalResult buildDepthToSpace(NodeImporter &n);
LogicalResult buildSpaceToDepth(NodeImporter &n);
// ImportSlice.cpp
LogicalResult buildSlice(NodeImporter &n);
LogicalResult buildSplit(NodeImporter &n);
LogicalResult buildCenterCropPad(NodeImporter &n);
LogicalResult buildCompress(NodeImporter &n);
// ImportExpand.cpp
LogicalResult buildExpand(NodeImporter &n);
LogicalResult buildTile(NodeImporter &n);
LogicalResult buildPad(NodeImporter &n);
// ImportFeatures.cpp
LogicalResult buildArrayFeatureExtractor(NodeImporter &n);
LogicalResult buildBinarizer(NodeImporter &n);
// ImportGather.cpp
LogicalResult buildGather(NodeImporter &n);
LogicalResult buildGatherElements(NodeImporter &n);
LogicalResult buildGatherND(NodeImporter &n);
// ImportScatter.cpp
LogicalResult buildScatterElements(NodeImporter &n);
LogicalResult buildScatterND(NodeImporter &n);
LogicalResult buildTensorScatter(NodeImporter &n);
// ImportGenerate.cpp
LogicalResult buildConstantOfShape(NodeImporter &n);
LogicalResult buildRange(NodeImporter &n);
LogicalResult buildEyeLike(NodeImporter &n);
LogicalResult buildOneHot(NodeImporter &n);
LogicalResult buildTrilu(NodeImporter &n);
LogicalResult buildReverseSequence(NodeImporter &n);
// ImportSelect.cpp
LogicalResult buildWhere(NodeImporter &n);
LogicalResult buildHardmax(NodeImporter &n);
LogicalResult buildNonZero(NodeImporter &n);
LogicalResult buildUnique(NodeImporter &n);
// ImportSequence.cpp
LogicalResult buildSequenceConstruct(NodeImporter &n);
LogicalResult buildSequenceEmpty(NodeImporter &n);
LogicalResult buildSequenceAt(NodeImporter &n);
LogicalResult buildSequenceInsert(NodeImporter &n);
LogicalResult buildSequenceErase(NodeImporter &n);
LogicalResult buildSequenceLength(NodeImporter &n);
LogicalResult buildSequenceMap(NodeImporter &n);
LogicalResult buildSplitToSequence(NodeImporter &n);
LogicalResult buildConcatFromSequence(NodeImporter &n);
LogicalResult buildOptional(NodeImporter &n);
LogicalResult buildOptionalHasElement(NodeImporter &n);
// ImportResize.cpp
LogicalResult buildResize(NodeImporter &n);
// ImportInteger.cpp
LogicalResult buildConvInteger(NodeImporter &n);
LogicalResult buildDynamicQuantizeMatMul(NodeImporter &n);
LogicalResult buildMatMulInteger(NodeImporter &n);
LogicalResult buildMatMulIntegerToFloat(NodeImporter &n);
// ImportPacked.cpp
LogicalResult buildMatMulNBits(NodeImporter &n);
// ImportQLinear.cpp
LogicalResult buildAnyMaxPool(NodeImporter &n);
LogicalResult buildQGemm(NodeImporter &n);
LogicalResult buildQLinearBinary(NodeImporter &n);
LogicalResult buildQLinearConcat(NodeImporter &n);
LogicalResult buildQLinearConv(NodeImporter &n);
LogicalResult buildQLinearMatMul(NodeImporter &n);
LogicalResult buildQLinearUnary(NodeImporter &n);
LogicalResult buildQLinearWhere(NodeImporter &n);
// ImportQonnx.cpp
LogicalResult buildBipolarQuant(NodeImporter &n);
LogicalResult buildQonnxQuant(NodeImporter &n);
LogicalResult buildQonnxTrunc(NodeImporter &n);
// ImportQuantize.cpp
LogicalResult buildDequantizeLinear(NodeImporter &n);
LogicalResult buildDynamicQuantizeLinear(NodeImporter &n);
LogicalResult buildQuantizeLinear(NodeImporter &n);
// ImportSample.cpp
LogicalResult buildGridSample(NodeImporter &n);
LogicalResult buildAffineGrid(NodeImporter &n);
// ImportRoi.cpp
LogicalResult buildRoiAlign(NodeImporter &n);
LogicalResult buildMaxRoiPool(NodeImporter &n);
// ImportNeighbour.cpp
LogicalResult buildLrn(NodeImporter &n);
LogicalResult buildCol2Im(NodeImporter &n);
// ImportLoss.cpp
LogicalResult buildNllLoss(NodeImporter &n);
LogicalResult buildSoftmaxCrossEntropyLoss(NodeImporter &n);
// ImportFourier.cpp
LogicalResult buildDft(NodeImporter &n);
LogicalResult buildStft(NodeImporter &n);
// ImportSpectrum.cpp
LogicalResult buildWindowFunction(NodeImporter &n);
LogicalResult buildMelWeightMatrix(NodeImporter &n);
// FoldConstants.cpp
LogicalResult buildConstant(NodeImporter &n);

//===- Functions that several builders call -------------------------------===//

// ImportArithmetic.cpp
/// All inputs are floats that the IR holds as f32.
bool isSingle(NodeImporter &n);
/// A unary op that tosa does not have for the type of the input.
bool isGenericUnary(NodeImporter &n);
// ImportCast.cpp
/// The value with another element type; the result's is `irType(to)`.
FailureOr<Value> emitCast(NodeImporter &n, Value value, Elem from, Elem to);
// ImportActivation.cpp
FailureOr<Value> emitSilu(NodeImporter &n, Value x);
// ImportPool.cpp
FailureOr<Window> readPoolWindow(NodeImporter &n);
// ImportWindowPool.cpp
LogicalResult buildWindowAveragePool(NodeImporter &n, const Window &window);
LogicalResult buildWindowMaxPool(NodeImporter &n, const Window &window);
// ImportSoftmax.cpp
FailureOr<Value> emitSoftmax(NodeImporter &n, Value x, int64_t axis);
FailureOr<Value> emitLogSoftmax(NodeImporter &n, Value x, int64_t axis);

//===- Shape rules that the host folder shares with the builders ----------===//

/// The target of Reshape: 0 copies, -1 is inferred.
FailureOr<Shape> inferReshape(NodeImporter &n, ArrayRef<int64_t> from,
                              ArrayRef<int64_t> target, bool allowZero);
/// Axes of Squeeze and Unsqueeze: an attribute until 12, then an input.
FailureOr<Shape> readAxes(NodeImporter &n, unsigned input, int64_t rank,
                          int64_t sinceInput);
FailureOr<Shape> inferSqueeze(NodeImporter &n);
FailureOr<Shape> inferUnsqueeze(NodeImporter &n);
FailureOr<Shape> readPerm(NodeImporter &n);

/// The sizes of Split and SplitToSequence: given, or `parts` of equal size.
/// They add up to `dim`.
FailureOr<Shape> readSplitSizes(NodeImporter &n, int64_t dim, int64_t parts);

/// The shape that both broadcast to, numpy rules.
FailureOr<Shape> broadcastShapes(NodeImporter &n, ArrayRef<int64_t> a,
                                 ArrayRef<int64_t> b);

} // namespace mlir::qnt::onnx_import

#endif // QNT_LIB_IMPORT_OPTABLE_H
