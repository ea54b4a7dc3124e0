//===- ElementwiseTest.cpp - N20 and N21 ----------------------------------===//
//
// All 65536 pairs of int8 operands, in every rounding mode, against statements
// of the same rule in double and in 128-bit integers.
//
//===----------------------------------------------------------------------===//

#include "TestSupport.h"

#include "qnt/Numerics/Elementwise.h"

using namespace qnt::num;
using namespace qnt::num::test;

namespace {

struct Case {
  QuantParams a, b, out;
};

QuantParams randomParams(Random &random) {
  return {static_cast<float>(random.power(-8, 1)),
          static_cast<int32_t>(random.integer(-128, 127))};
}

std::vector<Case> makeCases(uint64_t seed, int count) {
  Random random(seed);
  std::vector<Case> cases = {
      {{0.5f, 0}, {0.5f, 0}, {1.0f, 0}},      // every odd sum is a tie
      {{1.0f, -128}, {1.0f, 127}, {1.0f, 0}}, // far zero points
      {{0.1f, 3}, {0.0001f, -7}, {0.05f, 1}}, // one operand nearly vanishes
      {{0.02f, 5}, {0.03f, -9}, {4.0f, 2}},   // everything rounds to a few
      {{1.0f, 0}, {1.0f, 0}, {0.001f, 0}},    // everything saturates
  };
  for (int i = 0; i < count; ++i)
    cases.push_back(
        {randomParams(random), randomParams(random), randomParams(random)});
  return cases;
}

template <typename Check> void forAllPairs(Check check) {
  for (int32_t a = -128; a <= 127; ++a)
    for (int32_t b = -128; b <= 127; ++b)
      check(a, b);
}

// Two float products and a float sum; doubles hold each of them exactly.
int64_t expectFloatAdd(int32_t a, int32_t b, const Case &c, double sign) {
  double ma = double(float(double(c.a.scale) / double(c.out.scale)));
  double mb = double(float(double(c.b.scale) / double(c.out.scale)));
  double left = double(float(double(a - c.a.zeroPoint) * ma));
  double right = double(float(double(b - c.b.zeroPoint) * mb * sign));
  double sum = std::nearbyint(double(float(left + right)));
  return clampWide(Wide(sum) + c.out.zeroPoint, -128, 127);
}

int64_t expectFixedAdd(int32_t a, int32_t b, const Case &c, Rounding mode,
                       int sign) {
  double common = 2.0 * double(std::max(c.a.scale, c.b.scale));
  FixedMultiplier ma = quantizeMultiplier(double(c.a.scale) / common, mode);
  FixedMultiplier mb = quantizeMultiplier(double(c.b.scale) / common, mode);
  FixedMultiplier mo =
      quantizeMultiplier(common / double(c.out.scale) / 1048576.0, mode);
  mb.mantissa *= sign;
  auto scaled = [&](Wide x, FixedMultiplier m) {
    return mode == Rounding::TfliteDouble ? expectDouble(int64_t(x), m)
                                          : expectSingle(int64_t(x), m);
  };
  Wide sum = scaled(Wide(a - c.a.zeroPoint) * 1048576, ma) +
             scaled(Wide(b - c.b.zeroPoint) * 1048576, mb);
  return clampWide(scaled(sum, mo) + c.out.zeroPoint, -128, 127);
}

TEST(NumericsElementwise, n20_add_fp32_all_pairs) {
  for (const Case &c : makeCases(50, 20)) {
    AddParams p = makeAddParams(c.a, c.b, c.out, -128, 127, Rounding::Fp32Rne);
    forAllPairs([&](int32_t a, int32_t b) {
      ASSERT_EQ(addQuantized(a, b, p), expectFloatAdd(a, b, c, 1));
    });
  }
}

TEST(NumericsElementwise, n20_add_tflite_all_pairs) {
  for (Rounding mode : {Rounding::TfliteDouble, Rounding::TfliteSingle})
    for (const Case &c : makeCases(51, 8)) {
      AddParams p = makeAddParams(c.a, c.b, c.out, -128, 127, mode);
      forAllPairs([&](int32_t a, int32_t b) {
        ASSERT_EQ(addQuantized(a, b, p), expectFixedAdd(a, b, c, mode, 1));
      });
    }
}

TEST(NumericsElementwise, n20_sub_all_pairs) {
  for (const Case &c : makeCases(52, 5)) {
    AddParams real =
        makeSubParams(c.a, c.b, c.out, -128, 127, Rounding::Fp32Rne);
    AddParams twice =
        makeSubParams(c.a, c.b, c.out, -128, 127, Rounding::TfliteDouble);
    AddParams once =
        makeSubParams(c.a, c.b, c.out, -128, 127, Rounding::TfliteSingle);
    forAllPairs([&](int32_t a, int32_t b) {
      ASSERT_EQ(addQuantized(a, b, real), expectFloatAdd(a, b, c, -1));
      ASSERT_EQ(addQuantized(a, b, twice),
                expectFixedAdd(a, b, c, Rounding::TfliteDouble, -1));
      ASSERT_EQ(addQuantized(a, b, once),
                expectFixedAdd(a, b, c, Rounding::TfliteSingle, -1));
    });
  }
}

TEST(NumericsElementwise, n20_products_are_not_fused) {
  // A fused multiply-add keeps the low bits of one product; the rule does not.
  Random random(53);
  int64_t observable = 0;
  for (int i = 0; i < 300; ++i) {
    Case c = {randomParams(random), randomParams(random), {1.0f, 0}};
    c.out.scale = static_cast<float>(random.power(-9, -7));
    AddParams p =
        makeAddParams(c.a, c.b, c.out, -(1 << 20), 1 << 20, Rounding::Fp32Rne);
    for (int32_t a = -128; a <= 127; a += 3)
      for (int32_t b = -128; b <= 127; b += 3) {
        float x = float(a - p.zpA), y = float(b - p.zpB);
        float fused = std::fma(x, p.multiplierA, y * p.multiplierB);
        float product = static_cast<float>(double(x) * double(p.multiplierA));
        float other = static_cast<float>(double(y) * double(p.multiplierB));
        float apart = static_cast<float>(double(product) + double(other));
        ASSERT_EQ(addQuantized(a, b, p), int64_t(std::nearbyint(apart)));
        observable += std::nearbyint(fused) != std::nearbyint(apart);
      }
  }
  EXPECT_GT(observable, 0) << "a fused sum would have passed this test";
}

TEST(NumericsElementwise, n20_close_to_the_real_sum) {
  for (Rounding mode :
       {Rounding::Fp32Rne, Rounding::TfliteDouble, Rounding::TfliteSingle})
    for (const Case &c : makeCases(54, 5)) {
      AddParams p = makeAddParams(c.a, c.b, c.out, -128, 127, mode);
      forAllPairs([&](int32_t a, int32_t b) {
        double real = double(c.a.scale) * (a - c.a.zeroPoint) +
                      double(c.b.scale) * (b - c.b.zeroPoint);
        double y = real / double(c.out.scale) + c.out.zeroPoint;
        y = std::fmin(std::fmax(y, -128.0), 127.0);
        ASSERT_LE(std::fabs(addQuantized(a, b, p) - y), 0.51);
      });
    }
}

TEST(NumericsElementwise, n20_sum_commutes) {
  for (Rounding mode :
       {Rounding::Fp32Rne, Rounding::TfliteDouble, Rounding::TfliteSingle})
    for (const Case &c : makeCases(55, 2)) {
      AddParams p = makeAddParams(c.a, c.b, c.out, -128, 127, mode);
      AddParams q = makeAddParams(c.b, c.a, c.out, -128, 127, mode);
      forAllPairs([&](int32_t a, int32_t b) {
        ASSERT_EQ(addQuantized(a, b, p), addQuantized(b, a, q));
      });
    }
}

TEST(NumericsElementwise, n20_clamp_bounds_hold) {
  Case c = {{0.1f, 0}, {0.1f, 0}, {0.1f, -10}};
  for (Rounding mode : {Rounding::Fp32Rne, Rounding::TfliteSingle}) {
    AddParams p = makeAddParams(c.a, c.b, c.out, -10, 50, mode);
    EXPECT_EQ(addQuantized(-100, -100, p), -10);
    EXPECT_EQ(addQuantized(100, 100, p), 50);
    EXPECT_EQ(addQuantized(20, 10, p), 20);
  }
}

TEST(NumericsElementwise, n20_sixteen_bits_shift_by_fifteen) {
  Random random(56);
  QuantParams a = {0.0011f, 0}, b = {0.0007f, 0}, out = {0.0016f, 0};
  AddParams p =
      makeAddParams(a, b, out, -32768, 32767, Rounding::TfliteDouble, 15);
  EXPECT_EQ(p.leftShift, 15);
  for (int i = 0; i < 100000; ++i) {
    int32_t x = static_cast<int32_t>(random.integer(-32768, 32767));
    int32_t y = static_cast<int32_t>(random.integer(-32768, 32767));
    double real =
        (double(a.scale) * x + double(b.scale) * y) / double(out.scale);
    real = std::fmin(std::fmax(real, -32768.0), 32767.0);
    ASSERT_LE(std::fabs(addQuantized(x, y, p) - real), 0.51);
  }
}

TEST(NumericsElementwise, n21_mul_all_pairs) {
  for (const Case &c : makeCases(57, 6)) {
    float m = float(double(float(double(c.a.scale) * double(c.b.scale))) /
                    double(c.out.scale));
    double exact = double(c.a.scale) * double(c.b.scale) / double(c.out.scale);
    FixedMultiplier fixed = quantizeMultiplier(exact, Rounding::TfliteSingle);
    auto make = [&](Rounding mode) {
      return makeMulParams(c.a, c.b, c.out, -128, 127, mode);
    };
    MulParams real = make(Rounding::Fp32Rne);
    MulParams twice = make(Rounding::TfliteDouble);
    MulParams once = make(Rounding::TfliteSingle);
    int32_t z = c.out.zeroPoint;
    forAllPairs([&](int32_t a, int32_t b) {
      int64_t acc = int64_t(a - c.a.zeroPoint) * (b - c.b.zeroPoint);
      double product = double(float(double(acc) * double(m)));
      ASSERT_EQ(mulQuantized(a, b, real),
                clampWide(Wide(std::nearbyint(product)) + z, -128, 127));
      ASSERT_EQ(mulQuantized(a, b, twice),
                clampWide(expectDouble(acc, fixed) + z, -128, 127));
      ASSERT_EQ(mulQuantized(a, b, once),
                clampWide(expectSingle(acc, fixed) + z, -128, 127));
    });
  }
}

TEST(NumericsElementwise, n21_product_of_wide_operands_saturates) {
  QuantParams unit = {1.0f, 0};
  MulParams p =
      makeMulParams(unit, unit, unit, -32768, 32767, Rounding::TfliteSingle);
  EXPECT_EQ(mulQuantized(1 << 20, 1 << 20, p), 32767);
  EXPECT_EQ(mulQuantized(-(1 << 20), 1 << 20, p), -32768);
}

} // namespace
