//===- ImportEinsum.cpp - sums of products by index -----------------------===//
//
// An equation is evaluated pair by pair from the left. Each pair is a matrix
// product over the indices that both share and nobody needs later:
//
//   bhqd,bhkd->bhqk  ->  [b h] x ([q] x [d]) * ([d] x [k])
//
// so that plain products stay products, which later stages can quantize.
//
//===----------------------------------------------------------------------===//

#include "Elementwise.h"
#include "OpTable.h"
#include "ValueMath.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

namespace mlir::qnt::onnx_import {

namespace {

/// Letters by their code, dimensions of the ellipsis from here on, counted from
/// the last one.
constexpr int kEllipsis = 256;

using Labels = SmallVector<int, 4>;

/// A factor: one label per dimension.
struct Factor {
  OnnxValue value;
  Labels labels;

  int64_t sizeOf(int label) const {
    return value.shape()[llvm::find(labels, label) - labels.begin()];
  }
};

struct Equation {
  SmallVector<StringRef> inputs;
  std::string output;
  bool isExplicit;
};

class Einsum {
public:
  explicit Einsum(NodeImporter &n) : n(n), math(n) {}
  FailureOr<Value> build();

private:
  LogicalResult readFactors();
  FailureOr<Labels> readLabels(StringRef text, int64_t ellipsis);
  LogicalResult readOutput(const Equation &equation);
  LogicalResult checkSizes();
  bool takeDiagonal(Factor &factor);
  bool sumOut(Factor &factor, ArrayRef<int> keep);
  Value arrange(const Factor &factor, ArrayRef<int> order);
  Factor multiply(Factor a, Factor b, ArrayRef<int> needed);
  Value product(const Factor &a, const Factor &b, ArrayRef<int> batch,
                ArrayRef<int> rows, ArrayRef<int> inner, ArrayRef<int> columns);
  int64_t sizeOf(ArrayRef<int> labels) const;

