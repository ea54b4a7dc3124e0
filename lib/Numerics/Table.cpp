//===- Table.cpp - 256-entry tables of unary functions --------------------===//
//
// Unary functions are evaluated in double and rounded to float32 once before
// they are stored. Invariant: `kFunctions` is sorted by name and each entry is
// defined for every double (outside its domain it yields NaN or an infinity,
// which N12 maps to the zero point or to an end of the range).
//
//===----------------------------------------------------------------------===//

#include "qnt/Numerics/Table.h"

#include <cmath>

namespace qnt::num {

// The default of a parameter that a function does not have.
constexpr double kNone = 0.0;

namespace {
struct NamedFunction {
  std::string_view name;
  double alpha, beta;
  double (*evaluate)(double x, double alpha, double beta);
};
} // namespace

static double clamped(double x, double lo, double hi) {
  if (x < lo)
    return lo;
  return x > hi ? hi : x;
}

// Of the two equal forms, the one whose exponential cannot overflow.
static double sigmoid(double x) {
  if (x >= 0)
    return 1.0 / (1.0 + std::exp(-x));
  double e = std::exp(x);
  return e / (1.0 + e);
}

static double softplus(double x) {
  double positive = x > 0 ? x : 0.0;
  return positive + std::log1p(std::exp(-std::fabs(x)));
}

static double gelu(double x) {
  return 0.5 * x * (1.0 + std::erf(x * M_SQRT1_2));
}

static double geluTanh(double x) {
  double inner = std::sqrt(M_2_PI) * (x + 0.044715 * x * x * x);
  return 0.5 * x * (1.0 + std::tanh(inner));
}

static double shrink(double x, double limit, double bias) {
  if (x < -limit)
    return x + bias;
  return x > limit ? x - bias : 0.0;
}

#define QNT_UNARY(expr)                                                        \
  [](double x, [[maybe_unused]] double alpha,                                  \
     [[maybe_unused]] double beta) -> double { return expr; }

// N17. Sorted by name.
constexpr NamedFunction kFunctions[] = {
    {"abs", kNone, kNone, QNT_UNARY(std::fabs(x))},
    {"ceil", kNone, kNone, QNT_UNARY(std::ceil(x))},
    {"celu", 1.0, kNone, QNT_UNARY(x >= 0 ? x : alpha * std::expm1(x / alpha))},
    {"cos", kNone, kNone, QNT_UNARY(std::cos(x))},
    {"elu", 1.0, kNone, QNT_UNARY(x >= 0 ? x : alpha * std::expm1(x))},
    {"erf", kNone, kNone, QNT_UNARY(std::erf(x))},
    {"exp", kNone, kNone, QNT_UNARY(std::exp(x))},
    {"floor", kNone, kNone, QNT_UNARY(std::floor(x))},
    {"gelu", kNone, kNone, QNT_UNARY(gelu(x))},
    {"gelu-tanh", kNone, kNone, QNT_UNARY(geluTanh(x))},
    {"hardsigmoid", 0.2, 0.5, QNT_UNARY(clamped(alpha * x + beta, 0.0, 1.0))},
    {"hardswish", kNone, kNone, QNT_UNARY(x * clamped(x + 3.0, 0.0, 6.0) / 6)},
    {"leaky_relu", 0.01, kNone, QNT_UNARY(x >= 0 ? x : alpha * x)},
    {"log", kNone, kNone, QNT_UNARY(std::log(x))},
    {"mish", kNone, kNone, QNT_UNARY(x * std::tanh(softplus(x)))},
    {"neg", kNone, kNone, QNT_UNARY(-x)},
    {"reciprocal", kNone, kNone, QNT_UNARY(1.0 / x)},
    {"relu", kNone, kNone, QNT_UNARY(x < 0 ? 0.0 : x)},
    {"relu6", kNone, kNone, QNT_UNARY(clamped(x, 0.0, 6.0))},
    {"round", kNone, kNone, QNT_UNARY(x - std::remainder(x, 1.0))},
    {"rsqrt", kNone, kNone, QNT_UNARY(1.0 / std::sqrt(x))},
    {"selu", 1.67326319217681884765625, 1.05070102214813232421875,
     QNT_UNARY(beta * (x >= 0 ? x : alpha * std::expm1(x)))},
    {"shrink", 0.5, 0.0, QNT_UNARY(shrink(x, alpha, beta))},
    {"sigmoid", kNone, kNone, QNT_UNARY(sigmoid(x))},
    {"sign", kNone, kNone, QNT_UNARY(double((x > 0) - (x < 0)))},
    {"silu", 1.0, kNone, QNT_UNARY(x * sigmoid(alpha * x))},
    {"sin", kNone, kNone, QNT_UNARY(std::sin(x))},
    {"softplus", kNone, kNone, QNT_UNARY(softplus(x))},
    {"softsign", kNone, kNone, QNT_UNARY(x / (1.0 + std::fabs(x)))},
    {"sqrt", kNone, kNone, QNT_UNARY(std::sqrt(x))},
    {"square", kNone, kNone, QNT_UNARY(x * x)},
    {"tan", kNone, kNone, QNT_UNARY(std::tan(x))},
    {"tanh", kNone, kNone, QNT_UNARY(std::tanh(x))},
    {"thresholded_relu", 1.0, kNone, QNT_UNARY(x > alpha ? x : 0.0)},
};

#undef QNT_UNARY

// N16.
std::array<int32_t, 256> buildTable32(const UnaryFunction &f, QuantParams in,
                                      QuantParams out, int32_t qmin,
                                      int32_t qmax) {
  std::array<int32_t, 256> table;
  for (int32_t i = 0; i < 256; ++i) {
    double x = static_cast<double>(dequantize(i - 128, in));
    float y = static_cast<float>(f(x));
    table[static_cast<size_t>(i)] =
        quantize(y, out.scale, out.zeroPoint, qmin, qmax);
  }
  return table;
}

// N17.
std::optional<UnaryFunction> unaryFunction(std::string_view name,
                                           std::optional<double> alpha,
                                           std::optional<double> beta) {
  for (const NamedFunction &entry : kFunctions) {
    if (entry.name != name)
      continue;
    auto evaluate = entry.evaluate;
    double a = alpha.value_or(entry.alpha), b = beta.value_or(entry.beta);
    return UnaryFunction(
        [evaluate, a, b](double x) { return evaluate(x, a, b); });
  }
  return std::nullopt;
}

UnaryFunction clampFunction(double lo, double hi) {
  return [lo, hi](double x) { return clamped(x, lo, hi); };
}

std::vector<std::string_view> unaryFunctionNames() {
  std::vector<std::string_view> names;
  for (const NamedFunction &entry : kFunctions)
    names.push_back(entry.name);
  return names;
}

// N41.
std::array<int8_t, 256> conversionTable(QuantParams in, QuantParams out,
                                        StorageRange range) {
  std::array<int8_t, 256> table;
  for (int32_t i = 0; i < 256; ++i)
    table[static_cast<size_t>(i)] =
        static_cast<int8_t>(quantize(dequantize(i - 128, in), out, range));
  return table;
}

} // namespace qnt::num
