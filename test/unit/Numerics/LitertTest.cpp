//===- LitertTest.cpp - N60 to N68 ----------------------------------------===//
//
// Values recorded from LiteRT, the formulas written down again, and distances
// from the real functions.
//
//===----------------------------------------------------------------------===//

#include "TestSupport.h"

#include "qnt/Numerics/Litert.h"

using namespace qnt::num;
using namespace qnt::num::test;

namespace {

double real(int32_t q, QuantParams params) {
  return double(q - params.zeroPoint) * double(params.scale);
}

/// The table entry of a stored byte.
int32_t at(const ByteTable &table, int32_t q) {
  return table[static_cast<size_t>(q + 128)];
}

TEST(Litert, n60_weights) {
  AddParams params =
      makeXnnpackAdd({0.5f, 0}, {0.125f, 0}, {0.25f, 0}, -128, 127, false);
  EXPECT_EQ(params.shift, 19);
  EXPECT_EQ(params.weightA, 1 << 20);
  EXPECT_EQ(params.weightB, 1 << 18);
  params = makeXnnpackAdd({0.5f, 0}, {0.125f, 0}, {0.25f, 0}, -128, 127, true);
  EXPECT_EQ(params.weightB, -(1 << 18));
  // Ties go up: 0.5 and -0.5.
  params = makeXnnpackAdd({1.0f, 0}, {1.0f, 0}, {2.0f, 0}, -128, 127, false);
  EXPECT_EQ(addQuantized(1, 0, params), 1);
  EXPECT_EQ(addQuantized(-1, 0, params), 0);
}

TEST(Litert, n60_all_pairs_are_near_the_real_sum) {
  QuantParams a{0.037f, 11}, b{0.091f, -70}, out{0.052f, 5};
  AddParams params = makeXnnpackAdd(a, b, out, -128, 127, false);
  for (int32_t x = -128; x < 128; ++x)
    for (int32_t y = -128; y < 128; ++y) {
      double exact = (real(x, a) + real(y, b)) / double(out.scale) + 5;
      exact = std::clamp(exact, -128.0, 127.0);
      EXPECT_NEAR(addQuantized(x, y, params), exact, 0.501);
    }
}

TEST(Litert, n60_range_of_the_delegate) {
  EXPECT_TRUE(isXnnpackAdd(1.0f, 0x1p-10f, 1.0f));
  EXPECT_FALSE(isXnnpackAdd(1.0f, 0x1p-11f, 1.0f));
  EXPECT_FALSE(isXnnpackAdd(256.0f, 1.0f, 1.0f));
}

TEST(Litert, n61_range_of_the_delegate) {
  EXPECT_TRUE(isXnnpackMul(1.0f, 0x1p-16f, 1.0f));
  EXPECT_FALSE(isXnnpackMul(1.0f, 0x1p-17f, 1.0f));
  EXPECT_FALSE(isXnnpackMul(16.0f, 16.0f, 1.0f));
}

TEST(Litert, n62_eight_fraction_bits) {
  QuantParams in{0.3f, 4}, out{0.7f, -9};
  ByteTable table = litertRequantize(in, out);
  // 256 * 0.3 / 0.7 = 109.7.
  for (int32_t q = -128; q < 128; ++q)
    EXPECT_EQ(at(table, q), (((q - 4) * 110 + 128) >> 8) - 9);
}

TEST(Litert, n62_other_scales_round_twice) {
  QuantParams in{1.0f, 0}, out{512.0f, 0};
  ByteTable table = litertRequantize(in, out);
  EXPECT_EQ(at(table, 127), 0);
  EXPECT_EQ(at(litertRequantize({200.0f, 0}, {1.0f, 0}), 1), 127);
}

TEST(Litert, n63_two_slopes) {
  QuantParams in{0.05f, 3}, out{0.05f, -2};
  ByteTable table = litertLeakyRelu(in, out, 0.25f);
  for (int32_t q = -128; q < 128; ++q) {
    int32_t d = q - 3;
    int32_t scaled = d >= 0 ? d : (d * 64 + 128) >> 8;
    EXPECT_EQ(at(table, q), std::clamp(scaled - 2, -128, 127));
  }
}

TEST(Litert, n64_relu_rounds_twice) {
  QuantParams in{0.5f, 0}, out{1.0f, -10};
  ByteTable table = litertClamp(in, out, 0.0f, 6.0f);
  EXPECT_EQ(at(table, -5), -10);
  // 0.5 goes away from zero.
  EXPECT_EQ(at(table, 1), -9);
  EXPECT_EQ(at(table, 3), -8);
  EXPECT_EQ(at(table, 100), -4);
}

TEST(Litert, n64_abs) {
  QuantParams in{0.5f, 10}, out{1.0f, -10};
  ByteTable table = litertAbs(in, out);
  EXPECT_EQ(at(table, 9), at(table, 11));
  EXPECT_EQ(at(table, 9), -9);
  EXPECT_EQ(at(table, -128), 59);
}

TEST(Litert, n65_golden) {
  ByteTable table = litertHardSwish({0.05f, -10}, {0.04f, -100});
  const int32_t in[] = {-128, -100, -60, -20, 0, 20, 60, 100, 127};
  const int32_t want[] = {-100, -100, -105, -105, -93, -72, -13, 37, 71};
  for (size_t i = 0; i < 9; ++i)
    EXPECT_EQ(at(table, in[i]), want[i]);
}

TEST(Litert, n65_near_the_real_function) {
  QuantParams in{0.05f, -10}, out{0.04f, -100};
  ByteTable table = litertHardSwish(in, out);
  for (int32_t q = -128; q < 128; ++q) {
    double x = real(q, in);
    double y = x * std::clamp(x + 3, 0.0, 6.0) / 6 / double(out.scale) - 100;
    EXPECT_NEAR(at(table, q), std::clamp(y, -128.0, 127.0), 1.0);
  }
}

TEST(Litert, n66_ties_go_away_from_zero) {
  EXPECT_EQ(litertAverage(6, 4, 0, -128, 127), 2);
  EXPECT_EQ(litertAverage(-6, 4, 0, -128, 127), -2);
  EXPECT_EQ(litertAverage(5, 4, 0, -128, 127), 1);
  EXPECT_EQ(litertAverage(7, 3, 0, -128, 1), 1);
}

TEST(Litert, n66_padding_does_not_count) {
  WindowShape shape;
  shape.n = shape.c = 1;
  shape.ih = shape.iw = 2;
  shape.kh = shape.kw = 2;
  shape.padBottom = shape.padRight = 1;
  const int8_t in[] = {10, 20, 31, 40};
  int8_t out[4];
  litertAveragePool(in, out, shape, 0, -128, 127);
  EXPECT_EQ(out[0], 25);
  EXPECT_EQ(out[1], 30);
  EXPECT_EQ(out[2], 36);
  EXPECT_EQ(out[3], 40);
}

TEST(Litert, n66_unsigned_ties_go_up) {
  EXPECT_EQ(litertAverage(-6, 4, 128, -128, 127), -1);
  EXPECT_EQ(litertAverage(-7, 4, 128, -128, 127), -2);
}

TEST(Litert, n67_zero_point_before_the_rounding) {
  float scale = litertMeanScale(1.0f, 1.0f, 2);
  // 0.5 + 3 ties to 4, 0.5 + 2 to 2.
  EXPECT_EQ(litertMean(1, scale, 3, 0, -128, 127), 4);
  EXPECT_EQ(litertMean(1, scale, 2, 0, -128, 127), 2);
  RescaleParams params{scale, 0, 3};
  params.earlyZeroPoint = 0;
  EXPECT_EQ(rescale(1, params), 4);
  params.earlyZeroPoint = 128;
  EXPECT_EQ(rescale(1, params), 4);
}

TEST(Litert, n68_golden_row) {
  FloatTable table = litertSoftmaxTable(0.1f, 1.0f);
  const int8_t in[] = {10, -20, 35, 40, -128, 38};
  const int8_t want[] = {-123, -128, -65, -25, -128, -43};
  int8_t out[6];
  litertSoftmaxRow(in, out, 6, table, {1.0f / 256.0f, -128});
  for (size_t i = 0; i < 6; ++i)
    EXPECT_EQ(out[i], want[i]);
}

TEST(Litert, n68_equal_entries) {
  FloatTable table = litertSoftmaxTable(0.7f, 2.0f);
  const int8_t in[] = {5, 5, 5, 5, -3, -3, -3, -3};
  int8_t out[8];
  litertSoftmax(in, out, 2, 4, table, {1.0f / 256.0f, -128});
  for (int8_t value : out)
    EXPECT_EQ(value, -64);
}

} // namespace
