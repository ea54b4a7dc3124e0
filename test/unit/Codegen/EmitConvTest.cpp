//===- EmitConvTest.cpp - sharing and refusals of emitConv ----------------===//
//
// What emitConv promises beside numbers: layers that differ in values alone
// share a kernel, and a spec that contradicts its data is refused by name.
//
//===----------------------------------------------------------------------===//

#include "ConvCases.h"

#include "mlir/IR/Diagnostics.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace mlir::qnt;
using namespace qnt_test;

namespace {

struct EmitConv : testing::Test {
  std::unique_ptr<MLIRContext> context = makeContext();
  OwningOpRef<ModuleOp> module =
      ModuleOp::create(UnknownLoc::get(context.get()));
  KernelModule kernels{
      *module, kernelTarget(context.get(), *findTestCpu("avx512vnni")), "test"};
  std::mt19937 random{1};

  PreparedConv make(const ConvCase &c) {
    return prepare(c, kernels.getTarget(), random);
  }
  /// The diagnostic of emitting `conv`, "" if it is accepted.
  std::string refusal(const PreparedConv &conv) {
    std::string message;
    ScopedDiagnosticHandler handler(context.get(), [&](Diagnostic &diagnostic) {
      message = diagnostic.str();
      return success();
    });
    FailureOr<KernelCall> call = emitConv(kernels, module->getLoc(), conv.spec,
                                          {conv.weights, conv.bias});
    EXPECT_EQ(failed(call), !message.empty());
    return message;
  }
};

} // namespace

TEST_F(EmitConv, SharesKernelsBetweenWeights) {
  ConvCase shape{8, 8, 16, 24, 3, 3, 1, 1, {1, 1, 1, 1}};
  EXPECT_EQ(refusal(make(shape)), "");
  int64_t bytes = kernels.constantBytes();
  EXPECT_EQ(refusal(make(shape)), "");
  EXPECT_EQ(kernels.numKernels(), 1u);
  EXPECT_EQ(kernels.constantBytes(), 2 * bytes);
}

TEST_F(EmitConv, SeparatesWhatTheTextDependsOn) {
  ConvCase shape{8, 8, 16, 24, 3, 3, 1, 1, {1, 1, 1, 1}};
  EXPECT_EQ(refusal(make(shape)), "");
  shape.outputZp = 4;
  EXPECT_EQ(refusal(make(shape)), "");
  shape.rounding = Rounding::TfliteSingle;
  EXPECT_EQ(refusal(make(shape)), "");
  shape.outputHalo = 1;
  EXPECT_EQ(refusal(make(shape)), "");
  // A product that may leave int32 is clamped in float first.
  shape.rounding = Rounding::Fp32Rne;
  shape.multiplier = 1e8;
  EXPECT_EQ(refusal(make(shape)), "");
  EXPECT_EQ(kernels.numKernels(), 5u);
}

TEST_F(EmitConv, RefusesWrongCounts) {
  ConvCase shape{4, 4, 8, 4, 3, 3, 1, 1, {1, 1, 1, 1}};
  PreparedConv conv = make(shape);
  conv.weights.pop_back();
  EXPECT_EQ(refusal(conv), "expected 288 weights, found 287");
  conv = make(shape);
  conv.bias.push_back(0);
  EXPECT_EQ(refusal(conv), "expected 4 biases, found 5");
  conv = make(shape);
  conv.spec.rescale.multipliers.pop_back();
  EXPECT_EQ(refusal(conv), "expected 1 or 4 multipliers, found 3");
}

TEST_F(EmitConv, RefusesDepthwiseThatDoesNotMultiply) {
  ConvCase shape{4, 4, 8, 8, 3, 3, 1, 1, {1, 1, 1, 1}, true};
  PreparedConv conv = make(shape);
  conv.spec.out.c = 12;
  EXPECT_EQ(refusal(conv),
            "expected output channels to be a multiple of 8, found 12");
}
