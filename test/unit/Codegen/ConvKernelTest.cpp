//===- ConvKernelTest.cpp - emitted convolutions equal the reference ------===//
//
// Every instruction set times every class of shapes, byte for byte: the
// interior holds what qnt::num computes, and nothing around it was written.
// QNT_TEST_SEED picks another seed; a failure prints the one it had.
//
//===----------------------------------------------------------------------===//

#include "ConvCases.h"

#include "gtest/gtest.h"

#include <cstdlib>

using namespace mlir;
using namespace mlir::qnt;
using namespace qnt_test;

static unsigned seed() {
  const char *text = std::getenv("QNT_TEST_SEED");
  return text ? unsigned(std::strtoul(text, nullptr, 10)) : 20261120u;
}

/// Runs all cases on `cpu` as one program.
static void check(const TestCpu &cpu, const std::vector<ConvCase> &cases) {
  std::string reason = cpu.whyNot();
  if (!reason.empty())
    GTEST_SKIP() << reason;
  SCOPED_TRACE("QNT_TEST_SEED=" + std::to_string(seed()));
  std::mt19937 random(seed());
  std::unique_ptr<MLIRContext> context = makeContext();
  OwningOpRef<ModuleOp> module =
      ModuleOp::create(UnknownLoc::get(context.get()));
  KernelTarget target = kernelTarget(context.get(), cpu);
  KernelModule kernels(*module, target, "test");
  std::vector<PreparedConv> prepared;
  std::vector<RunCase> runs;
  for (const ConvCase &c : cases) {
    prepared.push_back(prepare(c, target, random));
    runs.push_back(prepared.back().run);
    ASSERT_TRUE(succeeded(addCase(kernels, prepared.back(), runs.size() - 1)))
        << c.describe();
  }
  RunResult result = runCases(*module, cpu, runs);
  ASSERT_EQ(result.error, "");
  for (size_t i = 0; i < cases.size(); ++i) {
    const Bytes &want = prepared[i].expected, &got = result.outputs[i];
    auto difference = std::mismatch(want.begin(), want.end(), got.begin());
    if (difference.first == want.end())
      continue;
    ADD_FAILURE() << "case " << i << ": " << cases[i].describe() << "\nbyte "
                  << difference.first - want.begin() << " of " << want.size()
                  << ": " << int(*difference.second) << ", expected "
                  << int(*difference.first);
  }
}

class ConvKernel : public testing::TestWithParam<TestCpu> {};
INSTANTIATE_TEST_SUITE_P(Cpus, ConvKernel, testing::ValuesIn(testCpus()),
                         [](const testing::TestParamInfo<TestCpu> &info) {
                           return std::string(info.param.name);
                         });

//===----------------------------------------------------------------------===//
// Convolutions
//===----------------------------------------------------------------------===//

/// 1x1: channels that do and do not divide by anything.
TEST_P(ConvKernel, PointwiseChannels) {
  std::vector<ConvCase> cases;
  for (int64_t c : {1, 3, 10, 16, 100})
    for (int64_t oc : {1, 8, 10, 17, 24, 64, 100})
      cases.push_back({7, 5, c, oc});
  check(GetParam(), cases);
}

TEST_P(ConvKernel, Windows) {
  std::vector<ConvCase> cases;
  for (int64_t c : {1, 3, 8, 16, 20})
    for (int64_t oc : {1, 16, 40}) {
      cases.push_back({9, 11, c, oc, 3, 3, 1, 1, {1, 1, 1, 1}});
      cases.push_back({9, 11, c, oc, 3, 3, 2, 1, {0, 1, 0, 1}});
      cases.push_back({9, 11, c, oc, 5, 5, 1, 1, {2, 2, 2, 2}});
      cases.push_back({12, 10, c, oc, 3, 3, 1, 2, {2, 1, 0, 2}});
      cases.push_back({8, 8, c, oc, 1, 1, 2, 1, {0, 0, 0, 0}});
    }
  cases.push_back({49, 10, 1, 64, 10, 4, 2, 1, {4, 5, 1, 1}});
  cases.push_back({32, 32, 3, 16, 3, 3, 1, 1, {1, 1, 1, 1}});
  check(GetParam(), cases);
}

TEST_P(ConvKernel, FullyConnected) {
  std::vector<ConvCase> cases;
  for (int64_t k : {1, 10, 64, 1000})
    for (int64_t n : {1, 10, 16, 33, 200}) {
      cases.push_back({1, 1, k, n});
      cases.back().images = n == 16 ? 5 : 1;
    }
  check(GetParam(), cases);
}

/// An output inside a halo, an input with gaps between pixels, two images.
TEST_P(ConvKernel, Layouts) {
  std::vector<ConvCase> cases;
  for (int64_t c : {3, 16})
    for (int64_t oc : {5, 16, 64})
      for (int64_t gap : {0, 5})
        for (int64_t kernel : {1, 3}) {
          ConvCase one{6, 7, c, oc, kernel, kernel};
          if (kernel == 3)
            std::fill(one.pads, one.pads + 4, 1);
          one.outputHalo = 1;
          one.inputGap = gap;
          one.images = 2;
          cases.push_back(one);
        }
  check(GetParam(), cases);
}

