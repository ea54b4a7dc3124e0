//===- OpTable.cpp - which ONNX ops are read, and how ---------------------===//
//
// The table, and the check of a node against its row. Rows of one op are for
// disjoint ranges of operator set versions.
//
//===----------------------------------------------------------------------===//

#include "OpTable.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::onnx_import {

static constexpr const char *kConvAttrs =
    "auto_pad:s dilations:I group:i kernel_shape:I pads:I strides:I";
static constexpr const char *kReduceAttrs =
    "axes:I keepdims:i noop_with_empty_axes:i";
static constexpr const char *kRnnAttrs =
    "activation_alpha:F activation_beta:F activations:S clip:f direction:s "
    "hidden_size:i layout:i";
static constexpr const char *kGruAttrs =
    "activation_alpha:F activation_beta:F activations:S clip:f direction:s "
    "hidden_size:i layout:i linear_before_reset:i";
static constexpr const char *kLstmAttrs =
    "activation_alpha:F activation_beta:F activations:S clip:f direction:s "
    "hidden_size:i input_forget:i layout:i";
// Broadcasting was asked for until operator set 6.
static constexpr const char *kOldBinaryAttrs =
    "axis:i broadcast:i consumed_inputs:I";
static constexpr int64_t kNew = kNewestOpset;

