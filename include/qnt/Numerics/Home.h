//===- Home.h - whose integers a model is to reproduce ----------*- C++ -*-===//
//
// A model that was quantized elsewhere means the integers that its own runtime
// computes. Runtimes agree on most rules of docs/Numerics.md; where they do
// not, the home names the variant (N40).
//
//===----------------------------------------------------------------------===//

#ifndef QNT_NUMERICS_HOME_H
#define QNT_NUMERICS_HOME_H

#include <optional>
#include <string_view>

namespace qnt::num {

/// The runtime whose results an integer form reproduces (N40).
enum class Home {
  /// No other runtime: the rules N1 to N25.
  Native,
  /// ONNX Runtime, CPU provider, x86-64 with AVX2 or better.
  OnnxRuntime,
  /// LiteRT with the XNNPACK delegate.
  LitertXnnpack,
  /// LiteRT with its reference kernels.
  LitertReference,
};

/// A home, and the storage that it has for what is a signed byte here: some
/// runtimes round differently for unsigned bytes of the same real numbers.
struct HomeVariant {
  Home home = Home::Native;
  bool isUnsigned = false;
};

/// The home of a spelling made by `stringify`, std::nullopt for any other.
std::optional<Home> parseHome(std::string_view name);

/// "native", "onnxruntime", "litert_xnnpack" or "litert_reference".
std::string_view stringify(Home home);

} // namespace qnt::num

#endif // QNT_NUMERICS_HOME_H
