//===- ReferenceTensorTest.cpp - N9, N16 and N20 to N24 on tensors --------===//
//
// Pooling, reductions, broadcasting and data movement against index formulas
// that are written down for each case.
//
//===----------------------------------------------------------------------===//

#include "TestSupport.h"

#include "qnt/Numerics/Reference.h"
#include "qnt/Numerics/Table.h"

#include <map>

using namespace qnt::num;
using namespace qnt::num::test;

namespace {

constexpr Rounding allModes[] = {Rounding::Fp32Rne, Rounding::TfliteDouble,
                                 Rounding::TfliteSingle};

std::vector<WindowShape> windows() {
  WindowShape plain, strided, padded, dilated;
  plain.ih = 4, plain.iw = 4, plain.c = 3, plain.kh = 2, plain.kw = 2;
  strided = plain;
  strided.n = 2, strided.ih = 7, strided.iw = 9;
  strided.strideH = 2, strided.strideW = 3, strided.kw = 3;
  padded = strided;
  padded.padTop = 1, padded.padRight = 2, padded.padLeft = 1;
  dilated = padded;
  dilated.dilationH = 2, dilated.dilationW = 2, dilated.padBottom = 1;
  return {plain, strided, padded, dilated};
}

// How far a result may lie from the real one. The first rounding of
// tflite-double adds up to 2^(e-1), a quarter for M just below 1/2 (N6).
double tolerance(Rounding mode) {
  return mode == Rounding::TfliteDouble ? 0.7501 : 0.5001;
}

// The stored values of each window, by output element in memory order; padding
// is left out.
std::vector<std::vector<int8_t>> gather(const std::vector<int8_t> &in,
                                        const WindowShape &s) {
  std::vector<std::vector<int8_t>> all;
  for (int64_t o = 0; o < s.n * s.oh() * s.ow() * s.c; ++o) {
    int64_t c = o % s.c, x = o / s.c % s.ow();
    int64_t y = o / s.c / s.ow() % s.oh(), n = o / s.c / s.ow() / s.oh();
    std::vector<int8_t> values;
    for (int64_t i = 0; i < s.kh * s.kw; ++i) {
      int64_t iy = y * s.strideH + i / s.kw * s.dilationH - s.padTop;
      int64_t ix = x * s.strideW + i % s.kw * s.dilationW - s.padLeft;
      if (iy < 0 || ix < 0 || iy >= s.ih || ix >= s.iw)
        continue;
      values.push_back(in[size_t(((n * s.ih + iy) * s.iw + ix) * s.c + c)]);
    }
    all.push_back(values);
  }
  return all;
}

TEST(NumericsReferenceTensor, n22_max_pool) {
  Random random(80);
  for (const WindowShape &s : windows()) {
    auto in = random.integers<int8_t>(s.n * s.ih * s.iw * s.c, -128, 127);
    auto values = gather(in, s);
    std::vector<int8_t> out(values.size());
    maxPool2d(in.data(), out.data(), s);
    for (size_t i = 0; i < out.size(); ++i) {
      int expected = -128;
      for (int8_t v : values[i])
        expected = std::max<int>(expected, v);
      ASSERT_EQ(out[i], expected);
    }
  }
}

TEST(NumericsReferenceTensor, n23_sum_pool_and_count) {
  Random random(81);
  for (const WindowShape &s : windows())
    for (bool includesPad : {false, true}) {
      const int32_t zp = -13;
      auto in = random.integers<int8_t>(s.n * s.ih * s.iw * s.c, -128, 127);
      auto values = gather(in, s);
      std::vector<int32_t> out(values.size());
      sumPool2d(in.data(), out.data(), s, zp, includesPad);
      for (size_t i = 0; i < out.size(); ++i) {
        int64_t inside = int64_t(values[i].size());
        int64_t expected = includesPad ? (s.kh * s.kw - inside) * zp : 0;
        for (int8_t v : values[i])
          expected += v;
        ASSERT_EQ(out[i], expected);
        int64_t position = int64_t(i) / s.c;
        ASSERT_EQ(windowCount(s, position / s.ow() % s.oh(), position % s.ow(),
                              includesPad),
                  includesPad ? s.kh * s.kw : inside);
      }
    }
}

TEST(NumericsReferenceTensor, n23_average_pool_is_near_the_real_mean) {
  Random random(82);
  QuantParams x = {0.05f, -13}, y = {0.031f, 4};
  for (const WindowShape &s : windows())
    for (bool includesPad : {false, true})
      for (Rounding mode : allModes) {
        auto in = random.integers<int8_t>(s.n * s.ih * s.iw * s.c, -128, 127);
        auto values = gather(in, s);
        std::vector<int8_t> out(values.size());
        averagePool2d(in.data(), out.data(), s, x, y, {-128, 127}, mode,
                      includesPad);
        for (size_t i = 0; i < out.size(); ++i) {
          double sum = 0;
          for (int8_t v : values[i])
            sum += double(x.scale) * (v - x.zeroPoint);
          double count =
              includesPad ? double(s.kh * s.kw) : double(values[i].size());
          double real = sum / count / double(y.scale) + y.zeroPoint;
          real = std::fmin(std::fmax(real, -128.0), 127.0);
          ASSERT_LE(std::fabs(out[i] - real), tolerance(mode));
        }
      }
}

TEST(NumericsReferenceTensor, n23_average_of_equal_values_is_that_value) {
  WindowShape s = windows()[2];
  QuantParams p = {0.1f, 3};
  for (Rounding mode : allModes)
    for (int q = -128; q <= 127; ++q) {
      std::vector<int8_t> in(size_t(s.n * s.ih * s.iw * s.c), int8_t(q));
      std::vector<int8_t> out(size_t(s.n * s.oh() * s.ow() * s.c));
      averagePool2d(in.data(), out.data(), s, p, p, {-128, 127}, mode, false);
      for (int8_t v : out)
        ASSERT_EQ(v, q);
    }
}

TEST(NumericsReferenceTensor, n23_window_of_padding_gives_the_zero_point) {
  WindowShape s;
  s.ih = 1, s.iw = 1, s.padLeft = 1;
  const int8_t in = 100;
  int8_t out[2] = {0, 0};
  averagePool2d(&in, out, s, {0.5f, 9}, {0.5f, -21}, {-128, 127},
                Rounding::Fp32Rne, false);
  EXPECT_EQ(out[0], -21);
  EXPECT_EQ(out[1], 70);
}

TEST(NumericsReferenceTensor, n23_mean_multiplier_per_mode) {
  QuantParams x = {0.1f, -5}, y = {0.3f, 2};
  RescaleParams real =
      makeMeanRescale(x, y, 49, {-128, 127}, Rounding::Fp32Rne);
  RescaleParams fixed =
      makeMeanRescale(x, y, 49, {-100, 90}, Rounding::TfliteDouble);
  float divisor = static_cast<float>(double(y.scale) * 49.0);
  EXPECT_EQ(real.multiplier, double(float(double(x.scale) / double(divisor))));
  EXPECT_EQ(fixed.multiplier, double(x.scale) / (double(y.scale) * 49.0));
  EXPECT_EQ(real.inputZeroPoint, -245);
  EXPECT_EQ(fixed.outputZeroPoint, 2);
  EXPECT_EQ(fixed.min, -100);
  EXPECT_EQ(fixed.max, 90);
}

TEST(NumericsReferenceTensor, n23_reduce_sum_along_each_axis) {
  Random random(83);
  Dims dims = {3, 4, 5};
  auto in = random.integers<int8_t>(60, -128, 127);
  for (unsigned axis = 0; axis < 3; ++axis) {
    std::map<std::vector<int>, int32_t> expected;
    for (int i = 0; i < 60; ++i) {
      std::vector<int> index = {i / 20, i / 5 % 4, i % 5};
      index.erase(index.begin() + axis);
      expected[index] += in[size_t(i)];
    }
    std::vector<int32_t> out(expected.size());
    reduceSum(in.data(), out.data(), dims, axis);
    size_t at = 0;
    for (auto &[index, sum] : expected)
      EXPECT_EQ(out[at++], sum);
  }
}

TEST(NumericsReferenceTensor, n9_distinct_multipliers_along_each_axis) {
  Random random(84);
  Dims dims = {2, 3, 4};
  auto in = random.integers<int32_t>(24, -100000, 100000);
  for (Rounding mode : allModes)
    for (unsigned axis = 0; axis < 3; ++axis) {
      std::vector<RescaleParams> params;
      for (int64_t c = 0; c < dims[axis]; ++c)
        params.push_back(
            {0.0007 * double(c + 1), int32_t(c), int32_t(-c), -100, 100, mode});
      std::vector<int8_t> out(24);
      rescaleTensor(in.data(), out.data(), dims, params, axis);
      for (size_t i = 0; i < 24; ++i) {
        size_t index[3] = {i / 12, i / 4 % 3, i % 4};
        EXPECT_EQ(out[i], rescale(in[i], params[index[axis]]));
      }
    }
}

TEST(NumericsReferenceTensor, n9_one_multiplier_for_all_and_wide) {
  const int64_t in[] = {1000000, -1000000, 123456};
  int16_t out[3] = {0, 0, 0};
  RescaleParams p = {0.01, 0, 0, -32768, 32767, Rounding::TfliteSingle};
  rescaleTensor(in, out, {3}, {p});
  for (size_t i = 0; i < 3; ++i)
    EXPECT_EQ(out[i], rescale64(in[i], p));
}

TEST(NumericsReferenceTensor, n9_requantize) {
  QuantParams a = {0.02f, 3}, b = {0.05f, -8};
  for (Rounding mode : allModes) {
    RescaleParams p = makeRequantize(a, b, {-128, 127}, mode);
    for (int q = -128; q <= 127; ++q) {
      int8_t in = int8_t(q), out = 0;
      requantizeTensor(&in, &out, 1, p);
      double real = 0.4 * (q - 3) - 8;
      real = std::fmin(std::fmax(real, -128.0), 127.0);
      ASSERT_LE(std::fabs(out - real), tolerance(mode));
    }
  }
}

TEST(NumericsReferenceTensor, n20_n21_broadcasting) {
  Random random(85);
  auto a = random.integers<int8_t>(24, -128, 127);
  auto b = random.integers<int8_t>(24, -128, 127);
  QuantParams p = {0.1f, 1};
  AddParams add = makeAddParams(p, p, p, -128, 127, Rounding::Fp32Rne);
  MulParams mul = makeMulParams(p, p, p, -128, 127, Rounding::TfliteSingle);
  struct Shape {
    Dims dims;
    size_t (*at)(size_t i);
  };
  const Shape shapes[] = {
      {{2, 3, 4}, [](size_t i) { return i; }},
      {{4}, [](size_t i) { return i % 4; }},
      {{3, 1}, [](size_t i) { return i / 4 % 3; }},
      {{2, 1, 4}, [](size_t i) { return i / 12 * 4 + i % 4; }},
      {{}, [](size_t) { return size_t(0); }},
  };
  for (const Shape &left : shapes)
    for (const Shape &right : shapes) {
      std::vector<int8_t> sum(24), product(24);
      addTensors(a.data(), left.dims, b.data(), right.dims, sum.data(),
                 {2, 3, 4}, add);
      mulTensors(a.data(), left.dims, b.data(), right.dims, product.data(),
                 {2, 3, 4}, mul);
      for (size_t i = 0; i < 24; ++i) {
        int8_t x = a[left.at(i)], y = b[right.at(i)];
        ASSERT_EQ(sum[i], addQuantized(x, y, add));
        ASSERT_EQ(product[i], mulQuantized(x, y, mul));
      }
    }
}

TEST(NumericsReferenceTensor, n24_concat_along_each_axis) {
  Random random(86);
  auto a = random.integers<int8_t>(24, -128, 127);
  auto b = random.integers<int8_t>(48, -128, 127);
  RescaleParams same = {1.0, 5, 5, -128, 127, Rounding::TfliteDouble};
  RescaleParams scaled = {0.5, 5, -3, -128, 127, Rounding::Fp32Rne};
  for (unsigned axis = 0; axis < 3; ++axis) {
    Dims dims = {2, 3, 4}, outDims = dims;
    outDims[axis] *= 3;
    std::vector<int8_t> out(72);
    concat({a.data(), b.data()}, {dims[axis], 2 * dims[axis]}, dims, axis,
           out.data(), {same, scaled});
    for (int64_t i = 0; i < 72; ++i) {
      int64_t index[3] = {i / (outDims[1] * outDims[2]),
                          i / outDims[2] % outDims[1], i % outDims[2]};
      bool first = index[axis] < dims[axis];
      Dims own = dims;
      if (!first) {
        own[axis] *= 2;
        index[axis] -= dims[axis];
      }
      size_t at = size_t((index[0] * own[1] + index[1]) * own[2] + index[2]);
      ASSERT_EQ(out[size_t(i)], first ? a[at] : rescale(b[at], scaled));
    }
  }
}

TEST(NumericsReferenceTensor, n24_pad) {
  const int8_t in[] = {1, 2, 3, 4, 5, 6};
  std::vector<int8_t> out(20);
  pad(in, out.data(), {2, 3}, {1, 0}, {1, 2}, -9);
  EXPECT_EQ(out, (std::vector<int8_t>{-9, -9, -9, -9, -9, 1,  2,  3,  -9, -9,
                                      4,  5,  6,  -9, -9, -9, -9, -9, -9, -9}));
}

TEST(NumericsReferenceTensor, n24_transpose_every_permutation) {
  Random random(87);
  Dims dims = {2, 3, 4};
  auto in = random.integers<int8_t>(24, -128, 127);
  std::vector<unsigned> perm = {0, 1, 2};
  do {
    std::vector<int8_t> out(24);
    transpose(in.data(), out.data(), dims, perm);
    for (int64_t i = 0; i < 24; ++i) {
      int64_t index[3] = {i / 12, i / 4 % 3, i % 4};
      int64_t at =
          (index[perm[0]] * dims[perm[1]] + index[perm[1]]) * dims[perm[2]] +
          index[perm[2]];
      ASSERT_EQ(out[size_t(at)], in[size_t(i)]);
    }
  } while (std::next_permutation(perm.begin(), perm.end()));
}

TEST(NumericsReferenceTensor, n16_apply_table) {
  auto table =
      buildTable([](double x) { return -x; }, {1.0f, 0}, {1.0f, 0}, -128, 127);
  const int8_t in[] = {-128, -1, 0, 1, 127};
  int8_t out[5];
  applyTable(in, out, 5, table);
  const int8_t expected[] = {127, 1, 0, -1, -127};
  for (size_t i = 0; i < 5; ++i)
    EXPECT_EQ(out[i], expected[i]);
}

} // namespace
