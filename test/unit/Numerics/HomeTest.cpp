//===- HomeTest.cpp - N40 to N46 ------------------------------------------===//
//
// The spellings of the homes, and ONNX Runtime's formulas against the rules
// written in long double, where the one rounding of a fused product is a
// conversion.
//
//===----------------------------------------------------------------------===//

#include "TestSupport.h"

#include "qnt/Numerics/Elementwise.h"
#include "qnt/Numerics/Home.h"
#include "qnt/Numerics/Reference.h"
#include "qnt/Numerics/Softmax.h"
#include "qnt/Numerics/Table.h"

using namespace qnt::num;
using namespace qnt::num::test;

namespace {

constexpr HomeVariant kSigned = {Home::OnnxRuntime, false};
constexpr HomeVariant kUnsigned = {Home::OnnxRuntime, true};

TEST(NumericsHome, n40_names_round_trip) {
  for (Home home : {Home::Native, Home::OnnxRuntime, Home::LitertXnnpack,
                    Home::LitertReference})
    EXPECT_EQ(parseHome(stringify(home)), home);
  EXPECT_EQ(stringify(Home::OnnxRuntime), "onnxruntime");
}

TEST(NumericsHome, n40_other_names_are_refused) {
  for (const char *name : {"", "ort", "OnnxRuntime", "litert", "native "})
    EXPECT_FALSE(parseHome(name).has_value());
}

TEST(NumericsHome, n41_is_a_dequantize_and_a_quantize) {
  QuantParams in{0.37f, 3}, out{0.11f, -20};
  std::array<int8_t, 256> table = conversionTable(in, out, {-100, 127});
  for (int32_t q = -128; q < 128; ++q) {
    float real = static_cast<float>(q - 3) * 0.37f;
    double scaled = std::nearbyint(static_cast<double>(real / 0.11f)) - 20.0;
    EXPECT_EQ(table[static_cast<size_t>(q + 128)],
              std::clamp(scaled, -100.0, 127.0));
  }
}

/// One rounding, from a product and a sum that long double holds exactly.
float fused(float x, float y, float z) {
  return static_cast<float>(static_cast<long double>(x) * y + z);
}

int32_t expectAdd(int32_t a, int32_t b, const QuantParams (&p)[3], int32_t o) {
  float ma = p[0].scale / p[2].scale, mb = p[1].scale / p[2].scale;
  float za = static_cast<float>(p[0].zeroPoint + o);
  float zb = static_cast<float>(p[1].zeroPoint + o);
  float zy = static_cast<float>(p[2].zeroPoint + o);
  float fixed = zy - fused(ma, za, mb * zb);
  float sum = fused(static_cast<float>(b + o), mb, fixed);
  sum = fused(static_cast<float>(a + o), ma, sum);
  return std::clamp(static_cast<int32_t>(std::nearbyint(sum)) - o, -128, 127);
}

void checkAdd(HomeVariant variant) {
  std::mt19937 random(7);
  std::uniform_real_distribution<float> scale(0.01f, 1.0f);
  std::uniform_int_distribution<int32_t> zero(-128, 127);
  for (int round = 0; round < 12; ++round) {
    QuantParams p[3] = {{scale(random), zero(random)},
                        {scale(random), zero(random)},
                        {scale(random), zero(random)}};
    if (round % 3 == 0)
      p[0].scale = p[1].scale = p[2].scale = 0.5f;
    AddParams params =
        makeAddParams(p[0], p[1], p[2], -128, 127, Rounding::Fp32Rne);
    applyHome(params, variant);
    for (int32_t a = -128; a < 128; ++a)
      for (int32_t b = -128; b < 128; ++b)
        ASSERT_EQ(addQuantized(a, b, params),
                  expectAdd(a, b, p, variant.isUnsigned ? 128 : 0));
  }
}

TEST(NumericsHome, n43_all_pairs_of_bytes) { checkAdd(kSigned); }

TEST(NumericsHome, n43_unsigned_bytes_shift_the_ties) { checkAdd(kUnsigned); }

TEST(NumericsHome, n44_all_pairs_of_bytes) {
  std::mt19937 random(8);
  std::uniform_real_distribution<float> scale(0.01f, 0.2f);
  std::uniform_int_distribution<int32_t> zero(-128, 127);
  for (int round = 0; round < 12; ++round) {
    QuantParams a{scale(random), zero(random)}, b{scale(random), zero(random)};
    QuantParams y{a.scale * b.scale * 90.0f, zero(random)};
    HomeVariant variant = round % 2 ? kSigned : kUnsigned;
    MulParams params = makeMulParams(a, b, y, -128, 127, Rounding::Fp32Rne);
    applyHome(params, variant);
    int32_t o = variant.isUnsigned ? 128 : 0;
    float multiplier = a.scale * b.scale / y.scale;
    for (int32_t i = -128; i < 128; ++i)
      for (int32_t j = -128; j < 128; ++j) {
        float product =
            static_cast<float>((i - a.zeroPoint) * (j - b.zeroPoint));
        product *= multiplier;
        float sum = product + static_cast<float>(y.zeroPoint + o);
        int32_t expected = static_cast<int32_t>(std::nearbyint(sum)) - o;
        ASSERT_EQ(mulQuantized(i, j, params), std::clamp(expected, -128, 127));
      }
  }
}

TEST(NumericsHome, n45_formula_random) {
  std::mt19937 random(9);
  std::uniform_int_distribution<int32_t> byte(-128, 127);
  for (int64_t length : {1, 3, 10, 100}) {
    QuantParams out{length % 2 ? 1.0f / 256.0f : 0.01f, -100};
    FloatSoftmax params = makeFloatSoftmax(0.13f, length, out);
    std::vector<int8_t> in(length), result(length);
    for (int8_t &value : in)
      value = static_cast<int8_t>(byte(random));
    softmaxFloat(in.data(), result.data(), 1, length, 1, params);
    float most = 3.4028234663852886e38f / static_cast<float>(length);
    double shift = (std::log(double(most)) - 5.0) / double(0.13f);
    int32_t largest = *std::max_element(in.begin(), in.end());
    auto exponential = [&](int32_t x) {
      return static_cast<float>(
          std::exp((shift - (largest - x)) * double(0.13f)));
    };
    float sum = 0.0f;
    for (int8_t x : in)
      sum += exponential(x);
    for (int64_t i = 0; i < length; ++i) {
      float scaled = exponential(in[i]) * std::floor(1.0f / out.scale);
      double share = std::nearbyint(static_cast<double>(scaled / sum));
      EXPECT_EQ(result[i], std::clamp(share - 100.0, -128.0, 127.0));
    }
  }
}

TEST(NumericsHome, n45_rows_add_up) {
  FloatSoftmax params = makeFloatSoftmax(0.1f, 10, {1.0f / 256.0f, -128});
  std::vector<int8_t> in = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, out(10);
  softmaxFloat(in.data(), out.data(), 1, 10, 1, params);
  int32_t sum = 0;
  for (int8_t value : out)
    sum += value + 128;
  EXPECT_NEAR(sum, 256, 5);
}

WindowShape windowOf(int64_t size, int64_t kernel, int64_t stride) {
  WindowShape shape;
  shape.ih = shape.iw = size;
  shape.c = 3;
  shape.kh = shape.kw = kernel;
  shape.strideH = shape.strideW = stride;
  return shape;
}

TEST(NumericsHome, n46_formula_random) {
  std::mt19937 random(10);
  std::uniform_int_distribution<int32_t> byte(-128, 127);
  for (bool isUnsigned : {false, true}) {
    WindowShape shape = windowOf(7, 2, 2);
    std::vector<int8_t> in(7 * 7 * 3), out(3 * 3 * 3);
    for (int8_t &value : in)
      value = static_cast<int8_t>(byte(random));
    QuantParams x{0.1f, -7}, y{0.1f, 11};
    averagePoolFloat(in.data(), out.data(), shape, x, y, {-128, 127},
                     isUnsigned);
    float zero = isUnsigned ? 139.0f : 11.0f;
    for (int64_t row = 0; row < 3; ++row)
      for (int64_t column = 0; column < 3; ++column)
        for (int64_t c = 0; c < 3; ++c) {
          float sum = 0.0f;
          for (int64_t i = 0; i < 4; ++i) {
            int64_t at = (row * 2 + i / 2) * 7 + column * 2 + i % 2;
            float real = static_cast<float>(in[at * 3 + c] + 7) * 0.1f;
            sum += real;
          }
          float mean = sum / 4.0f, scaled = mean / 0.1f;
          float shifted = scaled + zero;
          double expected = std::nearbyint(double(shifted));
          expected -= isUnsigned ? 128.0 : 0.0;
          EXPECT_EQ(out[(row * 3 + column) * 3 + c],
                    std::clamp(expected, -128.0, 127.0));
        }
  }
}

TEST(NumericsHome, n46_equal_values_keep_their_value) {
  WindowShape shape = windowOf(6, 3, 1);
  for (int32_t value : {-128, -1, 0, 55, 127}) {
    std::vector<int8_t> in(6 * 6 * 3, static_cast<int8_t>(value)), out(48);
    averagePoolFloat(in.data(), out.data(), shape, {0.5f, 2}, {0.5f, 2},
                     {-128, 127}, false);
    for (int8_t result : out)
      EXPECT_EQ(result, value);
  }
}

} // namespace
