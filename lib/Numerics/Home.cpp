//===- Home.cpp - whose integers a model is to reproduce ------------------===//
//
// The spellings. Invariant: `parseHome(stringify(h))` is `h`, and nothing else
// parses.
//
//===----------------------------------------------------------------------===//

#include "qnt/Numerics/Home.h"

namespace qnt::num {

// N40.
std::string_view stringify(Home home) {
  switch (home) {
  case Home::Native:
    return "native";
  case Home::OnnxRuntime:
    return "onnxruntime";
  case Home::LitertXnnpack:
    return "litert_xnnpack";
  case Home::LitertReference:
    return "litert_reference";
  }
  return {};
}

// N40.
std::optional<Home> parseHome(std::string_view name) {
  for (Home home : {Home::Native, Home::OnnxRuntime, Home::LitertXnnpack,
                    Home::LitertReference})
    if (stringify(home) == name)
      return home;
  return std::nullopt;
}

} // namespace qnt::num
