//===- Weights.cpp - weights and biases as stored integers ----------------===//
//
// Weights are symmetric in [-127, 127], one scale per output channel; biases
// are i32 in units of input scale times weight scale. Invariant: no stored bias
// is saturated, and bias plus the largest possible sum of products fits 32
// bits, whatever the activations are.
//
//===----------------------------------------------------------------------===//

#include "Steps.h"
#include "qnt/Analysis/Constants.h"
#include "qnt/Dialect/IR/QntNumerics.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::qnt;
namespace num = ::qnt::num;

namespace {
/// One op with weights, while its constants are chosen.
class ParameterStore {
public:
  ParameterStore(QuantizableOpInterface op, bool perTensor,
                 propagate::Counts &counts)
      : op(op), perTensor(perTensor), counts(counts) {}

  LogicalResult run();

private:
  LogicalResult chooseWeightScales(const OperandRole &role);
  LogicalResult takeStoredScales(const OperandRole &role);
  void widenForBias(ArrayRef<float> bias);
  DenseElementsAttr storeWeight(const OperandRole &role);
  void correctBias(DenseElementsAttr stored, MutableArrayRef<float> bias);
  LogicalResult storeBias(const OperandRole &role, ArrayRef<float> bias);
  void replace(const OperandRole &role, DenseElementsAttr stored,
               QuantizedType type);

  QuantizableOpInterface op;
  bool perTensor;
  propagate::Counts &counts;
  float inputScale = 1.0f;
  SmallVector<float> weights;
  std::vector<int64_t> weightShape;
  int64_t weightAxis = 0;
  /// One per channel of the weight axis, or a single one.
  SmallVector<float> scales;
};
} // namespace

LogicalResult ParameterStore::chooseWeightScales(const OperandRole &role) {
  std::optional<std::vector<float>> chosen;
  if (perTensor) {
    if (std::optional<float> scale =
            num::chooseSymmetricPerTensor(weights.data(), weights.size()))
      chosen = std::vector<float>{*scale};
  } else {
    chosen = num::chooseSymmetricPerAxis(weights.data(), weightShape,
                                         static_cast<unsigned>(*role.axis));
  }
  if (!chosen)
    return op->emitError() << "expected finite weights of '" << getOpLabel(op)
                           << "', found NaN or infinity";
  scales.assign(chosen->begin(), chosen->end());
  return success();
}

/// The scales of weights that are stored already.
LogicalResult ParameterStore::takeStoredScales(const OperandRole &role) {
  Value quantized = getQuantizedSource(op->getOperand(role.operand));
  if (!quantized)
    return failure();
  scales = getCompleteType(quantized).getScheme().getScaleValues();
  return success();
}

/// A bias that leaves no room for the sum of products gets a coarser weight
/// scale; its channel has weights so small that the bias is nearly all of it.
void ParameterStore::widenForBias(ArrayRef<float> bias) {
  int64_t products =
      static_cast<int64_t>(weights.size()) / std::max<int64_t>(bias.size(), 1);
  double room =
      std::max<double>(0x1p31 - 1.0 - 255.0 * 127.0 * products, 0x1p29);
  int64_t repeat = bias.size() / scales.size();
  unsigned widened = 0, firstChannel = 0;
  for (auto [channel, value] : llvm::enumerate(bias)) {
    float &scale = scales[channel / repeat];
    float least = num::minWeightScaleForBias(
        static_cast<double>(value) * (0x1p31 / room), inputScale);
    if (scale >= least || !std::isfinite(least))
      continue;
    scale = least;
    if (widened++ == 0)
      firstChannel = channel;
  }
  if (widened == 0)
    return;
  counts.widened += widened;
  op->emitRemark() << "bias of '" << getOpLabel(op)
                   << "' does not fit 32 bits in " << widened
                   << " channel(s), the first is " << firstChannel
                   << "; their weight scales were widened";
}

void ParameterStore::replace(const OperandRole &role, DenseElementsAttr stored,
                             QuantizedType type) {
  OpOperand &operand = op->getOpOperand(role.operand);
  OpBuilder builder(op);
  operand.set(
      buildStoredConstant(builder, operand.get().getLoc(), stored, type));
  ++counts.constants;
}

static QuantizedType makeType(MLIRContext *context, unsigned bits,
                              num::StorageRange range, ArrayRef<float> scales,
                              int64_t axis) {
  SchemeAttrInterface scheme;
  if (scales.size() == 1)
    scheme = PerTensorAttr::get(context, scales[0], 0);
  else
    scheme = PerAxisAttr::get(context, axis,
                              DenseF32ArrayAttr::get(context, scales), {});
  return QuantizedType::get(context, IntegerType::get(context, bits), range.min,
                            range.max, Float32Type::get(context), scheme);
}

DenseElementsAttr ParameterStore::storeWeight(const OperandRole &role) {
  QuantizedType type =
      makeType(op->getContext(), 8, {-127, 127}, scales, *role.axis);
  DenseElementsAttr stored = getStoredConstant(weights, weightShape, type);
  weightAxis = *role.axis;
  replace(role, stored, type);
  return stored;
}

/// The channel means that calibration left on the edge into `value`.
static ArrayRef<double> meansOf(Value value) {
  Value quantized = getQuantizedSource(value);
  Operation *op = quantized ? quantized.getDefiningOp() : nullptr;
  if (auto requantize = dyn_cast_or_null<RequantizeOp>(op))
    op = requantize.getInput().getDefiningOp();
  auto means = op ? op->getAttrOfType<DenseF64ArrayAttr>(kMeansAttr) : nullptr;
  return means ? means.asArrayRef() : ArrayRef<double>();
}

