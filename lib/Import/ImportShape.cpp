//===- ImportShape.cpp - reshapes and transposes --------------------------===//
//
// Ops that keep the elements and change the shape. The shape rules here are
// also used by the host folder, so each is written once.
//
//===----------------------------------------------------------------------===//

#include "AxisMap.h"
#include "OpTable.h"

#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::onnx_import {

FailureOr<Shape> inferReshape(NodeImporter &n, ArrayRef<int64_t> from,
                              ArrayRef<int64_t> target, bool allowZero) {
  Shape shape(target);
  std::optional<size_t> inferred;
  if (static_cast<int64_t>(shape.size()) > kMaxRank)
    return n.unsupported(llvm::formatv("a target of rank {0}", shape.size()));
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == -1) {
      if (inferred)
        return n.invalid("the target shape has two dimensions of -1");
      inferred = i;
      shape[i] = 1;
    } else if (shape[i] == 0 && !allowZero) {
      if (i >= from.size())
        return n.invalid(llvm::formatv(
            "dimension {0} of the target copies one that the input lacks", i));
      shape[i] = from[i];
    }
  }
  std::optional<int64_t> have = countElements(from);
  std::optional<int64_t> want = countElements(shape);
  if (have && want && inferred && *want != 0 && *have % *want == 0) {
    shape[*inferred] = *have / *want;
    want = have;
  }
  if (!have || !want || *have != *want)
    return n.invalid(llvm::formatv("shape {0} cannot become {1}",
                                   formatShape(from), formatShape(target)));
  return shape;
}

FailureOr<Shape> readAxes(NodeImporter &n, unsigned input, int64_t rank,
                          int64_t sinceInput) {
  Shape axes = n.getInts("axes");
  if (n.opset >= sinceInput) {
    axes.clear();
    if (n.hasInput(input)) {
      FailureOr<Shape> given = n.intsOf(input, "axes");
      if (failed(given))
        return failure();
      axes = *given;
    }
  }
  for (int64_t &axis : axes) {
    FailureOr<int64_t> normal = n.normalizeAxis(axis, rank);
    if (failed(normal))
      return failure();
    axis = *normal;
  }
  llvm::sort(axes);
  if (std::unique(axes.begin(), axes.end()) != axes.end())
    return n.invalid("an axis appears twice");
  return axes;
}

FailureOr<Shape> inferSqueeze(NodeImporter &n) {
  ArrayRef<int64_t> from = n.shapeOf(0);
  FailureOr<Shape> axes = readAxes(n, 1, from.size(), 13);
  if (failed(axes))
    return failure();
  bool all = n.opset >= 13 ? !n.hasInput(1) : !n.hasAttr("axes");
  Shape shape;
  for (auto [i, dim] : llvm::enumerate(from)) {
    bool named = llvm::is_contained(*axes, static_cast<int64_t>(i));
    if (named && dim != 1)
      return n.invalid(
          llvm::formatv("dimension {0} has size {1}, not 1", i, dim));
    if (!(named || (all && dim == 1)))
      shape.push_back(dim);
  }
  return shape;
}

FailureOr<Shape> inferUnsqueeze(NodeImporter &n) {
  ArrayRef<int64_t> from = n.shapeOf(0);
  Shape raw = n.getInts("axes");
  if (n.opset >= 13) {
    if (!n.hasInput(1))
      return n.invalid("input 1 is missing");
    FailureOr<Shape> given = n.intsOf(1, "axes");
    if (failed(given))
      return failure();
    raw = *given;
  }
  int64_t rank = from.size() + raw.size();
  if (rank > kMaxRank)
    return n.unsupported(llvm::formatv("a result of rank {0}", rank));
  FailureOr<Shape> axes = readAxes(n, 1, rank, 13);
  if (failed(axes))
    return failure();
  Shape shape;
  for (int64_t i = 0, taken = 0; i < rank; ++i)
    shape.push_back(llvm::is_contained(*axes, i) ? 1 : from[taken++]);
  return shape;
}

FailureOr<Shape> readPerm(NodeImporter &n) {
  int64_t rank = n.rankOf(0);
  Shape perm = n.getInts("perm");
  if (!n.hasAttr("perm"))
    for (int64_t i = rank - 1; i >= 0; --i)
      perm.push_back(i);
  Shape sorted = perm;
  llvm::sort(sorted);
  bool valid = static_cast<int64_t>(sorted.size()) == rank;
  for (int64_t i = 0; valid && i < rank; ++i)
    valid = sorted[i] == i;
  if (!valid)
    return n.invalid("attribute 'perm' is not a permutation of the dimensions");
  return perm;
}

static LogicalResult buildView(NodeImporter &n, FailureOr<Shape> shape) {
  if (failed(shape))
    return failure();
  if (n.constantOf(0) && failed(n.takeElements(n.constantOf(0)->size())))
    return failure();
  FailureOr<OnnxValue> x = sourceAs(n, 0, *shape);
  if (failed(x))
    return failure();
  n.setResult(0, *x);
  return success();
}

LogicalResult buildReshape(NodeImporter &n) {
  FailureOr<Shape> target = n.intsOf(1, "shape");
  if (failed(target))
    return failure();
  return buildView(
      n, inferReshape(n, n.shapeOf(0), *target, n.getInt("allowzero", 0) != 0));
}

LogicalResult buildFlatten(NodeImporter &n) {
  ArrayRef<int64_t> shape = n.shapeOf(0);
  int64_t rank = shape.size(), axis = n.getInt("axis", 1);
  if (axis < -rank || axis > rank)
    return n.invalid(
        llvm::formatv("axis {0} is outside of rank {1}", axis, rank));
  if (axis < 0)
    axis += rank;
  return buildView(n, Shape{*countElements(shape.take_front(axis)),
                            *countElements(shape.drop_front(axis))});
}

LogicalResult buildSqueeze(NodeImporter &n) {
  return buildView(n, inferSqueeze(n));
}

LogicalResult buildUnsqueeze(NodeImporter &n) {
  return buildView(n, inferUnsqueeze(n));
}

LogicalResult buildTranspose(NodeImporter &n) {
  FailureOr<Shape> perm = readPerm(n);
  if (failed(perm))
    return failure();
  if (const HostTensor *constant = n.constantOf(0)) {
    if (failed(n.takeElements(constant->size())))
      return failure();
    n.setResult(0, transposeHost(*constant, *perm));
    return success();
  }
  FailureOr<Value> x = n.anyValueOf(0);
  if (failed(x) || failed(x = n.transpose(*x, *perm)))
    return failure();
  n.setResult(0, *x, n.elemOf(0));
  return success();
}

LogicalResult buildShape(NodeImporter &n) {
  int64_t rank = n.rankOf(0);
  auto clampAxis = [&](int64_t axis) {
    return std::clamp<int64_t>(axis < 0 ? axis + rank : axis, 0, rank);
  };
  int64_t start = clampAxis(std::max(n.getInt("start", 0), -rank));
  int64_t end = clampAxis(std::max(n.getInt("end", rank), -rank));
  std::vector<int64_t> dims;
  for (int64_t i = start; i < end; ++i)
    dims.push_back(n.shapeOf(0)[i]);
  int64_t count = dims.size();
  n.setResult(0, HostTensor::ofInts(count, dims));
  return success();
}

LogicalResult buildSize(NodeImporter &n) {
  n.setResult(0, HostTensor::ofInts({}, {*countElements(n.shapeOf(0))}));
  return success();
}

} // namespace mlir::qnt::onnx_import
