//===- TestSupport.h - Shared pieces of the Numerics tests ------*- C++ -*-===//
//
// Seeded random numbers, and exact integer arithmetic in 128 bits by which the
// tests state a rule a second time. Invariant: nothing here calls the library
// under test, apart from its plain structs.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_TEST_UNIT_NUMERICS_TESTSUPPORT_H
#define QNT_TEST_UNIT_NUMERICS_TESTSUPPORT_H

#include "qnt/Numerics/Multiplier.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <random>
#include <vector>

namespace qnt::num::test {

using Wide = __int128;

/// A generator whose seed is printed, so that a failure can be repeated.
class Random {
public:
  explicit Random(uint64_t seed) : engine(seed) {
    std::printf("[   SEED   ] %llu\n", static_cast<unsigned long long>(seed));
  }

  /// Uniform in [lo, hi].
  int64_t integer(int64_t lo, int64_t hi) {
    return std::uniform_int_distribution<int64_t>(lo, hi)(engine);
  }

  /// Uniform in [lo, hi).
  double real(double lo, double hi) {
    return std::uniform_real_distribution<double>(lo, hi)(engine);
  }

  /// 2^x with x uniform in [lo, hi).
  double power(double lo, double hi) { return std::exp2(real(lo, hi)); }

  template <typename T>
  std::vector<T> integers(int64_t count, int64_t lo, int64_t hi) {
    std::vector<T> values;
    for (int64_t i = 0; i < count; ++i)
      values.push_back(static_cast<T>(integer(lo, hi)));
    return values;
  }

private:
  std::mt19937_64 engine;
};

/// floor(a / b) for b > 0.
inline Wide floorDiv(Wide a, Wide b) {
  Wide q = a / b;
  return a % b < 0 ? q - 1 : q;
}

/// a / b to nearest, ties to even, for b > 0.
inline Wide evenDiv(Wide a, Wide b) {
  Wide q = floorDiv(a, b), twice = 2 * (a - q * b);
  return twice > b || (twice == b && (q & 1) != 0) ? q + 1 : q;
}

/// a / b to nearest, ties away from zero, for b > 0.
inline Wide awayDiv(Wide a, Wide b) {
  Wide q = ((a < 0 ? -a : a) * 2 + b) / (2 * b);
  return a < 0 ? -q : q;
}

/// v within [lo, hi].
inline int64_t clampWide(Wide v, int64_t lo, int64_t hi) {
  return v < lo ? lo : v > hi ? hi : static_cast<int64_t>(v);
}

/// The double rounding of gemmlowp, stated with divisions.
inline Wide expectDouble(int64_t x, FixedMultiplier m) {
  Wide left = Wide(1) << std::max(m.exponent, 0);
  Wide right = Wide(1) << std::max(-m.exponent, 0);
  Wide high =
      floorDiv(Wide(x) * left * m.mantissa + (Wide(1) << 30), Wide(1) << 31);
  return awayDiv(high, right);
}

/// The single rounding, stated as floor(v + 1/2).
inline Wide expectSingle(int64_t x, FixedMultiplier m) {
  Wide unit = Wide(1) << (31 - m.exponent);
  return floorDiv(2 * Wide(x) * m.mantissa + unit, 2 * unit);
}

/// Accumulators where arithmetic goes wrong first: around 0, +-2^k, the ends.
inline std::vector<int32_t> boundaryAccumulators() {
  std::vector<int32_t> values;
  for (int k = 0; k <= 31; ++k)
    for (int64_t sign : {-1, 1})
      for (int64_t delta = -2; delta <= 2; ++delta)
        values.push_back(static_cast<int32_t>(
            clampWide(sign * (int64_t(1) << k) + delta, INT32_MIN, INT32_MAX)));
  return values;
}

} // namespace qnt::num::test

#endif // QNT_TEST_UNIT_NUMERICS_TESTSUPPORT_H