/// The step of the numbers that `op` stores, before an absorbed factor; 0 if it
/// stores none.
static double stepOf(QuantizableOpInterface op) {
  QuantizeOp quantize = getQuantizer(getStoredResult(op));
  auto params = quantize
                    ? getCompleteType(quantize.getResult()).getPerTensorParams()
                    : std::nullopt;
  return params ? params->first / getFusedChain(op).factor : 0.0;
}

/// Rounding a weight from w to v moves the mean of its output channel by
/// (v - w) times the mean of its input channel; the bias takes that back.
void ParameterStore::correctBias(DenseElementsAttr stored,
                                 MutableArrayRef<float> bias) {
  ArrayRef<double> means = meansOf(op->getOperand(0));
  SmallVector<int64_t> index(weightShape.size(), 0);
  if (means.empty() || !op.getWeightChannels(index))
    return;
  SmallVector<double> shift(bias.size(), 0.0);
  for (auto [weight, number] :
       llvm::zip_equal(weights, stored.getValues<int8_t>())) {
    std::optional<WeightChannels> at = op.getWeightChannels(index);
    if (!at || at->output >= static_cast<int64_t>(bias.size()) ||
        at->input >= static_cast<int64_t>(means.size()))
      return;
    float scale = scales[scales.size() == 1 ? 0 : index[weightAxis]];
    shift[at->output] +=
        (static_cast<double>(number) * scale - weight) * means[at->input];
    for (size_t dim = index.size(); dim-- > 0;) {
      if (++index[dim] < weightShape[dim])
        break;
      index[dim] = 0;
    }
  }
  // Less than a quarter of a step drowns in the rounding of the result, whose
  // standard deviation is 0.29 steps.
  double step = stepOf(op);
  if (llvm::all_of(shift,
                   [&](double moved) { return std::abs(moved) < step / 4; }))
    return;
  for (auto [value, moved] : llvm::zip_equal(bias, shift))
    value = static_cast<float>(value - moved);
  ++counts.corrected;
}

LogicalResult ParameterStore::storeBias(const OperandRole &role,
                                        ArrayRef<float> bias) {
  bool saturated = false;
  int64_t repeat = bias.size() / scales.size();
  SmallVector<int32_t> stored;
  SmallVector<float> biasScales;
  for (auto [channel, value] : llvm::enumerate(bias)) {
    if (!std::isfinite(value))
      return op->emitError()
             << "expected a finite bias of '" << getOpLabel(op) << "', found "
             << value << " in channel " << channel;
    float scale = scales[channel / repeat];
    stored.push_back(num::quantizeBias(value, inputScale, scale, saturated));
    biasScales.push_back(static_cast<float>(static_cast<double>(inputScale) *
                                            static_cast<double>(scale)));
    if (saturated)
      return op->emitError()
             << "bias of '" << getOpLabel(op) << "' in channel " << channel
             << " does not fit 32 bits in units of the stored weights; exclude "
                "the op or quantize its weights again";
  }
  if (scales.size() == 1)
    biasScales.resize(1);
  QuantizedType type = makeType(
      op->getContext(), 32, num::storageRange(32, true, false), biasScales, 0);
  replace(role,
          DenseElementsAttr::get(
              RankedTensorType::get({static_cast<int64_t>(bias.size())},
                                    IntegerType::get(op->getContext(), 32)),
              ArrayRef<int32_t>(stored)),
          type);
  return success();
}

LogicalResult ParameterStore::run() {
  const OperandRole *weight = nullptr, *bias = nullptr;
  SmallVector<OperandRole> roles = op.getOperandRoles();
  for (const OperandRole &role : roles) {
    if (role.kind == OperandRole::Weight)
      weight = &role;
    else if (role.kind == OperandRole::Bias)
      bias = &role;
    else if (Value source = getQuantizedSource(op->getOperand(role.operand)))
      if (auto params = getCompleteType(source).getPerTensorParams())
        inputScale = params->first;
  }
  if (!weight)
    return success();
  std::optional<SmallVector<float>> biasValues;
  if (bias)
    biasValues = getFloatValues(op->getOperand(bias->operand));

  Value operand = op->getOperand(weight->operand);
  if (std::optional<SmallVector<float>> values = getFloatValues(operand)) {
    weights = std::move(*values);
    weightShape = cast<ShapedType>(operand.getType()).getShape().vec();
    if (failed(chooseWeightScales(*weight)))
      return failure();
    if (biasValues)
      widenForBias(*biasValues);
    DenseElementsAttr stored = storeWeight(*weight);
    if (biasValues)
      correctBias(stored, *biasValues);
  } else if (failed(takeStoredScales(*weight))) {
    // Lower says that the weights are no constant.
    return success();
  }
  return biasValues ? storeBias(*bias, *biasValues) : success();
}

LogicalResult propagate::storeWeights(Operation *root, bool perTensor,
                                      Counts &counts) {
  SmallVector<QuantizableOpInterface> ops;
  walkGraph(root, [&](Operation *op) {
    QuantizableOpInterface quantizable = getQuantizable(op);
    if (quantizable && isQuantizedAround(quantizable))
      ops.push_back(quantizable);
  });
  for (QuantizableOpInterface op : ops)
    if (failed(ParameterStore(op, perTensor, counts).run()))
      return failure();
  return success();
}