static const OpRow opTable[] = {
    {"Abs", 6, kNew, 1, 1, "", buildUnary},
    {"Acos", 7, kNew, 1, 1, "", buildTrigonometry},
    {"Acosh", 9, kNew, 1, 1, "", buildTrigonometry},
    {"Add", 1, 6, 2, 2, kOldBinaryAttrs, buildBinary},
    {"Add", 7, kNew, 2, 2, "", buildBinary},
    {"And", 7, kNew, 2, 2, "", buildBitwise},
    {"AffineGrid", 20, kNew, 2, 2, "align_corners:i", buildAffineGrid},
    {"ArgMax", 1, kNew, 1, 1, "axis:i keepdims:i select_last_index:i",
     buildArg},
    {"ArgMin", 1, kNew, 1, 1, "axis:i keepdims:i select_last_index:i",
     buildArg},
    {"Asin", 7, kNew, 1, 1, "", buildTrigonometry},
    {"Asinh", 9, kNew, 1, 1, "", buildTrigonometry},
    {"Atan", 7, kNew, 1, 1, "", buildTrigonometry},
    {"Atanh", 9, kNew, 1, 1, "", buildTrigonometry},
    {"Attention", 23, kNew, 3, 7,
     "is_causal:i kv_num_heads:i left_window_size:i q_num_heads:i "
     "qk_matmul_output_mode:i right_window_size:i scale:f softcap:f "
     "softmax_precision:i",
     buildAttention},
    {"AveragePool", 7, kNew, 1, 1,
     "auto_pad:s ceil_mode:i count_include_pad:i dilations:I kernel_shape:I "
     "pads:I strides:I",
     buildAveragePool},
    {"BatchNormalization", 7, kNew, 5, 5,
     "epsilon:f momentum:f spatial:i training_mode:i", buildBatchNormalization},
    {"Bernoulli", 15, kNew, 1, 1, "dtype:i seed:f", buildRandom},
    {"BitCast", 26, kNew, 1, 1, "to:i", buildBitCast},
    {"BitShift", 11, kNew, 2, 2, "direction:s", buildBitShift},
    {"BitwiseAnd", 18, kNew, 2, 2, "", buildBitwise},
    {"BitwiseNot", 18, kNew, 1, 1, "", buildBitwiseNot},
    {"BitwiseOr", 18, kNew, 2, 2, "", buildBitwise},
    {"BitwiseXor", 18, kNew, 2, 2, "", buildBitwise},
    {"BlackmanWindow", 17, kNew, 1, 1, "output_datatype:i periodic:i",
     buildWindowFunction},
    {"Cast", 6, kNew, 1, 1, "to:i saturate:i round_mode:s", buildCast},
    {"CastLike", 15, kNew, 2, 2, "saturate:i round_mode:s", buildCastLike},
    {"CausalConvWithState", 27, kNew, 2, 4, "activation:s", buildCausalConv},
    {"Ceil", 6, kNew, 1, 1, "", buildUnary},
    {"Celu", 12, kNew, 1, 1, "alpha:f", buildActivation},
    {"CenterCropPad", 18, kNew, 2, 2, "axes:I", buildCenterCropPad},
    {"Clip", 6, kNew, 1, 3, "min:f max:f", buildClip},
    {"Col2Im", 18, kNew, 3, 3, "dilations:I pads:I strides:I", buildCol2Im},
    {"Compress", 9, kNew, 2, 2, "axis:i", buildCompress},
    {"Concat", 4, kNew, 1, kVariadic, "axis:i", buildConcat},
    {"ConcatFromSequence", 11, kNew, 1, 1, "axis:i new_axis:i",
     buildConcatFromSequence, true},
    {"Constant", 1, kNew, 0, 0,
     "sparse_value:z value:t value_float:f value_floats:F value_int:i "
     "value_ints:I",
     buildConstant},
    {"ConstantOfShape", 9, kNew, 1, 1, "value:t", buildConstantOfShape},
    {"Conv", 1, kNew, 2, 3, kConvAttrs, buildConv},
    {"ConvInteger", 10, kNew, 2, 4, kConvAttrs, buildConvInteger},
    {"ConvTranspose", 1, kNew, 2, 3,
     "auto_pad:s dilations:I group:i kernel_shape:I output_padding:I "
     "output_shape:I pads:I strides:I",
     buildConvTranspose},
    {"Cos", 7, kNew, 1, 1, "", buildUnary},
    {"Cosh", 9, kNew, 1, 1, "", buildTrigonometry},
    {"CumProd", 26, kNew, 2, 2, "exclusive:i reverse:i", buildCumulative},
    {"CumSum", 11, kNew, 2, 2, "exclusive:i reverse:i", buildCumulative},
    {"DFT", 17, 19, 1, 2, "axis:i inverse:i onesided:i", buildDft},
    {"DFT", 20, kNew, 1, 3, "inverse:i onesided:i", buildDft},
    {"DeformConv", 19, kNew, 3, 5,
     "dilations:I group:i kernel_shape:I offset_group:i pads:I strides:I",
     buildDeformConv},
    {"DepthToSpace", 1, kNew, 1, 1, "blocksize:i mode:s", buildDepthToSpace},
    {"DequantizeLinear", 10, kNew, 2, 3, "axis:i block_size:i output_dtype:i",
     buildDequantizeLinear},
    {"Div", 1, 6, 2, 2, kOldBinaryAttrs, buildBinary},
    {"Det", 11, kNew, 1, 1, "", buildDet},
    {"Div", 7, kNew, 2, 2, "", buildBinary},
    {"Dropout", 7, kNew, 1, 3, "ratio:f seed:i", buildIdentity},
    {"DynamicQuantizeLinear", 11, kNew, 1, 1, "", buildDynamicQuantizeLinear},
    {"Einsum", 12, kNew, 1, kVariadic, "equation:s", buildEinsum},
    {"Elu", 6, kNew, 1, 1, "alpha:f", buildActivation},
    {"Equal", 7, kNew, 2, 2, "", buildCompare},
    {"Erf", 9, kNew, 1, 1, "", buildUnary},
    {"Exp", 6, kNew, 1, 1, "", buildUnary},
    {"Expand", 8, kNew, 2, 2, "", buildExpand},
    {"EyeLike", 9, kNew, 1, 1, "dtype:i k:i", buildEyeLike},
    {"Flatten", 1, kNew, 1, 1, "axis:i", buildFlatten},
    {"Floor", 6, kNew, 1, 1, "", buildUnary},
    {"GRU", 7, kNew, 3, 6, kGruAttrs, buildGru},
    {"Gather", 1, kNew, 2, 2, "axis:i", buildGather},
    {"GatherElements", 11, kNew, 2, 2, "axis:i", buildGatherElements},
    {"GatherND", 11, kNew, 2, 2, "batch_dims:i", buildGatherND},
    {"Gelu", 20, kNew, 1, 1, "approximate:s", buildActivation},
    {"Gemm", 7, kNew, 2, 3, "alpha:f beta:f transA:i transB:i", buildGemm},
    {"GlobalAveragePool", 1, kNew, 1, 1, "", buildGlobalAveragePool},
    {"GlobalLpPool", 2, kNew, 1, 1, "p:i", buildGlobalLpPool},
    {"GlobalMaxPool", 1, kNew, 1, 1, "", buildGlobalMaxPool},
    {"Greater", 7, kNew, 2, 2, "", buildCompare},
    {"GreaterOrEqual", 12, kNew, 2, 2, "", buildCompare},
    {"GridSample", 16, kNew, 2, 2, "align_corners:i mode:s padding_mode:s",
     buildGridSample},
    {"GroupNormalization", 18, kNew, 3, 3,
     "epsilon:f num_groups:i stash_type:i", buildGroupNormalization},
    {"HammingWindow", 17, kNew, 1, 1, "output_datatype:i periodic:i",
     buildWindowFunction},
    {"HannWindow", 17, kNew, 1, 1, "output_datatype:i periodic:i",
     buildWindowFunction},
    {"HardSigmoid", 6, kNew, 1, 1, "alpha:f beta:f", buildActivation},
    {"HardSwish", 14, kNew, 1, 1, "", buildActivation},
    {"Hardmax", 1, kNew, 1, 1, "axis:i", buildHardmax},
    {"Identity", 1, kNew, 1, 1, "", buildIdentity, true},
    {"If", 1, kNew, 1, 1, "else_branch:g then_branch:g", buildIf},
    {"InstanceNormalization", 6, kNew, 3, 3, "epsilon:f",
     buildInstanceNormalization},
    {"IsInf", 10, kNew, 1, 1, "detect_negative:i detect_positive:i",
     buildIsSpecial},
    {"IsNaN", 9, kNew, 1, 1, "", buildIsSpecial},
    {"LRN", 1, kNew, 1, 1, "alpha:f beta:f bias:f size:i", buildLrn},
    {"LSTM", 7, kNew, 3, 8, kLstmAttrs, buildLstm},
    {"LayerNormalization", 17, kNew, 2, 3, "axis:i epsilon:f stash_type:i",
     buildLayerNormalization},
    {"LeakyRelu", 6, kNew, 1, 1, "alpha:f", buildActivation},
    {"Less", 7, kNew, 2, 2, "", buildCompare},
    {"LessOrEqual", 12, kNew, 2, 2, "", buildCompare},
    {"Log", 6, kNew, 1, 1, "", buildUnary},
    {"LogSoftmax", 1, kNew, 1, 1, "axis:i", buildSoftmax},
    {"Loop", 1, kNew, 0, kOptional, "body:g", buildLoop, true},
    {"LpNormalization", 1, kNew, 1, 1, "axis:i p:i", buildLpNormalization},
    {"LpPool", 2, kNew, 1, 1,
     "auto_pad:s ceil_mode:i dilations:I kernel_shape:I p:i pads:I strides:I",
     buildLpPool},
    {"MatMul", 1, kNew, 2, 2, "", buildMatMul},
    {"MatMulInteger", 10, kNew, 2, 4, "", buildMatMulInteger},
    {"Max", 6, kNew, 1, kVariadic, "", buildBinary},
    {"Max", 8, kNew, 1, kVariadic, "", buildBinary},
    {"MaxPool", 1, kNew, 1, 1,
     "auto_pad:s ceil_mode:i dilations:I kernel_shape:I pads:I "
     "storage_order:i strides:I",
     buildAnyMaxPool},
    {"Mean", 6, kNew, 1, kVariadic, "", buildMean},
    {"MaxRoiPool", 1, kNew, 2, 2, "pooled_shape:I spatial_scale:f",
     buildMaxRoiPool},
    {"MaxUnpool", 9, kNew, 2, 3, "kernel_shape:I pads:I strides:I",
     buildMaxUnpool},
    {"MeanVarianceNormalization", 9, kNew, 1, 1, "axes:I",
     buildMeanVarianceNormalization},
    {"Min", 6, kNew, 1, kVariadic, "", buildBinary},
    {"MelWeightMatrix", 17, kNew, 5, 5, "output_datatype:i",
     buildMelWeightMatrix},
    {"Min", 8, kNew, 1, kVariadic, "", buildBinary},
    {"Mish", 18, kNew, 1, 1, "", buildActivation},
    {"Mod", 10, kNew, 2, 2, "fmod:i", buildGenericBinary},
    {"Mul", 1, 6, 2, 2, kOldBinaryAttrs, buildBinary},
    {"Mul", 7, kNew, 2, 2, "", buildBinary},
    {"Multinomial", 7, kNew, 1, 1, "dtype:i sample_size:i seed:f", buildRandom},
    {"Neg", 6, kNew, 1, 1, "", buildUnary},
    {"NegativeLogLikelihoodLoss", 12, kNew, 2, 3, "ignore_index:i reduction:s",
     buildNllLoss},
    {"NonZero", 9, kNew, 1, 1, "", buildNonZero},
    {"Not", 1, kNew, 1, 1, "", buildBitwiseNot},
    {"OneHot", 9, kNew, 3, 3, "axis:i", buildOneHot},
    {"Optional", 15, kNew, 0, 1, "type:p", buildOptional, true},
    {"OptionalGetElement", 15, kNew, 1, 1, "", buildOptional, true},
    {"OptionalHasElement", 15, kNew, 0, 1, "", buildOptionalHasElement, true},
    {"Or", 7, kNew, 2, 2, "", buildBitwise},
    {"PRelu", 7, kNew, 2, 2, "", buildPRelu},
    {"Pad", 2, kNew, 1, 4, "mode:s pads:I value:f", buildPad},
    {"Pow", 1, 6, 2, 2, "axis:i broadcast:i", buildPow},
    {"Pow", 7, kNew, 2, 2, "", buildPow},
    {"QLinearConv", 10, kNew, 8, 9, kConvAttrs, buildQLinearConv},
    {"QLinearMatMul", 10, kNew, 8, 8, "", buildQLinearMatMul},
    {"QuantizeLinear", 10, kNew, 2, 3,
     "axis:i block_size:i output_dtype:i precision:i saturate:i",
     buildQuantizeLinear},
    {"RMSNormalization", 23, kNew, 2, 2, "axis:i epsilon:f stash_type:i",
     buildRmsNormalization},
    {"RNN", 7, kNew, 3, 6, kRnnAttrs, buildRnn},
    {"RandomNormal", 1, kNew, 0, 0, "dtype:i mean:f scale:f seed:f shape:I",
     buildRandom},
    {"RandomNormalLike", 1, kNew, 1, 1, "dtype:i mean:f scale:f seed:f",
     buildRandom},
    {"RandomUniform", 1, kNew, 0, 0, "dtype:i high:f low:f seed:f shape:I",
     buildRandom},
    {"RandomUniformLike", 1, kNew, 1, 1, "dtype:i high:f low:f seed:f",
     buildRandom},
    {"Range", 11, kNew, 3, 3, "stash_type:i", buildRange},
    {"Reciprocal", 6, kNew, 1, 1, "", buildUnary},
    {"ReduceL1", 1, kNew, 1, 2, kReduceAttrs, buildReduce},
    {"ReduceL2", 1, kNew, 1, 2, kReduceAttrs, buildReduce},
    {"ReduceLogSum", 1, kNew, 1, 2, kReduceAttrs, buildReduce},
    {"ReduceLogSumExp", 1, kNew, 1, 2, kReduceAttrs, buildReduce},
    {"ReduceMax", 1, kNew, 1, 2, kReduceAttrs, buildReduce},
    {"ReduceMean", 1, kNew, 1, 2, kReduceAttrs, buildReduce},
    {"ReduceMin", 1, kNew, 1, 2, kReduceAttrs, buildReduce},
    {"ReduceProd", 1, kNew, 1, 2, kReduceAttrs, buildReduce},
    {"ReduceSum", 1, kNew, 1, 2, kReduceAttrs, buildReduce},
    {"ReduceSumSquare", 1, kNew, 1, 2, kReduceAttrs, buildReduce},
    {"Relu", 6, kNew, 1, 1, "", buildUnary},
    {"Reshape", 5, kNew, 2, 2, "allowzero:i", buildReshape},
    {"Resize", 10, kNew, 1, 4,
     "antialias:i axes:I coordinate_transformation_mode:s cubic_coeff_a:f "
     "exclude_outside:i extrapolation_value:f keep_aspect_ratio_policy:s "
     "mode:s nearest_mode:s",
     buildResize},
    {"Selu", 6, kNew, 1, 1, "alpha:f gamma:f", buildActivation},
    {"Shrink", 9, kNew, 1, 1, "bias:f lambd:f", buildActivation},
    {"Softsign", 1, kNew, 1, 1, "", buildActivation},
    {"SwiGLU", 28, kNew, 2, 2, "alpha:f", buildSwiGlu},
    {"Swish", 24, kNew, 1, 1, "alpha:f", buildActivation},
    {"ThresholdedRelu", 10, kNew, 1, 1, "alpha:f", buildActivation},
    {"ReverseSequence", 10, kNew, 2, 2, "batch_axis:i time_axis:i",
     buildReverseSequence},
    {"Round", 11, kNew, 1, 1, "", buildUnary},
    {"RoiAlign", 10, kNew, 3, 3,
     "coordinate_transformation_mode:s mode:s output_height:i output_width:i "
     "sampling_ratio:i spatial_scale:f",
     buildRoiAlign},
    {"STFT", 17, kNew, 2, 4, "onesided:i", buildStft},
    {"Scatter", 9, kNew, 3, 3, "axis:i", buildScatterElements},
    {"ScatterElements", 11, kNew, 3, 3, "axis:i reduction:s",
     buildScatterElements},
    {"ScatterND", 11, kNew, 3, 3, "reduction:s", buildScatterND},
    {"SequenceAt", 11, kNew, 2, 2, "", buildSequenceAt, true},
    {"SequenceConstruct", 11, kNew, 1, kVariadic, "", buildSequenceConstruct,
     true},
    {"SequenceEmpty", 11, kNew, 0, 0, "dtype:i", buildSequenceEmpty, true},
    {"SequenceErase", 11, kNew, 1, 2, "", buildSequenceErase, true},
    {"SequenceInsert", 11, kNew, 2, 3, "", buildSequenceInsert, true},
    {"SequenceLength", 11, kNew, 1, 1, "", buildSequenceLength, true},
    {"RotaryEmbedding", 23, kNew, 3, 4,
     "interleaved:i num_heads:i rotary_embedding_dim:i", buildRotaryEmbedding},
    {"SimplifiedLayerNormalization", 1, kNew, 2, 2,
     "axis:i epsilon:f stash_type:i", buildSimplifiedLayerNorm},
    {"SequenceMap", 17, kNew, 1, kVariadic, "body:g", buildSequenceMap, true},
    {"Shape", 1, kNew, 1, 1, "start:i end:i", buildShape},
    {"Sigmoid", 6, kNew, 1, 1, "", buildUnary},
    {"Sign", 9, kNew, 1, 1, "", buildUnary},
    {"Sin", 7, kNew, 1, 1, "", buildUnary},
    {"Sinh", 9, kNew, 1, 1, "", buildTrigonometry},
    {"Size", 1, kNew, 1, 1, "", buildSize},
    {"Slice", 1, 9, 1, 1, "axes:I ends:I starts:I", buildSlice},
    {"Slice", 10, kNew, 3, 5, "", buildSlice},
    {"Softmax", 1, kNew, 1, 1, "axis:i", buildSoftmax},
    {"SoftmaxCrossEntropyLoss", 12, kNew, 2, 3, "ignore_index:i reduction:s",
     buildSoftmaxCrossEntropyLoss},
    {"Softplus", 1, kNew, 1, 1, "", buildActivation},
    {"SpaceToDepth", 1, kNew, 1, 1, "blocksize:i mode:s", buildSpaceToDepth},
    {"Split", 2, kNew, 1, 2, "axis:i num_outputs:i split:I", buildSplit},
    {"SplitToSequence", 11, kNew, 1, 2, "axis:i keepdims:i",
     buildSplitToSequence},
    {"Sqrt", 6, kNew, 1, 1, "", buildUnary},
    {"Squeeze", 1, kNew, 1, 2, "axes:I", buildSqueeze},
    {"Sub", 1, 6, 2, 2, kOldBinaryAttrs, buildBinary},
    {"Sub", 7, kNew, 2, 2, "", buildBinary},
    {"Sum", 6, kNew, 1, kVariadic, "", buildBinary},
    {"Sum", 8, kNew, 1, kVariadic, "", buildBinary},
    {"Tan", 7, kNew, 1, 1, "", buildTrigonometry},
    {"Tanh", 6, kNew, 1, 1, "", buildUnary},
    {"TensorScatter", 24, kNew, 2, 3, "axis:i mode:s", buildTensorScatter},
    {"Tile", 6, kNew, 2, 2, "", buildTile},
    {"TopK", 1, 9, 1, 1, "axis:i k:i", buildTopK},
    {"TopK", 10, kNew, 2, 2, "axis:i largest:i sorted:i", buildTopK},
    {"Transpose", 1, kNew, 1, 1, "perm:I", buildTranspose},
    {"Trilu", 14, kNew, 1, 2, "upper:i", buildTrilu},
    {"Unique", 11, kNew, 1, 1, "axis:i sorted:i", buildUnique},
    {"Unsqueeze", 1, kNew, 1, 2, "axes:I", buildUnsqueeze},
    {"Upsample", 7, 8, 1, 1, "mode:s scales:F", buildResize},
    {"Upsample", 9, 9, 2, 2, "mode:s", buildResize},
    {"Where", 9, kNew, 3, 3, "", buildWhere},
    {"com.microsoft.Attention", 1, kNew, 2, 6,
     "do_rotary:i mask_filter_value:f num_heads:i past_present_share_buffer:i "
     "qkv_hidden_sizes:I rotary_embedding_dim:i scale:f unidirectional:i",
     buildFusedAttention},
    {"com.microsoft.BiasAdd", 1, kNew, 3, 3, "", buildBiasAdd},
    {"com.microsoft.BiasGelu", 1, kNew, 2, 2, "", buildFusedGelu},
    {"Xor", 7, kNew, 2, 2, "", buildBitwise},
    {"ai.onnx.ml.ArrayFeatureExtractor", 1, kNew, 2, 2, "",
     buildArrayFeatureExtractor},
    {"ai.onnx.ml.Binarizer", 1, kNew, 1, 1, "threshold:f", buildBinarizer},
    {"com.microsoft.DequantizeLinear", 1, kNew, 2, 3, "axis:i block_size:i",
     buildDequantizeLinear},
    {"com.microsoft.DynamicQuantizeMatMul", 1, kNew, 3, 5, "",
     buildDynamicQuantizeMatMul},
    {"com.microsoft.EmbedLayerNormalization", 1, kNew, 7, 9,
     "epsilon:f mask_index_type:i", buildEmbedLayerNorm},
    {"com.microsoft.FastGelu", 1, kNew, 1, 2, "", buildFusedGelu},
    {"com.microsoft.FusedConv", 1, kNew, 2, 4,
     "activation:s activation_params:F auto_pad:s dilations:I group:i "
     "kernel_shape:I pads:I strides:I",
     buildFusedConv},
    {"com.microsoft.FusedGemm", 1, kNew, 2, 3,
     "activation:s activation_alpha:f activation_beta:f activation_gamma:f "
     "alpha:f beta:f transA:i transB:i",
     buildFusedGemm},
    {"com.microsoft.FusedMatMul", 1, kNew, 2, 2,
     "alpha:f transA:i transB:i transBatchA:i transBatchB:i", buildFusedMatMul},
    {"com.microsoft.Gelu", 1, kNew, 1, 1, "", buildFusedGelu},
    {"com.microsoft.MatMulIntegerToFloat", 1, kNew, 4, 7, "",
     buildMatMulIntegerToFloat},
    {"com.microsoft.MatMulNBits", 1, kNew, 3, 6,
     "K:i N:i accuracy_level:i bits:i block_size:i", buildMatMulNBits},
    {"com.microsoft.MultiHeadAttention", 1, kNew, 1, 10,
     "mask_filter_value:f num_heads:i scale:f unidirectional:i",
     buildMultiHeadAttention},
    {"com.microsoft.QGemm", 1, kNew, 6, 9, "alpha:f transA:i transB:i",
     buildQGemm},
    {"com.microsoft.QLinearAdd", 1, kNew, 7, 8, "", buildQLinearBinary},
    {"com.microsoft.QLinearAveragePool", 1, kNew, 4, 5,
     "auto_pad:s ceil_mode:i channels_last:i count_include_pad:i dilations:I "
     "kernel_shape:I pads:I strides:I",
     buildQLinearUnary},
    {"com.microsoft.QLinearConcat", 1, kNew, 3, kVariadic, "axis:i",
     buildQLinearConcat},
    {"com.microsoft.QLinearGlobalAveragePool", 1, kNew, 4, 5, "channels_last:i",
     buildQLinearUnary},
    {"com.microsoft.QLinearLeakyRelu", 1, kNew, 4, 5, "alpha:f",
     buildQLinearUnary},
    {"com.microsoft.QLinearMul", 1, kNew, 7, 8, "", buildQLinearBinary},
    {"com.microsoft.QLinearReduceMean", 1, kNew, 4, 5, "axes:I keepdims:i",
     buildQLinearUnary},
    {"com.microsoft.QLinearSigmoid", 1, kNew, 4, 5, "", buildQLinearUnary},
    {"com.microsoft.QLinearSoftmax", 1, kNew, 5, 5, "axis:i opset:i",
     buildQLinearUnary},
    {"com.microsoft.QLinearWhere", 1, kNew, 9, 9, "", buildQLinearWhere},
    {"com.microsoft.QuickGelu", 1, kNew, 1, 1, "alpha:f", buildFusedGelu},
    {"com.microsoft.RotaryEmbedding", 1, kNew, 4, 4,
     "interleaved:i is_packed_batching:i num_heads:i rotary_embedding_dim:i "
     "scale:f",
     buildRotaryEmbedding},
    {"com.microsoft.SkipLayerNormalization", 1, kNew, 3, 5, "epsilon:f",
     buildSkipLayerNorm},
    {"com.microsoft.SkipSimplifiedLayerNormalization", 1, kNew, 3, 4,
     "epsilon:f", buildSkipLayerNorm},
    {"com.microsoft.TransposeMatMul", 1, kNew, 2, 2,
     "alpha:f transA:i transB:i", buildFusedMatMul},
    {"com.microsoft.QuantizeLinear", 1, kNew, 2, 3, "axis:i block_size:i",
     buildQuantizeLinear},
    {"onnx.brevitas.BipolarQuant", 1, kNew, 2, 2, "", buildBipolarQuant},
    {"onnx.brevitas.Quant", 1, kNew, 4, 4, "narrow:i rounding_mode:s signed:i",
     buildQonnxQuant},
    {"onnx.brevitas.Trunc", 1, kNew, 5, 5, "rounding_mode:s", buildQonnxTrunc},
    {"qonnx.custom_op.general.BipolarQuant", 1, kNew, 2, 2, "",
     buildBipolarQuant},
    {"qonnx.custom_op.general.IntQuant", 1, kNew, 4, 4,
     "narrow:i rounding_mode:s signed:i", buildQonnxQuant},
    {"qonnx.custom_op.general.Quant", 1, kNew, 4, 4,
     "narrow:i rounding_mode:s signed:i", buildQonnxQuant},
    {"qonnx.custom_op.general.Trunc", 1, kNew, 5, 5, "rounding_mode:s",
     buildQonnxTrunc},
};

