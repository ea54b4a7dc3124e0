//===- ImportNeighbour.cpp - LRN and Col2Im -------------------------------===//
//
// Sums over a neighbourhood: of channels for LRN, of the columns that cover a
// pixel for Col2Im.
//
//===----------------------------------------------------------------------===//

#include "Emit.h"
#include "Loops.h"
#include "OpTable.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

namespace mlir::qnt::onnx_import {

//===----------------------------------------------------------------------===//
// LRN
//===----------------------------------------------------------------------===//

/// x / (bias + alpha / size * sum of squares) ^ beta
static FailureOr<Value> lrnBody(NodeImporter &n, Value x, int64_t size,
                                double factor, double beta, double bias) {
  int64_t channels = shapeOf(x)[1];
  return emitLoops(
      n, shapeOf(x), n.builder.getF32Type(), [&](ArrayRef<Scalar> o) {
        Scalar value = at(x, o);
        Scalar sum = loops(
            {size}, value.like(0.0), [&](ArrayRef<Scalar> k, Scalar total) {
              Scalar c = o[1] + k[0] - (size - 1) / 2;
              Scalars from(o);
              from[1] = c;
              Scalar near = atOr(x, from, (c >= 0) & (c < channels), 0.0);
              return total + near * near;
            });
        sum = sum * factor + bias;
        if (beta == 0.75) {
          Scalar root = sqrtOf(sum);
          return value / (root * sqrtOf(root));
        }
        return value / powerOf(sum, beta);
      });
}

LogicalResult buildLrn(NodeImporter &n) {
  int64_t size = n.getInt("size", 0);
  double alpha = n.getFloat("alpha", 1e-4f), beta = n.getFloat("beta", 0.75f);
  double bias = n.getFloat("bias", 1.0f);
  if (n.rankOf(0) < 2 || size < 1 || size > kMaxDim)
    return n.invalid(llvm::formatv("{0} channels of an input of rank {1}", size,
                                   n.rankOf(0)));
  if (!std::isfinite(alpha) || !std::isfinite(beta) || !std::isfinite(bias))
    return n.invalid("a parameter is not finite");
  FailureOr<Value> x = n.valueOf(0);
  if (failed(x))
    return failure();
  FailureOr<Value> result = emitComposite(
      n, "lrn", *x, x->getType(),
      {configFloat(n, "alpha", alpha), configFloat(n, "beta", beta),
       configFloat(n, "bias", bias), configInt(n, "size", size)},
      [&](ValueRange args) {
        return lrnBody(n, args[0], size, alpha / size, beta, bias);
      });
  if (failed(result))
    return failure();
  n.setResult(0, *result);
  return success();
}

//===----------------------------------------------------------------------===//
// Col2Im
//===----------------------------------------------------------------------===//

/// Each pixel is the sum of the column entries that were taken from it.
static FailureOr<Value> col2ImBody(NodeImporter &n, Value columns,
                                   ArrayRef<int64_t> shape,
                                   const Window &window) {
  Shape block;
  for (const WindowDim &dim : window)
    block.push_back(dim.kernel);
  int64_t taps = *countElements(block);
  return emitLoops(n, shape, n.builder.getF32Type(), [&](ArrayRef<Scalar> o) {
    Scalar zero = at(columns, {o[0], o[1].like(0), o[1].like(0)}).like(0.0);
    return loops(block, zero, [&](ArrayRef<Scalar> k, Scalar sum) {
      std::optional<Scalar> inside;
      Scalar row = o[1].like(0), column = o[1].like(0);
      for (auto [i, dim] : llvm::enumerate(window)) {
        Scalar p = o[2 + i] + dim.padLow - k[i] * dim.dilation;
        Scalar q = p / dim.stride;
        Scalar hit = (p >= 0) & (p % dim.stride == 0.0) & (q < dim.output);
        inside = inside ? *inside & hit : hit;
        row = row * dim.kernel + k[i];
        column = column * dim.output + q;
      }
      return sum +
             atOr(columns, {o[0], o[1] * taps + row, column}, *inside, 0.0);
    });
  });
}

LogicalResult buildCol2Im(NodeImporter &n) {
  FailureOr<Shape> image = n.intsOf(1, "the image shape");
  FailureOr<Shape> block = n.intsOf(2, "the block shape");
  if (failed(image) || failed(block))
    return failure();
  std::optional<int64_t> taps = countElements(*block);
  if (n.rankOf(0) != 3 || image->empty() || image->size() != block->size() ||
      !taps || *taps < 1 || !countElements(*image).value_or(0) ||
      n.shapeOf(0)[1] % *taps != 0)
    return n.invalid(llvm::formatv(
        "columns of shape {0} do not fit blocks of {1} of an image of {2}",
        formatShape(n.shapeOf(0)), formatShape(*block), formatShape(*image)));
  FailureOr<Window> window = readWindow(n, *image, *block);
  if (failed(window))
    return failure();
  int64_t blocks = 1;
  for (const WindowDim &dim : *window)
    blocks *= dim.output;
  if (blocks != n.shapeOf(0)[2])
    return n.invalid(
        llvm::formatv("{0} columns, expected {1}", n.shapeOf(0)[2], blocks));
  Shape shape{n.shapeOf(0)[0], n.shapeOf(0)[1] / *taps};
  llvm::append_range(shape, *image);
  FailureOr<RankedTensorType> type = n.tensorType(shape);
  FailureOr<Value> x = n.valueOf(0);
  if (failed(type) || failed(x))
    return failure();
  FailureOr<Value> result = emitComposite(
      n, "col2im", *x, *type, configInt(n, "taps", *taps),
      [&](ValueRange args) { return col2ImBody(n, args[0], shape, *window); });
  if (failed(result))
    return failure();
  n.setResult(0, *result);
  return success();
}

} // namespace mlir::qnt::onnx_import