  NodeImporter &n;
  ValueMath math;
  SmallVector<Factor> factors;
  Labels output;
  /// The size of every label, the widest where the ellipsis broadcasts.
  llvm::SmallDenseMap<int, int64_t> sizes;
  int64_t ellipsisRank = 0;
};

} // namespace

//===----------------------------------------------------------------------===//
// The equation
//===----------------------------------------------------------------------===//

FailureOr<Labels> Einsum::readLabels(StringRef text, int64_t ellipsis) {
  Labels labels;
  bool seen = false;
  while (!text.empty()) {
    if (text.consume_front("...")) {
      if (seen)
        return n.invalid("the equation has two ellipses in one term");
      seen = true;
      for (int64_t i = ellipsis - 1; i >= 0; --i)
        labels.push_back(kEllipsis + static_cast<int>(i));
      continue;
    }
    if (!llvm::isAlpha(text.front()))
      return n.invalid("the equation has the character '" + text.take_front() +
                       "'");
    labels.push_back(text.front());
    text = text.drop_front();
  }
  return labels;
}

static std::string withoutSpaces(StringRef text) {
  std::string result;
  for (char c : text)
    if (c != ' ')
      result += c;
  return result;
}

LogicalResult Einsum::readFactors() {
  std::string text = withoutSpaces(n.getString("equation", ""));
  auto [left, right] = StringRef(text).split("->");
  Equation equation;
  equation.isExplicit = StringRef(text).contains("->");
  equation.output = right.str();
  left.split(equation.inputs, ',');
  if (equation.inputs.size() != n.numInputs())
    return n.invalid(llvm::formatv("the equation has {0} terms for {1} inputs",
                                   equation.inputs.size(), n.numInputs()));
  for (auto [i, term] : llvm::enumerate(equation.inputs)) {
    int64_t letters = llvm::count_if(term, llvm::isAlpha);
    int64_t rest = term.contains("...") ? n.rankOf(i) - letters : 0;
    if (rest < 0 || (!term.contains("...") && letters != n.rankOf(i)))
      return n.invalid(
          llvm::formatv("term '{0}' of the equation does not fit rank {1}",
                        term, n.rankOf(i)));
    ellipsisRank = std::max(ellipsisRank, rest);
    FailureOr<Labels> labels = readLabels(term, rest);
    if (failed(labels))
      return failure();
    Factor factor;
    factor.labels = *labels;
    if (HostTensorRef constant = n.floatConstantOf(i)) {
      factor.value = OnnxValue(constant);
    } else {
      FailureOr<Value> value = n.valueOf(i);
      if (failed(value))
        return failure();
      factor.value = OnnxValue(*value, Elem::Float);
    }
    factors.push_back(std::move(factor));
  }
  if (failed(checkSizes()))
    return failure();
  return readOutput(equation);
}

LogicalResult Einsum::checkSizes() {
  for (const Factor &factor : factors)
    for (auto [label, size] : llvm::zip(factor.labels, factor.value.shape())) {
      int64_t &known = sizes.try_emplace(label, size).first->second;
      if (known != size && known != 1 && size != 1)
        return n.invalid(llvm::formatv(
            "an index of the equation has the sizes {0} and {1}", known, size));
      known = std::max(known, size);
    }
  return success();
}

LogicalResult Einsum::readOutput(const Equation &equation) {
  if (equation.isExplicit) {
    FailureOr<Labels> labels = readLabels(equation.output, ellipsisRank);
    if (failed(labels))
      return failure();
    output = *labels;
    for (int label : output)
      if (!sizes.contains(label) || llvm::count(output, label) != 1)
        return n.invalid("an index of the equation's result appears twice or "
                         "in no term");
    return success();
  }
  // Implicit: the ellipsis, then letters that appear once, sorted.
  for (int64_t i = ellipsisRank - 1; i >= 0; --i)
    output.push_back(kEllipsis + static_cast<int>(i));
  for (int letter = 0; letter < kEllipsis; ++letter) {
    int64_t count = 0;
    for (const Factor &factor : factors)
      count += llvm::count(factor.labels, letter);
    if (count == 1)
      output.push_back(letter);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Factors
//===----------------------------------------------------------------------===//

int64_t Einsum::sizeOf(ArrayRef<int> labels) const {
  int64_t size = 1;
  for (int label : labels)
    size *= sizes.lookup(label);
  return size;
}

/// ii -> i: repeated labels walk together.
bool Einsum::takeDiagonal(Factor &factor) {
  Labels unique;
  for (int label : factor.labels)
    if (!llvm::is_contained(unique, label))
      unique.push_back(label);
  if (unique.size() == factor.labels.size())
    return true;
  Shape shape;
  SmallVector<AffineExpr> indices;
  for (int label : unique)
    shape.push_back(factor.sizeOf(label));
  for (int label : factor.labels)
    indices.push_back(
        n.builder.getAffineDimExpr(llvm::find(unique, label) - unique.begin()));
  Value value = math.materialize(factor.value);
  if (!value)
    return false;
  FailureOr<Value> diagonal = genericMap(
      n, value,
      AffineMap::get(unique.size(), 0, indices, n.builder.getContext()), shape,
      elementTypeOf(value),
      [](OpBuilder &, Location, ValueRange in) { return in[0]; });
  if (failed(diagonal))
    return false;
  factor = {OnnxValue(*diagonal, Elem::Float), unique};
  return true;
}

/// Adds up the labels that are not in `keep`.
bool Einsum::sumOut(Factor &factor, ArrayRef<int> keep) {
  Labels kept;
  Shape shape;
  Value value;
  for (auto [i, label] : llvm::enumerate(factor.labels)) {
    if (llvm::is_contained(keep, label)) {
      kept.push_back(label);
      shape.push_back(factor.value.shape()[i]);
      continue;
    }
    if (!value)
      value = math.materialize(factor.value);
    value = math.reduceSum(value, i);
    if (!value)
      return false;
  }
  if (kept.size() == factor.labels.size())
    return true;
  value = math.reshape(value, shape);
  factor = {OnnxValue(value, Elem::Float), kept};
  return value != nullptr;
}

/// The factor with its dimensions in that order, all of full size.
Value Einsum::arrange(const Factor &factor, ArrayRef<int> order) {
  Shape perm, full;
  for (int label : order) {
    perm.push_back(llvm::find(factor.labels, label) - factor.labels.begin());
    full.push_back(sizes.lookup(label));
  }
  return math.expand(math.transpose(math.materialize(factor.value), perm),
                     full);
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

static Labels join(ArrayRef<int> a, ArrayRef<int> b, ArrayRef<int> c = {}) {
  Labels all(a);
  all.append(b.begin(), b.end());
  all.append(c.begin(), c.end());
  return all;
}

Value Einsum::product(const Factor &a, const Factor &b, ArrayRef<int> batch,
                      ArrayRef<int> rows, ArrayRef<int> inner,
                      ArrayRef<int> columns) {
  int64_t count = sizeOf(batch), m = sizeOf(rows), k = sizeOf(inner);
  int64_t cols = sizeOf(columns);
  Value left = arrange(a, join(batch, rows, inner));
  if (b.value.constant && batch.empty() && !inner.empty()) {
    // A layer with weights [columns, inner].
    Shape perm;
    for (int label : join(columns, inner))
      perm.push_back(llvm::find(b.labels, label) - b.labels.begin());
    if (*countElements(b.value.shape()) == cols * k) {
      auto weights = std::make_shared<HostTensor>(
          reshapeHost(transposeHost(*b.value.constant, perm), {cols, k}));
      return math.apply(math.linear(OnnxValue(weights)),
                        math.reshape(left, {m, k}));
    }
  }
  Value right = arrange(b, join(batch, inner, columns));
  left = math.reshape(left, {count, m, k});
  right = math.reshape(right, {count, k, cols});
  if (!inner.empty())
    return math.matmul(left, right);
  return math.mul(left, math.reshape(right, {count, 1, cols}));
}

Factor Einsum::multiply(Factor a, Factor b, ArrayRef<int> needed) {
  if (!sumOut(a, join(needed, b.labels)) || !sumOut(b, join(needed, a.labels)))
    return {};
  // A constant on the left is a layer too.
  if (a.value.constant && !b.value.constant)
    std::swap(a, b);
  Labels batch, rows, inner, columns;
  for (int label : a.labels) {
    bool shared = llvm::is_contained(b.labels, label);
    bool later = llvm::is_contained(needed, label);
    (!shared ? rows : later ? batch : inner).push_back(label);
  }
  for (int label : b.labels)
    if (!llvm::is_contained(a.labels, label))
      columns.push_back(label);
  Factor result;
  result.labels = join(batch, rows, columns);
  Shape shape;
  for (int label : result.labels)
    shape.push_back(sizes.lookup(label));
  Value value = math.reshape(product(a, b, batch, rows, inner, columns), shape);
  if (value)
    result.value = OnnxValue(value, Elem::Float);
  return result;
}

FailureOr<Value> Einsum::build() {
  if (failed(readFactors()))
    return failure();
  for (Factor &factor : factors)
    if (!takeDiagonal(factor))
      return failure();
  Factor total = factors.front();
  for (size_t i = 1; i < factors.size(); ++i) {
    Labels needed = output;
    for (const Factor &later : ArrayRef(factors).drop_front(i + 1))
      needed.append(later.labels);
    total = multiply(total, factors[i], needed);
    if (!total.value.isKnown())
      return failure();
  }
  if (!sumOut(total, output))
    return failure();
  Value result = arrange(total, output);
  if (!result)
    return failure();
  return result;
}

LogicalResult buildEinsum(NodeImporter &n) {
  FailureOr<Value> result = Einsum(n).build();
  if (failed(result))
    return failure();
  n.setResult(0, *result, n.elemOf(0));
  return success();
}

} // namespace mlir::qnt::onnx_import