const OpRow *findOp(StringRef name, int64_t opset, bool &knownName) {
  knownName = false;
  for (const OpRow &row : opTable) {
    if (name != row.name)
      continue;
    knownName = true;
    if (opset >= row.since && opset <= row.until)
      return &row;
  }
  return nullptr;
}

bool isKnownDomain(StringRef domain) {
  return llvm::any_of(opTable, [&](const OpRow &row) {
    StringRef name = row.name;
    return name.consume_front(domain) && name.starts_with(".");
  });
}

/// The kind letter of an attribute that the row lists, or 0.
static char attributeKind(const OpRow &row, StringRef name) {
  SmallVector<StringRef> entries;
  StringRef(row.attributes).split(entries, ' ', -1, /*KeepEmpty=*/false);
  for (StringRef entry : entries) {
    auto [key, kind] = entry.split(':');
    if (key == name)
      return kind.front();
  }
  return 0;
}

/// True if the attribute holds a value of the kind.
static bool hasKind(const onnx::AttributeProto &attr, char kind) {
  using onnx::AttributeProto;
  switch (kind) {
  case 'i':
    return attr.type() == AttributeProto::INT;
  case 'f':
    return attr.type() == AttributeProto::FLOAT;
  case 's':
    return attr.type() == AttributeProto::STRING;
  case 't':
    return attr.type() == AttributeProto::TENSOR && attr.has_t();
  case 'g':
    return attr.type() == AttributeProto::GRAPH && attr.has_g();
  case 'I':
    return attr.type() == AttributeProto::INTS;
  case 'F':
    return attr.type() == AttributeProto::FLOATS;
  case 'z':
    return attr.type() == AttributeProto::SPARSE_TENSOR &&
           attr.has_sparse_tensor();
  case 'p':
    return attr.type() == AttributeProto::TYPE_PROTO;
  case 'S':
    return attr.type() == AttributeProto::STRINGS;
  default:
    return false;
  }
}

