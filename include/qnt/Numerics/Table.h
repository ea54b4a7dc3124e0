//===- Table.h - 256-entry tables of unary functions ------------*- C++ -*-===//
//
// The meaning of qnt.table for 8-bit inputs, and the unary functions by name.
// Invariant: all float work happens at compile time; at run time a table is
// one load, in every rounding mode.
//
//===----------------------------------------------------------------------===//

#ifndef QNT_NUMERICS_TABLE_H
#define QNT_NUMERICS_TABLE_H

#include "qnt/Numerics/QuantParams.h"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

namespace qnt::num {

using UnaryFunction = std::function<double(double)>;

/// Entry i is for the stored input i - 128:
/// quantize(float(f(double(dequantize(i - 128, in)))), out, qmin, qmax) (N16).
std::array<int32_t, 256> buildTable32(const UnaryFunction &f, QuantParams in,
                                      QuantParams out, int32_t qmin,
                                      int32_t qmax);

/// `buildTable32` in a storage type that holds [qmin, qmax] (N16).
template <typename T = int8_t>
std::array<T, 256> buildTable(const UnaryFunction &f, QuantParams in,
                              QuantParams out, int32_t qmin, int32_t qmax) {
  std::array<int32_t, 256> wide = buildTable32(f, in, out, qmin, qmax);
  std::array<T, 256> table;
  for (size_t i = 0; i < table.size(); ++i)
    table[i] = static_cast<T>(wide[i]);
  return table;
}

/// Entry i is quantize(dequantize(i - 128, in), out): how a runtime that goes
/// through floats moves bytes to other parameters (N41).
std::array<int8_t, 256> conversionTable(QuantParams in, QuantParams out,
                                        StorageRange range);

/// The function of a name, std::nullopt for an unknown one. `alpha` and `beta`
/// parametrize the few functions that docs/Numerics.md N17 lists with a
/// default; the others ignore them (N17).
std::optional<UnaryFunction>
unaryFunction(std::string_view name, std::optional<double> alpha = std::nullopt,
              std::optional<double> beta = std::nullopt);

/// min(max(x, lo), hi); NaN stays NaN (N17).
UnaryFunction clampFunction(double lo, double hi);

/// All names that `unaryFunction` knows, sorted (N17).
std::vector<std::string_view> unaryFunctionNames();

} // namespace qnt::num

#endif // QNT_NUMERICS_TABLE_H
