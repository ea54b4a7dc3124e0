//===- QuantParamsTest.cpp - N10 to N15 -----------------------------------===//
//
// Storage ranges, parameters, single values, weights and biases.
//
//===----------------------------------------------------------------------===//

#include "TestSupport.h"

#include "qnt/Numerics/QuantParams.h"

#include <cfloat>
#include <limits>

using namespace qnt::num;
using namespace qnt::num::test;

namespace {

constexpr StorageRange s8 = {-128, 127};
constexpr StorageRange u8 = {0, 255};
const float nan32 = std::numeric_limits<float>::quiet_NaN();

TEST(NumericsQuantParams, n10_ranges) {
  EXPECT_EQ(storageRange(8, true, false), (StorageRange{-128, 127}));
  EXPECT_EQ(storageRange(8, true, true), (StorageRange{-127, 127}));
  EXPECT_EQ(storageRange(8, false, false), (StorageRange{0, 255}));
  EXPECT_EQ(storageRange(8, false, true), (StorageRange{1, 255}));
  EXPECT_EQ(storageRange(4, true, false), (StorageRange{-8, 7}));
  EXPECT_EQ(storageRange(2, true, false), (StorageRange{-2, 1}));
  EXPECT_EQ(storageRange(1, true, false), (StorageRange{-1, 0}));
  EXPECT_EQ(storageRange(16, true, true), (StorageRange{-32767, 32767}));
  EXPECT_EQ(storageRange(32, true, false),
            (StorageRange{INT32_MIN, INT32_MAX}));
  EXPECT_EQ(storageRange(32, false, false), (StorageRange{0, INT32_MAX}));
}

TEST(NumericsQuantParams, n11_affine_known_values) {
  EXPECT_EQ(chooseParams(0.0, 255.0, s8, false), (QuantParams{1.0f, -128}));
  EXPECT_EQ(chooseParams(-128.0, 127.0, s8, false), (QuantParams{1.0f, 0}));
  EXPECT_EQ(chooseParams(-1.0, 1.0, u8, false),
            (QuantParams{static_cast<float>(2.0 / 255.0), 128}));
}

TEST(NumericsQuantParams, n11_range_is_extended_to_zero) {
  EXPECT_EQ(chooseParams(2.0, 4.0, s8, false), chooseParams(0, 4.0, s8, false));
  EXPECT_EQ(chooseParams(-9.0, -3.0, s8, false),
            chooseParams(-9.0, 0.0, s8, false));
}

TEST(NumericsQuantParams, n11_symmetric) {
  StorageRange narrow = {-127, 127}, s4 = {-8, 7};
  EXPECT_EQ(chooseParams(-127.0, 3.0, s8, true), (QuantParams{1.0f, 0}));
  EXPECT_EQ(chooseParams(-1.0, 254.0, narrow, true), (QuantParams{2.0f, 0}));
  EXPECT_EQ(chooseParams(-1.0, 127.0, u8, true), (QuantParams{1.0f, 128}));
  EXPECT_EQ(chooseParams(-14.0, 0.0, s4, true), (QuantParams{2.0f, 0}));
}

TEST(NumericsQuantParams, n11_no_parameters) {
  double inf = INFINITY, nan = double(nan32);
  const double bad[][2] = {{0, 0},     {1, -1},        {nan, 1},   {0, nan},
                           {-inf, 1},  {0, inf},       {0, 1e-40}, {-1e-60, 0},
                           {0, 1e300}, {-1e308, 1e308}};
  for (auto &bounds : bad)
    for (bool symmetric : {false, true})
      EXPECT_EQ(chooseParams(bounds[0], bounds[1], s8, symmetric), std::nullopt)
          << bounds[0] << " " << bounds[1];
  EXPECT_EQ(chooseParams(-1, 1, {0, 0}, false), std::nullopt);
  EXPECT_EQ(chooseParams(-1, 1, {-1, 0}, true), std::nullopt);
}

TEST(NumericsQuantParams, n11_zero_is_exact_and_error_is_half_a_step) {
  Random random(30);
  for (int i = 0; i < 20000; ++i) {
    double lo = -random.power(-8, 8), hi = random.power(-8, 8);
    bool symmetric = random.integer(0, 1) != 0;
    StorageRange range = random.integer(0, 1) ? s8 : u8;
    std::optional<QuantParams> p = chooseParams(lo, hi, range, symmetric);
    ASSERT_TRUE(p);
    ASSERT_GE(p->zeroPoint, range.min);
    ASSERT_LE(p->zeroPoint, range.max);
    ASSERT_EQ(dequantize(quantize(0.0f, *p, range), *p), 0.0f);
    float x = static_cast<float>(random.real(lo, hi));
    float back = dequantize(quantize(x, *p, range), *p);
    // Nudging may push an end out by half a step more.
    ASSERT_LE(std::fabs(back - x), 1.01f * p->scale);
    if (x > lo + double(p->scale) && x < hi - double(p->scale)) {
      ASSERT_LE(std::fabs(back - x), 0.501f * p->scale);
    }
  }
}

TEST(NumericsQuantParams, n12_rounds_half_even_before_the_zero_point) {
  for (int32_t zp : {-1, 0, 1, 5})
    for (int k = -200; k <= 200; ++k)
      ASSERT_EQ(quantize(static_cast<float>(k) / 2, 1.0f, zp, -1000, 1000),
                int64_t(evenDiv(k, 2)) + zp);
}

TEST(NumericsQuantParams, n12_is_a_true_division) {
  Random random(31);
  int64_t different = 0;
  for (int i = 0; i < 400000; ++i) {
    float scale = static_cast<float>(random.power(-12, 0));
    float x = scale * (float(random.integer(-128, 127)) + 0.5f);
    float quotient = static_cast<float>(double(x) / double(scale));
    int64_t expected = clampWide(
        static_cast<int64_t>(std::nearbyint(double(quotient))) + 3, -128, 127);
    ASSERT_EQ(quantize(x, scale, 3, -128, 127), expected);
    different += std::nearbyint(x * (1.0f / scale)) != std::nearbyint(quotient);
  }
  EXPECT_GT(different, 0) << "a reciprocal would have passed this test";
}

TEST(NumericsQuantParams, n12_nan_gives_the_zero_point) {
  EXPECT_EQ(quantize(nan32, 0.1f, 17, -128, 127), 17);
  EXPECT_EQ(quantize(-nan32, 0.1f, -200, -128, 127), -128);
}

TEST(NumericsQuantParams, n12_saturates) {
  EXPECT_EQ(quantize(INFINITY, 0.1f, -100, -128, 127), 127);
  EXPECT_EQ(quantize(-INFINITY, 0.1f, 100, -128, 127), -128);
  EXPECT_EQ(quantize(FLT_MAX, FLT_MIN, 0, -128, 127), 127);
  EXPECT_EQ(quantize(-1e30f, 1e-6f, 127, -128, 127), -128);
  EXPECT_EQ(quantize(FLT_MAX, FLT_MIN, 127, INT32_MIN, INT32_MAX), INT32_MAX);
}

TEST(NumericsQuantParams, n12_n13_every_stored_value_survives) {
  Random random(32);
  for (int i = 0; i < 2000; ++i) {
    QuantParams p = {static_cast<float>(random.power(-100, 100)),
                     static_cast<int32_t>(random.integer(-128, 127))};
    for (int32_t q = -128; q <= 127; ++q)
      ASSERT_EQ(quantize(dequantize(q, p), p, s8), q);
  }
}

TEST(NumericsQuantParams, n13_one_product) {
  Random random(33);
  for (int i = 0; i < 100000; ++i) {
    float scale = static_cast<float>(random.power(-20, 20));
    int32_t q = static_cast<int32_t>(random.integer(-32768, 32767));
    int32_t zp = static_cast<int32_t>(random.integer(-32768, 32767));
    ASSERT_EQ(dequantize(q, scale, zp),
              static_cast<float>(double(q - zp) * double(scale)));
  }
  EXPECT_EQ(dequantize(INT32_MAX, 1.0f, INT32_MIN), 0x1p32f);
}

TEST(NumericsQuantParams, n14_each_axis_has_its_own_scales) {
  std::vector<int64_t> dims = {2, 3, 4};
  Random random(34);
  std::vector<float> data;
  for (int i = 0; i < 24; ++i)
    data.push_back(static_cast<float>(random.real(-3, 3)));
  auto channelOf = [](size_t i, unsigned axis) {
    return axis == 0 ? i / 12 : axis == 1 ? i / 4 % 3 : i % 4;
  };
  for (unsigned axis = 0; axis < 3; ++axis) {
    std::vector<float> peak(static_cast<size_t>(dims[axis]), 0.0f);
    for (size_t i = 0; i < 24; ++i) {
      float &entry = peak[channelOf(i, axis)];
      entry = std::max(entry, std::fabs(data[i]));
    }
    auto scales = chooseSymmetricPerAxis(data.data(), dims, axis);
    ASSERT_TRUE(scales);
    ASSERT_EQ(scales->size(), peak.size());
    for (size_t c = 0; c < peak.size(); ++c)
      EXPECT_EQ((*scales)[c], static_cast<float>(double(peak[c]) / 127.0));
    auto stored =
        quantizePerAxis(data.data(), dims, axis, *scales, {-127, 127});
    for (size_t i = 0; i < 24; ++i) {
      float s = (*scales)[channelOf(i, axis)];
      EXPECT_LE(std::fabs(float(stored[i]) * s - data[i]), 0.501f * s);
    }
  }
}

TEST(NumericsQuantParams, n14_zero_channel_takes_the_largest_scale) {
  const float data[] = {0, 0, 0, 12.7f, 1, -25.4f, 1e-42f, 0, -1e-44f};
  auto scales = chooseSymmetricPerAxis(data, {3, 3}, 0);
  ASSERT_TRUE(scales);
  EXPECT_NEAR((*scales)[1], 0.2f, 1e-6f);
  EXPECT_EQ((*scales)[0], (*scales)[1]);
  EXPECT_EQ((*scales)[2], (*scales)[1]) << "subnormal scales are no scales";
  const float zeros[] = {0, -0.0f};
  EXPECT_EQ(chooseSymmetricPerAxis(zeros, {2}, 0),
            (std::vector<float>{1.0f, 1.0f}));
}

TEST(NumericsQuantParams, n14_refusals) {
  const float bad[] = {1, nan32}, infinite[] = {1, INFINITY}, good[] = {1, 2};
  EXPECT_EQ(chooseSymmetricPerAxis(bad, {2}, 0), std::nullopt);
  EXPECT_EQ(chooseSymmetricPerAxis(infinite, {2}, 0), std::nullopt);
  EXPECT_EQ(chooseSymmetricPerAxis(good, {2}, 1), std::nullopt);
  EXPECT_EQ(chooseSymmetricPerAxis(good, {2}, 0, {-1, 0}), std::nullopt);
}

TEST(NumericsQuantParams, n14_per_tensor) {
  const float data[] = {1, -254, 3};
  EXPECT_EQ(chooseSymmetricPerTensor(data, 3), 2.0f);
  EXPECT_EQ(chooseSymmetricPerTensor(data, 3, {-7, 7}),
            static_cast<float>(254.0 / 7));
  EXPECT_EQ(chooseSymmetricPerTensor(data, 0), 1.0f);
}

TEST(NumericsQuantParams, n15_bias) {
  bool saturated = false;
  EXPECT_EQ(quantizeBias(1.0, 0.5f, 0.25f, saturated), 8);
  EXPECT_EQ(quantizeBias(-2.5, 1.0f, 1.0f, saturated), -2);
  EXPECT_EQ(quantizeBias(3.5, 1.0f, 1.0f, saturated), 4);
  EXPECT_EQ(quantizeBias(2147483647.0, 1.0f, 1.0f, saturated), INT32_MAX);
  EXPECT_EQ(quantizeBias(-2147483648.0, 1.0f, 1.0f, saturated), INT32_MIN);
  EXPECT_FALSE(saturated);
  EXPECT_EQ(quantizeBias(2147483648.0, 1.0f, 1.0f, saturated), INT32_MAX);
  EXPECT_TRUE(saturated);
  EXPECT_EQ(quantizeBias(1.0, 1.0f, 1.0f, saturated), 1);
  EXPECT_TRUE(saturated) << "the flag must stay set";
}

TEST(NumericsQuantParams, n15_saturation_is_flagged) {
  for (double b : {-2147483649.0, 1e300, -1e300, double(INFINITY)}) {
    bool saturated = false;
    EXPECT_EQ(quantizeBias(b, 1.0f, 1.0f, saturated),
              b < 0 ? INT32_MIN : INT32_MAX);
    EXPECT_TRUE(saturated) << b;
  }
  bool saturated = false;
  EXPECT_EQ(quantizeBias(double(nan32), 1.0f, 1.0f, saturated), 0);
  EXPECT_TRUE(saturated);
}

TEST(NumericsQuantParams, n15_smallest_weight_scale) {
  Random random(35);
  EXPECT_EQ(minWeightScaleForBias(0.0, 0.1f), 0.0f);
  for (int i = 0; i < 20000; ++i) {
    double b = random.power(-10, 10) * (random.integer(0, 1) ? 1 : -1);
    float sIn = static_cast<float>(random.power(-10, 4));
    float scale = minWeightScaleForBias(b, sIn);
    bool saturated = false;
    quantizeBias(b, sIn, scale, saturated);
    ASSERT_FALSE(saturated);
    quantizeBias(b, sIn, scale * 0.9999995f, saturated);
    ASSERT_TRUE(saturated);
  }
}

} // namespace