LogicalResult checkNode(NodeImporter &n, const OpRow &row) {
  if (n.numInputs() > row.maxInputs)
    return n.invalid(llvm::formatv("has {0} inputs, at most {1} are expected",
                                   n.numInputs(), row.maxInputs));
  for (unsigned i = 0; i < row.minInputs; ++i)
    if (!n.hasInput(i))
      return n.invalid(llvm::formatv("input {0} is missing", i));
  if (row.maxInputs == kVariadic)
    for (unsigned i = 0; i < n.numInputs(); ++i)
      if (!n.hasInput(i))
        return n.invalid(llvm::formatv("input {0} is missing", i));
  for (unsigned i = 0; i < n.numInputs(); ++i)
    if (n.hasInput(i) && n.inputOf(i).sequence && !row.takesSequence)
      return n.invalid(llvm::formatv("input {0} is a sequence", i));
  if (n.node.output_size() == 0)
    return n.invalid("has no output");
  llvm::StringSet<> seen;
  for (const onnx::AttributeProto &attr : n.node.attribute()) {
    char kind = attributeKind(row, attr.name());
    if (!kind)
      return n.unsupported("attribute '" + attr.name() + "' is not supported");
    if (!hasKind(attr, kind))
      return n.invalid("attribute '" + attr.name() + "' has the wrong type");
    if (!seen.insert(attr.name()).second)
      return n.invalid("attribute '" + attr.name() + "' appears twice");
  }
  return success();
}

ArrayRef<OpRow> allOps() { return opTable; }

} // namespace mlir::qnt::onnx_import
