//===- MultiplierTest.cpp - N3, N4, N6, N7 and N8 -------------------------===//
//
// Fixed-point products against 128-bit divisions and against the formula of
// TOSA RESCALE, at random, at the boundaries and around every tie.
//
//===----------------------------------------------------------------------===//

#include "TestSupport.h"

#include "qnt/Numerics/Multiplier.h"

#include <limits>

using namespace qnt::num;
using namespace qnt::num::test;

namespace {

// TOSA RESCALE with a 32-bit multiplier, shift = 31 - e.
Wide expectTosa(int32_t x, FixedMultiplier m, bool doubleRound) {
  int shift = 31 - m.exponent;
  Wide acc = Wide(x) * m.mantissa + (Wide(1) << (shift - 1));
  if (doubleRound && shift > 31)
    acc += x >= 0 ? Wide(1) << 30 : -(Wide(1) << 30);
  return floorDiv(acc, Wide(1) << shift);
}

FixedMultiplier randomMultiplier(Random &random, int lo, int hi) {
  return {static_cast<int32_t>(random.integer(1 << 30, INT32_MAX)),
          static_cast<int32_t>(random.integer(lo, hi))};
}

// Accumulators whose product with m lies within a few units of k + 1/2.
std::vector<int32_t> accumulatorsNearTies(FixedMultiplier m, int range) {
  std::vector<int32_t> values;
  for (int k = -range; k <= range; ++k) {
    double center = (k + 0.5) / toDouble(m);
    for (int delta = -2; delta <= 2; ++delta)
      if (std::fabs(center) < 2e9)
        values.push_back(static_cast<int32_t>(std::floor(center)) + delta);
  }
  return values;
}

TEST(NumericsMultiplier, n3_each_step_is_float32) {
  Random random(2);
  int64_t different = 0;
  for (int i = 0; i < 100000; ++i) {
    float a = float(random.power(-10, 2)), b = float(random.power(-12, 0));
    float c = float(random.power(-8, 2));
    // The product and the quotient of floats, rounded once from double.
    float product = static_cast<float>(double(a) * double(b));
    float expected = static_cast<float>(double(product) / double(c));
    ASSERT_EQ(fp32Multiplier(a, b, c), expected);
    different += fp32Multiplier(a, b, c) !=
                 static_cast<float>(double(a) * double(b) / double(c));
  }
  EXPECT_GT(different, 1000) << "the order of rounding must be observable";
}

TEST(NumericsMultiplier, n3_double_in_the_tflite_modes) {
  float a = 0.1f, b = 0.007f, c = 0.3f;
  double expected = double(a) * double(b) / double(c);
  EXPECT_EQ(realMultiplier(a, b, c, Rounding::TfliteDouble), expected);
  EXPECT_EQ(realMultiplier(a, b, c, Rounding::TfliteSingle), expected);
  EXPECT_EQ(realMultiplier(a, c, Rounding::TfliteSingle),
            double(a) / double(c));
}

TEST(NumericsMultiplier, n3_stored_double_gives_the_float_back) {
  Random random(3);
  for (int i = 0; i < 10000; ++i) {
    float a = float(random.power(-10, 2)), b = float(random.power(-12, 0));
    double stored = realMultiplier(a, b, 0.25f, Rounding::Fp32Rne);
    ASSERT_EQ(static_cast<float>(stored), fp32Multiplier(a, b, 0.25f));
    ASSERT_EQ(realMultiplier(a, b, Rounding::Fp32Rne), double(a / b));
  }
}

TEST(NumericsMultiplier, n4_powers_of_two) {
  for (int k = -31; k <= 29; ++k)
    EXPECT_EQ(
        quantizeMultiplier(std::ldexp(1.0, k - 1), Rounding::TfliteDouble),
        (FixedMultiplier{1 << 30, k}));
}

TEST(NumericsMultiplier, n4_nearest_normalized_pair) {
  Random random(4);
  for (int i = 0; i < 200000; ++i) {
    double m = random.power(-32, 30);
    FixedMultiplier pair = quantizeMultiplier(m, Rounding::TfliteSingle);
    ASSERT_GE(pair.mantissa, 1 << 30);
    ASSERT_GE(pair.exponent, -31);
    ASSERT_LE(pair.exponent, 30);
    ASSERT_LE(std::fabs(toDouble(pair) - m),
              std::ldexp(1.0, pair.exponent - 32));
  }
}

TEST(NumericsMultiplier, n4_mantissa_carries) {
  EXPECT_EQ(quantizeMultiplier(1.0 - 0x1p-40, Rounding::TfliteDouble),
            (FixedMultiplier{1 << 30, 1}));
}

TEST(NumericsMultiplier, n4_mantissa_ties_go_away_from_zero) {
  double tie = (double(1 << 30) + 0.5) / 0x1p31;
  EXPECT_EQ(quantizeMultiplier(tie, Rounding::TfliteDouble).mantissa,
            (1 << 30) + 1);
}

TEST(NumericsMultiplier, n4_flushes_and_caps) {
  EXPECT_EQ(quantizeMultiplier(0.0, Rounding::TfliteDouble),
            (FixedMultiplier{0, 0}));
  EXPECT_EQ(quantizeMultiplier(0x1p-33, Rounding::TfliteDouble),
            (FixedMultiplier{0, 0}));
  // Half a step below 2^-32 the mantissa carries into the last exponent.
  EXPECT_EQ(quantizeMultiplier(0x1p-32 * (1 - 0x1p-40), Rounding::TfliteDouble),
            (FixedMultiplier{1 << 30, -31}));
  FixedMultiplier cap = {INT32_MAX, 30};
  EXPECT_EQ(quantizeMultiplier(0x1p30, Rounding::TfliteSingle), cap);
  EXPECT_EQ(quantizeMultiplier(0x1p900, Rounding::TfliteDouble), cap);
  EXPECT_EQ(quantizeMultiplier(INFINITY, Rounding::TfliteDouble), cap);
}

TEST(NumericsMultiplier, n4_nan_is_zero) {
  EXPECT_EQ(quantizeMultiplier(std::numeric_limits<double>::quiet_NaN(),
                               Rounding::TfliteDouble),
            (FixedMultiplier{0, 0}));
}

TEST(NumericsMultiplier, n4_odd_in_the_sign_and_equal_in_all_modes) {
  Random random(5);
  for (int i = 0; i < 10000; ++i) {
    double m = random.power(-40, 40);
    FixedMultiplier plus = quantizeMultiplier(m, Rounding::TfliteDouble);
    FixedMultiplier minus = quantizeMultiplier(-m, Rounding::TfliteDouble);
    ASSERT_EQ(minus, (FixedMultiplier{-plus.mantissa, plus.exponent}));
    ASSERT_EQ(plus, quantizeMultiplier(m, Rounding::TfliteSingle));
    ASSERT_EQ(plus, quantizeMultiplier(m, Rounding::Fp32Rne));
  }
}

TEST(NumericsMultiplier, n6_n7_ties) {
  // M = 1/2: x = -3, -1, 1, 3 are -1.5, -0.5, 0.5, 1.5. M = 1/4 keeps ties for
  // the second rounding of N6 as well.
  FixedMultiplier half = {1 << 30, 0}, quarter = {1 << 30, -1};
  EXPECT_EQ(multiplyTfliteDouble(-6, quarter), -2);
  EXPECT_EQ(multiplyTfliteDouble(-2, quarter), -1);
  EXPECT_EQ(multiplyTfliteDouble(2, quarter), 1);
  EXPECT_EQ(multiplyTfliteSingle(-6, quarter), -1);
  EXPECT_EQ(multiplyTfliteSingle(-2, quarter), 0);
  EXPECT_EQ(multiplyTfliteSingle(2, quarter), 1);
  EXPECT_EQ(multiplyTfliteSingle(-3, half), -1);
  EXPECT_EQ(multiplyTfliteDouble(-3, half), -1);
}

TEST(NumericsMultiplier, n6_n7_random) {
  Random random(6);
  for (int i = 0; i < 400000; ++i) {
    FixedMultiplier m = randomMultiplier(random, -31, 30);
    int32_t x = static_cast<int32_t>(random.integer(INT32_MIN, INT32_MAX));
    x >>= random.integer(0, 31);
    ASSERT_EQ(multiplyTfliteDouble(x, m), int64_t(expectDouble(x, m)));
    ASSERT_EQ(multiplyTfliteSingle(x, m), int64_t(expectSingle(x, m)));
  }
}

TEST(NumericsMultiplier, n6_n7_boundaries) {
  for (int32_t x : boundaryAccumulators())
    for (int32_t mantissa : {0, 1 << 30, (1 << 30) + 1, INT32_MAX - 1,
                             INT32_MAX, -(1 << 30), -INT32_MAX})
      for (int32_t exponent = -31; exponent <= 30; ++exponent) {
        FixedMultiplier m = {mantissa, exponent};
        ASSERT_EQ(multiplyTfliteDouble(x, m), int64_t(expectDouble(x, m)));
        ASSERT_EQ(multiplyTfliteSingle(x, m), int64_t(expectSingle(x, m)));
      }
}

TEST(NumericsMultiplier, n6_n7_around_every_tie) {
  Random random(7);
  for (int i = 0; i < 40; ++i) {
    FixedMultiplier m = randomMultiplier(random, -12, 0);
    for (int32_t x : accumulatorsNearTies(m, 300)) {
      ASSERT_EQ(multiplyTfliteDouble(x, m), int64_t(expectDouble(x, m)));
      ASSERT_EQ(multiplyTfliteSingle(x, m), int64_t(expectSingle(x, m)));
    }
  }
}

TEST(NumericsMultiplier, n6_is_tosa_double_round) {
  Random random(8);
  for (int i = 0; i < 400000; ++i) {
    FixedMultiplier m = randomMultiplier(random, -31, 3);
    int32_t x = static_cast<int32_t>(random.integer(INT32_MIN, INT32_MAX));
    ASSERT_EQ(multiplyTfliteDouble(x, m), int64_t(expectTosa(x, m, true)));
  }
  for (int32_t x : boundaryAccumulators())
    for (int32_t exponent = -31; exponent <= 29; ++exponent) {
      FixedMultiplier m = {1 << 30, exponent};
      ASSERT_EQ(multiplyTfliteDouble(x, m), int64_t(expectTosa(x, m, true)));
    }
}

TEST(NumericsMultiplier, n7_is_tosa_single_round) {
  Random random(9);
  for (int i = 0; i < 400000; ++i) {
    FixedMultiplier m = randomMultiplier(random, -31, 29);
    int32_t x = static_cast<int32_t>(random.integer(INT32_MIN, INT32_MAX));
    ASSERT_EQ(multiplyTfliteSingle(x, m), int64_t(expectTosa(x, m, false)));
  }
}

TEST(NumericsMultiplier, n6_n7_differ_by_at_most_one) {
  Random random(10);
  int64_t different = 0;
  for (int i = 0; i < 400000; ++i) {
    FixedMultiplier m = randomMultiplier(random, -20, 3);
    int32_t x = static_cast<int32_t>(random.integer(-(1 << 24), 1 << 24));
    int64_t d = multiplyTfliteDouble(x, m) - multiplyTfliteSingle(x, m);
    ASSERT_LE(std::abs(d), 1);
    different += d != 0;
  }
  EXPECT_GT(different, 0);
}

TEST(NumericsMultiplier, n8_sixteen_bit_mantissa) {
  EXPECT_EQ(reduceMultiplier({1 << 30, 0}).mantissa, 1 << 14);
  EXPECT_EQ(reduceMultiplier({1 << 30, 0}).shift, 15);
  EXPECT_EQ(reduceMultiplier({0x7FFF0000, 0}).mantissa, 0x7FFF);
  EXPECT_EQ(reduceMultiplier({INT32_MAX, 0}).mantissa, 0x7FFF);
  EXPECT_EQ(reduceMultiplier({(1 << 30) + (1 << 15), 0}).mantissa,
            (1 << 14) + 1);
  for (int32_t exponent : {15, 30}) {
    EXPECT_EQ(reduceMultiplier({1 << 30, exponent}).mantissa, 0x7FFF);
    EXPECT_EQ(reduceMultiplier({1 << 30, exponent}).shift, 1);
  }
}

TEST(NumericsMultiplier, n8_wide_products) {
  Random random(11);
  for (int i = 0; i < 300000; ++i) {
    FixedMultiplier m = randomMultiplier(random, -31, 7);
    int64_t x = random.integer(-(int64_t(1) << 47), (int64_t(1) << 47) - 1);
    x >>= random.integer(0, 47);
    Wide m16 = m.mantissa < 0x7FFF0000
                   ? floorDiv(Wide(m.mantissa) + (1 << 15), 1 << 16)
                   : 0x7FFF;
    Wide unit = Wide(1) << (15 - m.exponent);
    ASSERT_EQ(multiplyTflite48(x, m),
              int64_t(floorDiv(2 * x * m16 + unit, 2 * unit)));
  }
}

TEST(NumericsMultiplier, n8_saturates_to_48_bits) {
  FixedMultiplier m = {1 << 30, -10};
  int64_t limit = int64_t(1) << 47;
  EXPECT_EQ(multiplyTflite48(INT64_MAX, m), multiplyTflite48(limit - 1, m));
  EXPECT_EQ(multiplyTflite48(INT64_MIN, m), multiplyTflite48(-limit, m));
}

} // namespace
