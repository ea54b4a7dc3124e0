//===- SoftmaxTest.cpp - N25 ----------------------------------------------===//
//
// The integer softmax against its own formula in 128 bits, and against the real
// function, for short, long and strided rows.
//
//===----------------------------------------------------------------------===//

#include "TestSupport.h"

#include "qnt/Numerics/Softmax.h"

using namespace qnt::num;
using namespace qnt::num::test;

namespace {

std::vector<int8_t> run(const std::vector<int8_t> &in,
                        const SoftmaxTable &table) {
  std::vector<int8_t> out(in.size());
  softmaxRow(in.data(), out.data(), static_cast<int64_t>(in.size()), 1, table);
  return out;
}

TEST(NumericsSoftmax, n25_sum_fits_32_bits) {
  for (int64_t length = 1; length <= kSoftmaxMaxLength; ++length) {
    uint64_t one = softmaxOne(length);
    ASSERT_GE(one, 65535u);
    ASSERT_LE(one * uint64_t(length), UINT32_MAX);
    ASSERT_LE(one * 256 + one * uint64_t(length) / 2, UINT32_MAX);
  }
}

TEST(NumericsSoftmax, n25_table_is_the_rounded_exponential) {
  for (float scale : {0.001f, 0.1f, 0.5f, 8.0f})
    for (int64_t length : {1, 10, 512, 1000, 65536}) {
      SoftmaxTable table = buildSoftmaxTable(scale, length);
      EXPECT_EQ(table[0], softmaxOne(length));
      for (int d = 0; d < 256; ++d) {
        long double e =
            std::exp(-d * static_cast<long double>(scale)) * softmaxOne(length);
        EXPECT_NEAR(double(table[static_cast<size_t>(d)]), double(e), 0.5001);
      }
      EXPECT_TRUE(std::is_sorted(table.rbegin(), table.rend()));
    }
}

TEST(NumericsSoftmax, n25_formula_random) {
  Random random(60);
  for (int i = 0; i < 2000; ++i) {
    int64_t length = random.integer(1, 300);
    SoftmaxTable table =
        buildSoftmaxTable(static_cast<float>(random.power(-8, 1)), length);
    std::vector<int8_t> in = random.integers<int8_t>(length, -128, 127);
    std::vector<int8_t> out = run(in, table);
    int max = *std::max_element(in.begin(), in.end());
    Wide sum = 0;
    for (int8_t x : in)
      sum += table[static_cast<size_t>(max - x)];
    for (size_t k = 0; k < in.size(); ++k) {
      Wide e = table[static_cast<size_t>(max - in[k])];
      // Nearest, halves up: floor(256 e / sum + 1/2), where the halving of an
      // odd sum is truncated.
      ASSERT_EQ(out[k],
                clampWide(floorDiv(256 * e + floorDiv(sum, 2), sum) - 128, -128,
                          127));
    }
  }
}

TEST(NumericsSoftmax, n25_quotients_on_ties) {
  // Small exponentials, so that 256 e / sum often lies on a half or next to it.
  SoftmaxTable table = {};
  for (uint32_t d = 0; d < 9; ++d)
    table[d] = 9 - d;
  Random random(63);
  for (int i = 0; i < 20000; ++i) {
    auto in = random.integers<int8_t>(random.integer(1, 200), 0, 9);
    std::vector<int8_t> out = run(in, table);
    int max = *std::max_element(in.begin(), in.end());
    int64_t sum = 0;
    for (int8_t x : in)
      sum += table[static_cast<size_t>(max - x)];
    for (size_t k = 0; k < in.size(); ++k) {
      int64_t e = table[static_cast<size_t>(max - in[k])];
      // For an integer quotient, half of an odd sum may be truncated.
      int64_t nearest = int64_t(floorDiv(512 * e + sum, 2 * sum));
      ASSERT_EQ(out[k], std::min<int64_t>(nearest - 128, 127));
    }
  }
}

TEST(NumericsSoftmax, n25_within_one_step_of_the_real_function) {
  Random random(61);
  for (int i = 0; i < 1000; ++i) {
    int64_t length = random.integer(1, 1000);
    float scale = static_cast<float>(random.power(-7, 0));
    std::vector<int8_t> in = random.integers<int8_t>(length, -128, 127);
    std::vector<int8_t> out = run(in, buildSoftmaxTable(scale, length));
    double sum = 0;
    for (int8_t x : in)
      sum += std::exp(double(scale) * x);
    for (size_t k = 0; k < in.size(); ++k) {
      double real = std::exp(double(scale) * in[k]) / sum * 256.0 - 128.0;
      ASSERT_LE(std::fabs(out[k] - std::fmin(real, 127.0)), 0.52);
    }
  }
}

TEST(NumericsSoftmax, n25_depends_on_differences_only) {
  SoftmaxTable table = buildSoftmaxTable(0.07f, 4);
  EXPECT_EQ(run({-128, -100, -90, -127}, table), run({-1, 27, 37, 0}, table));
}

TEST(NumericsSoftmax, n25_extremes) {
  EXPECT_EQ(run({5}, buildSoftmaxTable(0.1f, 1)), std::vector<int8_t>{127});
  EXPECT_EQ(run({-128, 127, -128}, buildSoftmaxTable(1.0f, 3)),
            (std::vector<int8_t>{-128, 127, -128}));
  EXPECT_EQ(run({9, 9, 9, 9}, buildSoftmaxTable(0.1f, 4)),
            (std::vector<int8_t>{-64, -64, -64, -64}));
}

TEST(NumericsSoftmax, n25_longest_axis) {
  std::vector<int8_t> equal(kSoftmaxMaxLength, 127);
  for (int8_t y : run(equal, buildSoftmaxTable(0.1f)))
    ASSERT_EQ(y, -128);
}

TEST(NumericsSoftmax, n25_inner_axis_equals_contiguous_rows) {
  Random random(62);
  const int64_t outer = 3, length = 7, inner = 5;
  SoftmaxTable table = buildSoftmaxTable(0.09f, length);
  std::vector<int8_t> in =
      random.integers<int8_t>(outer * length * inner, -128, 127);
  std::vector<int8_t> out(in.size());
  softmax(in.data(), out.data(), outer, length, inner, table);
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t i = 0; i < inner; ++i) {
      auto at = [&](int64_t k) {
        return static_cast<size_t>((o * length + k) * inner + i);
      };
      std::vector<int8_t> row;
      for (int64_t k = 0; k < length; ++k)
        row.push_back(in[at(k)]);
      row = run(row, table);
      for (int64_t k = 0; k < length; ++k)
        ASSERT_EQ(out[at(k)], row[static_cast<size_t>(k)]);
    }
}

} // namespace
