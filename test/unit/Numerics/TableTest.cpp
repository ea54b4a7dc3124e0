//===- TableTest.cpp - N16 and N17 ----------------------------------------===//
//
// Every unary function on all 256 inputs, against a second definition in long
// double. An entry may differ only where the exact value lies on a tie so
// closely that double cannot tell the side.
//
//===----------------------------------------------------------------------===//

#include "TestSupport.h"

#include "qnt/Numerics/Table.h"

#include <limits>
#include <map>
#include <string>

using namespace qnt::num;
using namespace qnt::num::test;

namespace {

using Real = long double;

Real limit(Real x, Real lo, Real hi) { return std::fmin(std::fmax(x, lo), hi); }
Real logistic(Real x) { return 0.5L * (1.0L + std::tanh(0.5L * x)); }

// Second definitions, by another formula where there is one.
const std::map<std::string, std::function<Real(Real)>> &definitions() {
  static const std::map<std::string, std::function<Real(Real)>> map = {
      {"abs", [](Real x) { return std::sqrt(x * x); }},
      {"ceil", [](Real x) { return -std::floor(-x); }},
      {"celu", [](Real x) { return x > 0 ? x : std::exp(x) - 1; }},
      {"cos", [](Real x) { return std::cos(x); }},
      {"elu", [](Real x) { return x > 0 ? x : std::exp(x) - 1; }},
      {"erf", [](Real x) { return 1 - std::erfc(x); }},
      {"exp", [](Real x) { return std::pow(std::exp(1.0L), x); }},
      {"floor", [](Real x) { return -std::ceil(-x); }},
      {"gelu", [](Real x) { return x * std::erfc(-x / std::sqrt(2.0L)) / 2; }},
      {"gelu-tanh",
       [](Real x) {
         Real k = std::sqrt(2 / std::acos(-1.0L));
         return x * logistic(2 * k * (x + 0.044715L * x * x * x));
       }},
      {"hardsigmoid", [](Real x) { return limit(x / 5 + 0.5L, 0, 1); }},
      {"hardswish", [](Real x) { return x * limit(x / 6 + 0.5L, 0, 1); }},
      {"leaky_relu", [](Real x) { return std::fmax(x, 0.01L * x); }},
      {"log", [](Real x) { return std::log2(x) * std::log(2.0L); }},
      {"mish",
       [](Real x) {
         Real e = (1 + std::exp(x)) * (1 + std::exp(x));
         return x * (e - 1) / (e + 1);
       }},
      {"neg", [](Real x) { return 0 - x; }},
      {"reciprocal", [](Real x) { return 1 / x; }},
      {"relu", [](Real x) { return std::fmax(x, 0.0L); }},
      {"relu6", [](Real x) { return limit(x, 0, 6); }},
      {"round", [](Real x) { return std::nearbyint(x); }},
      {"rsqrt", [](Real x) { return std::pow(x, -0.5L); }},
      {"selu",
       [](Real x) {
         Real a = 1.67326319217681884765625L, b = 1.05070102214813232421875L;
         return x > 0 ? b * x : b * a * (std::exp(x) - 1);
       }},
      {"shrink", [](Real x) { return std::fabs(x) > 0.5L ? x : 0; }},
      {"sigmoid", logistic},
      {"sign", [](Real x) { return x == 0 ? 0 : x / std::fabs(x); }},
      {"silu", [](Real x) { return x / (1 + std::exp(-x)); }},
      {"sin", [](Real x) { return std::sin(x); }},
      {"softplus", [](Real x) { return std::log(1 + std::exp(x)); }},
      {"softsign", [](Real x) { return x / (1 + std::fabs(x)); }},
      {"sqrt", [](Real x) { return std::pow(x, 0.5L); }},
      {"square", [](Real x) { return std::pow(x, 2.0L); }},
      {"tan", [](Real x) { return std::sin(x) / std::cos(x); }},
      {"tanh", [](Real x) { return 1 - 2 / (std::exp(2 * x) + 1); }},
      {"thresholded_relu", [](Real x) { return x > 1 ? x : 0; }},
  };
  return map;
}

// Checks one table; a value next to a tie may fall on either side.
void expectTable(const std::string &name, const std::function<Real(Real)> &f,
                 QuantParams in, QuantParams out) {
  auto table = buildTable(*unaryFunction(name), in, out, -128, 127);
  for (int q = -128; q <= 127; ++q) {
    Real x = Real(float(q - in.zeroPoint)) * Real(in.scale);
    Real y = f(static_cast<Real>(static_cast<float>(x)));
    int32_t actual = table[static_cast<size_t>(q + 128)];
    if (std::isnan(y)) {
      ASSERT_EQ(actual, out.zeroPoint) << name << " " << q;
      continue;
    }
    Real exact = limit(y / Real(out.scale), -1e9L, 1e9L);
    int64_t expected =
        clampWide(Wide(std::nearbyint(exact)) + out.zeroPoint, -128, 127);
    Real fraction = exact - std::floor(exact);
    bool tie = std::fabs(fraction - 0.5L) < 1e-5L;
    ASSERT_LE(std::abs(actual - expected), tie ? 1 : 0) << name << " " << q;
  }
}

TEST(NumericsTable, n17_every_function_has_a_second_definition) {
  std::vector<std::string_view> names = unaryFunctionNames();
  EXPECT_EQ(names.size(), definitions().size());
  for (std::string_view name : names)
    EXPECT_EQ(definitions().count(std::string(name)), 1u) << name;
}

TEST(NumericsTable, n16_every_function_on_every_input) {
  Random random(40);
  for (auto &[name, f] : definitions())
    for (int i = 0; i < 50; ++i) {
      QuantParams in = {static_cast<float>(random.power(-9, -2)),
                        static_cast<int32_t>(random.integer(-128, 127))};
      QuantParams out = {static_cast<float>(random.power(-9, -2)),
                         static_cast<int32_t>(random.integer(-128, 127))};
      expectTable(name, f, in, out);
    }
}

TEST(NumericsTable, n16_fixed_output_scales) {
  for (float scale : {1.0f / 16, 0.05f, 0.0235f}) {
    expectTable("sigmoid", definitions().at("sigmoid"), {scale, 3},
                {1.0f / 256, -128});
    expectTable("tanh", definitions().at("tanh"), {scale, -3}, {1.0f / 128, 0});
  }
}

TEST(NumericsTable, n16_index_is_the_stored_value_plus_128) {
  auto table =
      buildTable([](double x) { return x; }, {0.5f, 4}, {0.5f, 4}, -128, 127);
  for (int q = -128; q <= 127; ++q)
    EXPECT_EQ(table[static_cast<size_t>(q + 128)], q);
}

TEST(NumericsTable, n16_value_is_rounded_to_float_before_the_division) {
  // 1.5 + 2^-40 is above a tie as a double and on it as a float.
  auto table = buildTable([](double) { return 2.5 + 0x1p-40; }, {1.0f, 0},
                          {1.0f, 0}, -128, 127);
  EXPECT_EQ(table[0], 2);
}

TEST(NumericsTable, n16_storage_types_and_clamp) {
  UnaryFunction square = *unaryFunction("square");
  auto wide = buildTable<int16_t>(square, {1.0f, 0}, {1.0f, 0}, -32768, 32767);
  auto narrow = buildTable<uint8_t>(square, {1.0f, 0}, {1.0f, 0}, 0, 200);
  auto full = buildTable32(square, {1.0f, 0}, {1.0f, 0}, 0, 1 << 20);
  for (int q = -128; q <= 127; ++q) {
    size_t i = static_cast<size_t>(q + 128);
    EXPECT_EQ(wide[i], q * q);
    EXPECT_EQ(narrow[i], std::min(q * q, 200));
    EXPECT_EQ(full[i], q * q);
  }
}

TEST(NumericsTable, n17_names_are_sorted_and_others_unknown) {
  std::vector<std::string_view> names = unaryFunctionNames();
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  for (const char *name : {"", "Relu", "relu7", "gelu_tanh"})
    EXPECT_FALSE(unaryFunction(name)) << name;
}

TEST(NumericsTable, n17_parameters) {
  EXPECT_EQ((*unaryFunction("leaky_relu", 0.25))(-2.0), -0.5);
  EXPECT_EQ((*unaryFunction("leaky_relu"))(-2.0), -0.02);
  EXPECT_EQ((*unaryFunction("leaky_relu", 0.0))(-2.0), 0.0);
  EXPECT_EQ((*unaryFunction("elu", 2.0))(-1.0), 2.0 * std::expm1(-1.0));
  EXPECT_EQ((*unaryFunction("hardsigmoid", 0.5, 0.25))(1.0), 0.75);
  EXPECT_EQ((*unaryFunction("hardsigmoid", 0.5))(0.5), 0.75);
  EXPECT_EQ(clampFunction(-0.5, 0.75)(2.0), 0.75);
  EXPECT_EQ(clampFunction(-0.5, 0.75)(-2.0), -0.5);
  EXPECT_EQ(clampFunction(-0.5, 0.75)(0.1), 0.1);
}

TEST(NumericsTable, n17_no_overflow_far_from_zero) {
  for (double x : {-1e4, 1e4}) {
    double positive = x > 0 ? x : 0.0;
    EXPECT_EQ((*unaryFunction("sigmoid"))(x), x > 0 ? 1.0 : 0.0);
    EXPECT_EQ((*unaryFunction("softplus"))(x), positive);
    for (const char *name : {"silu", "mish", "gelu", "gelu-tanh", "hardswish"})
      EXPECT_EQ((*unaryFunction(name))(x), positive) << name;
  }
}

TEST(NumericsTable, n17_outside_the_domain) {
  // Inputs run from -128 to 127: logarithms and roots of negative numbers are
  // NaN and give the zero point, poles saturate.
  QuantParams in = {1.0f, 0}, out = {0.05f, -9};
  auto log = buildTable(*unaryFunction("log"), in, out, -128, 127);
  auto root = buildTable(*unaryFunction("sqrt"), in, out, -128, 127);
  auto inverse = buildTable(*unaryFunction("reciprocal"), in, out, -128, 127);
  EXPECT_EQ(log[0], -9);
  EXPECT_EQ(root[127], -9);
  EXPECT_EQ(log[128], -128);
  EXPECT_EQ(inverse[128], 127);
}

} // namespace
