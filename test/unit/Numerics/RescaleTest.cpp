//===- RescaleTest.cpp - N5, N8 and N9 ------------------------------------===//
//
// Whole rescales. The float product is stated a second time as one double
// product (exact for two floats) rounded to float once.
//
//===----------------------------------------------------------------------===//

#include "TestSupport.h"

#include "qnt/Numerics/Rescale.h"

using namespace qnt::num;
using namespace qnt::num::test;

namespace {

constexpr Rounding allModes[] = {Rounding::Fp32Rne, Rounding::TfliteDouble,
                                 Rounding::TfliteSingle};

// The whole int32 range, so that only the scaling shows.
RescaleParams plain(double m, Rounding mode) {
  return {m, 0, 0, INT32_MIN, INT32_MAX, mode};
}

int64_t expectFloat(int64_t v, float m) {
  double exact = static_cast<double>(static_cast<float>(v)) * double(m);
  double rounded = std::nearbyint(static_cast<double>(float(exact)));
  if (rounded >= 0x1p31)
    return INT32_MAX;
  return rounded < -0x1p31 ? INT32_MIN : static_cast<int64_t>(rounded);
}

int64_t expectRescale(int64_t acc, const RescaleParams &p) {
  int64_t v = clampWide(Wide(acc) - p.inputZeroPoint, INT32_MIN, INT32_MAX);
  FixedMultiplier m = quantizeMultiplier(p.multiplier, p.rounding);
  Wide scaled = p.rounding == Rounding::Fp32Rne
                    ? expectFloat(v, static_cast<float>(p.multiplier))
                : p.rounding == Rounding::TfliteDouble ? expectDouble(v, m)
                                                       : expectSingle(v, m);
  return clampWide(scaled + p.outputZeroPoint, p.min, p.max);
}

TEST(NumericsRescale, n5_golden_585_tells_the_modes_apart) {
  // 585 * float(0.0111111114) is 6.5 in float32, so 6; both fixed-point modes
  // see a product above the tie, so 7.
  EXPECT_EQ(rescale(585, plain(double(0.0111111114f), Rounding::Fp32Rne)), 6);
  FixedMultiplier m = {1527099593, -6};
  EXPECT_EQ(multiplyTfliteDouble(585, m), 7);
  EXPECT_EQ(multiplyTfliteSingle(585, m), 7);
  EXPECT_EQ(rescale(585, plain(toDouble(m), Rounding::TfliteDouble)), 7);
  EXPECT_EQ(rescale(585, plain(toDouble(m), Rounding::TfliteSingle)), 7);
}

TEST(NumericsRescale, n5_ties_table) {
  // Columns: -1.5, -0.5, 0.5, by M = 1/4 (two roundings do happen there).
  const int32_t expected[3][3] = {{-2, 0, 0}, {-2, -1, 1}, {-1, 0, 1}};
  for (size_t mode = 0; mode < 3; ++mode)
    for (int i = 0; i < 3; ++i)
      EXPECT_EQ(rescale(4 * i - 6, plain(0.25, allModes[mode])),
                expected[mode][i])
          << mode << " " << i;
}

TEST(NumericsRescale, n5_random) {
  Random random(20);
  for (int i = 0; i < 400000; ++i) {
    double m = double(float(random.power(-24, 3)));
    int32_t acc = static_cast<int32_t>(random.integer(INT32_MIN, INT32_MAX));
    acc >>= random.integer(0, 31);
    ASSERT_EQ(rescale(acc, plain(m, Rounding::Fp32Rne)),
              expectFloat(acc, float(m)));
  }
}

TEST(NumericsRescale, n5_every_accumulator_around_every_tie) {
  Random random(21);
  for (int i = 0; i < 60; ++i) {
    float m = static_cast<float>(random.power(-12, 0));
    Rescaler rescaler(plain(double(m), Rounding::Fp32Rne));
    for (int k = -260; k <= 260; ++k) {
      int32_t center = static_cast<int32_t>((k + 0.5) / double(m));
      for (int32_t acc = center - 3; acc <= center + 3; ++acc)
        ASSERT_EQ(rescaler(acc), expectFloat(acc, m)) << acc << " " << m;
    }
  }
}

TEST(NumericsRescale, n5_accumulator_is_rounded_to_float_first) {
  // 2^24 + 1 is no float: it becomes 2^24, so the odd unit is lost.
  EXPECT_EQ(rescale((1 << 24) + 1, plain(1.0, Rounding::Fp32Rne)), 1 << 24);
  EXPECT_EQ(rescale((1 << 24) + 3, plain(1.0, Rounding::Fp32Rne)),
            (1 << 24) + 4);
  EXPECT_EQ(rescale((1 << 24) + 1, plain(1.0, Rounding::TfliteDouble)),
            (1 << 24) + 1);
}

TEST(NumericsRescale, n5_multiplier_is_rounded_to_float) {
  double m = 0.1;
  EXPECT_EQ(Rescaler(plain(m, Rounding::Fp32Rne)).floatMultiplier(), 0.1f);
  Random random(22);
  for (int i = 0; i < 100000; ++i) {
    int32_t acc = static_cast<int32_t>(random.integer(-(1 << 20), 1 << 20));
    ASSERT_EQ(rescale(acc, plain(m, Rounding::Fp32Rne)),
              rescale(acc, plain(double(0.1f), Rounding::Fp32Rne)));
  }
}

TEST(NumericsRescale, n9_zero_points_and_clamp_random) {
  Random random(23);
  for (int i = 0; i < 300000; ++i) {
    RescaleParams p;
    p.multiplier = double(float(random.power(-20, 2)));
    p.inputZeroPoint = static_cast<int32_t>(random.integer(-40000, 40000));
    p.outputZeroPoint = static_cast<int32_t>(random.integer(-128, 127));
    p.min = static_cast<int32_t>(random.integer(-128, 0));
    p.max = static_cast<int32_t>(random.integer(0, 127));
    p.rounding = allModes[random.integer(0, 2)];
    int32_t acc = static_cast<int32_t>(random.integer(INT32_MIN, INT32_MAX));
    acc >>= random.integer(0, 31);
    ASSERT_EQ(rescale(acc, p), expectRescale(acc, p));
  }
}

TEST(NumericsRescale, n9_boundaries) {
  for (Rounding mode : allModes)
    for (double m : {0x1p-32, 0x1p-31, 0.00390625, 0.5, 0.99999994039535522,
                     1.0, 3.0, 65536.0, 0x1p29})
      for (int32_t zp : {INT32_MIN, -128, 0, 127, INT32_MAX})
        for (int32_t acc : boundaryAccumulators()) {
          RescaleParams p = {m, zp, -(zp / 2), INT32_MIN, INT32_MAX, mode};
          ASSERT_EQ(rescale(acc, p), expectRescale(acc, p))
              << acc << " " << m << " " << zp;
        }
}

TEST(NumericsRescale, n9_zero_point_is_added_after_rounding) {
  // 0.5 rounds to 0 and 1.5 to 2 before an odd zero point comes on top.
  RescaleParams p = {0.5, 0, 1, -128, 127, Rounding::Fp32Rne};
  EXPECT_EQ(rescale(1, p), 1);
  EXPECT_EQ(rescale(3, p), 3);
  EXPECT_EQ(rescale(-1, p), 1);
}

TEST(NumericsRescale, n9_saturates_before_the_zero_point) {
  RescaleParams p = {4.0, 0, -100, INT32_MIN, INT32_MAX, Rounding::Fp32Rne};
  EXPECT_EQ(rescale(INT32_MAX, p), INT32_MAX - 100);
  p.outputZeroPoint = 100;
  EXPECT_EQ(rescale(INT32_MAX, p), INT32_MAX);
}

TEST(NumericsRescale, n9_input_difference_saturates) {
  for (Rounding mode : allModes) {
    RescaleParams p = {0x1p-26, INT32_MIN, 0, -128, 127, mode};
    EXPECT_EQ(rescale(INT32_MAX, p), 32);
    p.inputZeroPoint = INT32_MAX;
    EXPECT_EQ(rescale(INT32_MIN, p), -32);
  }
}

TEST(NumericsRescale, n9_unit_multiplier_is_the_identity) {
  for (Rounding mode : allModes)
    for (int32_t zp : {-128, -5, 0, 127})
      for (int32_t q = -128; q <= 127; ++q)
        ASSERT_EQ(rescale(q, {1.0, zp, zp, -128, 127, mode}), q);
}

TEST(NumericsRescale, n9_clamp_in_float_first_is_equal) {
  // What generated code does: clamp to [min - z, max - z] as floats, round,
  // add z.
  Random random(24);
  for (int i = 0; i < 200000; ++i) {
    float m = static_cast<float>(random.power(-16, 1));
    int32_t z = static_cast<int32_t>(random.integer(-128, 127));
    int32_t acc = static_cast<int32_t>(random.integer(INT32_MIN, INT32_MAX));
    acc >>= random.integer(0, 24);
    float v = static_cast<float>(acc) * m;
    v = std::min(std::max(v, float(-128 - z)), float(127 - z));
    int32_t early = static_cast<int32_t>(std::nearbyint(v)) + z;
    ASSERT_EQ(rescale(acc, {double(m), 0, z, -128, 127, Rounding::Fp32Rne}),
              early);
  }
}

TEST(NumericsRescale, n9_rescaler_equals_rescale) {
  Random random(25);
  for (Rounding mode : allModes) {
    RescaleParams p = {0.0123, -7, 11, -100, 90, mode};
    Rescaler rescaler(p);
    for (int i = 0; i < 20000; ++i) {
      int32_t acc = static_cast<int32_t>(random.integer(-20000, 20000));
      ASSERT_EQ(rescaler(acc), rescale(acc, p));
      ASSERT_EQ(rescaler.apply64(acc), rescale64(acc, p));
    }
  }
}

TEST(NumericsRescale, n9_monotone_in_the_accumulator) {
  for (Rounding mode : allModes) {
    Rescaler rescaler({0.00731, 3, -4, -128, 127, mode});
    int32_t last = -128;
    for (int32_t acc = -30000; acc <= 30000; ++acc) {
      int32_t value = rescaler(acc);
      ASSERT_GE(value, last);
      ASSERT_LE(value - last, 1);
      last = value;
    }
    EXPECT_EQ(last, 127);
  }
}

TEST(NumericsRescale, n8_wide_accumulators) {
  Random random(26);
  for (int i = 0; i < 200000; ++i) {
    double m = double(float(random.power(-31, 3)));
    int64_t acc = random.integer(-(int64_t(1) << 46), int64_t(1) << 46);
    acc >>= random.integer(0, 46);
    int32_t zp = static_cast<int32_t>(random.integer(-300, 300));
    RescaleParams p = {m, zp, -zp, -32768, 32767, Rounding::Fp32Rne};
    ASSERT_EQ(
        rescale64(acc, p),
        clampWide(Wide(expectFloat(acc - zp, float(m))) - zp, -32768, 32767));
    ReducedMultiplier r =
        reduceMultiplier(quantizeMultiplier(m, Rounding::TfliteSingle));
    Wide unit = Wide(1) << r.shift;
    Wide scaled = floorDiv(2 * Wide(acc - zp) * r.mantissa + unit, 2 * unit);
    for (Rounding mode : {Rounding::TfliteDouble, Rounding::TfliteSingle}) {
      p.rounding = mode;
      ASSERT_EQ(rescale64(acc, p), clampWide(scaled - zp, -32768, 32767));
    }
  }
}

TEST(NumericsRescale, n8_ends_of_int64) {
  for (Rounding mode : allModes)
    for (int32_t zp : {INT32_MIN, 0, INT32_MAX}) {
      RescaleParams p = {0.5, zp, 0, -32768, 32767, mode};
      EXPECT_EQ(rescale64(INT64_MAX, p), 32767);
      EXPECT_EQ(rescale64(INT64_MIN, p), -32768);
    }
}

} // namespace
