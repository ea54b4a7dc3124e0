//===- ImportLayout.cpp - concat, depth to space and back -----------------===//
//
// Ops that order the elements of whole tensors anew.
//
//===----------------------------------------------------------------------===//

#include "ImportLayout.h"

#include "HostMove.h"
#include "OpTable.h"

#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::onnx_import {

//===----------------------------------------------------------------------===//
// Concat
//===----------------------------------------------------------------------===//

static HostTensor concatHost(ArrayRef<OnnxValue> parts, int64_t axis,
                             ArrayRef<int64_t> shape) {
  HostTensor result;
  result.elem = parts.front().elem;
  result.shape.assign(shape.begin(), shape.end());
  int64_t outer = *countElements(shape.take_front(axis));
  for (int64_t row = 0; row < outer; ++row)
    for (const OnnxValue &part : parts) {
      ArrayRef<char> bytes = part.constant->bytes;
      ArrayRef<char> piece =
          bytes.slice(row * (bytes.size() / outer), bytes.size() / outer);
      result.bytes.append(piece.begin(), piece.end());
    }
  return result;
}

FailureOr<OnnxValue> concatValues(NodeImporter &n, ArrayRef<OnnxValue> parts,
                                  int64_t axis) {
  if (parts.empty())
    return n.invalid("there is nothing to concatenate");
  Shape shape(parts.front().shape());
  FailureOr<int64_t> at = n.normalizeAxis(axis, shape.size());
  if (failed(at))
    return failure();
  shape[*at] = 0;
  bool isKnown = true;
  for (const OnnxValue &part : parts) {
    Shape expected(parts.front().shape());
    if (part.shape().size() == expected.size())
      expected[*at] = part.shape()[*at];
    if (part.shape() != ArrayRef(expected))
      return n.invalid(llvm::formatv(
          "shapes {0} and {1} do not match beside axis {2}",
          formatShape(parts.front().shape()), formatShape(part.shape()), *at));
    if (part.elem != parts.front().elem)
      return n.invalid("the parts are of different types");
    shape[*at] += expected[*at];
    isKnown &= part.constant != nullptr;
  }
  if (failed(checkShape(n, shape)))
    return failure();
  int64_t count = *countElements(shape);
  if (count == 0 || (isKnown && n.hasBudget(count))) {
    if (failed(n.takeElements(count)))
      return failure();
    return OnnxValue(std::make_shared<HostTensor>(
        count == 0 ? HostTensor::zeros(shape, parts.front().elem)
                   : concatHost(parts, *at, shape)));
  }
  SmallVector<Value> values;
  for (const OnnxValue &part : parts) {
    // Empty parts take part in the shape only.
    if (*countElements(part.shape()) == 0)
      continue;
    FailureOr<Value> value = materialize(n, part);
    if (failed(value))
      return failure();
    values.push_back(*value);
  }
  FailureOr<Value> result = n.concat(values, *at);
  if (failed(result))
    return failure();
  return OnnxValue(*result, parts.front().elem);
}

LogicalResult buildConcat(NodeImporter &n) {
  if (!n.hasAttr("axis"))
    return n.invalid("attribute 'axis' is missing");
  SmallVector<OnnxValue> parts;
  for (unsigned i = 0; i < n.numInputs(); ++i) {
    FailureOr<OnnxValue> part = sourceOf(n, i);
    if (failed(part))
      return failure();
    parts.push_back(*part);
  }
  FailureOr<OnnxValue> result = concatValues(n, parts, n.getInt("axis", 0));
  if (failed(result))
    return failure();
  n.setResult(0, *result);
  return success();
}

//===----------------------------------------------------------------------===//
// DepthToSpace and SpaceToDepth
//===----------------------------------------------------------------------===//

/// Reads block size and mode; `rows`: the block divides rows and columns, else
/// its square the channels.
static FailureOr<int64_t> readBlock(NodeImporter &n, bool rows, bool &dcr) {
  int64_t block = n.getInt("blocksize", 0);
  StringRef mode = n.getString("mode", "DCR");
  if (n.rankOf(0) != 4)
    return n.invalid("the input is not of rank 4");
  if (mode != "DCR" && mode != "CRD")
    return n.invalid("attribute 'mode' is '" + mode + "'");
  dcr = mode == "DCR";
  ArrayRef<int64_t> s = n.shapeOf(0);
  if (block < 1 || block > (1 << 15))
    return n.invalid(llvm::formatv("block size {0} is out of range", block));
  if (rows ? s[2] % block || s[3] % block : s[1] % (block * block))
    return n.invalid(llvm::formatv("block size {0} does not divide shape {1}",
                                   block, formatShape(s)));
  return block;
}

/// NCHW -> NHWC -> split -> permuted -> joined -> NCHW.
static LogicalResult moveBlocks(NodeImporter &n, ArrayRef<int64_t> split,
                                ArrayRef<int64_t> perm,
                                ArrayRef<int64_t> joined) {
  FailureOr<Value> x = n.anyValueOf(0);
  if (failed(x) || failed(x = n.toNhwc(*x)) ||
      failed(x = n.reshape(*x, split)) || failed(x = n.transpose(*x, perm)) ||
      failed(x = n.reshape(*x, joined)) || failed(x = n.toNchw(*x)))
    return failure();
  n.setResult(0, *x, n.elemOf(0));
  return success();
}

LogicalResult buildDepthToSpace(NodeImporter &n) {
  bool dcr;
  FailureOr<int64_t> b = readBlock(n, /*rows=*/false, dcr);
  if (failed(b))
    return failure();
  Shape s(n.shapeOf(0));
  int64_t depth = s[1] / (*b * *b);
  // Channels hold [block, block, depth] or [depth, block, block]; both blocks
  // move behind their spatial dimension.
  Shape split = dcr ? Shape{s[0], s[2], s[3], *b, *b, depth}
                    : Shape{s[0], s[2], s[3], depth, *b, *b};
  Shape perm = dcr ? Shape{0, 1, 3, 2, 4, 5} : Shape{0, 1, 4, 2, 5, 3};
  return moveBlocks(n, split, perm, {s[0], s[2] * *b, s[3] * *b, depth});
}

LogicalResult buildSpaceToDepth(NodeImporter &n) {
  bool dcr;
  FailureOr<int64_t> b = readBlock(n, /*rows=*/true, dcr);
  if (failed(b))
    return failure();
  Shape s(n.shapeOf(0));
  int64_t rows = s[2] / *b, columns = s[3] / *b;
  Shape perm = dcr ? Shape{0, 1, 3, 2, 4, 5} : Shape{0, 1, 3, 5, 2, 4};
  return moveBlocks(n, {s[0], rows, *b, columns, *b, s[1]}, perm,
                    {s[0], rows, columns, s[1] * *b * *b});
}

} // namespace mlir::qnt::onnx_import
