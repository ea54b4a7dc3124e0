//===- RoundingTest.cpp - N1 and N2 ---------------------------------------===//
//
// Float to integer against the C library in its default environment, over a
// sweep of all bit patterns, and at each end of the integer range.
//
//===----------------------------------------------------------------------===//

#include "TestSupport.h"

#include "qnt/Numerics/Rounding.h"

#include <cfenv>
#include <cstring>
#include <limits>

using namespace qnt::num;
using namespace qnt::num::test;

namespace {

float floatOfBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

int64_t expectRounded(float x) {
  if (std::isnan(x))
    return 0;
  double rounded = std::nearbyint(static_cast<double>(x));
  if (rounded > INT32_MAX)
    return INT32_MAX;
  return rounded < INT32_MIN ? INT32_MIN : static_cast<int64_t>(rounded);
}

TEST(NumericsRounding, n1_ties_go_to_even) {
  const float inputs[] = {-2.5f, -1.5f, -0.5f, 0.5f, 1.5f, 2.5f, 3.5f};
  const int32_t expected[] = {-2, -2, 0, 0, 2, 2, 4};
  for (size_t i = 0; i < std::size(inputs); ++i)
    EXPECT_EQ(roundHalfEven(inputs[i]), expected[i]) << inputs[i];
}

TEST(NumericsRounding, n1_every_quarter_up_to_2_18) {
  for (int32_t k = -(1 << 20); k <= (1 << 20); ++k)
    ASSERT_EQ(roundHalfEven(static_cast<float>(k) / 4),
              static_cast<int32_t>(evenDiv(k, 4)))
        << k;
}

TEST(NumericsRounding, n1_neighbours_of_ties) {
  for (int32_t k = -4096; k < 4096; ++k) {
    float tie = static_cast<float>(k) + 0.5f;
    ASSERT_EQ(roundHalfEven(std::nextafter(tie, -INFINITY)), k);
    ASSERT_EQ(roundHalfEven(std::nextafter(tie, INFINITY)), k + 1);
  }
}

TEST(NumericsRounding, n1_sweep_of_bit_patterns) {
  for (uint64_t bits = 0; bits <= UINT32_MAX; bits += 1021) {
    float x = floatOfBits(static_cast<uint32_t>(bits));
    ASSERT_EQ(roundHalfEven(x), expectRounded(x)) << bits;
  }
}

TEST(NumericsRounding, n1_saturates) {
  EXPECT_EQ(roundHalfEven(0x1p31f), INT32_MAX);
  EXPECT_EQ(roundHalfEven(INFINITY), INT32_MAX);
  EXPECT_EQ(roundHalfEven(std::nextafter(0x1p31f, 0.0f)), 2147483520);
  EXPECT_EQ(roundHalfEven(-0x1p31f), INT32_MIN);
  EXPECT_EQ(roundHalfEven(std::nextafter(-0x1p31f, -INFINITY)), INT32_MIN);
  EXPECT_EQ(roundHalfEven(-INFINITY), INT32_MIN);
}

TEST(NumericsRounding, n1_nan_is_zero) {
  EXPECT_EQ(roundHalfEven(std::numeric_limits<float>::quiet_NaN()), 0);
  EXPECT_EQ(roundHalfEven(-std::numeric_limits<float>::quiet_NaN()), 0);
  EXPECT_EQ(roundHalfEven64(std::numeric_limits<double>::quiet_NaN()), 0);
}

TEST(NumericsRounding, n1_same_in_every_environment) {
  for (int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
    ASSERT_EQ(std::fesetround(mode), 0);
    int32_t low = roundHalfEven(-1.5f), high = roundHalfEven(2.75f);
    int32_t tie = roundHalfEven(4.5f), big = roundHalfEven(8388607.5f);
    int64_t wide = roundHalfEven64(-4503599627370495.5);
    std::fesetround(FE_TONEAREST);
    EXPECT_EQ(low, -2);
    EXPECT_EQ(high, 3);
    EXPECT_EQ(tie, 4);
    EXPECT_EQ(big, 8388608);
    EXPECT_EQ(wide, -4503599627370496);
  }
}

TEST(NumericsRounding, n1_double_into_int64) {
  EXPECT_EQ(roundHalfEven64(0x1p63), INT64_MAX);
  EXPECT_EQ(roundHalfEven64(-0x1p63), INT64_MIN);
  EXPECT_EQ(roundHalfEven64(-INFINITY), INT64_MIN);
  Random random(1);
  for (int i = 0; i < 200000; ++i) {
    double x = random.real(-1, 1) * random.power(0, 62);
    ASSERT_EQ(roundHalfEven64(x), static_cast<int64_t>(std::nearbyint(x)));
    double tie = static_cast<double>(random.integer(-(1 << 30), 1 << 30)) + 0.5;
    ASSERT_EQ(roundHalfEven64(tie), static_cast<int64_t>(std::nearbyint(tie)));
  }
}

TEST(NumericsRounding, n1_clamps) {
  EXPECT_EQ(clampTo(-5, -4, 4), -4);
  EXPECT_EQ(clampTo(5, -4, 4), 4);
  EXPECT_EQ(clampTo(3, -4, 4), 3);
  EXPECT_EQ(saturate32(int64_t(1) << 40), INT32_MAX);
  EXPECT_EQ(saturate32(-(int64_t(1) << 40)), INT32_MIN);
}

TEST(NumericsRounding, n2_names_round_trip) {
  const Rounding modes[] = {Rounding::Fp32Rne, Rounding::TfliteDouble,
                            Rounding::TfliteSingle};
  const char *names[] = {"fp32-rne", "tflite-double", "tflite-single"};
  for (size_t i = 0; i < std::size(modes); ++i) {
    EXPECT_EQ(stringify(modes[i]), names[i]);
    EXPECT_EQ(parseRounding(names[i]), modes[i]);
  }
}

TEST(NumericsRounding, n2_other_names_are_refused) {
  for (const char *name : {"", "fp32", "FP32-RNE", "tflite", "fp32-rne "})
    EXPECT_EQ(parseRounding(name), std::nullopt) << name;
}

} // namespace