/// Zero points and clamps at their ends in all rounding modes, multipliers from
/// tiny to above one, and products beyond int32.
TEST_P(ConvKernel, Rescale) {
  std::vector<ConvCase> cases;
  for (Rounding rounding :
       {Rounding::Fp32Rne, Rounding::TfliteDouble, Rounding::TfliteSingle})
    for (int32_t inputZp : {-128, 127})
      for (int32_t outputZp : {-128, 0, 127})
        for (double multiplier : {0.0, 1e-9, 0.3, 900.0}) {
          ConvCase one{3, 5, 24, 20, 3, 3, 1, 1, {1, 1, 1, 1}};
          one.rounding = rounding;
          one.inputZp = inputZp;
          one.outputZp = outputZp;
          one.min = outputZp == 0 ? -100 : -128;
          one.max = outputZp == 0 ? 90 : 127;
          one.multiplier = multiplier;
          one.perTensor = inputZp == 127;
          cases.push_back(one);
        }
  check(GetParam(), cases);
}

//===----------------------------------------------------------------------===//
// Depthwise convolutions
//===----------------------------------------------------------------------===//

TEST_P(ConvKernel, DepthwiseChannels) {
  std::vector<ConvCase> cases;
  for (int64_t c : {1, 3, 4, 8, 10, 16, 24, 64, 100, 144})
    for (int64_t stride : {1, 2}) {
      cases.push_back({9, 10, c, c, 3, 3, stride, 1, {1, 1, 1, 1}, true});
      cases.push_back({7, 3, c, c, 3, 3, stride, 1, {0, 1, 0, 1}, true});
    }
  check(GetParam(), cases);
}

TEST_P(ConvKernel, DepthwiseWindows) {
  std::vector<ConvCase> cases;
  for (int64_t c : {3, 8, 40, 64})
    for (int64_t gap : {0, 3}) {
      std::vector<ConvCase> shapes = {
          {9, 10, c, c, 5, 5, 1, 1, {2, 2, 2, 2}, true},
          {9, 10, c, c, 1, 3, 1, 1, {0, 0, 1, 1}, true},
          {9, 10, c, c, 4, 1, 3, 1, {1, 0, 0, 0}, true},
          {9, 10, c, c, 3, 3, 1, 2, {2, 2, 2, 2}, true},
          {25, 5, c, c, 25, 5, 1, 1, {0, 0, 0, 0}, true},
          {9, 10, c, c, 2, 2, 2, 1, {0, 0, 0, 0}, true}};
      for (ConvCase &shape : shapes) {
        shape.inputGap = gap;
        shape.outputHalo = gap / 3;
        shape.images = 1 + gap / 3;
        cases.push_back(shape);
      }
    }
  check(GetParam(), cases);
}

TEST_P(ConvKernel, DepthwiseMultiplier) {
  std::vector<ConvCase> cases;
  for (int64_t c : {1, 2, 3, 8, 20, 40})
    for (int64_t multiplier : {2, 3, 8, 70})
      cases.push_back(
          {6, 7, c, c * multiplier, 3, 3, 1, 1, {1, 1, 1, 1}, true});
  check(GetParam(), cases);
}

TEST_P(ConvKernel, DepthwiseRescale) {
  std::vector<ConvCase> cases;
  for (Rounding rounding :
       {Rounding::Fp32Rne, Rounding::TfliteDouble, Rounding::TfliteSingle})
    for (int64_t c : {8, 70})
      for (double multiplier : {0.0, 0.3, 900.0}) {
        ConvCase one{5, 6, c, c, 3, 3, 1, 1, {1, 1, 1, 1}, true};
        one.rounding = rounding;
        one.inputZp = c == 8 ? -128 : 127;
        one.multiplier = multiplier;
        one.max = 100;
        cases.push_back(one);
      }
  check(GetParam(), cases);
}

//===----------------------------------------------------------------------===//
// No float unit
//===----------------------------------------------------------------------===//

/// The tflite modes are integer code: float helpers would not be found when the
/// program is linked.
TEST(SoftFloatKernel, TfliteModesUseNoFloat) {
  std::vector<ConvCase> cases;
  for (Rounding rounding : {Rounding::TfliteDouble, Rounding::TfliteSingle})
    for (double multiplier : {0.0, 0.3, 900.0}) {
      ConvCase one{5, 6, 8, 10, 3, 3, 1, 1, {1, 1, 1, 1}};
      one.rounding = rounding;
      one.multiplier = multiplier;
      cases.push_back(one);
      one.depthwise = true;
      one.oc = 8;
      cases.push_back(one);
    }
  check(softFloatCpu(), cases);
}

//===----------------------------------------------------------------------===//
// Whatever comes
//===----------------------------------------------------------------------===//

TEST_P(ConvKernel, Random) {
  std::mt19937 random(seed() + 1);
  auto upTo = [&](int64_t n) { return 1 + int64_t(random() % n); };
  std::vector<ConvCase> cases;
  for (int i = 0; i < 40; ++i) {
    ConvCase one{upTo(14), upTo(14), upTo(70), upTo(150),
                 upTo(4),  upTo(4),  upTo(3),  upTo(2)};
    for (int64_t &pad : one.pads)
      pad = random() % 3;
    one.depthwise = i % 2 == 1;
    if (one.depthwise)
      one.oc = one.c * (i % 8 == 1 ? upTo(4) : 1);
    one.h += (one.kh - 1) * one.dilation;
    one.w += (one.kw - 1) * one.dilation;
    one.rounding = Rounding(random() % 3);
    one.inputZp = int32_t(random() % 256) - 128;
    one.outputZp = int32_t(random() % 256) - 128;
    one.outputHalo = random() % 3;
    cases.push_back(one);
  }
  check(GetParam(), cases);
}
