//===- ReferenceConvTest.cpp - N18 and N19 --------------------------------===//
//
// Convolutions and products against a naive statement in double: the input is
// padded for real, then each input pixel is scattered to the outputs that see
// it. Doubles hold every sum of these sizes exactly.
//
//===----------------------------------------------------------------------===//

#include "TestSupport.h"

#include "qnt/Numerics/Reference.h"

#include <limits>

using namespace qnt::num;
using namespace qnt::num::test;

namespace {

Conv2DShape makeShape(Dims in, int64_t oc, Dims kernel, Dims stride, Dims pads,
                      Dims dilation, int64_t groups = 1) {
  Conv2DShape s;
  s.n = in[0], s.ih = in[1], s.iw = in[2], s.c = in[3];
  s.oc = oc, s.kh = kernel[0], s.kw = kernel[1], s.groups = groups;
  s.strideH = stride[0], s.strideW = stride[1];
  s.padTop = pads[0], s.padBottom = pads[1];
  s.padLeft = pads[2], s.padRight = pads[3];
  s.dilationH = dilation[0], s.dilationW = dilation[1];
  return s;
}

std::vector<Conv2DShape> convShapes() {
  return {
      makeShape({1, 5, 5, 3}, 4, {3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}),
      makeShape({2, 7, 6, 2}, 5, {3, 2}, {2, 3}, {0, 1, 1, 0}, {1, 1}),
      makeShape({1, 9, 8, 3}, 2, {3, 3}, {1, 2}, {2, 1, 0, 3}, {2, 3}),
      makeShape({3, 4, 4, 8}, 6, {1, 1}, {1, 1}, {0, 0, 0, 0}, {1, 1}),
      makeShape({1, 6, 11, 4}, 6, {1, 5}, {2, 1}, {0, 0, 4, 4}, {1, 2}),
      makeShape({1, 2, 2, 1}, 1, {5, 5}, {1, 1}, {2, 2, 2, 2}, {1, 1}),
      makeShape({2, 6, 5, 6}, 9, {3, 3}, {2, 2}, {1, 0, 0, 1}, {1, 1}, 3),
      makeShape({1, 5, 5, 4}, 4, {2, 2}, {1, 1}, {0, 1, 0, 1}, {2, 1}, 4),
  };
}

// Distance between an output's window and a padded coordinate, as a tap; -1
// where the window does not touch it.
int64_t tapOf(int64_t padded, int64_t out, int64_t stride, int64_t dilation,
              int64_t taps) {
  int64_t distance = padded - out * stride;
  if (distance < 0 || distance % dilation != 0)
    return -1;
  return distance / dilation < taps ? distance / dilation : -1;
}

// weightAt(oc, ky, kx, c) is the weight that joins input channel c to oc, 0
// where the two are not connected.
template <typename In, typename WeightAt>
std::vector<double> scatter(const std::vector<In> &in, const Conv2DShape &s,
                            int32_t zp, WeightAt weightAt) {
  std::vector<double> out(size_t(s.n * s.oh() * s.ow() * s.oc), 0.0);
  int64_t height = s.ih + s.padTop + s.padBottom;
  int64_t width = s.iw + s.padLeft + s.padRight;
  auto visit = [&](int64_t n, int64_t y, int64_t x, int64_t c, double real) {
    for (int64_t oy = 0; oy < s.oh(); ++oy)
      for (int64_t ox = 0; ox < s.ow(); ++ox) {
        int64_t ky = tapOf(y, oy, s.strideH, s.dilationH, s.kh);
        int64_t kx = tapOf(x, ox, s.strideW, s.dilationW, s.kw);
        if (ky < 0 || kx < 0)
          continue;
        for (int64_t oc = 0; oc < s.oc; ++oc)
          out[size_t(((n * s.oh() + oy) * s.ow() + ox) * s.oc + oc)] +=
              real * weightAt(oc, ky, kx, c);
      }
  };
  for (int64_t n = 0; n < s.n; ++n)
    for (int64_t y = 0; y < height; ++y)
      for (int64_t x = 0; x < width; ++x)
        for (int64_t c = 0; c < s.c; ++c) {
          int64_t iy = y - s.padTop, ix = x - s.padLeft;
          bool inside = iy >= 0 && iy < s.ih && ix >= 0 && ix < s.iw;
          // Padding holds the zero point (N19).
          double stored =
              inside ? in[size_t(((n * s.ih + iy) * s.iw + ix) * s.c + c)] : zp;
          visit(n, y, x, c, stored - zp);
        }
  return out;
}

template <typename Acc>
void expectSums(const std::vector<Acc> &actual,
                const std::vector<double> &products,
                const std::vector<Acc> &bias) {
  ASSERT_EQ(actual.size(), products.size());
  for (size_t i = 0; i < actual.size(); ++i)
    ASSERT_EQ(double(actual[i]), products[i] + double(bias[i % bias.size()]))
        << i;
}

template <typename In, typename Acc>
void checkConv(Random &random, const Conv2DShape &s, int32_t zp) {
  int64_t groupIn = s.c / s.groups, groupOut = s.oc / s.groups;
  auto in = random.integers<In>(s.n * s.ih * s.iw * s.c,
                                std::numeric_limits<In>::min(),
                                std::numeric_limits<In>::max());
  auto w = random.integers<int8_t>(s.oc * s.kh * s.kw * groupIn, -128, 127);
  auto bias = random.integers<Acc>(s.oc, -100000, 100000);
  std::vector<Acc> out(size_t(s.n * s.oh() * s.ow() * s.oc));
  conv2d(in.data(), w.data(), bias.data(), out.data(), s, zp);
  auto weightAt = [&](int64_t oc, int64_t ky, int64_t kx, int64_t c) {
    if (oc / groupOut != c / groupIn)
      return 0.0;
    int64_t at = ((oc * s.kh + ky) * s.kw + kx) * groupIn + c % groupIn;
    return double(w[size_t(at)]);
  };
  expectSums(out, scatter(in, s, zp, weightAt), bias);
}

template <typename In, typename Acc>
void checkDepthwise(Random &random, Conv2DShape s, int64_t multiplier,
                    int32_t zp) {
  s.oc = s.c * multiplier;
  auto in = random.integers<In>(s.n * s.ih * s.iw * s.c,
                                std::numeric_limits<In>::min(),
                                std::numeric_limits<In>::max());
  auto w = random.integers<int8_t>(s.kh * s.kw * s.oc, -128, 127);
  auto bias = random.integers<Acc>(s.oc, -100000, 100000);
  std::vector<Acc> out(size_t(s.n * s.oh() * s.ow() * s.oc));
  depthwiseConv2d(in.data(), w.data(), bias.data(), out.data(), s, zp);
  auto weightAt = [&](int64_t oc, int64_t ky, int64_t kx, int64_t c) {
    if (oc / multiplier != c)
      return 0.0;
    int64_t at = ((ky * s.kw + kx) * s.c + c) * multiplier + oc % multiplier;
    return double(w[size_t(at)]);
  };
  expectSums(out, scatter(in, s, zp, weightAt), bias);
}

TEST(NumericsReferenceConv, n18_conv2d) {
  Random random(70);
  for (const Conv2DShape &s : convShapes())
    for (int32_t zp : {-128, -3, 0, 127})
      checkConv<int8_t, int32_t>(random, s, zp);
}

TEST(NumericsReferenceConv, n18_conv2d_of_16_bits) {
  Random random(71);
  for (const Conv2DShape &s : convShapes())
    checkConv<int16_t, int64_t>(random, s, 0);
}

TEST(NumericsReferenceConv, n18_depthwise) {
  Random random(72);
  for (const Conv2DShape &s : convShapes())
    for (int64_t multiplier : {1, 2, 3})
      for (int32_t zp : {-128, 5})
        checkDepthwise<int8_t, int32_t>(random, s, multiplier, zp);
}

TEST(NumericsReferenceConv, n18_depthwise_of_16_bits) {
  Random random(73);
  for (const Conv2DShape &s : convShapes())
    checkDepthwise<int16_t, int64_t>(random, s, 2, 0);
}

TEST(NumericsReferenceConv, n18_depthwise_is_grouped_conv) {
  Random random(74);
  Conv2DShape s =
      makeShape({2, 6, 7, 3}, 6, {3, 2}, {1, 2}, {1, 0, 1, 1}, {1, 1}, 3);
  auto in = random.integers<int8_t>(s.n * s.ih * s.iw * s.c, -128, 127);
  auto ohwi = random.integers<int8_t>(s.oc * s.kh * s.kw, -127, 127);
  std::vector<int8_t> hwcm(ohwi.size());
  for (int64_t oc = 0; oc < s.oc; ++oc)
    for (int64_t k = 0; k < s.kh * s.kw; ++k)
      hwcm[size_t(k * s.oc + oc)] = ohwi[size_t(oc * s.kh * s.kw + k)];
  std::vector<int32_t> grouped(size_t(s.n * s.oh() * s.ow() * s.oc));
  std::vector<int32_t> depthwise(grouped.size());
  conv2d(in.data(), ohwi.data(), nullptr, grouped.data(), s, 4);
  depthwiseConv2d(in.data(), hwcm.data(), nullptr, depthwise.data(), s, 4);
  EXPECT_EQ(grouped, depthwise);
}

TEST(NumericsReferenceConv, n18_zero_point_folds_into_the_bias) {
  // Without padding, sum((x - z) w) = sum(x w) - z sum(w): what codegen does.
  Random random(75);
  Conv2DShape s =
      makeShape({1, 6, 6, 5}, 4, {3, 3}, {1, 1}, {0, 0, 0, 0}, {1, 1});
  const int32_t zp = -77;
  int64_t taps = s.kh * s.kw * s.c;
  auto in = random.integers<int8_t>(s.ih * s.iw * s.c, -128, 127);
  auto w = random.integers<int8_t>(s.oc * taps, -127, 127);
  auto bias = random.integers<int32_t>(s.oc, -5000, 5000);
  std::vector<int32_t> direct(size_t(s.oh() * s.ow() * s.oc)), folded = direct;
  conv2d(in.data(), w.data(), bias.data(), direct.data(), s, zp);
  for (int64_t oc = 0; oc < s.oc; ++oc)
    for (int64_t k = 0; k < taps; ++k)
      bias[size_t(oc)] -= zp * w[size_t(oc * taps + k)];
  conv2d(in.data(), w.data(), bias.data(), folded.data(), s, 0);
  EXPECT_EQ(direct, folded);
}

TEST(NumericsReferenceConv, n19_padding_adds_nothing) {
  // Every value is the zero point, so only the bias is left everywhere.
  Conv2DShape s =
      makeShape({1, 3, 3, 2}, 2, {3, 3}, {1, 1}, {2, 2, 2, 2}, {1, 1});
  std::vector<int8_t> in(18, -19), w(36, 100);
  const std::vector<int32_t> bias = {7, -8};
  std::vector<int32_t> out(size_t(s.oh() * s.ow() * s.oc));
  conv2d(in.data(), w.data(), bias.data(), out.data(), s, -19);
  for (size_t i = 0; i < out.size(); ++i)
    EXPECT_EQ(out[i], bias[i % 2]);
}

TEST(NumericsReferenceConv, n18_sums_wrap) {
  MatmulShape s;
  s.k = 2;
  const int8_t a[] = {127, 127}, w[] = {127, 127};
  const int32_t bias[] = {INT32_MAX};
  int32_t out = 0;
  matmul(a, w, bias, &out, s, 0, 0);
  EXPECT_EQ(out, INT32_MIN + 2 * 127 * 127 - 1);
}

TEST(NumericsReferenceConv, n18_matmul) {
  Random random(76);
  for (bool transposed : {false, true})
    for (bool shared : {false, true})
      for (int round = 0; round < 30; ++round) {
        MatmulShape s;
        s.batch = random.integer(1, 3), s.m = random.integer(1, 5);
        s.k = random.integer(1, 40), s.n = random.integer(1, 6);
        s.transposeW = transposed, s.sharedW = shared;
        int32_t zpA = int32_t(random.integer(-128, 127));
        int32_t zpW = int32_t(random.integer(-128, 127));
        int64_t copies = shared ? 1 : s.batch;
        auto a = random.integers<int8_t>(s.batch * s.m * s.k, -128, 127);
        auto w = random.integers<int8_t>(copies * s.k * s.n, -128, 127);
        auto bias = random.integers<int32_t>(s.n, -9999, 9999);
        std::vector<int32_t> out(size_t(s.batch * s.m * s.n));
        matmul(a.data(), w.data(), bias.data(), out.data(), s, zpA, zpW);
        // Outer products, one k after the other.
        std::vector<double> sums(out.size(), 0.0);
        for (int64_t k = 0; k < s.k; ++k)
          for (int64_t i = 0; i < s.batch * s.m; ++i)
            for (int64_t j = 0; j < s.n; ++j) {
              int64_t b = shared ? 0 : i / s.m;
              int64_t at = transposed ? (b * s.n + j) * s.k + k
                                      : (b * s.k + k) * s.n + j;
              sums[size_t(i * s.n + j)] +=
                  double(a[size_t(i * s.k + k)] - zpA) *
                  double(w[size_t(at)] - zpW);
            }
        expectSums(out, sums, bias);
      }
}

TEST(NumericsReferenceConv, n18_matmul_of_16_bits) {
  Random random(77);
  MatmulShape s;
  s.m = 3, s.k = 500, s.n = 4;
  auto a = random.integers<int16_t>(s.m * s.k, -32768, -30000);
  auto w = random.integers<int8_t>(s.k * s.n, -128, -100);
  std::vector<int64_t> out(size_t(s.m * s.n));
  matmul(a.data(), w.data(), nullptr, out.data(), s, 0, 0);
  for (int64_t i = 0; i < s.m; ++i)
    for (int64_t j = 0; j < s.n; ++j) {
      double sum = 0;
      for (int64_t k = s.k - 1; k >= 0; --k)
        sum += double(a[size_t(i * s.k + k)]) * w[size_t(k * s.n + j)];
      ASSERT_EQ(double(out[size_t(i * s.n + j)]), sum);
    }
}

TEST(NumericsReferenceConv, n9_conv_and_rescale_are_near_the_real_conv) {
  // Per-channel weights: the whole chain against real arithmetic on the
  // dequantized operands.
  Random random(78);
  Conv2DShape s =
      makeShape({1, 6, 6, 4}, 5, {3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1});
  QuantParams x = {0.021f, -11}, y = {0.4f, 7};
  auto in = random.integers<int8_t>(s.ih * s.iw * s.c, -128, 127);
  auto w = random.integers<int8_t>(s.oc * 9 * s.c, -127, 127);
  std::vector<int32_t> bias(5, 0), acc(size_t(s.oh() * s.ow() * s.oc));
  conv2d(in.data(), w.data(), bias.data(), acc.data(), s, x.zeroPoint);
  for (Rounding mode :
       {Rounding::Fp32Rne, Rounding::TfliteDouble, Rounding::TfliteSingle}) {
    std::vector<RescaleParams> params;
    std::vector<float> scales;
    for (int64_t c = 0; c < s.oc; ++c) {
      scales.push_back(0.001f * float(c + 1));
      params.push_back({realMultiplier(x.scale, scales.back(), y.scale, mode),
                        0, y.zeroPoint, -128, 127, mode});
    }
    std::vector<int8_t> out(acc.size());
    rescaleTensor(acc.data(), out.data(), {s.oh(), s.ow(), s.oc}, params, 2);
    for (size_t i = 0; i < acc.size(); ++i) {
      double real = double(acc[i]) * double(x.scale) * double(scales[i % 5]) /
                    double(y.scale);
      real = std::fmin(std::fmax(real + y.zeroPoint, -128.0), 127.0);
      ASSERT_LE(std::fabs(out[i] - real), 0.501);
    }
  }
}

} // namespace
