//===- ResizeTest.cpp - N80 and N81 ---------------------------------------===//
//
// Positions against real arithmetic, images against sums written down again.
//
//===----------------------------------------------------------------------===//

#include "TestSupport.h"

#include "qnt/Numerics/Reference.h"
#include "qnt/Numerics/Resize.h"

using namespace qnt::num;
using namespace qnt::num::test;

namespace {

// in = out * ratio: whole, half-pixel and aligned corners.
std::vector<ResizeAxis> axes() {
  return {{4, 8, 2, 1, 0},    {4, 8, 4, 2, -1}, {5, 17, 32, 8, 0},
          {9, 3, 2, 6, 2},    {7, 7, 2, 2, 0},  {1, 6, 12, 2, -5},
          {6, 13, 26, 12, -7}};
}

double position(const ResizeAxis &axis, int64_t i) {
  return double(i * axis.denominator + axis.offset) / double(axis.numerator);
}

TEST(Resize, n80_nearest_takes_the_upper_of_two) {
  for (const ResizeAxis &axis : axes())
    for (int64_t i = 0; i < axis.out; ++i) {
      double rounded = std::floor(position(axis, i) + 0.5);
      EXPECT_EQ(nearestTap(axis, i), std::clamp(rounded, 0.0, axis.in - 1.0));
    }
}

TEST(Resize, n80_moves_whole_pixels) {
  Random random(80);
  for (const ResizeAxis &y : axes())
    for (const ResizeAxis &x : axes()) {
      auto in = random.integers<int8_t>(2 * y.in * x.in * 3, -128, 127);
      std::vector<int8_t> out(2 * y.out * x.out * 3);
      resizeNearest(in.data(), out.data(), 2, 3, y, x);
      for (int64_t i = 0; i < int64_t(out.size()); ++i) {
        int64_t c = i % 3, ox = i / 3 % x.out, oy = i / 3 / x.out % y.out;
        int64_t n = i / 3 / x.out / y.out;
        int64_t row = n * y.in + nearestTap(y, oy);
        ASSERT_EQ(out[i], in[(row * x.in + nearestTap(x, ox)) * 3 + c]);
      }
    }
}

TEST(Resize, n81_weights_are_the_fraction) {
  for (const ResizeAxis &axis : axes())
    for (int64_t i = 0; i < axis.out; ++i) {
      ResizeTap tap = linearTap(axis, i);
      double at = position(axis, i), low = std::floor(at);
      EXPECT_EQ(tap.low, std::clamp(low, 0.0, axis.in - 1.0));
      EXPECT_EQ(tap.high, std::clamp(low + 1, 0.0, axis.in - 1.0));
      EXPECT_NEAR(double(tap.weight) / double(axis.numerator), at - low, 1e-9);
    }
}

TEST(Resize, n81_sum_of_four_neighbours) {
  Random random(81);
  for (const ResizeAxis &y : axes())
    for (const ResizeAxis &x : axes()) {
      auto in = random.integers<int8_t>(y.in * x.in, -128, 127);
      std::vector<int32_t> out(y.out * x.out);
      resizeBilinear(in.data(), out.data(), 1, 1, y, x);
      for (int64_t i = 0; i < int64_t(out.size()); ++i) {
        ResizeTap v = linearTap(y, i / x.out), h = linearTap(x, i % x.out);
        auto at = [&](int64_t iy, int64_t ix) { return in[iy * x.in + ix]; };
        int64_t up = y.numerator - v.weight, left = x.numerator - h.weight;
        int64_t sum = at(v.low, h.low) * up * left +
                      at(v.low, h.high) * up * h.weight +
                      at(v.high, h.low) * v.weight * left +
                      at(v.high, h.high) * v.weight * h.weight;
        ASSERT_EQ(out[i], sum);
      }
    }
}

TEST(Resize, n81_equal_values_stay) {
  for (const ResizeAxis &axis : axes()) {
    std::vector<int8_t> in(axis.in * axis.in, 77);
    std::vector<int32_t> sums(axis.out * axis.out);
    resizeBilinear(in.data(), sums.data(), 1, 1, axis, axis);
    int64_t weights = axis.numerator * axis.numerator;
    RescaleParams mean = makeMeanRescale({0.25f, -3}, {0.25f, -3}, weights,
                                         {-128, 127}, Rounding::Fp32Rne);
    for (int32_t sum : sums)
      EXPECT_EQ(rescale(sum, mean), 77);
  }
}

} // namespace
