//===- HomeTest.cpp - N40 -------------------------------------------------===//
//
// The spellings of the homes, both ways, and that no other spelling parses.
//
//===----------------------------------------------------------------------===//

#include "TestSupport.h"

#include "qnt/Numerics/Home.h"

using namespace qnt::num;

namespace {

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

} // namespace
