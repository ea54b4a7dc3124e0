//===- CentredWeights.cpp - weights with zero points ----------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "CentredWeights.h"

#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::qnt;
using namespace mlir::qnt::models;

static constexpr int32_t kLargest = 127;

static int64_t indexAlong(ArrayRef<int64_t> shape, int64_t axis, int64_t flat) {
  int64_t inner = 1;
  for (int64_t size : shape.drop_front(axis + 1))
    inner *= size;
  return flat / inner % shape[axis];
}

/// Stored weights minus zero points.
static SmallVector<int32_t> centre(DenseIntElementsAttr stored,
                                   SchemeAttrInterface scheme) {
  SmallVector<int32_t> zeroPoints = scheme.getZeroPointValues();
  std::optional<int64_t> axis = scheme.getQuantizedAxis();
  ArrayRef<int64_t> shape = stored.getType().getShape();
  SmallVector<int32_t> centred;
  for (auto [flat, value] : llvm::enumerate(stored.getValues<int8_t>())) {
    int64_t at =
        axis && zeroPoints.size() > 1 ? indexAlong(shape, *axis, flat) : 0;
    centred.push_back(int32_t(value) - zeroPoints[at]);
  }
  return centred;
}

/// Part `index` of `count` of a weight: as even as can be.
static int8_t partOf(int32_t weight, int64_t index, int64_t count) {
  int64_t magnitude = std::abs(weight);
  int64_t part = (magnitude + index) / count;
  return static_cast<int8_t>(weight < 0 ? -part : part);
}

/// The parts as one constant: along `axis`, whole (`interleave` false) or index
/// by index.
static Value buildParts(OpBuilder &builder, Location loc,
                        ArrayRef<int32_t> weights, ArrayRef<int64_t> shape,
                        int64_t axis, int64_t count, bool interleave) {
  SmallVector<int64_t> wide(shape);
  wide[axis] *= count;
  int64_t inner = 1;
  for (int64_t size : shape.drop_front(axis + 1))
    inner *= size;
  SmallVector<int8_t> values(weights.size() * count);
  for (auto [flat, weight] : llvm::enumerate(weights)) {
    int64_t along = flat / inner % shape[axis];
    int64_t outer = flat / inner / shape[axis];
    for (int64_t part = 0; part < count; ++part) {
      int64_t to =
          interleave ? along * count + part : part * shape[axis] + along;
      values[(outer * wide[axis] + to) * inner + flat % inner] =
          partOf(weight, part, count);
    }
  }
  auto type = RankedTensorType::get(wide, builder.getI8Type());
  return intConst(builder, loc,
                  DenseElementsAttr::get(type, ArrayRef<int8_t>(values)));
}

static Value reshape(OpBuilder &builder, Location loc, Value value,
                     ArrayRef<int64_t> shape) {
  // An argument of the function may still have its quantized type.
  Value dims = tosa::ConstShapeOp::create(
      builder, loc, tosa::shapeType::get(builder.getContext(), shape.size()),
      builder.getIndexTensorAttr(shape));
  return tosa::ReshapeOp::create(
      builder, loc, RankedTensorType::get(shape, builder.getI8Type()), value,
      dims);
}

/// `value` so often along a dimension.
static Value repeat(OpBuilder &builder, Location loc, Value value, int64_t axis,
                    int64_t count) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape[axis] *= count;
  SmallVector<Value> copies(count, value);
  return tosa::ConcatOp::create(
      builder, loc, RankedTensorType::get(shape, builder.getI8Type()), copies,
      builder.getI32IntegerAttr(axis));
}

/// Each row of [N, H, W, C] `count` times in place.
static Value repeatEachRow(OpBuilder &builder, Location loc, Value value,
                           int64_t count) {
  ArrayRef<int64_t> s = cast<RankedTensorType>(value.getType()).getShape();
  SmallVector<int64_t> split = {s[0], s[1], 1, s[2] * s[3]};
  SmallVector<int64_t> merged = {s[0], s[1] * count, s[2], s[3]};
  Value rows = reshape(builder, loc, value, split);
  return reshape(builder, loc, repeat(builder, loc, rows, 2, count), merged);
}

/// The largest sum of magnitudes of one output channel.
static int64_t largestSum(ArrayRef<int32_t> weights, ArrayRef<int64_t> shape,
                          bool depthwise) {
  int64_t channels = depthwise ? shape[2] * shape[3] : shape[0];
  int64_t inner = static_cast<int64_t>(weights.size()) / channels;
  SmallVector<int64_t> sums(channels, 0);
  for (auto [flat, weight] : llvm::enumerate(weights))
    sums[depthwise ? flat % channels : flat / inner] += std::abs(weight);
  return *llvm::max_element(sums);
}

FailureOr<CentredOperands> models::centreWeights(OpBuilder &builder,
                                                 Operation *op,
                                                 const IntegerForm &form,
                                                 std::string &reason) {
  DenseIntElementsAttr stored;
  if (!matchPattern(form.operands[1], m_Constant(&stored))) {
    reason = "the weights are no constant";
    return failure();
  }
  bool depthwise = isa<tosa::DepthwiseConv2DOp>(op);
  ArrayRef<int64_t> shape = stored.getType().getShape();
  SchemeAttrInterface scheme = form.operandTypes[1].getScheme();
  SmallVector<int32_t> centred = centre(stored, scheme);
  if (failed(checkSum(largestSum(centred, shape, depthwise), 1, reason)))
    return failure();
  int32_t largest = 1;
  for (int32_t weight : centred)
    largest = std::max(largest, std::abs(weight));
  int64_t count = llvm::divideCeil(largest, kLargest);
  if (auto window = dyn_cast<tosa::DepthwiseConv2DOp>(op);
      window && count > 1 && window.getDilation()[0] != 1) {
    reason = "its weights have a zero point and it is dilated; exclude the op";
    return failure();
  }
  bool isCentred = llvm::all_of(scheme.getZeroPointValues(),
                                [](int32_t zp) { return zp == 0; });
  if (count == 1 && isCentred)
    return CentredOperands{form.operands[0], form.operands[1]};
  Location loc = op->getLoc();
  Value weights = buildParts(builder, loc, centred, shape, depthwise ? 0 : 3,
                             count, /*interleave=*/depthwise);
  Value input = form.operands[0];
  if (count > 1)
    input = depthwise ? repeatEachRow(builder, loc, input, count)
                      : repeat(builder, loc, input, 3, count);
  return CentredOperands{input, weights, count};
}

void models::repeatRows(Operation *convolution, int64_t repeats) {
  auto op = dyn_cast<tosa::DepthwiseConv2DOp>(convolution);
  if (!op || repeats == 1)
    return;
  SmallVector<int64_t> stride(op.getStride()), pad(op.getPad());
  stride[0] *= repeats;
  pad[0] *= repeats;
  pad[1] *= repeats;
  op.setStride(stride);
  op.setPad(pad);
}
