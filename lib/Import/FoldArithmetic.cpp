//===- FoldArithmetic.cpp - elementwise arithmetic on the host ------------===//
//
// See the header. One row per op says what it computes on floats and on
// integers. Integer arithmetic wraps, conversions saturate and division by zero
// is refused, so nothing here is undefined. Floats are computed in double and
// rounded once.
//
//===----------------------------------------------------------------------===//

#include "FoldArithmetic.h"

#include "HostMove.h"
#include "OpTable.h"

#include "llvm/Support/FormatVariadic.h"

#include <cmath>

namespace mlir::qnt::onnx_import {

//===----------------------------------------------------------------------===//
// Binary
//===----------------------------------------------------------------------===//

namespace {
/// Two integers of one type, by their bits.
struct Pair {
  int64_t a, b;
  bool isUnsigned;

  uint64_t ua() const { return a; }
  uint64_t ub() const { return b; }
  bool less() const { return isUnsigned ? ua() < ub() : a < b; }
  bool more() const { return isUnsigned ? ua() > ub() : a > b; }
};

struct BinaryRow {
  const char *op;
  double (*onFloat)(double, double);
  int64_t (*onInt)(Pair);
  bool makesBool = false;
};
} // namespace

static int64_t divide(Pair p) {
  if (p.isUnsigned)
    return static_cast<int64_t>(p.ua() / p.ub());
  // INT64_MIN / -1 wraps.
  return p.b == -1 ? static_cast<int64_t>(-p.ua()) : p.a / p.b;
}

/// The remainder with the sign of the divisor.
static int64_t modulo(Pair p) {
  if (p.isUnsigned)
    return static_cast<int64_t>(p.ua() % p.ub());
  int64_t rest = p.b == -1 ? 0 : p.a % p.b;
  return rest != 0 && (rest < 0) != (p.b < 0) ? rest + p.b : rest;
}

static int64_t power(Pair p) {
  if (!p.isUnsigned && p.b < 0)
    return p.a == 1 ? 1 : p.a == -1 ? (p.b % 2 ? -1 : 1) : 0;
  uint64_t result = 1, base = p.ua();
  for (uint64_t rest = p.ub(); rest; rest >>= 1, base *= base)
    if (rest & 1)
      result *= base;
  return static_cast<int64_t>(result);
}

static double maxOf(double a, double b) {
  return std::isnan(a) || a > b ? a : b;
}

static double minOf(double a, double b) {
  return std::isnan(a) || a < b ? a : b;
}

static const BinaryRow binaryRows[] = {
    {"Add", [](double a, double b) { return a + b; },
     [](Pair p) { return static_cast<int64_t>(p.ua() + p.ub()); }},
    {"And", nullptr, [](Pair p) { return p.a & p.b; }},
    {"BitwiseAnd", nullptr, [](Pair p) { return p.a & p.b; }},
    {"BitwiseOr", nullptr, [](Pair p) { return p.a | p.b; }},
    {"BitwiseXor", nullptr, [](Pair p) { return p.a ^ p.b; }},
    {"Div", [](double a, double b) { return a / b; }, divide},
    {"Equal", [](double a, double b) -> double { return a == b; },
     [](Pair p) -> int64_t { return p.a == p.b; }, true},
    {"Greater", [](double a, double b) -> double { return a > b; },
     [](Pair p) -> int64_t { return p.more(); }, true},
    {"GreaterOrEqual", [](double a, double b) -> double { return a >= b; },
     [](Pair p) -> int64_t { return !p.less(); }, true},
    {"Less", [](double a, double b) -> double { return a < b; },
     [](Pair p) -> int64_t { return p.less(); }, true},
    {"LessOrEqual", [](double a, double b) -> double { return a <= b; },
     [](Pair p) -> int64_t { return !p.more(); }, true},
    {"Max", maxOf, [](Pair p) { return p.less() ? p.b : p.a; }},
    {"Min", minOf, [](Pair p) { return p.less() ? p.a : p.b; }},
    {"Mod", static_cast<double (*)(double, double)>(std::fmod), modulo},
    {"Mul", [](double a, double b) { return a * b; },
     [](Pair p) { return static_cast<int64_t>(p.ua() * p.ub()); }},
    {"Or", nullptr, [](Pair p) { return p.a | p.b; }},
    {"Pow", static_cast<double (*)(double, double)>(std::pow), power},
    {"Sub", [](double a, double b) { return a - b; },
     [](Pair p) { return static_cast<int64_t>(p.ua() - p.ub()); }},
    {"Sum", [](double a, double b) { return a + b; },
     [](Pair p) { return static_cast<int64_t>(p.ua() + p.ub()); }},
    {"Xor", nullptr, [](Pair p) { return p.a ^ p.b; }},
};

static const BinaryRow *findBinary(StringRef op) {
  for (const BinaryRow &row : binaryRows)
    if (op == row.op)
      return &row;
  return nullptr;
}

/// One element of the result; fails where integers are divided by zero.
static LogicalResult computeElement(NodeImporter &n, const BinaryRow &row,
                                    const HostTensor &a, const HostTensor &b,
                                    int64_t i, HostTensor &result) {
  if (a.isFloat() || b.isFloat()) {
    result.set(i, row.onFloat(a.at(i), b.at(i)));
    return success();
  }
  Pair pair{a.intAt(i), b.intAt(i), isUnsigned(a.elem)};
  StringRef op = row.op;
  if (pair.b == 0 && (op == "Div" || op == "Mod"))
    return n.invalid(llvm::formatv("{0} is divided by zero", pair.a));
  result.setInt(i, row.onInt(pair));
  return success();
}

/// Integer Mod by the sign of the dividend, as C has it.
static bool asksForFmod(NodeImporter &n, const HostTensor &a) {
  return n.node.op_type() == "Mod" && !a.isFloat() && n.getInt("fmod", 0) != 0;
}

FailureOr<HostTensor> foldBinary(NodeImporter &n) {
  const BinaryRow &row = *findBinary(n.node.op_type());
  HostTensor total = *n.constantOf(0);
  for (unsigned k = 1; k < n.numInputs(); ++k) {
    const HostTensor &b = *n.constantOf(k);
    bool mixed = StringRef(row.op) == "Pow";
    if (total.elem != b.elem && !mixed)
      return n.invalid("the inputs are of different types");
    if ((total.isFloat() || b.isFloat()) && !row.onFloat)
      return n.invalid("the op does not take floats");
    if (asksForFmod(n, total))
      return n.unsupported("attribute 'fmod' on constant integers");
    FailureOr<Shape> shape = broadcastShapes(n, total.shape, b.shape);
    if (failed(shape) || failed(checkShape(n, *shape)) ||
        failed(n.takeElements(3 * *countElements(*shape))))
      return failure();
    HostTensor x = broadcastHost(total, *shape), y = broadcastHost(b, *shape);
    HostTensor result =
        HostTensor::zeros(*shape, row.makesBool ? Elem::Bool : total.elem);
    for (int64_t i = 0, e = result.size(); i < e; ++i)
      if (failed(computeElement(n, row, x, y, i, result)))
        return failure();
    total = std::move(result);
  }
  return total;
}

//===----------------------------------------------------------------------===//
// Unary
//===----------------------------------------------------------------------===//

namespace {
struct UnaryRow {
  const char *op;
  double (*onFloat)(double);
  int64_t (*onInt)(int64_t, bool isUnsigned) = nullptr;
  bool makesBool = false;
};
} // namespace

using RealFn = double (*)(double);

static const UnaryRow unaryRows[] = {
    {"Abs", static_cast<RealFn>(std::fabs),
     [](int64_t v, bool isUnsigned) {
       return isUnsigned || v >= 0
                  ? v
                  : static_cast<int64_t>(-static_cast<uint64_t>(v));
     }},
    {"BitwiseNot", nullptr, [](int64_t v, bool) { return ~v; }},
    {"Ceil", static_cast<RealFn>(std::ceil)},
    {"Cos", static_cast<RealFn>(std::cos)},
    {"Erf", static_cast<RealFn>(std::erf)},
    {"Exp", static_cast<RealFn>(std::exp)},
    {"Floor", static_cast<RealFn>(std::floor)},
    {"IsNaN", [](double v) -> double { return std::isnan(v); }, nullptr, true},
    {"Log", static_cast<RealFn>(std::log)},
    {"Neg", [](double v) { return -v; },
     [](int64_t v, bool) {
       return static_cast<int64_t>(-static_cast<uint64_t>(v));
     }},
    {"Not", nullptr, [](int64_t v, bool) -> int64_t { return v == 0; }, true},
    {"Reciprocal", [](double v) { return 1.0 / v; }},
    {"Relu", [](double v) { return maxOf(v, 0.0); },
     [](int64_t v, bool isUnsigned) {
       return isUnsigned ? v : std::max<int64_t>(v, 0);
     }},
    {"Round", static_cast<RealFn>(std::nearbyint)},
    {"Sigmoid", [](double v) { return 1.0 / (1.0 + std::exp(-v)); }},
    {"Sign",
     [](double v) { return std::isnan(v) ? v : double((v > 0) - (v < 0)); },
     [](int64_t v, bool isUnsigned) -> int64_t {
       return isUnsigned ? v != 0 : (v > 0) - (v < 0);
     }},
    {"Sin", static_cast<RealFn>(std::sin)},
    {"Sqrt", static_cast<RealFn>(std::sqrt)},
    {"Tanh", static_cast<RealFn>(std::tanh)},
};

FailureOr<HostTensor> foldUnary(NodeImporter &n) {
  const HostTensor &x = *n.constantOf(0);
  const UnaryRow *row = llvm::find_if(
      unaryRows, [&](const UnaryRow &r) { return n.node.op_type() == r.op; });
  if (x.isFloat() ? !row->onFloat : !row->onInt)
    return n.invalid("the op does not take " + elementTypeName(x.elem));
  if (failed(n.takeElements(x.size())))
    return failure();
  HostTensor result =
      HostTensor::zeros(x.shape, row->makesBool ? Elem::Bool : x.elem);
  for (int64_t i = 0, e = x.size(); i < e; ++i) {
    if (x.isFloat())
      result.set(i, row->onFloat(x.at(i)));
    else
      result.setInt(i, row->onInt(x.intAt(i), isUnsigned(x.elem)));
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Others
//===----------------------------------------------------------------------===//

FailureOr<HostTensor> foldCast(NodeImporter &n) {
  const HostTensor &x = *n.constantOf(0);
  std::optional<Elem> elem;
  if (n.node.op_type() == "CastLike")
    elem = n.elemOf(1);
  else
    elem = elemFromOnnx(static_cast<int32_t>(n.getInt("to", 0)));
  if (!elem)
    return n.unsupported("cast to element type " +
                         elementTypeName(n.getInt("to", 0)));
  if (failed(n.takeElements(x.size())))
    return failure();
  return convertHost(x, *elem);
}

FailureOr<HostTensor> foldClip(NodeImporter &n) {
  HostTensor result = *n.constantOf(0);
  if (failed(n.takeElements(result.size())))
    return failure();
  bool noSign = isUnsigned(result.elem);
  for (unsigned k = 1; k < 3; ++k) {
    std::optional<double> bound;
    if (n.hasAttr(k == 1 ? "min" : "max"))
      bound = n.getFloat(k == 1 ? "min" : "max", 0.0f);
    const HostTensor *given = n.constantOf(k);
    if (given && (given->size() != 1 || given->elem != result.elem))
      return n.invalid("a bound is not one number of the input's type");
    if (!given && !bound)
      continue;
    for (int64_t i = 0, e = result.size(); i < e; ++i) {
      if (result.isFloat()) {
        double limit = given ? given->at(0) : *bound, v = result.at(i);
        result.set(i, k == 1 ? maxOf(v, limit) : minOf(v, limit));
        continue;
      }
      int64_t limit = given ? given->intAt(0) : static_cast<int64_t>(*bound);
      Pair pair{result.intAt(i), limit, noSign};
      result.setInt(i, pair.less() == (k == 1) ? pair.b : pair.a);
    }
  }
  return result;
}

} // namespace mlir::qnt::onnx_import
