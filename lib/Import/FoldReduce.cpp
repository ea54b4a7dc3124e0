//===- FoldReduce.cpp - sums and extremes on the host ---------------------===//
//
// Reductions of constants over any axes, and cumulative sums. Integers wrap;
// floats are summed in double.
//
//===----------------------------------------------------------------------===//

#include "FoldArithmetic.h"

#include "HostMove.h"
#include "OpTable.h"

#include <cmath>

namespace mlir::qnt::onnx_import {

namespace {
/// One number being reduced, in both readings.
struct Total {
  double real = 0;
  uint64_t bits = 0;
  int64_t count = 0;
};

struct ReduceRow {
  const char *op;
  /// The opset since which the axes are an input.
  int64_t axesInputSince;
  double (*onFloat)(double total, double value);
  uint64_t (*onInt)(uint64_t total, uint64_t value, bool isUnsigned);
  /// What nothing sums up to.
  enum { zero, one, lowest, highest, refused } empty;
};
} // namespace

static uint64_t largerInt(uint64_t a, uint64_t b, bool isUnsigned) {
  bool less =
      isUnsigned ? a < b : static_cast<int64_t>(a) < static_cast<int64_t>(b);
  return less ? b : a;
}

static uint64_t smallerInt(uint64_t a, uint64_t b, bool isUnsigned) {
  return largerInt(a, b, isUnsigned) == a ? b : a;
}

static uint64_t addInt(uint64_t a, uint64_t b, bool) { return a + b; }

static double addFloat(double a, double b) { return a + b; }

static const ReduceRow reduceRows[] = {
    {"ReduceMax", 18,
     [](double a, double b) { return std::isnan(a) || a > b ? a : b; },
     largerInt, ReduceRow::lowest},
    {"ReduceMean", 18, addFloat, addInt, ReduceRow::refused},
    {"ReduceMin", 18,
     [](double a, double b) { return std::isnan(a) || a < b ? a : b; },
     smallerInt, ReduceRow::highest},
    {"ReduceProd", 18, [](double a, double b) { return a * b; },
     [](uint64_t a, uint64_t b, bool) { return a * b; }, ReduceRow::one},
    {"ReduceSum", 13, addFloat, addInt, ReduceRow::zero},
};

/// The least or the greatest value of the element type; infinite for floats.
static void storeExtreme(HostTensor &result, int64_t i, bool highest) {
  if (result.isFloat())
    return result.set(i, highest ? INFINITY : -INFINITY);
  if (result.elem == Elem::Bool)
    return result.setInt(i, highest);
  unsigned bits = bitsOf(result.elem);
  uint64_t ones = bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
  uint64_t sign = uint64_t{1} << (bits - 1);
  uint64_t most = isUnsigned(result.elem) ? ones : ones ^ sign;
  uint64_t least = isUnsigned(result.elem) ? 0 : sign;
  result.setInt(i, static_cast<int64_t>(highest ? most : least));
}

static LogicalResult storeTotal(NodeImporter &n, const ReduceRow &row,
                                const Total &total, HostTensor &result,
                                int64_t i) {
  if (total.count == 0) {
    if (row.empty == ReduceRow::refused)
      return n.unsupported("a reduction of nothing");
    if (row.empty == ReduceRow::lowest || row.empty == ReduceRow::highest)
      storeExtreme(result, i, row.empty == ReduceRow::highest);
    else
      result.setInt(i, row.empty == ReduceRow::one);
    return success();
  }
  bool isMean = StringRef(row.op) == "ReduceMean";
  if (result.isFloat()) {
    result.set(i, isMean ? total.real / total.count : total.real);
  } else {
    int64_t sum = static_cast<int64_t>(total.bits);
    result.setInt(i, isMean ? sum / total.count : sum);
  }
  return success();
}

FailureOr<HostTensor> foldReduce(NodeImporter &n) {
  const HostTensor &x = *n.constantOf(0);
  const ReduceRow &row = *llvm::find_if(
      reduceRows, [&](const ReduceRow &r) { return n.node.op_type() == r.op; });
  FailureOr<Shape> axes = readAxes(n, 1, x.rank(), row.axesInputSince);
  if (failed(axes) || failed(n.takeElements(x.size())))
    return failure();
  if (axes->empty() && n.getInt("noop_with_empty_axes", 0) != 0)
    return x;
  bool keep = n.getInt("keepdims", 1) != 0;
  Shape kept = x.shape, shape;
  for (int64_t d = 0; d < x.rank(); ++d) {
    bool reduced = axes->empty() || llvm::is_contained(*axes, d);
    if (reduced)
      kept[d] = 1;
    if (!reduced || keep)
      shape.push_back(kept[d]);
  }
  Shape strides = stridesOf(kept);
  for (int64_t d = 0; d < x.rank(); ++d)
    if (axes->empty() || llvm::is_contained(*axes, d))
      strides[d] = 0;
  HostTensor result = HostTensor::zeros(shape, x.elem);
  std::vector<Total> totals(result.size());
  std::vector<int64_t> targets =
      flatIndices(x.shape, [&](ArrayRef<int64_t> index) {
        return flatten(index, strides);
      });
  for (auto [i, target] : llvm::enumerate(targets)) {
    Total &total = totals[target];
    double real = x.at(i);
    uint64_t bits = x.intAt(i);
    total.real = total.count ? row.onFloat(total.real, real) : real;
    total.bits =
        total.count ? row.onInt(total.bits, bits, isUnsigned(x.elem)) : bits;
    ++total.count;
  }
  for (auto [i, total] : llvm::enumerate(totals))
    if (failed(storeTotal(n, row, total, result, i)))
      return failure();
  return result;
}

FailureOr<HostTensor> foldCumSum(NodeImporter &n) {
  const HostTensor &x = *n.constantOf(0);
  FailureOr<Shape> axisInput = n.intsOf(1, "axis");
  if (failed(axisInput) || axisInput->size() != 1)
    return n.invalid("the axis is not one number");
  FailureOr<int64_t> axis = n.normalizeAxis(axisInput->front(), x.rank());
  if (failed(axis) || failed(n.takeElements(x.size())))
    return failure();
  bool reverse = n.getInt("reverse", 0) != 0;
  bool exclusive = n.getInt("exclusive", 0) != 0;
  int64_t dim = x.shape[*axis], stride = stridesOf(x.shape)[*axis];
  HostTensor result = HostTensor::zeros(x.shape, x.elem);
  for (int64_t i = 0, e = x.size(); i < e; ++i) {
    if (i / stride % dim != 0)
      continue;
    Total total;
    for (int64_t k = 0; k < dim; ++k) {
      int64_t at = i + (reverse ? dim - 1 - k : k) * stride;
      double real = total.real + x.at(at);
      uint64_t bits = total.bits + static_cast<uint64_t>(x.intAt(at));
      if (x.isFloat())
        result.set(at, exclusive ? total.real : real);
      else
        result.setInt(at, static_cast<int64_t>(exclusive ? total.bits : bits));
      total = {real, bits, 0};
    }
  }
  return result;
}

} // namespace mlir::qnt::onnx_import
